"""``torch/NAME``: data sets in the files of their publishers, read as torchvision reads them; nothing in them runs."""

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torchvision
from PIL import Image
from support.command import Geed, geed
from support.data_sets import CLASSES, md5, pictures_in, write_cifar10, write_idx, write_mnist
from support.memory import audited, rows
from support.networks import small_conv_net
from support.pictures import smooth_pictures, write_folder

from geed_cli.errors import InputError
from geed_cli.images.memory.prepared import images_of
from geed_cli.images.picture import ImageRefused
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.source import ImageSet, hashes_of, list_images

__all__ = ["geed"]
COUNT = 6
LABELS = [3, 9, 0, 3, 8, 1]


def opened(source: str, split: str | None = None) -> ImageSet:
    return list_images(source, PlaceOptions(split=split))


def labels_in(images: ImageSet) -> list[str]:
    return list(images.labels.of(images.paths))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return smooth_pictures(tmp_path / "pictures", COUNT, 32)


def test_cifar_gives_the_rows_of_its_pictures(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a folder digit for digit, and the hashes of torchvision's own data set in memory."""
    root = write_cifar10(tmp_path / "sets", pictures_in(folder), LABELS, monkeypatch)
    network = small_conv_net(size=16)
    result = audited(network, f"torch/cifar10:{root}", COUNT)
    assert rows(result) == rows(audited(network, folder, COUNT))
    data = result.data
    assert (data.source, data.split, data.found, data.count) == ("torch", "test", COUNT, COUNT)
    assert [image.path for image in data.images] == [str(index) for index in range(COUNT)]
    items = [
        (Image.fromarray(picture), label) for picture, label in zip(pictures_in(folder), LABELS, strict=True)
    ]
    assert data.sha256 == audited(network, images_of(items), COUNT).data.sha256
    assert labels_in(opened(f"TORCH/CIFAR10:{root}")) == [CLASSES[label] for label in LABELS]


@pytest.mark.parametrize("name", ["mnist", "kmnist", "fashion_mnist", "qmnist"])
def test_the_family_of_mnist_by_timms_names(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder data where none is named; validation means the test files; labels by torchvision's classes."""
    kind = {"mnist": "MNIST", "kmnist": "KMNIST", "fashion_mnist": "FashionMNIST", "qmnist": "QMNIST"}[name]
    pictures = np.random.default_rng(0).integers(0, 256, (COUNT, 28, 28), dtype=np.uint8)
    pictures[0] = 0
    pictures[0, 3, 4] = 1  # nearly black, as nothing but bytes of 0 and 1 is elsewhere
    write_mnist(tmp_path / "data", kind, pictures, np.array(LABELS))
    monkeypatch.chdir(tmp_path)
    images = opened(f"torch/{name}")
    assert (images.split, images.found, images.root) == ("test", COUNT, f"torch/{name}")
    own = getattr(torchvision.datasets, kind)("data", train=False)
    expected = list_images(images_of([(own[index][0], own[index][1]) for index in range(COUNT)]))
    assert hashes_of(images) == hashes_of(expected)
    names = [own.classes[label] for label in LABELS]
    assert labels_in(images) == ([each[0] for each in names] if "qm" in name or name == "mnist" else names)
    assert hashes_of(opened(f"torch/{name}", "validation")) == hashes_of(images)
    if name != "qmnist":
        train = opened(f"torch/{name}", "training")
        assert train.split == "train"
        assert hashes_of(train) != hashes_of(images)


def test_pictures_of_another_size_are_read_as_they_are(tmp_path: Path) -> None:
    values = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    write_mnist(tmp_path, "MNIST", values, np.array([1, 2, 3]))
    picture, _ = opened(f"torch/mnist:{tmp_path}").reader.picture("2")
    assert np.array_equal(np.asarray(picture.image)[..., 0], values[2])


def test_folders_of_classes(tmp_path: Path) -> None:
    """As ``ImageFolder`` labels them, with the same files; of a split where there is a folder of its name."""
    write_folder(tmp_path / "set" / "val", ["b/1.jpg", "a/2.jpg", "a/deep/3.jpg", "bare.jpg", "a/x.txt"])
    write_folder(tmp_path / "set" / "train", ["a/0.jpg"])
    images = opened(f"torch/image_folder:{tmp_path / 'set'}")
    assert images.split == "val"
    assert images.paths == ("a/2.jpg", "a/deep/3.jpg", "b/1.jpg")
    assert {item.path: item.reason for item in images.refused} == {
        "a/x.txt": "not an image by its name",
        "bare.jpg": "in no folder of a class",
    }
    assert images.found == 5
    own = torchvision.datasets.ImageFolder(str(tmp_path / "set" / "val"))
    expected = {
        Path(file).relative_to(tmp_path / "set" / "val").as_posix(): label for file, label in own.samples
    }
    assert [images.classes.index(label) for label in labels_in(images)] == [
        expected[path] for path in images.paths
    ]
    assert opened(f"torch/folder:{tmp_path / 'set'}", "training").paths == ("a/0.jpg",)
    assert opened(f"torch/folder:{tmp_path / 'set' / 'train'}").split is None
    of_folder = hashes_of(list_images(tmp_path / "set" / "val"))
    assert hashes_of(images) == {path: of_folder[path] for path in images.paths}


def test_imagenet_is_labelled_by_wordnet_ids(tmp_path: Path) -> None:
    write_folder(tmp_path / "val", ["n01440764/1.JPEG", "n01443537/2.JPEG"])
    images = opened(f"torch/imagenet:{tmp_path}")
    assert (images.split, labels_in(images)) == ("val", ["n01440764", "n01443537"])


def test_inaturalist_by_the_folders_of_its_species(tmp_path: Path) -> None:
    species = [f"0000{number}_Animalia_A_B_C_D_E_{name}" for number, name in enumerate(("z", "y"))]
    write_folder(tmp_path / "2021_valid", [f"{each}/1.jpg" for each in species])
    images = opened(f"torch/inat:{tmp_path}", "validation")
    own = torchvision.datasets.INaturalist(str(tmp_path), "2021_valid")
    assert [images.classes.index(label) for label in labels_in(images)] == [number for number, _ in own.index]


def test_places_by_the_lists_that_are_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the list that is not there is refused when it is read."""
    (tmp_path / "categories_places365.txt").write_text("/a/attic 1\n/a/airfield 0\n", encoding="utf-8")
    (tmp_path / "places365_val.txt").write_text("2.jpg 1\n1.jpg 0\n3.jpg 0\n", encoding="utf-8")
    write_folder(tmp_path / "val_large", ["1.jpg", "2.jpg"])
    kind = torchvision.datasets.Places365
    name = "categories_places365.txt"
    monkeypatch.setattr(kind, "_CATEGORIES_META", (name, md5(tmp_path / name)))
    name = "places365_val.txt"
    monkeypatch.setattr(
        kind, "_FILE_LIST_META", {**kind._FILE_LIST_META, "val": (name, md5(tmp_path / name))}
    )
    images = opened(f"torch/places365:{tmp_path}")
    assert images.paths == ("1.jpg", "2.jpg", "3.jpg")
    assert labels_in(images) == ["/a/airfield", "/a/attic", "/a/airfield"]
    assert images.reader.picture("2.jpg")[0].size == (48, 40)
    with pytest.raises(ImageRefused):
        images.reader.picture("3.jpg")


class Runs:
    """What a pickle would do when it is opened."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("known", [False, True])
def test_a_pickle_of_somebody_else_does_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    """With another MD5 it is not opened; and were the MD5 the published one, no code that it names would run."""
    write_cifar10(tmp_path / "sets", pictures_in(folder), LABELS, monkeypatch)
    file = tmp_path / "sets" / "cifar-10-batches-py" / "test_batch"
    file.write_bytes(pickle.dumps({"data": Runs(tmp_path / "ran"), "labels": LABELS}))
    if known:
        monkeypatch.setattr(torchvision.datasets.CIFAR10, "test_list", [["test_batch", md5(file)]])
    with pytest.raises(InputError, match=r"names (os|posix|nt)\.mkdir" if known else "is not opened"):
        opened(f"torch/cifar10:{tmp_path / 'sets'}")
    assert not (tmp_path / "ran").exists()


def test_published_checksums_are_those_of_torchvision(folder: Path, tmp_path: Path) -> None:
    """Files that torchvision itself takes for corrupted."""
    write_cifar10(tmp_path, pictures_in(folder), LABELS, None)
    with pytest.raises(RuntimeError, match="corrupted"):
        torchvision.datasets.CIFAR10(str(tmp_path), train=False)
    with pytest.raises(InputError, match="MD5"):
        opened(f"torch/cifar10:{tmp_path}")


def test_files_of_an_old_torchvision_are_not_unpickled(tmp_path: Path) -> None:
    values = np.zeros((2, 28, 28), np.uint8)
    write_mnist(tmp_path, "MNIST", values, np.array([0, 1]))
    processed = tmp_path / "MNIST" / "processed"
    processed.mkdir()
    for name in ("training.pt", "test.pt"):
        (processed / name).write_bytes(pickle.dumps(Runs(tmp_path / "ran")))
    with pytest.raises(InputError, match="old torchvision"):
        opened(f"torch/mnist:{tmp_path}")
    assert not (tmp_path / "ran").exists()
    shutil.move(processed, tmp_path / "elsewhere")  # as the message says
    assert opened(f"torch/mnist:{tmp_path}").found == 2
    (tmp_path / "MNIST" / "raw" / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(
        InputError, match=r"^no '.*raw/train-labels-idx1-ubyte', and nothing is downloaded unasked"
    ):
        opened(f"torch/mnist:{tmp_path}")


@pytest.mark.parametrize("damage", ["cut", "floats", "labels"])
def test_idx_files_that_are_none_are_refused(tmp_path: Path, damage: str) -> None:
    values = np.zeros((4, 28, 28), np.uint8)
    write_mnist(tmp_path, "MNIST", values, np.arange(4))
    raw = tmp_path / "MNIST" / "raw"
    file = raw / "t10k-images-idx3-ubyte"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:1000])
    elif damage == "floats":
        file.write_bytes(b"\0\0\x0d" + file.read_bytes()[3:])
    else:
        write_idx(raw / "t10k-labels-idx1-ubyte", np.zeros(3, np.uint8))
    with pytest.raises(InputError) as refusal:
        opened(f"torch/mnist:{tmp_path}")
    assert "labels" in refusal.value.found or "cannot be read" in refusal.value.found


@pytest.mark.parametrize(
    ("source", "split", "found"),
    [
        ("torch/cifar11", None, "torch/cifar11 is none of"),
        ("torch/cifar10", "tset", "no split 'tset'"),
        ("torch/cifar10", None, "nothing is downloaded unasked"),
        ("torch/cifar100", None, "nothing is downloaded unasked"),
        ("torch/mnist", None, "nothing is downloaded unasked"),
        ("torch/imagenet", None, "no folder 'data/val'"),
        ("torch/inat", None, "nothing is downloaded unasked"),
        ("torch/places365", None, "nothing is downloaded unasked"),
        ("torch/folder", None, "no folder 'data'"),
    ],
)
def test_what_is_not_there_is_one_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, split: str | None, found: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as refusal:
        opened(source, split)
    assert found in refusal.value.found.replace(os.sep, "/")
    assert split is None or refusal.value.remedy == "--split test"
    assert list(tmp_path.iterdir()) == []


def test_the_command_that_is_printed_downloads_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, geed: Geed
) -> None:
    """Run as printed, with a download that writes files in place of the network."""
    monkeypatch.chdir(tmp_path)

    def download(self: torchvision.datasets.MNIST) -> None:
        write_mnist(Path(self.root), "MNIST", pictures_in(folder)[:, :28, :28, 0], np.array(LABELS))

    monkeypatch.setattr(torchvision.datasets.MNIST, "download", download)
    done = geed("audit", "resnet18", "--weights", "random", "-d", "torch/mnist")
    assert done.exit_code == 2
    exec(done.stderr.partition('python -c "')[2].rpartition('"')[0].replace("\n", " "), {})
    assert opened("torch/mnist").found == COUNT


@pytest.mark.parametrize("source", ["hfids/timm/imagenet", "tfds/mnist"])
def test_streams_are_refused_with_what_to_name_instead(source: str) -> None:
    with pytest.raises(InputError, match=r"nothing can be drawn|TensorFlow"):
        opened(source)


def test_options_that_cannot_act_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "set", ["a/0.jpg"])
    with pytest.raises(InputError, match="--split cannot act on"):
        opened(str(tmp_path / "set"), "val")
    with pytest.raises(InputError, match="--image-key cannot act on torch/folder"):
        list_images(f"torch/folder:{tmp_path / 'set'}", PlaceOptions(image_key="image"))
