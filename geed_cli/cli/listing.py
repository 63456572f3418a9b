"""The tables of ``geed ls``; none of them needs torch."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.table import Table

from geed_cli.algebra.catalogue import FAMILIES, MAX_N, group_named
from geed_cli.cli.matching import matching
from geed_cli.measures.catalogue import BY_NAME, select_measures
from geed_cli.report.console import emit, result_console

SHOWN = ("flip", "vflip", "flips", "c2", "c4", "c8", "d1", "d2", "d4", "d8")


def show(table: Table) -> None:
    """Print a table to stdout."""
    emit([table], result_console())


def group_table(pattern: str | None) -> Table:
    """Groups whose names match; a selection and the families where no pattern is given."""
    table = _table("group", "order", "exact", "elements")
    for name in _group_names(pattern):
        group = group_named(name)
        elements = ", ".join(group.elements[:8]) + (f", … ({group.order})" if group.order > 8 else "")
        table.add_row(group.name, str(group.order), "yes" if group.exact else "resampled", elements)
    caption = [f"{family.pattern}: {family.description}" for family in FAMILIES]
    caption += [
        "elements: r90 turns by 90° counter-clockwise, m mirrors left-right, r90m mirrors, then turns"
    ]
    table.caption = "\n".join(caption)
    table.caption_justify = "left"
    return table


def metric_table(pattern: str | None) -> Table:
    """The measures whose names match."""
    table = _table("metric", "unit", "range", "definition (larger means further from invariance)")
    for measure in select_measures(matching("metric", pattern, BY_NAME)):
        table.add_row(measure.name, measure.unit or "–", measure.range, measure.definition)
    return table


def spec_table(pattern: str | None, spec_dir: Path | None) -> Table:
    """The model specs whose names match."""
    from geed_cli.models.spec_files import read_spec, spec_paths  # noqa: PLC0415 - only here

    table = _table("spec", "architecture", "weights", "layers")
    specs = spec_paths(spec_dir)
    for name, path in specs.items():
        if name in matching("spec", pattern, specs):
            spec = read_spec(path)
            weights = spec.weights.origin
            where = spec.weights.package or spec.weights.path
            table.add_row(
                name,
                f"{spec.model.source}:{spec.model.name}",
                f"{weights}: {where}" if where else weights,
                ", ".join(spec.layers),
            )
    return table


def _group_names(pattern: str | None) -> Sequence[str]:
    if pattern is None:
        return SHOWN
    every = ["flip", "vflip", "flips", *(f"{kind}{n}" for kind in "cd" for n in range(1, MAX_N + 1))]
    return [pattern.lower()] if pattern.lower() in every else matching("group", pattern.lower(), every)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim")
    for number, name in enumerate(columns):
        table.add_column(name, no_wrap=number == 0, overflow="fold")
    return table
