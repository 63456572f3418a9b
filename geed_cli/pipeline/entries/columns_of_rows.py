"""Rows of images as columns: the same numbers under names that a file can hold.

A quantity is named by its kind, then by the cell or view that it is of; a view by its text, which says everything that
tells it from others.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from geed_cli.actions.view import View
from geed_cli.engine.row import Cell, Control, Row
from geed_cli.rows.column import Columns, Key, Numbers, column_of
from geed_cli.rows.tile_record import Shown


def columns_of(rows: Sequence[Row]) -> Columns:
    """The columns of the rows of one network, in the order in which quantities come first."""
    values: dict[Key, dict[int, Numbers]] = {}
    for place, row in enumerate(rows):
        for key, numbers in _numbers(row):
            values.setdefault(key, {})[place] = numbers
    return {key: column_of(of_images, len(rows)) for key, of_images in values.items()}


def shown_of(rows: Sequence[Row]) -> tuple[Shown, ...]:
    """The images of rows, which are those of one tile."""
    places = {row.subject.path: place for place, row in enumerate(rows)}
    return tuple(
        Shown(
            row.subject.path,
            row.subject.record.sha256,
            row.subject.record.fingerprint,
            row.subject.control,
            None if row.subject.partner is None else places[row.subject.partner.path],
            row.subject.padded,
        )
        for row in rows
    )


def of_cell(kind: str, cell: Cell) -> Key:
    """The name of what is measured of a cell: its ``deviation``, or how far copies are ``apart``."""
    return kind, cell.metric, cell.group, cell.layer


def of_control(cell: Cell, control: Control) -> Key:
    """The name of a control of a cell."""
    return of_cell(f"control {control}", cell)


@lru_cache(maxsize=4096)
def of_view(kind: str, view: View) -> Key:
    """The name of what is read under a view: an ``embedding``, a ``probability``, or the ``top`` class."""
    return kind, repr(view)


def _numbers(row: Row) -> Iterator[tuple[Key, Numbers]]:
    """Every quantity of a row by its name."""
    for cell, values in row.deviations.items():
        yield of_cell("deviation", cell), values
    for (cell, control), values in row.controls.items():
        yield of_control(cell, control), values
    for view, vector in row.embeddings.items():
        yield of_view("embedding", view), vector
    for view, vector in row.probabilities.items():
        yield of_view("probability", view), vector
    for cell, distance in row.apart.items():
        yield of_cell("apart", cell), np.array([distance])
    for view, (place, probability) in row.tops.items():
        yield of_view("top", view), np.array([place, probability])
    for (metric, layer), size in (row.rounding or {}).items():
        yield ("rounding", metric, layer), np.array([size])
