"""Pictures in memory give the rows of their files, digit for digit; what is read of them, and how they are named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from support.memory import Pictures, array, audited, rows, tensor
from support.networks import small_conv_net
from support.pictures import smooth_pictures
from torch.utils.data import DataLoader, Subset, SubsetRandomSampler

from geed_cli.images.memory.prepared import images_of
from geed_cli.models.network import Network
from geed_cli.result.schema import Result

COUNT, SIDE = 7, 20


@pytest.fixture(scope="module")
def network() -> Network:
    return small_conv_net(size=16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), COUNT, SIDE)


def loader(folder: Path) -> DataLoader[Any]:
    """Shuffled batches of floats with labels."""
    items = [(picture.float() / 255, 1) for picture in tensor(folder)]
    return DataLoader(Pictures(items), batch_size=3, shuffle=True)


SOURCES: dict[str, Callable[[Path], object]] = {
    "paths": lambda folder: sorted(folder.iterdir()),
    "texts": lambda folder: [str(path) for path in sorted(folder.iterdir())],
    "Pillow": lambda folder: [Image.open(path).copy() for path in sorted(folder.iterdir())],
    "array": array,
    "tensor": tensor,
    "floats": lambda folder: tensor(folder) / 255,
    "half": lambda folder: (tensor(folder) / 255).half(),
    "gradients": lambda folder: (tensor(folder) / 255).requires_grad_(),
    "float64": lambda folder: array(folder) / 255,
    "list of tensors": lambda folder: list(tensor(folder)),
    "list of arrays": lambda folder: list(array(folder)),
    "pairs": lambda folder: [(picture, 3) for picture in array(folder)],
    "dictionaries": lambda folder: Pictures([{"label": 1, "img": each} for each in tensor(folder)]),
    "paths of a data set": lambda folder: Pictures([(str(path), 0) for path in sorted(folder.iterdir())]),
    "batch": lambda folder: [tensor(folder), torch.zeros(COUNT)],
    "loader": loader,
    "loader without batches": lambda folder: DataLoader(Pictures(tensor(folder)), batch_size=None),
    "loader of dictionaries": lambda folder: DataLoader(
        Pictures([{"pixel_values": each, "labels": 0} for each in tensor(folder)]), batch_size=2
    ),
}


@pytest.fixture(scope="module")
def of_folder(network: Network, folder: Path) -> Result:
    return audited(network, folder)


@pytest.mark.parametrize("name", SOURCES)
def test_rows_are_those_of_the_folder(network: Network, folder: Path, of_folder: Result, name: str) -> None:
    """Digit for digit, from the same draw: the n-th of the list is the n-th of the folder."""
    result = audited(network, images_of(SOURCES[name](folder)))
    assert rows(result) == rows(of_folder)
    drawn = [int(Path(image.path).stem) for image in result.data.images]
    assert drawn == [int(Path(image.path).stem) for image in of_folder.data.images]


def test_files_named_one_by_one_have_the_identity_of_the_folders(network: Network, folder: Path) -> None:
    """Their bytes' hash, so that results of both compare and share cached rows."""
    paths = sorted(folder.iterdir())
    assert audited(network, images_of(paths)).data.sha256 == audited(network, folder).data.sha256


def test_only_drawn_items_are_read(network: Network, folder: Path) -> None:
    """Twice each, to be hashed and to be decoded, in the order of the draw's names."""
    data_set = Pictures(tensor(folder))
    result = audited(network, images_of(data_set), samples=2)
    drawn = [int(image.path) for image in result.data.images]
    assert len(drawn) == 2
    assert sorted(data_set.asked) == sorted(2 * drawn)


def test_a_loader_is_drawn_from_by_the_indices_of_its_sampler(network: Network, folder: Path) -> None:
    """Names are indices of the data set."""
    data_set = Pictures(tensor(folder))
    some = DataLoader(data_set, sampler=SubsetRandomSampler([6, 1, 3]))
    result = audited(network, images_of(some))
    assert [image.path for image in result.data.images] == ["1", "3", "6"]
    assert rows(result) == rows(audited(network, images_of(Subset(data_set, [1, 3, 6]))))
