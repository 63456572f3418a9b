"""Records: what is written is what is read, bit by bit, and other bytes are no record."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import DEVIATION, record_of

from geed_cli.rows.column import Column, column_of
from geed_cli.rows.tile_record import BrokenRecordError, LeftOut, Outputs, Record, Shown, record_in

NUMBERS = st.floats(width=64) | st.sampled_from([0.1, -0.0, math.inf, math.nan, 1e300, 2.0**-149])
ODD = '2,"columns":[]}'
"""A name that looks like a part of a record's text."""


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=4))
def test_numbers_come_back_bit_by_bit(rows: list[list[float]]) -> None:
    """In four bytes each where these hold all of a column, else in eight."""
    column = column_of({place: np.array(row) for place, row in enumerate(rows)}, len(rows))
    record = Record(
        True, tuple(Shown(f"{n}", "", "") for n in range(len(rows))), (), (Outputs(),), ({DEVIATION: column},)
    )
    read = record_in(record.to_bytes()).networks[0][DEVIATION].values.astype(np.float64)
    assert np.array_equal(read, np.array(rows), equal_nan=True)
    assert np.array_equal(np.signbit(read[~np.isnan(read)]), np.signbit(np.array(rows)[~np.isnan(read)]))
    short = all(
        math.isnan(x) or float(np.float32(min(max(x, -3e38), 3e38))) == x or math.isinf(x)
        for row in rows
        for x in row
    )
    assert column.values.dtype == (np.float32 if short else np.float64)


def test_everything_else_comes_back() -> None:
    """Names with any characters, controls, partners, what was left out, and quantities that some images have."""
    some = Column(np.array([[1.5, 2.5]]), (1,))
    record = Record(
        False,
        (Shown("ä/\udc80.png", "a", "b", control=True, partner=1, padded=0.25), Shown(ODD, "c", "d")),
        (LeftOut("3", None, "truncated"), LeftOut("4", "e", ""), LeftOut("5", "f", "not finite", shown=True)),
        (Outputs(3, all_distributions=False), Outputs(3, all_in_unit=False)),
        ({DEVIATION: some}, {}),
    )
    read = record_in(record.to_bytes())
    for name in ("audited", "images", "left_out", "outputs"):
        assert getattr(read, name) == getattr(record, name)
    assert read.networks[1] == {}
    assert read.networks[0][DEVIATION].at(0) is None
    assert read.networks[0][DEVIATION].at(1).tolist() == [1.5, 2.5]  # type: ignore[union-attr]
    assert read.to_bytes() == record.to_bytes()
    assert list(read.paths) == ["ä/\udc80.png", ODD, "3", "4", "5"]


@pytest.mark.parametrize("place", [0, 7, 8, 20, -1])
def test_bytes_of_another_kind_are_no_record(place: int) -> None:
    """Cut short, too long, and with another length or text."""
    data = record_of({"a": [1.0, 2.0], "b": [3.0, 4.0]}).to_bytes()
    for other in (data[: place % len(data)], data + b"\0", b"", b"\xff" * 40):
        with pytest.raises(BrokenRecordError):
            record_in(other)


@pytest.mark.parametrize(
    ("found", "instead"),
    [(b"<f4", b"<f9"), (b"null]", b"[9]]"), (b'"audited"', b'"oudited"'), (b",2,", b",-2,")],
)
def test_texts_that_lie_are_no_record(found: bytes, instead: bytes) -> None:
    """Types, widths and places that cannot be, and keys that are missing."""
    data = record_of({"a": [1.0, 2.0]}).to_bytes()
    text = data[8 : 8 + int.from_bytes(data[:8], "little")]
    assert found in text
    changed = text.replace(found, instead, 1)
    with pytest.raises(BrokenRecordError):
        record_in(len(changed).to_bytes(8, "little") + changed + data[8 + len(text) :])
