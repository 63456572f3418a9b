"""The record of a tile: its files and what became of each, and the rows of those that the networks were shown.

Layout: the length of a JSON text (8 bytes, little-endian), the text, then the numbers of every column of every network,
image by image, in the order in which the text names the columns.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

from geed_cli.rows.column import Columns
from geed_cli.rows.column_layout import Layout, StoredColumns, layout_in, layout_of, numbers_of

T = TypeVar("T")
HEAD = 8
"""Bytes of the length of the text."""
COLUMNS = b',"columns":'
"""Where the last part of the text begins; in a string its quotes would be escaped."""


class BrokenRecordError(ValueError):
    """Bytes that are no record; the message says what is wrong with them."""


class Shown(
    NamedTuple
):  # of which a run has as many as images: a tuple is read in half the time of a dataclass
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


class LeftOut(NamedTuple):
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

    @staticmethod
    def together(each: "Sequence[Outputs]") -> "Outputs":
        """What was seen of all of them."""
        return Outputs(
            sum(one.rows for one in each),
            all(one.all_distributions for one in each),
            all(one.all_in_unit for one in each),
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
                "images": self.images,
                "left_out": self.left_out,
                "outputs": [astuple(each) for each in self.outputs],
                "columns": [layout.texts() for layout in layouts],
            },
            allow_nan=False,
            separators=(",", ":"),
        ).encode("ascii")
        numbers = (part for columns in self.networks for part in numbers_of(columns))
        return b"".join([len(text).to_bytes(HEAD, "little"), text, *numbers])


def record_in(data: bytes | memoryview, start: int = 0, stop: int | None = None) -> Record:
    """The record that some bytes are; its numbers are read-only views of them.

    Args:
        data: in which it lies.
        start: its first byte.
        stop: the byte behind its last; None where it is the last of ``data``.

    Raises:
        BrokenRecordError: there is none.
    """
    data, stop = memoryview(data), len(data) if stop is None else stop
    try:
        head_stop = start + HEAD
        text_stop = head_stop + int.from_bytes(data[start : min(head_stop, stop)], "little")
        text, _, columns = bytes(data[head_stop : min(text_stop, stop)]).rpartition(COLUMNS)
        head: dict[str, Any] = json.loads(text + b"}", parse_constant=_no_number)
        images = _images(head["images"])
        layouts = _layouts(columns, len(images))
        ends = list(accumulate((layout.size for layout in layouts), initial=text_stop))
        record = Record(
            _checked(head["audited"], bool),
            images,
            tuple(map(_left_out, head["left_out"])),
            tuple(map(_outputs, head["outputs"])),
            tuple(StoredColumns(layout, data, at) for layout, at in zip(layouts, ends, strict=False)),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BrokenRecordError(f"a record that is none: {error}") from error
    if ends[-1] != stop:
        raise BrokenRecordError(f"a record of {ends[-1] - start} bytes that has {stop - start}")
    if len(record.outputs) != len(layouts):
        raise BrokenRecordError(f"a record of {len(layouts)} networks with outputs of {len(record.outputs)}")
    return record


@lru_cache(maxsize=256)
def _layouts(text: bytes, images: int) -> tuple[Layout, ...]:
    """The layout of each network's columns, from the last part of the text; raises what ``layout_in`` does."""
    if not text.endswith(b"}"):
        raise ValueError("its text has no columns")
    return tuple(layout_in(texts, images) for texts in json.loads(text[:-1]))


def _images(rows: Sequence[Sequence[Any]]) -> tuple[Shown, ...]:
    """The images as the text has them.

    Raises:
        ValueError, TypeError: something else stands in the place of one.
    """
    images, count = tuple(map(Shown._make, rows)), len(rows)
    for path, sha256, fingerprint, control, partner, padded in images:
        texts = type(path) is type(sha256) is type(fingerprint) is str
        placed = partner is None or (type(partner) is int and 0 <= partner < count)
        part = padded is None or (type(padded) in (int, float) and 0 <= padded <= 1)
        if not (texts and placed and part and type(control) is bool):
            raise ValueError(f"no image: {path} {sha256} {fingerprint} {control} {partner} {padded}")
    return images


def _left_out(fields: Sequence[Any]) -> LeftOut:
    """A file without rows as the text has it; raises what ``_images`` does."""
    file = LeftOut._make(fields)
    if not (type(file.path) is type(file.reason) is str and type(file.sha256) in (str, type(None))):
        raise ValueError(f"no file: {fields}")
    return file._replace(shown=_checked(file.shown, bool))


def _outputs(fields: Sequence[Any]) -> Outputs:
    """What was seen of a network's outputs as the text has it; raises what ``_images`` does."""
    rows, *rest = fields
    if _checked(rows, int) < 0 or len(rest) != 2:
        raise ValueError(f"no outputs: {fields}")
    return Outputs(rows, *(_checked(each, bool) for each in rest))


def _checked(value: object, kind: type[T]) -> T:
    """A value of just that type.

    Raises:
        ValueError: it is of another.
    """
    if type(value) is not kind:
        raise ValueError(f"{value!r} in place of {kind.__name__}")
    return value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")
