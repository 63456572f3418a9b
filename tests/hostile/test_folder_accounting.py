"""Files seen = used + refused + not drawn, over folders that try to make it otherwise."""

import os
from pathlib import Path

import pytest
from hostile_documents import picture
from support.pictures import open_images

from geed_cli.errors import InputError
from geed_cli.images.folder import LINK, list_folder
from geed_cli.images.picture import RefusedFile
from geed_cli.images.source import ImageSet, LoadedImage, iter_pixels
from geed_cli.input_settings import InputSettings

SETTINGS = InputSettings(8, 8, "bilinear", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX file kinds")


def entries_below(root: Path) -> int:
    """Everything that is no folder, counted with other means than the package's; links count once, unfollowed."""
    return sum(
        len(files) + sum(Path(folder, name).is_symlink() for name in folders)
        for folder, folders, files in os.walk(root)
    )


def account(images: ImageSet) -> tuple[list[str], list[RefusedFile]]:
    """Read what was drawn; used and refused files, and check the sum."""
    items = list(iter_pixels(images, SETTINGS))
    used = [item.record.path for item in items if isinstance(item, LoadedImage)]
    refused = [*images.refused, *(item for item in items if isinstance(item, RefusedFile))]
    assert images.found == len(used) + len(refused) + images.not_drawn
    assert len(set(used)) == len(used)
    assert not set(used) & {file.path for file in refused}
    return used, refused


@pytest.fixture
def wild(tmp_path: Path) -> Path:
    """Two pictures among everything that a folder can hold."""
    root = tmp_path / "data"
    (root / "sub").mkdir(parents=True)
    (root / "a.png").write_bytes(picture("PNG"))
    (root / "sub" / "b.jpg").write_bytes(picture("JPEG"))
    (root / "empty.png").touch()
    (root / "half.jpg").write_bytes(picture("JPEG")[:300])
    (root / "text.png").write_text("no picture")
    (root / "notes.txt").write_text("notes")
    (root / "picture.txt").write_bytes(picture("PNG"))
    (root / "jpeg.png").write_bytes(picture("JPEG"))  # the suffix is wrong and the contents are fine
    os.mkfifo(root / "pipe.png")
    os.link(root / "a.png", root / "hard.png")
    (root / "link.png").symlink_to("a.png")
    (root / "broken.png").symlink_to("nowhere.png")
    (root / "self.png").symlink_to("self.png")
    (root / "sub" / "up").symlink_to("..")
    (root / "sub" / "loop").symlink_to(".")
    (root / "folder.png").mkdir()
    (root / "esc\x1b[2J.png").write_bytes(picture("PNG"))
    return root


def test_every_entry_is_accounted_for(wild: Path) -> None:
    """Loops, pipes, links, empty and wrong files: three pictures are used and the rest has a reason each."""
    images = open_images(wild, 100, 0)
    assert images.found == entries_below(wild)
    used, refused = account(images)
    assert used == ["a.png", "jpeg.png", "sub/b.jpg"]
    reasons = {file.path: file.reason for file in refused}
    assert reasons["pipe.png"] == "not a regular file"
    assert reasons["hard.png"] == "the same file as a.png (a hard link)"
    assert reasons["empty.png"] == "empty file"
    assert reasons["esc\\x1b[2J.png"] == "its name holds control characters"
    assert {reasons[name] for name in ("link.png", "broken.png", "self.png", "sub/up", "sub/loop")} == {LINK}


def test_followed_links_count_nothing_twice(wild: Path, tmp_path: Path) -> None:
    """With follow_links: the same three pictures and one from outside; loops and repeats are refused."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "c.png").write_bytes(picture("PNG", compress_level=1))
    (outside / "back").symlink_to(wild)
    (wild / "out").symlink_to(outside)
    (wild / "out again").symlink_to(outside)
    (wild / "c.png").symlink_to(outside / "c.png")
    images = open_images(wild, 100, 0, follow_links=True)
    used, refused = account(images)
    assert used == ["a.png", "c.png", "jpeg.png", "sub/b.jpg"]
    reasons = {file.path: file.reason for file in refused}
    assert reasons["link.png"] == "the same file as a.png (a symbolic link)"
    assert reasons["out/c.png"] == "the same file as c.png (a symbolic link)"
    searched = "a link to a folder that is searched already"
    assert {reasons[name] for name in ("sub/up", "sub/loop", "out/back", "out again")} == {searched}
    assert reasons["broken.png"].startswith("a symbolic link that leads nowhere")
    assert reasons["self.png"].startswith("a symbolic link that leads nowhere")


def test_a_folder_of_links_alone(tmp_path: Path) -> None:
    """Without follow_links it holds no images, and that is an error; with it the linked folder's count."""
    (tmp_path / "links").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.png").write_bytes(picture("PNG"))
    (tmp_path / "links" / "x").symlink_to(tmp_path / "real")
    with pytest.raises(InputError, match=r"no images in .* \(1 symbolic link, not followed\)"):
        list_folder(tmp_path / "links")
    images = open_images(tmp_path / "links", 100, 0, follow_links=True)
    assert account(images) == (["x/a.png"], [])


def test_a_folder_above_its_own_link(tmp_path: Path) -> None:
    """A link out of the folder leads to it from above: its files keep their real names and come once."""
    root = tmp_path / "data"
    root.mkdir()
    (root / "a.png").write_bytes(picture("PNG"))
    (tmp_path / "b.png").write_bytes(picture("PNG", compress_level=1))
    (root / "up").symlink_to(tmp_path)
    listing = list_folder(root, follow_links=True)
    assert listing.candidates == ("a.png", "up/b.png")
    assert [file.path for file in listing.refused] == ["up/data"]


def test_a_link_put_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    """Between listing and reading a file may be exchanged for a link: without follow_links it is not read."""
    (tmp_path / "a.png").write_bytes(picture("PNG"))
    images = open_images(tmp_path, 100, 0)
    (tmp_path / "a.png").rename(tmp_path / "b.png")
    (tmp_path / "a.png").symlink_to("b.png")
    used, refused = account(images)
    assert used == []
    assert refused == [RefusedFile("a.png", "a symbolic link, which is not followed")]


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root can read everything")
def test_unreadable_files_and_folders(tmp_path: Path) -> None:
    """Both are counted and refused."""
    (tmp_path / "a.png").write_bytes(picture("PNG"))
    (tmp_path / "b.png").write_bytes(picture("PNG", compress_level=1))
    (tmp_path / "closed").mkdir()
    (tmp_path / "b.png").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        used, refused = account(open_images(tmp_path, 100, 0))
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert used == ["a.png"]
    assert {file.path for file in refused} == {"b.png", "closed"}


@pytest.mark.heavy
def test_ten_thousand_entries(tmp_path: Path) -> None:
    """Nested, every tenth broken, every seventh no image; a draw leaves the rest not drawn and counted."""
    sound = picture("PNG")
    for number in range(10_000):
        folder = tmp_path / f"{number // 500:02d}"
        folder.mkdir(exist_ok=True)
        suffix = "txt" if number % 7 == 0 else "png"
        (folder / f"{number:05d}.{suffix}").write_bytes(b"" if number % 10 == 0 else sound)
    images = open_images(tmp_path, 300, 0)
    assert images.found == entries_below(tmp_path) == 10_000
    used, refused = account(images)
    assert len(images.paths) == 300
    assert images.not_drawn == 10_000 - 1_429 - 300  # multiples of 7 below 10,000: 1,429
    assert len(used) + len(refused) == 300 + 1_429
    assert 10 < sum(file.reason == "empty file" for file in refused) < 60  # a tenth of 300, give or take
