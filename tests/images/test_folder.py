"""Listing: every entry is a candidate or refused with a reason, in one order."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from geed_cli.errors import InputError
from geed_cli.images.candidates import OTHER_FORMAT
from geed_cli.images.folder import LINK, list_folder
from geed_cli.images.picture import RefusedFile
from geed_cli.images.source import list_images

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file kinds")


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_nested_files_come_in_the_order_of_their_bytes(tmp_path: Path) -> None:
    """One order for flat and nested, independent of creation: capitals first, "-" before "/", é after z."""
    expected = ("B.PNG", "a-b/x.jpg", "a.jpeg", "a/x.webp", "a/y/z.TIFF", "z.bmp", "é.tif")
    touch(tmp_path, *reversed(expected))
    listing = list_folder(tmp_path)
    assert listing.candidates == expected
    assert list(expected) == sorted(expected, key=lambda path: path.encode())
    assert listing.refused == ()


def test_names_that_are_not_images_are_refused_and_counted(tmp_path: Path) -> None:
    """Other suffixes, none at all, and hidden files."""
    touch(tmp_path, "a.jpg", "README.txt", "b.gif", "noname", ".DS_Store", "sub/._a.jpg", ".jpg")
    listing = list_folder(tmp_path)
    reasons = {file.path: file.reason for file in listing.refused}
    assert reasons == {
        "README.txt": "not an image by its name",
        "b.gif": OTHER_FORMAT,
        "noname": "not an image by its name",
        ".DS_Store": "not an image by its name",
        ".jpg": "not an image by its name",
        "sub/._a.jpg": "a hidden file",
    }
    assert listing.candidates == ("a.jpg",)
    assert listing.found == 7


def test_hidden_folders_are_refused_as_a_whole(tmp_path: Path) -> None:
    """Thumbnails and version control are not data; the folder is counted once."""
    touch(tmp_path, "a.jpg", ".thumbnails/a.jpg", ".thumbnails/b.jpg")
    listing = list_folder(tmp_path)
    assert listing.candidates == ("a.jpg",)
    assert listing.refused == (RefusedFile(".thumbnails", "a hidden folder, which is not searched"),)


@posix
def test_links_and_pipes_are_refused(tmp_path: Path) -> None:
    """A link to a file, to a folder, a loop, a broken link and a pipe: listed, not followed, not opened."""
    touch(tmp_path, "real/a.jpg")
    (tmp_path / "file.jpg").symlink_to("real/a.jpg")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "broken.jpg").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.jpg")
    listing = list_folder(tmp_path)
    link = LINK
    assert listing.candidates == ("real/a.jpg",)
    assert listing.refused == (
        RefusedFile("broken.jpg", link),
        RefusedFile("file.jpg", link),
        RefusedFile("folder", link),
        RefusedFile("pipe.jpg", "not a regular file"),
        RefusedFile("real/loop", link),
    )


@posix
def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    """A hard link is the same picture again: the first name in order is kept, equal contents are not enough."""
    touch(tmp_path, "m/first.jpg", "other.jpg")
    os.link(tmp_path / "m/first.jpg", tmp_path / "z.jpg")
    os.link(tmp_path / "m/first.jpg", tmp_path / "zz.jpg")
    listing = list_folder(tmp_path)
    assert listing.candidates == ("m/first.jpg", "other.jpg")
    same = "the same file as m/first.jpg (a hard link)"
    assert listing.refused == (RefusedFile("z.jpg", same), RefusedFile("zz.jpg", same))


@posix
def test_names_that_are_not_utf8_are_refused_in_writable_form(tmp_path: Path) -> None:
    """Such a name could not be stored in a result."""
    touch(tmp_path, "a.jpg")
    try:
        open(os.path.join(os.fsencode(tmp_path), b"\xff.jpg"), "wb").close()
    except OSError:
        pytest.skip("this file system allows only UTF-8 names")
    listing = list_folder(tmp_path)
    assert listing.refused == (RefusedFile("\\xff.jpg", "its name is not valid UTF-8"),)
    assert listing.candidates == ("a.jpg",)


@contextmanager
def closed(mode: int, *files: str) -> Iterator[Path]:
    """A folder with those files whose first one's folder has that mode; permissions bind, also where root runs this."""
    root = Path(tempfile.mkdtemp())  # not tmp_path, whose parents another user may not enter
    user = os.geteuid()
    shut = (root / files[0]).parent
    try:
        touch(root, *files)
        root.chmod(0o755)
        shut.chmod(mode)
        if user == 0:
            os.seteuid(65534)
        yield root
    finally:
        os.seteuid(user)
        shut.chmod(0o755)
        shutil.rmtree(root)


