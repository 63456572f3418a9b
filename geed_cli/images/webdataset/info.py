"""The index of shards that timm reads: ``_info.json`` or ``info.json`` beside them, with the shards of each split.

It has ``{"splits": {NAME: {"filenames": […], "shard_lengths": […], "num_samples": N}}}``, lengths in samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geed_cli.documents.document import path_text, printable
from geed_cli.documents.json_object import NotReadError, object_in
from geed_cli.errors import InputError
from geed_cli.images.archives.entries import leads_out
from geed_cli.images.remote.address import is_address

NAMES = ("_info.json", "info.json")
MAX_BYTES = 32 * 2**20


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
    read = {name: _split(where, name, said) for name, said in splits.items()}
    lengths: dict[str, int] = {}
    for split in read.values():
        for file, length in split.lengths.items():
            if lengths.setdefault(file, length) != length:
                raise _wrong(where, f"its splits say {lengths[file]} and {length} samples of {file!r}")
    return read


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
        remedy="repair it; or take it out of the folder, and name the shards: wds/shards/x-{000..015}.tar",
    )
