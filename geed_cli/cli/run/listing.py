"""The tables of ``geed ls`` and the rule of its patterns; none of them needs torch.

``geed ls groups -v`` also prints Cayley tables: row g, column h is gh, "first h, then g". They show names where these
fit the width, else the elements' numbers, in blocks of columns where even these do not fit.
"""

import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table

from geed_cli.errors import InputError, meant
from geed_cli.groups.families import FAMILIES, USUAL_GROUPS, family_of
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import GROUP_SUFFIXES, group_named
from geed_cli.measures.catalogue import BY_NAME
from geed_cli.report.cells import list_table
from geed_cli.report.console import emit, result_console
from geed_cli.sets.set_families import SET_FAMILIES

GROUP_NOTES = (
    *(f"{family.pattern}: {family.described}" for family in FAMILIES.values()),
    "A*B: all products of elements of two groups or more, flip*xshift7, where these are a group",
    "FILE.yaml: the group closed from the generators in a file (geed explain 'group file')",
    "elements: r90 turns by 90° counter-clockwise, m mirrors left-right, x1/7 shifts right, y1/7 down,",
    "  gbr says where red, green and blue come from; in a product the factor on the right acts first",
    "exact: no pixel is interpolated; shifts are exact on pictures and maps whose side n divides",
)
"""What ``geed ls groups`` says below its table, within 100 columns."""
TABLE_UP_TO = 64
"""Largest order whose table is printed: 64² products are already a page of 30 kB."""


def matching(kind: str, pattern: str | None, names: Iterable[str]) -> list[str]:
    """The names that the pattern selects, in order; all without a pattern.

    Raises:
        InputError: there are none.
    """
    names = list(names)
    if pattern is None:
        return names
    if any(sign in pattern for sign in "*?["):
        selected = [n for n in names if fnmatch.filter([n, n.partition(":")[2]], pattern)]
    else:
        selected = [n for n in names if pattern in n]
    if not selected:
        raise InputError(
            f"no {kind} matches {pattern!r}",
            expected=f"{meant(pattern, names)}a part of a name, or a glob such as 'c*'",
            remedy=f"geed ls {kind}s",
        )
    return selected


def show(*parts: RenderableType) -> None:
    """Print tables to stdout."""
    emit(parts, result_console())


def group_table(pattern: str | None) -> Table:
    """Groups whose names match; a selection and the families where no pattern is given."""
    table = list_table("group", "order", "exact", "elements")
    for name in group_names(pattern):
        group = group_named(name)
        elements = ", ".join(group.elements[:8]) + (f", … ({group.order})" if group.order > 8 else "")
        table.add_row(group.name, str(group.order), group.exactness, elements)
    return table


def group_names(pattern: str | None) -> Sequence[str]:
    """The names that a pattern selects: itself where it is a group, else those of the catalogue that are like it."""
    if pattern is None:
        return USUAL_GROUPS
    if _is_name(pattern):
        return [pattern]
    every = [name for family in FAMILIES.values() for name in family.names]
    return matching("group", pattern.lower(), every)


def _is_name(pattern: str) -> bool:
    """Whether this is meant as one group: a file, a name, or a product of names; ``c*`` is a glob."""
    factors = [factor.strip().lower() for factor in pattern.split("*")]
    return all(factor.endswith(GROUP_SUFFIXES) or family_of(factor) for factor in factors)


def set_table(pattern: str | None) -> Table:
    """The families of transformation sets whose names match."""
    table = list_table("set", "example", "members beside e")
    families = {family.name: family for family in SET_FAMILIES}
    for name in matching("set", pattern, families):
        family = families[name]
        table.add_row(family.pattern, family.example, family.description)
    table.caption = (
        "sets are no groups: f̂ is the set's mean (geed explain set); FILE.yaml holds any of their members"
    )
    table.caption_justify = "left"
    return table


def metric_table(pattern: str | None) -> Table:
    """The measures whose names match."""
    table = list_table("metric", "unit", "range", "definition (larger means further from invariance)")
    for measure in (BY_NAME[name] for name in matching("metric", pattern, BY_NAME)):
        said = f"{measure.definition}{'; ' + measure.reading if measure.larger_is_better else ''}"
        said += "; on request alone" * measure.on_request
        table.add_row(measure.name, measure.unit or "–", measure.range, said)
    return table


def spec_table(pattern: str | None, spec_dir: Path | None) -> Table:
    """The model specs whose names match."""
    from geed_cli.models.spec_files import read_spec, spec_paths  # noqa: PLC0415 - only here

    table = list_table("spec", "architecture", "weights", "layers")
    specs = spec_paths(spec_dir)
    for name in matching("spec", pattern, specs):
        spec = read_spec(specs[name])
        weights = ": ".join(filter(None, (spec.weights.origin, spec.weights.package or spec.weights.path)))
        table.add_row(name, f"{spec.model.source}:{spec.model.name}", weights, ", ".join(spec.layers))
    return table


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
    how = {"yes": "exact", "resampled": "resampled"}.get(group.exactness, f"exact {group.exactness}")
    commutes = "commutative" if group.commutative else "not commutative"
    elements = list_table("number", "element", "order", "inverse")
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