@posix
def test_an_unreadable_folder_is_refused_and_the_rest_is_listed() -> None:
    """Permission denied below the root costs that folder only."""
    with closed(0o000, "shut/b.jpg", "a.jpg") as root:
        listing = list_folder(root)
    assert listing.candidates == ("a.jpg",)
    assert listing.refused == (RefusedFile("shut", "folder cannot be read: Permission denied"),)


@posix
@pytest.mark.parametrize("path", ["shut/inside", "n" * 300])
def test_a_root_that_cannot_be_looked_up_is_wrong_input(path: str) -> None:
    """Below a folder that may not be entered, and with a name that is too long."""
    with closed(0o000, "shut/a.jpg") as root, pytest.raises(InputError, match="no such folder"):
        list_images(root / path)


@posix
def test_a_folder_that_may_be_read_but_not_entered_costs_its_entries_alone() -> None:
    """Each of them is refused with its reason."""
    with closed(0o444, "names/b.jpg", "a.jpg") as root:
        listing = list_folder(root)
    assert listing.candidates == ("a.jpg",)
    assert listing.refused == (RefusedFile("names/b.jpg", "cannot be read: Permission denied"),)


def test_a_missing_root_is_wrong_input(tmp_path: Path) -> None:
    """Exit 2, naming the path."""
    with pytest.raises(InputError, match=r"no such folder: '.*nowhere'") as caught:
        list_images(tmp_path / "nowhere")
    assert "--data" in caught.value.remedy


def test_a_file_as_root_is_wrong_input(tmp_path: Path) -> None:
    """A single picture is not a data distribution."""
    touch(tmp_path, "a.jpg")
    with pytest.raises(InputError, match="not a folder"):
        list_images(tmp_path / "a.jpg")


def test_a_folder_without_images_is_wrong_input(tmp_path: Path) -> None:
    """The count of what is there instead tells an empty folder from a wrong one."""
    with pytest.raises(InputError, match=r"no images in .* \(0 other entries\)"):
        list_folder(tmp_path)
    touch(tmp_path, "a.txt", "b/c.csv")
    with pytest.raises(InputError, match=r"no images in .* \(2 other entries\)"):
        list_folder(tmp_path)
    touch(tmp_path, "a.GIF", "b/d.heic", "e.heic")
    says = r"\(3 of formats that are not audited: \.gif, \.heic; 2 other entries\)"
    with pytest.raises(InputError, match=says) as caught:
        list_folder(tmp_path)
    assert "convert them" in caught.value.remedy


@posix
def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    """The user named it."""
    touch(tmp_path, "real/a.jpg")
    (tmp_path / "link").symlink_to("real")
    assert list_folder(tmp_path / "link").candidates == ("a.jpg",)


def test_listing_looks_once_at_each_folder_and_opens_no_file(tmp_path: Path) -> None:
    """What the system is asked for, as Python's audit events tell it."""
    touch(tmp_path, *(f"{folder}/{number}.jpg" for folder in range(4) for number in range(25)))
    asked: list[str] = []
    listening = True

    def listen(event: str, _: object) -> None:
        if listening and event in {"open", "os.listdir", "os.scandir"}:
            asked.append(event)

    sys.addaudithook(listen)  # it stays for the life of the process, and is deaf afterwards
    assert len(list_folder(tmp_path).candidates) == 100
    listening = False
    assert "open" not in asked
    assert len(asked) == 6  # whether the root can be read, then the root and its four folders
