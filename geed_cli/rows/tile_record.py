"""The record of a tile: its files and what became of each, and the rows of those that the networks were shown.

Layout: the length of a JSON text (8 bytes, little-endian), the text, then the numbers of every column of every network,
image by image, in the order in which the text names the columns.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from geed_cli.rows.column import Columns
from geed_cli.rows.column_layout import Layout, StoredColumns, layout_in, layout_of

HEAD = 8
"""Bytes of the length of the text."""
COLUMNS = b',"columns":'
"""Where the last part of the text begins; in a string its quotes would be escaped."""


class BrokenRecordError(ValueError):
    """Bytes that are no record; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An image that has rows.

    Attributes:
        path: its name.
        sha256: of its bytes.
        fingerprint: of its pixels.
        control: whether it is a control image.
        partner: the place, among the tile's images, of the one that its null is measured against.
        padded: the part of its surroundings that the picture does not reach; None where no boundary reads them.
    """

    path: str
    sha256: str
    fingerprint: str
    control: bool = False
    partner: int | None = None
    padded: float | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that has no rows.

    Attributes:
        path: its name.
        sha256: of its bytes; None where they could not be read.
        reason: why it was refused; empty for a copy of another file of the tile.
        shown: whether the network was shown it, and put out numbers that are not finite.
    """

    path: str
    sha256: str | None
    reason: str
    shown: bool = False


@dataclass(frozen=True)
class Outputs:
    """What was seen of a network's outputs: how many, and whether all of them could be probabilities."""

    rows: int = 0
    all_distributions: bool = True
    all_in_unit: bool = True

    def __add__(self, other: "Outputs") -> "Outputs":
        return Outputs(
            self.rows + other.rows,
            self.all_distributions and other.all_distributions,
            self.all_in_unit and other.all_in_unit,
        )


@dataclass(frozen=True, eq=False)
class Record:
    """One tile.

    Attributes:
        audited: whether its images are audited; otherwise they serve the normaliser alone.
        images: those with rows.
        left_out: the other files of the tile.
        outputs: of each network.
        networks: the columns of each network, over ``images``.
    """

    audited: bool
    images: tuple[Shown, ...]
    left_out: tuple[LeftOut, ...]
    outputs: tuple[Outputs, ...]
    networks: tuple[Columns, ...]

    @property
    def paths(self) -> Iterator[str]:
        """Every file of the tile."""
        yield from (image.path for image in self.images)
        yield from (file.path for file in self.left_out)

    def to_bytes(self) -> bytes:
        """The record as bytes; the same of equal records."""
        layouts = [layout_of(columns) for columns in self.networks]
        text = json.dumps(
            {
                "audited": self.audited,
                "images": [astuple(image) for image in self.images],
                "left_out": [astuple(file) for file in self.left_out],
                "outputs": [astuple(each) for each in self.outputs],
                "columns": [layout.texts() for layout in layouts],
            },
            allow_nan=False,
            separators=(",", ":"),
        ).encode("ascii")
        numbers = [
            np.ascontiguousarray(columns[key].values, span.kind).tobytes()
            for columns, layout in zip(self.networks, layouts, strict=True)
            for key, span in layout.spans.items()
        ]
        return b"".join([len(text).to_bytes(HEAD, "little"), text, *numbers])


def record_in(data: bytes | memoryview) -> Record:
    """The record that some bytes are; its numbers are read-only views of them.

    Raises:
        BrokenRecordError: they are none.
    """
    try:
        end = HEAD + int.from_bytes(data[:HEAD], "little")
        text, _, columns = bytes(data[HEAD:end]).rpartition(COLUMNS)
        head: dict[str, Any] = json.loads(text + b"}")
        images = tuple(_shown(fields, len(head["images"])) for fields in head["images"])
        layouts = _layouts(columns, len(images))
        ends = list(accumulate((layout.size for layout in layouts), initial=end))
        record = Record(
            bool(head["audited"]),
            images,
            tuple(map(_left_out, head["left_out"])),
            tuple(Outputs(*fields) for fields in head["outputs"]),
            tuple(StoredColumns(layout, data, at) for layout, at in zip(layouts, ends, strict=False)),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BrokenRecordError(f"a record that is none: {error}") from error
    if ends[-1] != len(data):
        raise BrokenRecordError(f"a record of {ends[-1]} bytes that has {len(data)}")
    return record


@lru_cache(maxsize=256)
def _layouts(text: bytes, images: int) -> tuple[Layout, ...]:
    """The layout of each network's columns, from the last part of the text; raises what ``layout_in`` does."""
    if not text.endswith(b"}"):
        raise ValueError("its text has no columns")
    return tuple(layout_in(texts, images) for texts in json.loads(text[:-1]))


def _shown(fields: Sequence[Any], images: int) -> Shown:
    """An image as the text has it.

    Raises:
        ValueError: something else stands in its place.
    """
    image = Shown(*fields)
    texts = all(isinstance(each, str) for each in (image.path, image.sha256, image.fingerprint))
    partner, padded = image.partner, image.padded
    placed = partner is None or (type(partner) is int and 0 <= partner < images)
    if not (texts and placed and (padded is None or isinstance(padded, int | float))):
        raise ValueError(f"no image: {fields}")
    return image


def _left_out(fields: Sequence[Any]) -> LeftOut:
    """A file without rows as the text has it; raises what ``_shown`` does."""
    file = LeftOut(*fields)
    if not all(isinstance(each, str) for each in (file.path, file.sha256 or "", file.reason)):
        raise ValueError(f"no file: {fields}")
    return file
