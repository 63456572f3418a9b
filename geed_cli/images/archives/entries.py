"""What counts of an archive's entries, so that an archive of a folder has the candidates of that folder.

Folders are no entries. Paths that lead out of the archive, links and everything that is no regular file are refused one
by one; of several entries of one name the last counts, as it would after unpacking.
"""

import re
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple, Protocol

from geed_cli.documents.document import path_text, unicode_text
from geed_cli.errors import InputError
from geed_cli.images.candidates import (
    HIDDEN_FOLDER,
    Listing,
    name_bytes,
    no_images,
    printable_name,
    reason_by_name,
    suffix_of,
)
from geed_cli.images.picture import RefusedFile

MAX_ENTRIES = 2_000_000
"""More than the pictures of ImageNet's training set, 1.3 million; each takes about 1 kB of memory."""
LINK = "a symbolic link, which is not followed in an archive"
HARD_LINK = "a hard link, which is not followed in an archive"
NO_FILE = "not a regular file"
LEAVES = "its path leads out of the archive"
NAMELESS = "it has no name"
AGAIN = "a later entry has its name, which counts"
NESTED = "an archive within the archive, which is not opened"
_ARCHIVE_SUFFIXES = frozenset({".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip", ".zst"})
_LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:[/\\]|(^|[/\\])\.\.([/\\]|\Z)")


class Member(Protocol):
    """Where in an archive the bytes of one file are."""

    def read(self, archive: BinaryIO) -> bytes:
        """The bytes of the file, all of them.

        Raises:
            ImageRefused: they are damaged, or not there.
        """


class Entry(NamedTuple):
    """One entry as an archive lists it.

    Attributes:
        path: as it is written there; bytes that are not UTF-8 are surrogates.
        member: its bytes; None of folders and of whatever is refused.
        reason: why it is refused, whatever its name; empty of files and folders.
    """

    path: str
    member: Member | None = None
    reason: str = ""


def judged(entries: Iterable[Entry], file: str, noun: str = "archive") -> tuple[Listing, dict[str, Member]]:
    """Candidates and refusals in the order of their names, and where the candidates are.

    Args:
        entries: all that there are.
        file: how messages call what holds them.
        noun: what it is.

    Raises:
        InputError: more than ``MAX_ENTRIES``, or no candidate.
    """
    last: dict[str, Entry] = {}
    repeated: list[str] = []
    for count, entry in enumerate(entries, start=1):
        if count > MAX_ENTRIES:
            raise _too_many(file, noun)
        placed = _placed(entry)
        if placed is None:
            continue
        if placed.path in last and placed.reason != HIDDEN_FOLDER:
            repeated.append(placed.path)
        last[placed.path] = placed
    ordered = sorted(last.values(), key=lambda entry: name_bytes(entry.path))
    members = {unicode_text(entry.path): entry.member for entry in ordered if entry.member is not None}
    reasons = [(entry.path, entry.reason) for entry in ordered if entry.reason]
    reasons += [(path, AGAIN) for path in repeated]
    reasons.sort(key=lambda pair: name_bytes(pair[0]))
    refused = tuple(RefusedFile(printable_name(path), reason) for path, reason in reasons)
    if not members:
        raise _no_images(file, refused, noun)
    return Listing(tuple(members), refused), members


def _placed(entry: Entry) -> Entry | None:
    """The entry under its path below the archive, with its reason of refusal; None of a folder that is searched."""
    if leads_out(entry.path):
        return Entry(entry.path, None, LEAVES)
    parts = [part for part in entry.path.split("/") if part not in ("", ".")]
    is_folder = entry.member is None and not entry.reason
    folders = parts if is_folder else parts[:-1]
    hidden = next((place for place, part in enumerate(folders) if part.startswith(".")), None)
    if hidden is not None:  # once, as a folder on the disk
        return Entry("/".join(parts[: hidden + 1]), None, HIDDEN_FOLDER)
    if is_folder:
        return None
    if not parts:
        return Entry(".", None, NAMELESS)
    path = "/".join(parts)
    reason = entry.reason or reason_by_name(path)
    if reason and not entry.reason and suffix_of(parts[-1]) in _ARCHIVE_SUFFIXES:
        reason = NESTED
    return Entry(path, None if reason else entry.member, reason)


def leads_out(path: str) -> bool:
    """Whether a path is absolute or goes upwards, on any system."""
    return bool(_LEADS_OUT.search(path))


def _too_many(file: str, noun: str) -> InputError:
    return InputError(
        f"{path_text(file)} has more than {MAX_ENTRIES} entries",
        expected=f"{noun}s of at most {MAX_ENTRIES} entries",
        remedy="name a part of it, such as one of its folders, after unpacking where it is packed",
    )


def _no_images(file: str, refused: tuple[RefusedFile, ...], noun: str) -> InputError:
    kinds = {item.reason for item in refused}
    what = f"the {noun} that holds the images themselves; they may be in folders"
    if kinds == {NESTED}:
        what = "one of the archives in it, after unpacking"
    elif "encrypted" in kinds:
        what = "a folder into which it was unpacked with its password"
    return no_images(
        path_text(file), refused, what=what, link=LINK, follow="name the folder, after unpacking"
    )
