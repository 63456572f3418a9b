"""Numbers by class, where they were asked for: a table for each model, group and number of the whole network."""

from collections.abc import Iterator
from dataclasses import dataclass

from geed_cli.report.class_rows import class_cells, class_tables, furthest_said
from geed_cli.report.html.shown_model import ShownModel

MOST_ROWS = 50
"""Classes of one number on the page, the furthest first; the result has all."""


@dataclass(frozen=True)
class ClassBlock:
    """One number by class.

    Attributes:
        title: of which group, and of which of several models.
        said: what the furthest class shows.
        rows: class, images, value, interval; ``more`` are left out.
    """

    title: str
    metric: str
    said: str
    rows: tuple[tuple[str, str, str, str], ...]
    more: int


def class_blocks(model: ShownModel, *, several: bool) -> Iterator[ClassBlock]:
    """The tables of one model; nothing where its result has no classes."""
    result = model.result
    for group in model.groups:
        for table in class_tables(result, group, layers=False):
            shown = table.entries[:MOST_ROWS]
            yield ClassBlock(
                f"{group}, {model.label}" if several else group,
                table.metric,
                furthest_said(result, table),
                tuple(class_cells(result, entry) for entry in shown),
                len(table.entries) - len(shown),
            )
