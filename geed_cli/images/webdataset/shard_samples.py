"""The samples of a shard: its files by their names up to the first dot, as WebDataset has them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from geed_cli.documents.document import path_text, printable, unicode_text
from geed_cli.errors import InputError
from geed_cli.images.archives.entries import LEAVES, Entry, Member, leads_out
from geed_cli.images.candidates import HIDDEN_FOLDER, printable_name, reason_by_signs
from geed_cli.images.picture import RefusedFile

NO_SAMPLE = "no sample by its name, which begins with a key, a dot and an ending"
_NAME = re.compile(r"((?:.*/)?[^./][^./]*)\.([^/]+)", re.DOTALL)
_NOTE = re.compile(r"__[^/]*__")
"""Files about the shard itself, which no sample is made of."""


@dataclass
class Sample:
    """Files of one key.

    Attributes:
        key: their path up to the first dot of the name.
        files: by what stands behind that dot, in small letters: the path in the shard and where its bytes are.
    """

    key: str
    files: dict[str, tuple[str, Member]] = field(default_factory=dict)


def samples_in(entries: Iterable[Entry], shard: str) -> tuple[tuple[Sample, ...], tuple[RefusedFile, ...]]:
    """The samples of a shard in order, and what belongs to none.

    Raises:
        InputError: a sample has two files of one ending.
    """
    samples: dict[str, Sample] = {}
    refused: list[RefusedFile] = []
    for entry in entries:
        path = entry.path.removeprefix("./")
        if entry.member is None and not entry.reason:  # a folder
            continue
        found = _NAME.fullmatch(path)
        reason = _reason(entry, path, is_sample=found is not None)
        if reason or found is None or entry.member is None:
            refused.append(RefusedFile(printable_name(path), reason))
            continue
        key, ending = unicode_text(found[1]), found[2].lower()
        sample = samples.setdefault(key, Sample(key))
        if ending in sample.files:
            raise InputError(
                f"{path_text(shard)} has {printable(key)}.{printable(ending)} twice",
                expected="one file of each ending for a key, as WebDataset reads samples",
                remedy="write the shard again, with a key of its own for each sample",
            )
        sample.files[ending] = (path, entry.member)
    return tuple(samples.values()), tuple(refused)


def _reason(entry: Entry, path: str, *, is_sample: bool) -> str:
    """Why an entry is part of no sample, or "" if it is."""
    if leads_out(path):
        return LEAVES
    if any(part.startswith(".") for part in path.split("/")[:-1]):
        return HIDDEN_FOLDER
    if entry.reason:
        return entry.reason
    if not is_sample or _NOTE.fullmatch(path):
        return NO_SAMPLE
    return reason_by_signs(path)
