"""What an image folder holds: every file below it, as a candidate by name or as a refusal with its reason.

Nothing is opened here. Symbolic links are not followed unless asked, since one loop can multiply
a folder; followed, they are looked at after everything else, and no folder and no file counts twice.
"""

import heapq
import os
import stat
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from geed_cli.documents.document import path_text, unicode_text
from geed_cli.errors import InputError
from geed_cli.images.candidates import (
    HIDDEN_FOLDER,
    Listing,
    name_bytes,
    no_images,
    printable_name,
    reason_by_name,
)
from geed_cli.images.picture import RefusedFile

LINK = "a symbolic link, which is not followed without --follow-links"

Identity = tuple[int, int]
"""Device and inode: one file under all its names."""


@dataclass(frozen=True)
class _FolderEntry:
    """One entry: its path, why it is refused ("" for a candidate), its identity on disk, whether it is a link."""

    path: str
    reason: str
    identity: Identity | None = None
    linked: bool = False


def list_folder(root: Path, *, follow_links: bool = False) -> Listing:
    """List a flat or nested folder without opening a file.

    Hidden folders are refused as a whole and not searched. A file reachable under two names (a hard link)
    counts once, under the name that comes first; a real name comes before one that leads over a symbolic link.

    Args:
        root: an existing folder; it may itself be a symbolic link, since the user named it.
        follow_links: take links to files and folders for what they lead to, also outside of ``root``; a link to
            a folder that is searched anyway, such as a loop, is refused.

    Raises:
        InputError: ``root`` cannot be read, or holds no candidate.
    """
    _require_readable(root)
    entries = _refuse_repeats(list(_walk(root, follow_links=follow_links)))
    entries.sort(key=lambda entry: name_bytes(entry.path))
    refused = tuple(
        RefusedFile(printable_name(entry.path), entry.reason) for entry in entries if entry.reason
    )
    candidates = tuple(unicode_text(entry.path) for entry in entries if not entry.reason)
    if not candidates:
        raise no_images(
            path_text(root),
            refused,
            what="the folder that holds the images; it may be nested",
            link=LINK,
            follow="--follow-links, which looks at what the links lead to",
        )
    return Listing(candidates, refused)


def _require_readable(root: Path) -> None:
    try:
        os.scandir(root).close()
    except OSError as error:
        raise InputError(
            f"cannot read the folder {path_text(root)}: {error.strerror}",
            expected="a readable folder",
            remedy="check the path, or leave out --data to use the bundled sample",
        ) from error


def _walk(root: Path, *, follow_links: bool) -> Iterator[_FolderEntry]:
    """Every entry. What links lead to comes last, so that folders are searched under their real names."""
    searched: set[Identity] = set()
    links = [(name_bytes(path), path) for path in (yield from _search(root, "", searched, linked=False))]
    heapq.heapify(links)
    while links:
        _, path = heapq.heappop(links)
        if not follow_links:
            yield _FolderEntry(path, LINK)
        elif os.path.isdir(root / path) and not Path(path).name.startswith("."):
            for further in (yield from _search(root, path, searched, linked=True)):
                heapq.heappush(links, (name_bytes(further), further))
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
    if stat.S_ISDIR(mode):
        return HIDDEN_FOLDER
    if not stat.S_ISREG(mode):
        return "not a regular file"
    return reason_by_name(path)


def _refuse_repeats(entries: list[_FolderEntry]) -> list[_FolderEntry]:
    """Refuse each candidate that is the same file as an earlier one; real names come before links."""
    first: dict[Identity, str] = {}
    judged = []
    for entry in sorted(entries, key=lambda entry: (entry.linked, name_bytes(entry.path))):
        earlier = first.setdefault(entry.identity, entry.path) if entry.identity else entry.path
        kind = "a symbolic link" if entry.linked else "a hard link"
        repeated = f"the same file as {printable_name(earlier)} ({kind})" if earlier != entry.path else ""
        judged.append(_FolderEntry(entry.path, repeated) if repeated else entry)
    return judged


def _identity(folder: Path) -> Identity:
    status = os.stat(folder)
    return status.st_dev, status.st_ino
