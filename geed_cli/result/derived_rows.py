"""Rows that follow from others of the same entry but for rounding, written as that rounding: a third of a page's size.

Of a layer whose f̂ is f, an image's place on the way to another image, 1 + its mean deviation over g ≠ e, follows from
its mean v over all n elements, e being −1: n(v + 1)/(n − 1). What an audit saved differs from that by a few units in
the last place, which are whole numbers.
"""

import copy
import struct
from collections.abc import Iterator
from typing import Any

KEY = "units_in_the_last_place"
"""What stands in place of the rows."""
BEST = -1.0
"""Of the layers' measures."""
MOST = 2**16
"""Units beyond which rows are written in full: they do not follow."""

Content = dict[str, Any]
"""A result as parsed JSON."""


def shortened(result: Content) -> Content:
    """The result with such rows in their short form; others, and the result itself, are as they were."""
    short = copy.deepcopy(result)
    for entry, predicted in _entries(short):
        rows = entry["to_another"]["per_image"]
        units = [_units(row, value) for row, value in zip(rows, predicted, strict=True)]
        if all(unit is not None and abs(unit) <= MOST for unit in units):
            entry["to_another"]["per_image"] = {KEY: units}
    return short


def whole(short: Content) -> Content:
    """What ``shortened`` was made of, digit for digit; the argument is changed.

    Raises:
        ValueError, KeyError, TypeError: it is no such result.
    """
    for entry, predicted in _entries(short):
        rows = entry["to_another"]["per_image"]
        if isinstance(rows, dict):
            pairs = zip(predicted, rows[KEY], strict=True)
            entry["to_another"]["per_image"] = [_moved(value, units) for value, units in pairs]
    return short


def _entries(result: Content) -> Iterator[tuple[Content, list[float]]]:
    """The entries whose rows follow from others, and what they are without rounding."""
    orders = {group["name"]: group["order"] for group in result["groups"]}
    for entry in result["results"]:
        order, rows, way = orders[entry["group"]], entry["per_image"], entry["to_another"]
        if entry["layer"] is None or order < 2 or entry["per_element"].get("e") != BEST:
            continue
        if rows and way and way["per_image"] and None not in rows["value"]:
            yield entry, [order * (value - BEST) / (order - 1) for value in rows["value"]]


def _units(row: float | None, value: float) -> int | None:
    """How many doubles lie between the two; None where the row is undefined."""
    return None if row is None else _bits(row) - _bits(value)


def _moved(value: float, units: int) -> float:
    (moved,) = struct.unpack("<d", struct.pack("<q", _bits(value) + units))
    return float(moved)


def _bits(value: float) -> int:
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    return int(bits)
