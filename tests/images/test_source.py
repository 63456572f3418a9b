"""From a folder to pixels: everything found is used, refused or not drawn, and all of it is counted."""

import hashlib
import io
import threading
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.pictures import SETTINGS, open_images, write_folder

from geed_cli.errors import InputError
from geed_cli.images.picture import Picture, RefusedFile
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.preprocess import to_pixels
from geed_cli.images.reader import Folder
from geed_cli.images.source import ImageSet, LoadedImage, iter_pixels, list_images, unusable

NAMES = [f"{kind}/{number}.jpg" for kind in ("cat", "dog") for number in range(5)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten pictures in two folders, and a text file."""
    write_folder(tmp_path, NAMES)
    (tmp_path / "README.txt").write_text("about")
    return tmp_path


def spoil(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-40])


def test_a_set_counts_what_was_found(folder: Path) -> None:
    """Found is drawn plus refused plus not drawn."""
    images = open_images(folder, samples=4, seed=0)
    assert (images.found, len(images.paths), len(images.refused), images.not_drawn) == (11, 4, 1, 6)
    assert images.root == str(folder)
    assert not images.is_sample
    assert set(images.paths) <= set(NAMES)


def test_pixels_and_hashes_come_in_order(folder: Path) -> None:
    """Each item is the file's own hash and the preprocessing of its own picture."""
    images = open_images(folder, samples=200, seed=0)
    items = list(iter_pixels(images, SETTINGS))
    assert images.paths == tuple(NAMES)
    for path, item in zip(NAMES, items, strict=True):
        assert isinstance(item, LoadedImage)
        data = (folder / path).read_bytes()
        assert item.record.path == path
        assert item.record.sha256 == hashlib.sha256(data).hexdigest()
        assert torch.equal(item.pixels, to_pixels(Picture(Image.open(io.BytesIO(data))), SETTINGS))


def test_the_number_of_workers_changes_nothing(folder: Path) -> None:
    """The same records, refusals and pixels from one thread and from four."""
    spoil(folder, "cat/3.jpg")
    images = open_images(folder, samples=9, seed=5)
    one, four = (list(iter_pixels(images, SETTINGS, workers=workers)) for workers in (1, 4))
    for left, right in zip(one, four, strict=True):
        if isinstance(left, LoadedImage):
            assert isinstance(right, LoadedImage)
            assert left.record == right.record
            assert torch.equal(left.pixels, right.pixels)
        else:
            assert left == right


def test_the_error_names_every_bad_image() -> None:
    """Exit 2 with each path and its reason, twenty of many and the number of the others; one stands in one line."""
    refused = [RefusedFile(f"{number}.jpg", "empty file") for number in range(23)]
    error = unusable("photos", refused)
    assert error.exit_code == 2
    assert "cannot use 23 images of 'photos'" in error.found
    assert [f"'{item.path}': empty file" in error.found for item in refused] == [True] * 20 + [False] * 3
    assert error.found.endswith("and 3 more")
    assert "--on-bad-image skip" in error.remedy
    assert "more" not in unusable("photos", refused[:20]).found
    assert unusable("photos", refused[:1]).found == "cannot use image '0.jpg' of 'photos': empty file"


def test_a_bad_image_is_yielded_as_a_refusal(folder: Path) -> None:
    """One item for each drawn path; the bad one is a refusal in its place."""
    spoil(folder, "dog/0.jpg")
    (folder / "cat/0.jpg").write_bytes(b"")
    images = open_images(folder, 200, 0)
    items = list(iter_pixels(images, SETTINGS))
    used = [item.record.path for item in items if isinstance(item, LoadedImage)]
    bad = [item for item in items if isinstance(item, RefusedFile)]
    assert used == [name for name in NAMES if name not in ("cat/0.jpg", "dog/0.jpg")]
    assert [file.path for file in bad] == ["cat/0.jpg", "dog/0.jpg"]
    assert bad[0].reason == "empty file"
    assert images.found == len(used) + len(bad) + len(images.refused) + images.not_drawn


def test_a_file_that_is_no_image_by_name_is_counted_and_no_error(folder: Path) -> None:
    """README.txt is refused at listing; it is no error."""
    images = open_images(folder, 200, 0)
    assert images.refused == (RefusedFile("README.txt", "not an image by its name"),)
    assert all(isinstance(item, LoadedImage) for item in iter_pixels(images, SETTINGS))


def test_a_file_that_vanishes_is_refused(folder: Path) -> None:
    """Between listing and reading anything can happen to a folder."""
    images = open_images(folder, 200, 0)
    (folder / "cat/4.jpg").unlink()
    items = list(iter_pixels(images, SETTINGS))
    assert items[4] == RefusedFile("cat/4.jpg", "cannot be read: No such file or directory")


def test_a_picture_too_thin_to_resize_is_refused(folder: Path) -> None:
    """Preprocessing refuses as decoding does."""
    Image.new("RGB", (1, 3_000_000)).save(folder / "cat/0.jpg", "PNG")
    first = next(iter_pixels(open_images(folder, 200, 0), SETTINGS))
    assert isinstance(first, RefusedFile)
    assert first.reason.startswith("too long and thin: 1 × 3000000")


def test_closing_early_is_clean(folder: Path) -> None:
    """A consumer that stops leaves no thread behind."""
    items = iter_pixels(open_images(folder, 200, 0), SETTINGS)
    next(items)
    items.close()
    assert not any(thread.name.startswith("geed-decode") for thread in threading.enumerate())


def test_without_data_the_bundled_sample_is_used() -> None:
    """All 40 of it, nothing refused, and the set says that it is the sample."""
    images = open_images(None, samples=200, seed=0)
    assert images.is_sample
    assert images.root == "bundled sample"
    assert (images.found, len(images.paths), images.refused) == (40, 40, ())


def test_a_user_folder_of_the_same_name_is_not_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The label alone does not make a sample."""
    write_folder(tmp_path / "bundled sample", ["a.jpg"])
    monkeypatch.chdir(tmp_path)
    images: ImageSet = open_images(Path("bundled sample"), 200, 0)
    assert not images.is_sample


def test_wrong_input_is_reported_before_anything_is_read(tmp_path: Path) -> None:
    """A missing folder is exit 2, not 3."""
    with pytest.raises(InputError, match="no such folder"):
        open_images(tmp_path / "missing", 200, 0)


def test_one_listing_serves_several_draws(folder: Path) -> None:
    """Each draw is the one that opening the folder anew makes; what appears in between is not in it."""
    listing = list_images(folder)
    expected = [open_images(folder, samples, 3) for samples in (2, 5, 200)]
    (folder / "cat" / "late.jpg").write_bytes(b"")
    drawn = [listing.draw(samples, 3) for samples in (2, 5, 200)]
    assert drawn == expected
    assert set(drawn[0].paths) < set(drawn[1].paths) < set(drawn[2].paths)
    assert open_images(folder, 200, 3).found == drawn[2].found + 1


def test_a_listing_remembers_what_was_asked_of_it(folder: Path, tmp_path: Path) -> None:
    """Links are followed in every draw or in none; the bundled sample is known as such."""
    (folder / "link.jpg").symlink_to(folder / "cat" / "0.jpg")
    readers = [list_images(folder, PlaceOptions(yes)).draw(5, 0).reader for yes in (True, False)]
    assert readers == [Folder(folder, True), Folder(folder, False)]
    assert list_images(None).draw(3, 0).is_sample
    with pytest.raises(InputError, match="0 samples"):
        list_images(folder).draw(0, 0)
    with pytest.raises(InputError, match="no such folder"):
        list_images(tmp_path / "missing")
