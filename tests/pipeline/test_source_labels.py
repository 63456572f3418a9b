"""``--labels data``: labels that a source has itself, as places of a network's outputs, or one refusal."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from support.data_sets import CLASSES, pictures_in, write_cifar10
from support.memory import Pictures
from support.networks import small_conv_net
from support.pictures import smooth_pictures
from torch.utils.data import DataLoader, Subset

from geed_cli.errors import InputError
from geed_cli.images.memory.prepared import images_of
from geed_cli.images.source import ImageSet, list_images
from geed_cli.images.source_labels import SourceLabels
from geed_cli.models.network import Network
from geed_cli.models.output import Output
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.image_labels import labels_of
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.schema import Result

NAMES = ("red fox", "grey fox", "cat", "dog", "owl")
LABELS = [4, 0, 2, 2, 1, 3]
COUNT = len(LABELS)


def network(names: tuple[str, ...] = NAMES, outputs: int = 5) -> Network:
    return replace(small_conv_net(), output=Output("logits", (outputs,)), classes=names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), COUNT, 20)


def audited(root: object, labels: str, **data: Any) -> Result:  # noqa: ANN401 - options by name
    options = AuditOptions(
        data=DataOptions(root, labels=labels, **data),  # type: ignore[arg-type]
        run=RunOptions("cpu", 8),
        metrics=("prediction.flip_rate",),
        controls=ControlOptions(probes=0),
    )
    return audit(network(), ("flip",), options)


def table(folder: Path, target: Path, labels: list[Any]) -> Path:
    """A list of the folder's pictures with labels."""
    lines = [f"{file},{label}" for file, label in zip(sorted(folder.iterdir()), labels, strict=True)]
    target.write_text("\n".join(["path,label", *lines, ""]), encoding="utf-8")
    return target


def pairs(folder: Path, labels: list[Any]) -> list[tuple[Any, ...]]:
    return list(zip(torch.from_numpy(pictures_in(folder)), labels, strict=True))


class Named(Pictures):
    """A data set that says what its classes are called, as torchvision's do."""

    classes: ClassVar = ["owl", "dog", "cat", "grey fox", "red fox"]


