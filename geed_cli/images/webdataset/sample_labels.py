"""The labels that samples have themselves, read when they are asked for."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError
from geed_cli.images.picture import ImageRefused

if TYPE_CHECKING:
    from geed_cli.images.webdataset.shard_reader import Kept

CLASS, JSON, FIELD = "cls", "json", "label"
"""Where a label stands unless another place is named: the file .cls, else the field of .json."""


class LabelKey(NamedTuple):
    """The ending of the files that have the labels, and the field of these where they are JSON."""

    ending: str
    field: str | None


def label_key_of(samples: Iterable[Mapping[str, object]], asked: str | None, name: str) -> LabelKey | None:
    """Where labels stand; None where no sample has any.

    Args:
        samples: their endings.
        asked: an ending, or a field of .json; None for ``.cls``, else the field ``label``.
        name: what messages call the shards.

    Raises:
        InputError: what is asked for is no ending, and there is no .json.
    """
    endings = {ending for sample in samples for ending in sample}
    if asked is None:
        if CLASS in endings:
            return LabelKey(CLASS, None)
        return LabelKey(JSON, FIELD) if JSON in endings else None
    if asked.lower() in endings:
        return LabelKey(asked.lower(), None)
    if JSON in endings:
        return LabelKey(JSON, asked)
    raise InputError(
        f"no sample of {path_text(name)} has a file .{printable(asked)}, or a .json",
        expected=f"one of their endings, {', '.join(map(printable, sorted(endings)))}, or a field of their .json",
        remedy="leave out --label-key",
    )


class SampleLabels(Mapping[str, str]):
    """The label of each picture by its name; empty of a sample that has none.

    Args:
        samples: the files of each picture's sample by their endings.
        key: where its label stands.
    """

    def __init__(self, samples: "Mapping[str, Mapping[str, Kept]]", key: LabelKey) -> None:
        self._samples, self._key = samples, key

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> Iterator[str]:
        return iter(self._samples)

    def __getitem__(self, name: str) -> str:
        ending, wanted = self._key
        file = self._samples[name].get(ending)
        if file is None:
            return ""
        try:
            text = file.read().decode("utf-8").strip()
            said = text if wanted is None else json.loads(text)
        except (ImageRefused, ValueError, RecursionError) as error:
            raise _no_label(name, f"its .{ending} cannot be read: {error}") from error
        if wanted is not None:
            said = _in_field(said, wanted, name, ending)
        if isinstance(said, bool) or not isinstance(said, str | int):
            raise _no_label(name, f"its .{ending} has no text or whole number as {wanted!r}")
        return str(said)


def _in_field(said: object, wanted: str, name: str, ending: str) -> object:
    """What a field of JSON says; nothing of one that nobody named."""
    if not isinstance(said, dict):
        return None
    if wanted not in said and wanted != FIELD:
        there = ", ".join(map(printable, sorted(said)[:20])) or "nothing"
        raise _no_label(name, f"its .{ending} has {there} and no {printable(wanted)}")
    return said.get(wanted, "")


def _no_label(name: str, why: str) -> InputError:
    return InputError(
        f"{printable(name, 300)} has no label: {printable(why, 300)}",
        expected="one class for every picture",
        remedy="--label-key, which names the ending or the field of .json that has it; or --labels FILE.csv",
    )
