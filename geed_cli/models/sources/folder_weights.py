"""The weights of a published model: one file, or several that an index names.

A file is read like any checkpoint of a stranger's. An index is one too: it can name files of the folder alone, each
tensor has to be in the one file that the index says, and files that it does not name are no part of the model.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.formats import about, shown, shown_list
from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.checkpoints.read import read_tensors
from geed_cli.checkpoints.reader.messages import Choice
from geed_cli.documents.json_object import NotReadError, json_object
from geed_cli.errors import InputError
from geed_cli.models.sources.model_folder import ModelFolder
from geed_cli.phrases import counted

SINGLE = ("model.safetensors", "pytorch_model.bin")
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
"""In the order in which Hugging Face's library looks for them."""
LARGEST_INDEX = 32 * 2**20
"""100,000 tensors at 300 bytes each."""
MOST_SHARDS = 1000
AS_THEY_ARE = Choice(key="auto", usual=())
"""Tensors at the top level, as all that these libraries write."""
SHARD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.(safetensors|bin)")
OF_SHARDS = {
    "model.safetensors.index.json": "model-*-of-*.safetensors",
    "pytorch_model.bin.index.json": "pytorch_model-*-of-*.bin",
}
"""What the files that belong to an index are called."""


@dataclass(frozen=True)
class FolderWeights:
    """The tensors of a model.

    Attributes:
        state: by their names in the files.
        path: the file, or the index.
        origin: the file, or the index, and where it came from.
        sha256: of the file; of several, of the lines that ``sha256sum`` prints of them in the order of their names.
        notes: what a reader of the result should know.
    """

    state: dict[str, Tensor]
    path: Path
    origin: str
    sha256: str
    notes: tuple[str, ...]


def folder_weights(folder: ModelFolder, kept: KeptWeights | None = None) -> FolderWeights:
    """Read the weights of a model.

    Raises:
        InputError: there are none, a file is refused, or files and index do not belong together.
        RunError: they cannot be had.
    """
    found = folder.file(WEIGHTS)
    if found.path.name in SINGLE:
        read = read_tensors(found.path, AS_THEY_ARE, kept=kept)
        return FolderWeights(
            read.state, found.path, found.origin, read.sha256 or file_sha256(found.path), read.notes
        )
    with about(found.path):
        places = _places(found.path)
        names = sorted(set(places.values()))
        if folder.local is not None:
            _refuse_others(folder.local, found.path.name, names)
    state: dict[str, Tensor] = {}
    lines: list[str] = []
    notes: list[str] = []
    for name in names:
        shard = folder.file([name]).path
        read = read_tensors(shard, AS_THEY_ARE, kept=kept)
        with about(shard):
            _require_placed(read.state, {tensor for tensor, place in places.items() if place == name})
        state |= read.state
        lines.append(f"{read.sha256 or file_sha256(shard)}  {name}\n")
        notes += read.notes
    notes.append(f"weights in {counted(len(names), 'file')}: {shown_list(names)}")
    sha256 = hashlib.sha256("".join(lines).encode()).hexdigest()
    return FolderWeights(state, found.path, found.origin, sha256, tuple(dict.fromkeys(notes)))


def _places(index: Path) -> Mapping[str, str]:
    """The file of each tensor, as an index says it."""
    try:
        places = json_object(index, LARGEST_INDEX).get("weight_map")
    except NotReadError as why:
        raise _unusable(f"the index was not read: {why}") from why
    if not isinstance(places, dict) or not places:
        raise _unusable("the index has no weight_map")
    for tensor, name in places.items():
        if not isinstance(name, str) or not SHARD.fullmatch(name):
            raise _unusable(
                f"the index places {shown(tensor)} in {shown(name)}, which is no file of its folder"
            )
    if len(set(places.values())) > MOST_SHARDS:
        raise _unusable(f"the index names more than {MOST_SHARDS} files")
    return places


def _refuse_others(folder: Path, index: str, names: list[str]) -> None:
    """Refuse files that belong to an index by their names, and that it does not name: two models, or half of one."""
    others = sorted({path.name for path in folder.glob(OF_SHARDS[index])} - set(names))
    if others:
        raise _unusable(f"the index does not name {shown_list(others)}, which lie beside it")


def _require_placed(state: Mapping[str, Tensor], placed: set[str]) -> None:
    """Refuse a file that holds other tensors than the index places in it."""
    if missing := sorted(placed - set(state)):
        raise _unusable(f"the index places {shown_list(missing)} here, and the file lacks them")
    if extra := sorted(set(state) - placed):
        raise _unusable(f"the file holds {shown_list(extra)}, which the index places elsewhere or nowhere")


def _unusable(found: str) -> InputError:
    return InputError(
        found,
        expected="an index and its files as Hugging Face's save_pretrained writes them",
        remedy="download or save the folder again",
    )