KINDS: dict[str, Callable[[Path], object]] = {
    "pairs": lambda folder: pairs(folder, LABELS),
    "names": lambda folder: pairs(folder, [NAMES[label] for label in LABELS]),
    "tensors": lambda folder: pairs(folder, list(torch.tensor(LABELS))),
    "numpy": lambda folder: Pictures(pairs(folder, list(np.array(LABELS)))),
    "dictionaries": lambda folder: Pictures(
        [
            {"label": label, "image": Image.fromarray(each)}
            for each, label in zip(pictures_in(folder), LABELS, strict=True)
        ]
    ),
    "loader": lambda folder: DataLoader(Pictures(pairs(folder, LABELS)), batch_size=4, shuffle=True),
    "batch": lambda folder: [torch.from_numpy(pictures_in(folder)), torch.tensor(LABELS)],
    "its own classes": lambda folder: Named(pairs(folder, [4 - label for label in LABELS])),
    "subset": lambda folder: Subset(
        Named(pairs(folder, [4 - label for label in LABELS])), list(range(COUNT))
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_labels_beside_pictures_in_memory(folder: Path, kind: str) -> None:
    """By index, as they are handed out; by the data set's own names of classes where it has some."""
    result = audited(images_of(KINDS[kind](folder)), "data")
    assert result.data.labels is not None
    assert result.data.labels.how == "data"
    assert list(result.data.labels.of) == LABELS


def test_a_list_has_them_in_its_column(folder: Path, tmp_path: Path) -> None:
    """As when the list is named once more."""
    file = table(folder, tmp_path / "list.csv", [NAMES[label] for label in LABELS])
    result, other = audited(file, "data"), audited(file, str(file))
    assert result.accuracy == other.accuracy
    assert result.data.labels is not None
    assert list(result.data.labels.of) == LABELS


def test_a_data_set_by_name(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CIFAR's, against a network with such classes in another order: by name."""
    pictures = np.stack([np.asarray(Image.fromarray(each).resize((32, 32))) for each in pictures_in(folder)])
    root = write_cifar10(tmp_path / "sets", pictures, LABELS, monkeypatch)
    images = list_images(f"torch/cifar10:{root}")
    backwards = network(CLASSES[::-1], 10)
    assert labels_of("data", images.paths, backwards, images.labels).of == tuple(
        9 - label for label in LABELS
    )


def of(classes: tuple[str, ...], said: tuple[str, ...], net: Network, asked: str = "data") -> tuple[int, ...]:
    paths = [str(number) for number in range(len(said))]
    own = SourceLabels("hfds/x", dict(zip(paths, said, strict=True)), classes, ())
    return labels_of(asked, paths, net, own).of


def test_classes_without_names_are_those_of_the_source_in_order() -> None:
    """Where nobody has said what the network's are called, and there are as many."""
    assert of(("ant", "bee", "cat"), ("cat", "ant"), network((), 3)) == (2, 0)
    assert of(("2", "1", "0"), ("0", "2"), network((), 3)) == (2, 0)
    with pytest.raises(InputError, match=r"hfds/x has 3 classes, such as 'ant', and .* has 5"):
        of(("ant", "bee", "cat"), ("cat", "ant"), network((), 5))
    with pytest.raises(InputError, match="the label 7 is none of the 3 classes of hfds/x"):
        of(("ant", "bee", "cat"), ("7",), network((), 3))
    with pytest.raises(InputError, match="has 2 classes"):  # two of three are called the same
        of(("ant", "ant", "cat"), ("cat",), network((), 3))


def test_digits_are_no_outputs_of_other_classes() -> None:
    """A network with classes of its own is not asked for its third one because a data set has the digit 2."""
    with pytest.raises(InputError, match="the label 2 is none of names of classes") as refusal:
        of(("0", "1", "2"), ("2",), network())
    assert refusal.value.expected.startswith("a network with the classes of the data, or a table")
    assert of((), ("2",), network()) == (2,)  # without names numbers are places, as in a table


def test_wordnet_ids_of_folders() -> None:
    imagenet = replace(small_conv_net(), source="timm", output=Output("logits", (1000,)), classes=())
    assert of(("n01440764", "n01443537"), ("n01443537",), imagenet) == (1,)


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (lambda folder: folder, "has no labels of its own"),
        (lambda folder: images_of(pictures_in(folder)), "has no labels of its own"),
        (lambda folder: images_of(list(pictures_in(folder))), "6 of 6 pictures of .* have no label"),
        (
            lambda folder: images_of(pairs(folder, [0, 1, None, 1, 1, 1])),
            "1 of 6 pictures of .* have no label",
        ),
        (lambda folder: images_of(pairs(folder, [0.5] * COUNT)), "6 of 6 pictures"),
    ],
)
def test_sources_without_labels(folder: Path, images: Callable[[Path], ImageSet], found: str) -> None:
    with pytest.raises(InputError, match=found):
        audited(images(folder), "data")


class Fails(Pictures):
    def __getitem__(self, index: int) -> object:
        if index == 2:
            raise ValueError("no such thing")
        return super().__getitem__(index)


def test_an_item_that_cannot_be_had(folder: Path) -> None:
    with pytest.raises(InputError, match=r"item 2 of .* has no label, since asking for it raised ValueError"):
        audited(images_of(Fails(pairs(folder, LABELS))), "data", on_bad_image="skip")


def test_labels_leave_values_alone(folder: Path) -> None:
    """Items that are not drawn are not asked; labels are read of the drawn ones."""
    data_set = Pictures(pairs(folder, LABELS))
    result = audited(images_of(data_set), "data", samples=3)
    drawn = [int(image.path) for image in result.data.images]
    assert set(data_set.asked) == set(drawn)
    assert result.data.labels is not None
    assert list(result.data.labels.of) == [LABELS[index] for index in drawn]
