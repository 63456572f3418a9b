"""The index of shards that timm reads: ``_info.json`` or ``info.json`` beside them, with the shards of each split.

It has ``{"splits": {NAME: {"filenames": […], "shard_lengths": […], "num_samples": N}}}``, lengths in samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geed_cli.documents.document import path_text, printable
from geed_cli.documents.json_object import NotReadError, object_in
from geed_cli.errors import InputError, meant
from geed_cli.images.archives.entries import leads_out
from geed_cli.images.remote.address import is_address

NAMES = ("_info.json", "info.json")
MAX_BYTES = 32 * 2**20
USUAL = ("validation", "val")
"""The split that is taken where none is named, as timm's is."""


@dataclass(frozen=True)
class Split:
    """The shards of a split: the samples in each by its name."""

    lengths: Mapping[str, int]


def splits_in(data: bytes, where: str) -> Mapping[str, Split]:
    """The splits of an index; none where it is some other JSON file.

    Raises:
        InputError: it is no JSON, or says what no index of shards says.
    """
    try:
        splits = object_in(data).get("splits", {})
    except NotReadError as error:
        raise _wrong(where, str(error)) from error
    if not isinstance(splits, dict):
        raise _wrong(where, "'splits' is no object")
    return {name: _split(where, name, said) for name, said in splits.items()}


def chosen(splits: Mapping[str, Split], asked: str | None, where: str) -> Split:
    """The split of that name; of none the only one, or that for validation.

    Raises:
        InputError: there is none of that name, or several may be meant.
    """
    names = [asked] if asked is not None else list(splits) if len(splits) == 1 else [*USUAL]
    for name in names:
        if name in splits:
            return splits[name]
    listed = ", ".join(map(printable, splits)) or "none"
    found = f"has no split {asked!r}" if asked is not None else "has several splits, and none for validation"
    raise InputError(
        f"{path_text(where)} {found}",
        expected=f"{meant(asked or '', splits)}one of its splits: {listed}",
        remedy=f"--split {printable(next(iter(splits), 'NAME'))}",
    )


def _split(where: str, name: str, said: Any) -> Split:  # noqa: ANN401 - of a stranger's file
    if not isinstance(said, dict):
        raise _wrong(where, f"split {name!r} is no object")
    files, lengths = said.get("filenames"), said.get("shard_lengths")
    if not (isinstance(files, list) and isinstance(lengths, list) and len(files) == len(lengths)):
        raise _wrong(where, f"split {name!r} has no filenames and as many shard_lengths")
    for file in files:
        if not isinstance(file, str) or leads_out(file) or is_address(file):
            raise _wrong(where, f"split {name!r} names {file!r}, which is no file beside it")
    if not all(isinstance(length, int) and length >= 0 for length in lengths) or len(set(files)) < len(files):
        raise _wrong(where, f"split {name!r} has a length that is none, or a shard twice")
    if said.get("num_samples", sum(lengths)) != sum(lengths):
        raise _wrong(
            where, f"split {name!r} has {said['num_samples']} samples, and its shards {sum(lengths)}"
        )
    return Split(dict(zip(files, lengths, strict=True)))


def _wrong(where: str, why: str) -> InputError:
    return InputError(
        f"{path_text(where)}: {printable(why, 300)}",
        expected='{"splits": {NAME: {"filenames": […], "shard_lengths": […], "num_samples": N}}}',
        remedy="repair it, or name the shards themselves: wds/shards/x-{000..015}.tar",
    )
