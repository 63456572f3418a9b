"""Reading refuses what is not a regular file, without blocking on it."""

import os
from pathlib import Path

import pytest

from geed_cli.images import regular_file
from geed_cli.images.picture import ImageRefused
from geed_cli.images.regular_file import read_regular

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX file kinds")


def reason(path: Path) -> str:
    with pytest.raises(ImageRefused) as caught:
        read_regular(path)
    return caught.value.reason


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    """The bytes come back unchanged, line ends included."""
    (tmp_path / "a").write_bytes(b"\r\n\0\x1a")
    assert read_regular(tmp_path / "a") == b"\r\n\0\x1a"


@posix
def test_a_pipe_is_refused_and_does_not_block(tmp_path: Path) -> None:
    """Opening a pipe without a writer would wait for ever."""
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path / "pipe.jpg") == "not a regular file"


@posix
def test_devices_and_folders_are_refused(tmp_path: Path) -> None:
    """/dev/zero would never end."""
    assert reason(Path("/dev/zero")) == "not a regular file"
    assert reason(tmp_path) == "not a regular file"


@posix
def test_links_are_refused(tmp_path: Path) -> None:
    """Even to a readable picture, and when they point at themselves."""
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    assert reason(tmp_path / "link.jpg") == "a symbolic link, which is not followed"
    assert reason(tmp_path / "loop.jpg") == "a symbolic link, which is not followed"


def test_a_missing_file_is_refused_with_the_cause(tmp_path: Path) -> None:
    """A file that vanished between listing and reading is a refusal, not a crash."""
    assert reason(tmp_path / "gone.jpg") == "cannot be read: No such file or directory"


def test_enormous_files_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size is looked up before reading; the limit itself passes."""
    monkeypatch.setattr(regular_file, "MAX_BYTES", 10)
    (tmp_path / "a").write_bytes(bytes(10))
    (tmp_path / "b").write_bytes(bytes(11))
    assert len(read_regular(tmp_path / "a")) == 10
    assert reason(tmp_path / "b") == "too large: 11 bytes or more, at most 10 are read"


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="Linux's own file system")
def test_files_that_are_longer_than_they_say_are_read_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file under /proc says 0 bytes, as a file that grows says too few: all of it is read, or it is too large."""
    path = Path("/proc/version")
    assert path.stat().st_size == 0
    assert read_regular(path) == path.read_bytes() != b""
    monkeypatch.setattr(regular_file, "MAX_BYTES", 10)
    assert reason(path) == "too large: 11 bytes or more, at most 10 are read"
