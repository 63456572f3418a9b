"""What stands behind ``wds/``: names of shards, or a folder with an index of them, on this machine or elsewhere."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from geed_cli.documents.document import path_text
from geed_cli.errors import InputError
from geed_cli.images.archives.tar_archive import COMPRESSED_SUFFIXES
from geed_cli.images.data_sets.splits import chosen_split
from geed_cli.images.picture import ImageRefused
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.regular_file import read_regular
from geed_cli.images.remote.address import address_of, is_address
from geed_cli.images.remote.remote_file import RemoteFile, file_if_there
from geed_cli.images.stored_file import StoredFile
from geed_cli.images.unchanged_file import UnchangedFile
from geed_cli.images.webdataset.braces import expanded
from geed_cli.images.webdataset.info import MAX_BYTES, NAMES, Split, splits_in
from geed_cli.images.webdataset.shard_reader import Shard, Shards

_TOTAL = re.compile(r"(.*)\|(\d+)", re.DOTALL)
_EXAMPLE = "wds/shards/train-{000000..000015}.tar"


def shards_at(text: str, options: PlaceOptions) -> Shards:
    """The pictures of what stands behind ``wds/``.

    Args:
        text: shards with brace ranges, with ``|N`` for the samples of all of them; or a folder with ``_info.json``.
        options: the split, which may be a pattern below the folder as timm takes it, and the samples' keys.

    Raises:
        InputError: a command, no such shards, another number of samples than is said, or no pictures.
        RunError: they are elsewhere, and cannot be read.
    """
    name = f"wds/{text}"
    split = called = options.split
    if not _names_shards(text) and split is not None and _names_shards(split):
        text, split = f"{text.rstrip('/')}/{split}", None
    counted = _TOTAL.fullmatch(text)
    pattern, total = (counted[1], int(counted[2])) if counted else (text, None)
    _check(pattern)
    if _names_shards(pattern):
        if split is not None:
            raise InputError(
                f"--split {split} and the shards themselves",
                expected="a split of a folder with an index, or shards",
                remedy="leave out --split, or name the folder: wds/FOLDER",
            )
        shards = _named(tuple(map(_at_home, expanded(pattern))))
    else:
        called, shards = _of_split(_at_home(pattern), split)
    asked = (options.image_key or "").lower().replace(",", ";").split(";")
    keys = tuple(key.strip().removeprefix(".") for key in asked) if options.image_key else None
    read = Shards(name, shards, keys, options.label_key, called)
    if total not in (None, read.samples):
        raise InputError(
            f"the shards of {path_text(name)} have {read.samples} samples, and |{total} was said",
            expected="as many samples as there are to be",
            remedy="fetch or write the shards again, or leave out |N",
        )
    return read


def _at_home(name: str) -> str:
    """A path with ``~`` as a shell has it, which expands none behind ``wds/``."""
    return name if is_address(name) else os.path.expanduser(name)


def _names_shards(text: str) -> bool:
    """Whether it is shards, as timm tells them from names of splits."""
    ends = Path(_TOTAL.sub(r"\1", text)).suffix.lower()
    return ends == ".tar" or ends in COMPRESSED_SUFFIXES or "{" in text or "::" in text


def _check(pattern: str) -> None:
    """Refuse commands, and addresses that may hold secrets, before a message repeats any of them."""
    for part in pattern.split("::"):
        if is_address(part):
            address_of(part)
        if part.strip().startswith("pipe:"):
            raise InputError(
                "wds/pipe:, which is a command",
                expected="shards on this machine, or at an address of https, http, s3, gs or hf: no command is run",
                remedy="the address that the command reads, such as wds/s3://bucket/x-{000..015}.tar",
            )


def _named(names: Sequence[str]) -> list[Shard]:
    """Shards that were named, with the lengths that an index beside them says."""
    labels = _labels(names)
    indices = {folder: _splits(folder) for folder in {name.rpartition("/")[0] for name in names}}
    shards = []
    for name, label in zip(names, labels, strict=True):
        folder, _, file = name.rpartition("/")
        lengths = [split.lengths[file] for split in indices[folder].values() if file in split.lengths]
        shards.append(Shard(_file(name), label, lengths[0] if lengths else None))
    return shards


def _of_split(folder: str, split: str | None) -> tuple[str, list[Shard]]:
    """What a split of a folder with an index is called there, and its shards."""
    top = folder.rstrip("/")
    splits = _splits(top)
    if not splits:
        raise InputError(
            f"{path_text(folder)} has no {' or '.join(NAMES)} with splits, and is no .tar",
            expected="shards, or a folder with an index of them",
            remedy=f"'{_EXAMPLE}', with the shards' own names",
        )
    called = chosen_split(split, list(splits), path_text(folder))
    lengths = splits[called].lengths
    return called, [Shard(_file(f"{top}/{name}"), name, length) for name, length in lengths.items()]


def _splits(folder: str) -> Mapping[str, Split]:
    """What an index in a folder says; nothing where there is none."""
    for name in NAMES:
        path = f"{folder}/{name}" if folder else name
        data = _index_bytes(path)
        if data is not None:
            return splits_in(data, path)
    return {}


def _index_bytes(path: str) -> bytes | None:
    try:
        if is_address(path):
            return _remote_bytes(path)
        return read_regular(Path(os.path.realpath(path))) if os.path.exists(path) else None
    except ImageRefused as refusal:
        raise InputError(
            f"the index {path_text(path)}: {refusal.reason}",
            expected=f"a file of at most {MAX_BYTES // 2**20} MB",
            remedy="check it, or name the shards",
        ) from refusal


def _remote_bytes(path: str) -> bytes | None:
    file = file_if_there(address_of(path))
    if file is None:
        return None
    if file.size > MAX_BYTES:
        raise ImageRefused(f"it has {file.size} bytes")
    return file.whole()


def _file(name: str) -> StoredFile:
    return RemoteFile(address_of(name)) if is_address(name) else UnchangedFile(Path(name), "shard")


def _labels(names: Sequence[str]) -> list[str]:
    """What tells the shards apart: their names, with as much of their folders as differs."""
    parts = [name.split("/") for name in names]
    shared = 0
    while all(len(each) > shared + 1 for each in parts) and len({each[shared] for each in parts}) == 1:
        shared += 1
    return ["/".join(each[shared:]) for each in parts]
