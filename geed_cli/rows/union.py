"""The union of rows from any number of records: every image once, in whatever order, and however often they come.

Rows of one image, made twice, are equal, or differ in rounding: then the one whose bytes are smaller is taken, which
does not depend on the order, and it is counted. Where they differ by more, one of them is wrong.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from geed_cli.errors import InputError
from geed_cli.rows.column import Key, Numbers
from geed_cli.rows.tile_record import LeftOut, Outputs, Record, Shown

ROUNDING: Mapping[str, float] = {"fp64": 1e-9, "fp32": 1e-3, "fp16": 1e-2, "bf16": 5e-2}
"""By how much a row may differ that was made twice, relative to its own size: some hundred times what machines do."""


@dataclass(frozen=True, eq=False, slots=True)
class RowAt:
    """The row of an image: its record, and its place there."""

    record: Record
    place: int

    @property
    def image(self) -> Shown:
        """The image."""
        return self.record.images[self.place]

    def numbers(self) -> Iterator[tuple[int, Key, Numbers]]:
        """Every quantity of every network that the image has, by the network's number."""
        for number, columns in enumerate(self.record.networks):
            for key, column in columns.items():
                if (values := column.at(self.place)) is not None:
                    yield number, key, values.astype(np.float64)

    def to_bytes(self) -> bytes:
        """The row as bytes, by which rows of one image are put in order."""
        return b"".join(
            f"{number} {key}".encode() + values.tobytes() for number, key, values in self.numbers()
        )


@dataclass
class Union:
    """Rows by image.

    Attributes:
        precision: the floating type in which they were made, which says what rounding is.
        audited: rows of audited images by path.
        normaliser: rows of images that serve the normaliser alone.
        left_out: files without a row by path.
        outputs: what was seen of each network's outputs.
        twice: images of which rows that differ in rounding were found.
    """

    precision: str
    audited: dict[str, RowAt] = field(default_factory=dict)
    normaliser: dict[str, RowAt] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    outputs: tuple[Outputs, ...] = ()
    twice: set[str] = field(default_factory=set)

    def add(self, records: Iterable[Record]) -> None:
        """Add what is not there.

        Raises:
            InputError: rows of one image that differ by more than rounding, or of two pictures of one name.
        """
        seen = [self.outputs] if self.outputs else []
        for record in records:
            seen.append(record.outputs)
            rows = self.audited if record.audited else self.normaliser
            for place, image in enumerate(record.images):
                row = RowAt(record, place)
                rows[image.path] = self._better(rows[image.path], row) if image.path in rows else row
            for file in record.left_out:
                known = self.left_out.get(file.path, file)
                self.left_out[file.path] = min(known, file, key=lambda each: (each.reason, each.sha256 or ""))
        self.outputs = tuple(map(Outputs.together, zip(*seen, strict=False)))

    def lacking(self, paths: Iterable[str], *, audited: bool) -> list[str]:
        """Those files of which it is not known what became."""
        rows = self.audited if audited else self.normaliser
        return [path for path in paths if path not in rows and path not in self.left_out]

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every file whose bytes could be read, by path."""
        found = {path: file.sha256 for path, file in self.left_out.items() if file.sha256 is not None}
        for rows in (self.normaliser, self.audited):
            found |= {path: row.record.images[row.place].sha256 for path, row in rows.items()}
        return found

    def _better(self, one: RowAt, other: RowAt) -> RowAt:
        """The one whose bytes are smaller.

        Raises:
            InputError: they differ by more than rounding.
        """
        if one.record is other.record:
            return one
        if one.image.sha256 != other.image.sha256:
            raise _differ(
                one.image.path, "two pictures of this name were audited", "the same pictures everywhere"
            )
        first, second = one.to_bytes(), other.to_bytes()
        if first == second:
            return one
        if (what := _unlike(one, other, ROUNDING[self.precision])) is not None:
            raise _differ(one.image.path, f"its rows differ in {what}", "rows that agree but for rounding")
        self.twice.add(one.image.path)
        return min((first, one), (second, other), key=lambda each: each[0])[1]


def _unlike(one: RowAt, other: RowAt, tolerance: float) -> str | None:
    """What differs by more than rounding; None where nothing does."""
    ours, theirs = ({(number, key): values for number, key, values in row.numbers()} for row in (one, other))
    if ours.keys() != theirs.keys():
        return "what was measured"
    for (number, key), values in ours.items():
        if not _agree(key, values, theirs[number, key], tolerance):
            return " ".join(part for part in key if part is not None)
    return None


def _agree(key: Key, a: Numbers, b: Numbers, tolerance: float) -> bool:
    """Whether two rows of one quantity are the same but for rounding."""
    if a.shape != b.shape:
        return False
    if key[0] == "top":  # of two classes that are equally probable either may be first
        a, b = a[1:], b[1:]
    decided = np.isin(a, (0, 1)) & np.isin(b, (0, 1))  # so it is with what is counted
    a, b = a[~decided], b[~decided]
    if (np.isnan(a) != np.isnan(b)).any():
        return False
    size = max((float(np.nanmax(np.abs(each), initial=0.0)) for each in (a, b)), default=0.0)
    scale = size if key[0] in ("embedding", "probability") else max(size, 1.0)
    return bool((np.nan_to_num(np.abs(a - b)) <= tolerance * scale).all())


def _differ(path: str, why: str, expected: str) -> InputError:
    return InputError(
        f"{path}: {why}",
        expected=expected,
        remedy="find out which of the shards is wrong, take its row files away, and run it again",
    )
