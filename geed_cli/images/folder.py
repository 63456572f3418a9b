"""What an image folder holds: every file below it, as a candidate by name or as a refusal with its reason.

Nothing is opened here. Paths are POSIX, relative to the folder, ordered by their UTF-8 bytes, so that the
order is the same on every file system. Symbolic links are not followed unless asked, since one loop can multiply
a folder; followed, they are looked at after everything else, and no folder and no file counts twice.
"""

import heapq
import os
import stat
import unicodedata
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from geed_cli.documents.document import path_text, unicode_text
from geed_cli.errors import InputError
from geed_cli.images.picture import RefusedFile

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
_OTHER_PICTURES = """
    apng arw avif avifs cr2 cr3 dcm dds dng emf eps exr gif hdr heic heif hif icns ico j2k jp2 jpx jxl nef orf
    pbm pcx pfm pgm pnm ppm psd qoi raf rw2 svg svgz tga wmf xcf
"""
OTHER_PICTURES = frozenset(f".{suffix}" for suffix in _OTHER_PICTURES.split())
"""Suffixes of pictures in formats that are not audited."""
LINK = "a symbolic link, which is not followed without --follow-links"
OTHER_FORMAT = "not a format that is audited: JPEG, PNG, WebP, BMP or TIFF"

Identity = tuple[int, int]
"""Device and inode: one file under all its names."""


@dataclass(frozen=True)
class FolderListing:
    """Everything that was found below a folder, in order.

    Attributes:
        candidates: files whose name says image.
        refused: everything else: other files, links, pipes, hidden or unreadable folders.
    """

    candidates: tuple[str, ...]
    refused: tuple[RefusedFile, ...]

    @property
    def found(self) -> int:
        """How many entries were found: candidates and refused together."""
        return len(self.candidates) + len(self.refused)


@dataclass(frozen=True)
class _FolderEntry:
    """One entry: its path, why it is refused ("" for a candidate), its identity on disk, whether it is a link."""

    path: str
    reason: str
    identity: Identity | None = None
    linked: bool = False


def list_folder(root: Path, *, follow_links: bool = False) -> FolderListing:
    """List a flat or nested folder without opening a file.

    Hidden folders are refused as a whole and not searched. A file reachable under two names (a hard link)
    counts once, under the name that comes first; a real name comes before one that leads over a symbolic link.

    Args:
        root: an existing folder; it may itself be a symbolic link, since the user named it.
        follow_links: take links to files and folders for what they lead to, also outside of ``root``; a link to
            a folder that is searched anyway, such as a loop, is refused.

    Raises:
        InputError: ``root`` is missing, is not a folder, cannot be read, or holds no candidate.
    """
    _check_root(root)
    entries = _refuse_repeats(list(_walk(root, follow_links=follow_links)))
    entries.sort(key=lambda entry: _bytes(entry.path))
    refused = tuple(
        RefusedFile(printable_name(entry.path), entry.reason) for entry in entries if entry.reason
    )
    candidates = tuple(unicode_text(entry.path) for entry in entries if not entry.reason)
    if not candidates:
        raise _no_images(root, refused)
    return FolderListing(candidates, refused)


def _no_images(root: Path, refused: tuple[RefusedFile, ...]) -> InputError:
    """Says what is there instead, and how to get at it."""
    reasons = [file.reason for file in refused]
    links, others = reasons.count(LINK), reasons.count(OTHER_FORMAT)
    remedy = "name the folder that holds the images; it may be nested"
    parts = []
    if others:
        suffixes = {Path(file.path).suffix.lower() for file in refused if file.reason == OTHER_FORMAT}
        parts.append(f"{others} of formats that are not audited: {', '.join(sorted(suffixes))}")
        remedy = "convert them, to PNG for instance, or name another folder"
    if links:
        parts.insert(0, f"{links} symbolic link{'s' * (links != 1)}, not followed")
        remedy = "--follow-links, which looks at what the links lead to"
    if len(refused) > links + others or not parts:
        parts.append(f"{len(refused) - links - others} other entries")
    return InputError(
        f"no images in {path_text(root)} ({'; '.join(parts)})",
        expected="at least one file whose name ends in .jpg, .jpeg, .png, .webp, .bmp, .tif or .tiff",
        remedy=remedy,
    )


