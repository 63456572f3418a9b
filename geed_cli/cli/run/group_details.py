"""``geed ls groups -v``: a group's elements and its whole Cayley table.

The table shows names where they fit the width, else the elements' numbers, in blocks of columns where even these do
not fit. Row g, column h is gh, "first h, then g".
"""

from collections.abc import Iterator, Sequence

from rich.console import Console

from geed_cli.cli.run.listing import exactness, group_names, make_table
from geed_cli.errors import InputError
from geed_cli.groups.catalogue import group_named
from geed_cli.groups.group import FiniteGroup
from geed_cli.report.console import emit, result_console

EXACT = {"yes": "exact", "resampled": "resampled"}
"""How a headline says it; shifts are ``exact if 7 divides the side``."""


TABLE_UP_TO = 64
"""Largest order whose table is printed: 64² products are already a page of 30 kB."""


def show_details(pattern: str | None) -> None:
    """Print the groups that a pattern selects.

    Raises:
        InputError: no pattern, or nothing matches it.
    """
    if pattern is None:
        raise InputError("-v without a group", expected="a group", remedy="geed ls groups -v d4")
    console = result_console()
    for number, name in enumerate(group_names(pattern)):
        group = group_named(name)
        if number:
            console.file.write("\n")
        emit_group(group, console)


def emit_group(group: FiniteGroup, console: Console) -> None:
    """One group: a headline, its elements, its table."""
    exact = exactness(group)
    how = EXACT.get(exact, f"exact {exact}")
    commutes = "commutative" if group.commutative else "not commutative"
    elements = make_table("number", "element", "order", "inverse")
    for g, (name, order) in enumerate(zip(group.elements, group.element_orders, strict=True)):
        elements.add_row(str(g), name, str(order), group.elements[group.inverse(g)])
    emit([f"{group.name}: order {group.order}, {how}, {commutes}", "", elements, ""], console)
    if group.order > TABLE_UP_TO:
        emit([f"the table of {group.order}² products is shown up to order {TABLE_UP_TO}"], console)
        return
    # written as it is: rich would take seconds for the million products of a group of order 1024
    console.file.writelines(f"{line}\n" for line in table_lines(group, console.width))


def table_lines(group: FiniteGroup, width: int) -> Iterator[str]:
    """The Cayley table as text of at most ``width`` columns, where one product fits at all."""
    labels, by_number = group.elements, False
    cell = max(map(len, labels)) + 1
    if (group.order + 1) * cell + 2 > width:
        labels, by_number = tuple(str(g) for g in range(group.order)), True
        cell = len(labels[-1]) + 1
    each = max(1, (width - cell - 2) // cell)
    yield "gh, first h (column), then g (row)" + (", by number" if by_number else "")
    for start in range(0, group.order, each):
        if start:
            yield ""
        yield from _block(group, labels, cell, range(start, min(start + each, group.order)))


def _block(group: FiniteGroup, labels: Sequence[str], cell: int, columns: range) -> Iterator[str]:
    """Some columns of the table, each ``cell`` wide."""
    yield " " * cell + " │" + "".join(labels[h].rjust(cell) for h in columns)
    yield "─" * (cell + 1) + "┼" + "─" * cell * len(columns)
    for g, row in enumerate(group.table[:, columns.start : columns.stop].tolist()):
        yield labels[g].rjust(cell) + " │" + "".join(labels[product].rjust(cell) for product in row)
