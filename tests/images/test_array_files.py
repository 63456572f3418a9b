"""Pictures of arrays in .npy and .npz files: those of the array in memory, and nothing unpickled."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from geed_cli.errors import InputError
from geed_cli.images.memory.prepared import images_of
from geed_cli.images.source import ImageSet, hashes_of, list_images

PICTURES = np.random.default_rng(0).integers(0, 256, (12, 9, 10, 3), dtype=np.uint8)


def in_memory(array: np.ndarray) -> dict[str, str]:
    images = images_of(array)
    assert isinstance(images, ImageSet)
    return hashes_of(images)


@pytest.mark.parametrize(
    "array",
    [
        PICTURES,
        PICTURES.transpose(0, 3, 1, 2).copy(),
        PICTURES[..., 0].copy(),
        (PICTURES / 255).astype(np.float32),
        (PICTURES / 255).astype(">f8"),
        np.asfortranarray(PICTURES[:1, :1, :, 0]),
    ],
    ids=["colour", "channels first", "grey", "floats", "big-endian", "one row"],
)
def test_a_file_holds_what_its_array_held(tmp_path: Path, array: np.ndarray) -> None:
    """Named by their indices, identified by their pixels, from each of the three kinds."""
    np.save(tmp_path / "x.npy", array)
    np.savez(tmp_path / "x.npz", array)
    np.savez_compressed(tmp_path / "c.npz", images=array, labels=np.arange(len(array)))
    expected = in_memory(array.astype(array.dtype.newbyteorder("=")))
    for name in ("x.npy", "x.npz", "c.npz"):
        images = list_images(tmp_path / name)
        assert hashes_of(images) == expected
        assert images.paths == tuple(expected)
        assert (images.found, images.reader.source, images.reader.identity) == (len(array), "array", "pixels")


def test_of_several_arrays_one_is_named(tmp_path: Path) -> None:
    """Behind the file's name, as the refusal says; a name that is none is refused with the nearest."""
    np.savez(tmp_path / "x.npz", train_images=PICTURES, test_images=PICTURES[:5], labels=np.arange(12))
    with pytest.raises(
        InputError, match="has 2 arrays that may be meant: train_images, test_images"
    ) as caught:
        list_images(tmp_path / "x.npz")
    named = caught.value.remedy.removeprefix("--data ")
    assert len(list_images(named).paths) == 12
    assert len(list_images(tmp_path / "x.npz" / "test_images").paths) == 5
    with pytest.raises(InputError, match="has no array 'test_image'") as caught:
        list_images(tmp_path / "x.npz" / "test_image")
    assert "nearest are test_images" in caught.value.expected


@pytest.mark.parametrize("allowed", ["x.npy", "x.npz"])
def test_objects_are_never_unpickled(tmp_path: Path, allowed: str) -> None:
    """They could run code."""

    class Canary:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    array = np.array([Canary(), Canary()], dtype=object)
    (np.save if allowed == "x.npy" else np.savez)(tmp_path / allowed, array, allow_pickle=True)
    with pytest.raises(InputError, match="holds Python's objects"):
        list_images(tmp_path / allowed)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (PICTURES.astype(np.int64), "of type int64"),
        (PICTURES[0], "which is one picture"),
        (PICTURES[..., :2], "no axis has 3 channels"),
        (PICTURES[:0], "holds nothing"),
        (np.zeros(5), r"of shape \(5,\)"),
        (np.zeros((2, 9, 9), dtype="V4"), "of type"),
        (np.asfortranarray(PICTURES), "by columns"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(tmp_path: Path, array: np.ndarray, says: str) -> None:
    """In the words that arrays in memory are refused in."""
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(InputError, match=says):
        list_images(tmp_path / "x.npy")


def test_truncated_and_wrong_files_are_refused(tmp_path: Path) -> None:
    """At once, before a picture is shown; a header is never run, and cannot claim more than there is."""
    np.save(tmp_path / "x.npy", PICTURES)
    data = (tmp_path / "x.npy").read_bytes()
    for wrong in (b"", b"no array", data[:50], data[:-1], data + b"x", data.replace(b"(12,", b"(99,")):
        (tmp_path / "x.npy").write_bytes(wrong)
        with pytest.raises(InputError):
            list_images(tmp_path / "x.npy")
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(InputError, match="is no whole zip archive"):
        list_images(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("notes.txt", b"nothing")
    with pytest.raises(InputError, match="holds no array"):
        list_images(tmp_path / "x.npz")


def test_a_compressed_array_is_checked(tmp_path: Path) -> None:
    """One flipped bit of it is found, by the checksum of the archive."""
    stream = io.BytesIO()
    np.savez_compressed(stream, PICTURES)
    data = bytearray(stream.getvalue())
    data[1500] ^= 4
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(InputError, match="cannot be read: damaged"):
        list_images(tmp_path / "x.npz")


def test_an_array_that_changes_ends_the_run(tmp_path: Path) -> None:
    """Also where it only becomes shorter, at which a map of the file into memory would crash."""
    np.save(tmp_path / "x.npy", PICTURES)
    images = list_images(tmp_path / "x.npy")
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:200])
    with pytest.raises(InputError, match="changed while it was read"):
        images.reader.sha256("11")