def _check_root(root: Path) -> None:
    remedy = "check the path, or leave out --data to use the bundled sample"
    # os.path answers where Path raises: below a folder that may not be entered
    if not os.path.exists(root):
        raise InputError(f"no such folder: {path_text(root)}", expected="a folder of images", remedy=remedy)
    if not os.path.isdir(root):
        raise InputError(f"not a folder: {path_text(root)}", expected="a folder of images", remedy=remedy)
    try:
        os.scandir(root).close()
    except OSError as error:
        raise InputError(
            f"cannot read the folder {path_text(root)}: {error.strerror}",
            expected="a readable folder",
            remedy=remedy,
        ) from error


def _walk(root: Path, *, follow_links: bool) -> Iterator[_FolderEntry]:
    """Every entry. What links lead to comes last, so that folders are searched under their real names."""
    searched: set[Identity] = set()
    links = [(_bytes(path), path) for path in (yield from _search(root, "", searched, linked=False))]
    heapq.heapify(links)
    while links:
        _, path = heapq.heappop(links)
        if not follow_links:
            yield _FolderEntry(path, LINK)
        elif os.path.isdir(root / path) and not Path(path).name.startswith("."):
            for further in (yield from _search(root, path, searched, linked=True)):
                heapq.heappush(links, (_bytes(further), further))
        else:
            yield _judge(root, path, linked=True)


def _search(
    root: Path, top: str, searched: set[Identity], *, linked: bool
) -> Generator[_FolderEntry, None, list[str]]:
    """The entries below one folder; returns the links among them, which are left to the caller."""
    links: list[str] = []
    pending = [top]
    while pending:
        folder = pending.pop()
        try:
            identity = _identity(root / folder)
            if identity in searched:
                yield _FolderEntry(folder, "a link to a folder that is searched already")
                continue
            searched.add(identity)
            with os.scandir(root / folder) as entries:
                children = list(entries)
        except OSError as error:
            yield _FolderEntry(folder, f"folder cannot be read: {error.strerror}")
            continue
        for entry in children:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                links.append(path)
            elif entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                pending.append(path)
            else:
                yield _judge(root, path, linked=linked)
    return links


def _judge(root: Path, path: str, *, linked: bool) -> _FolderEntry:
    """One entry that is no folder to be searched; links are followed here."""
    try:
        status = os.stat(root / path)  # not that of a directory entry, which carries no inode on Windows
    except OSError as error:
        leads_nowhere = os.path.islink(root / path)
        what = "a symbolic link that leads nowhere" if leads_nowhere else "cannot be read"
        return _FolderEntry(path, f"{what}: {error.strerror}", linked=linked)
    reason = _reason(path, status.st_mode)
    return _FolderEntry(path, reason, None if reason else (status.st_dev, status.st_ino), linked)


def _reason(path: str, mode: int) -> str:
    """Why this entry is no candidate by its kind and name, or "" if it is one."""
    name = path.rpartition("/")[2]
    if stat.S_ISDIR(mode):
        return "a hidden folder, which is not searched"
    if not stat.S_ISREG(mode):
        return "not a regular file"
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        return OTHER_FORMAT if suffix in OTHER_PICTURES else "not an image by its name"
    if name.startswith("."):
        return "a hidden file"  # such as ._photo.jpg, in which macOS keeps attributes
    try:  # whatever the locale has made of it
        text = _bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        return "its name is not valid UTF-8"
    return "" if text == printable_name(path) else "its name holds control characters"


def _refuse_repeats(entries: list[_FolderEntry]) -> list[_FolderEntry]:
    """Refuse each candidate that is the same file as an earlier one; real names come before links."""
    first: dict[Identity, str] = {}
    judged = []
    for entry in sorted(entries, key=lambda entry: (entry.linked, _bytes(entry.path))):
        earlier = first.setdefault(entry.identity, entry.path) if entry.identity else entry.path
        kind = "a symbolic link" if entry.linked else "a hard link"
        repeated = f"the same file as {printable_name(earlier)} ({kind})" if earlier != entry.path else ""
        judged.append(_FolderEntry(entry.path, repeated) if repeated else entry)
    return judged


def _identity(folder: Path) -> Identity:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def printable_name(path: str) -> str:
    r"""The path with control characters and bytes that are not UTF-8 written as \xff, to be stored and shown."""
    return "".join(ascii(c)[1:-1] if unicodedata.category(c) == "Cc" else c for c in unicode_text(path))
