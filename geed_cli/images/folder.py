"""What an image folder holds: every file below it, as a candidate by name or as a refusal with its reason.

Nothing is opened here. Paths are POSIX, relative to the folder, ordered by their UTF-8 bytes, so that the
order is the same on every file system. Symbolic links are never followed: one loop can multiply a folder.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geed_cli.errors import InputError
from geed_cli.images.refusal import RefusedFile

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True)
class FolderListing:
    """Everything that was found below a folder.

    Attributes:
        candidates: files whose name says image, in order.
        refused: everything else, in order: other files, links, pipes, hidden or unreadable folders.
    """

    candidates: tuple[str, ...]
    refused: tuple[RefusedFile, ...]

    @property
    def found(self) -> int:
        """How many entries were found: candidates and refused together."""
        return len(self.candidates) + len(self.refused)


@dataclass(frozen=True)
class _Found:
    """One entry: its path, why it is refused ("" for a candidate), and its identity on disk."""

    path: str
    reason: str
    identity: tuple[int, int] | None = None


def list_folder(root: Path) -> FolderListing:
    """List a flat or nested folder without opening a file.

    Hidden folders are refused as a whole and not searched. A file reachable under two names (a hard link)
    counts once, under the name that comes first.

    Args:
        root: an existing folder; it may itself be a symbolic link, since the user named it.

    Raises:
        InputError: ``root`` is missing, is not a folder, cannot be read, or holds no candidate.
    """
    _check_root(root)
    found = _refuse_repeats(sorted(_walk(root), key=lambda entry: _bytes(entry.path)))
    refused = tuple(RefusedFile(_printable(entry.path), entry.reason) for entry in found if entry.reason)
    candidates = tuple(entry.path for entry in found if not entry.reason)
    if not candidates:
        raise InputError(
            f"no images in {str(root)!r} ({len(refused)} other entries)",
            expected="at least one file whose name ends in .jpg, .jpeg, .png, .webp, .bmp, .tif or .tiff",
            remedy="name the folder that holds the images; it may be nested",
        )
    return FolderListing(candidates, refused)


def _check_root(root: Path) -> None:
    remedy = "check the path, or leave out --data to use the bundled sample"
    if not root.exists():
        raise InputError(f"no such folder: {str(root)!r}", expected="a folder of images", remedy=remedy)
    if not root.is_dir():
        raise InputError(f"not a folder: {str(root)!r}", expected="a folder of images", remedy=remedy)
    try:
        os.scandir(root).close()
    except OSError as error:
        raise InputError(
            f"cannot read the folder {str(root)!r}: {error.strerror}",
            expected="a readable folder",
            remedy=remedy,
        ) from error


def _walk(root: Path) -> Iterator[_Found]:
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            with os.scandir(root / prefix) as entries:
                children = list(entries)
        except OSError as error:
            yield _Found(prefix.rstrip("/"), f"folder cannot be read: {error.strerror}")
            continue
        for entry in children:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                pending.append(path + "/")
            else:
                yield _judge(path, entry)


def _judge(path: str, entry: "os.DirEntry[str]") -> _Found:
    reason = _reason(path, entry)
    if reason:
        return _Found(path, reason)
    try:
        status = os.lstat(entry.path)  # not entry.stat(), which carries no inode on Windows
    except OSError as error:
        return _Found(path, f"cannot be read: {error.strerror}")
    return _Found(path, "", (status.st_dev, status.st_ino))


def _reason(path: str, entry: "os.DirEntry[str]") -> str:
    """Why this entry is no candidate by its kind and name, or "" if it is one."""
    if entry.is_symlink():
        return "a symbolic link, which is not followed"
    if entry.is_dir(follow_symlinks=False):
        return "a hidden folder, which is not searched"
    if not entry.is_file(follow_symlinks=False):
        return "not a regular file"
    if Path(entry.name).suffix.lower() not in SUFFIXES:
        return "not an image by its name"
    if entry.name.startswith("."):
        return "a hidden file"  # such as ._photo.jpg, in which macOS keeps attributes
    return "" if path == _printable(path) else "its name is not valid UTF-8"


def _refuse_repeats(found: list[_Found]) -> list[_Found]:
    """Refuse each candidate that is the same file as an earlier one."""
    first: dict[tuple[int, int], str] = {}
    judged = []
    for entry in found:
        earlier = first.setdefault(entry.identity, entry.path) if entry.identity else entry.path
        repeated = earlier != entry.path
        judged.append(_Found(entry.path, f"the same file as {earlier} (a hard link)") if repeated else entry)
    return judged


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _printable(path: str) -> str:
    r"""The path with bytes that are not UTF-8 written as \xff, so that it can be stored and shown."""
    return _bytes(path).decode("utf-8", "backslashreplace")
