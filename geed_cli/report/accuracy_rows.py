"""What labels say of one group, as rows of its table: accuracy, element by element, and what is made of it."""

from collections.abc import Iterator

from geed_cli.phrases import counted
from geed_cli.report.page import Cell, Section
from geed_cli.result.schema import Accuracy, Result
from geed_cli.verdict.digits import WITHHELD, percent, percents

MOST_ELEMENTS = 3
"""Those of the lowest accuracy; ``-v`` has all."""


def accuracy_section(result: Result, group: str, columns: int, *, sep: str, verbose: bool) -> Section | None:
    """The rows, cells of the other columns left empty; None without labels.

    Args:
        result: the whole.
        group: name of one of its groups.
        columns: of the table, at least three.
        sep: between limits.
        verbose: whether every element has a row.
    """
    entries = [entry for entry in result.accuracy if entry.group == group]
    if not entries or result.data.labels is None:
        return None
    rows: list[list[Cell]] = []
    for entry in entries:
        most = len(entry.per_element) if verbose else MOST_ELEMENTS * (entry.metric == "accuracy")
        rows += [[*told, *[""] * (columns - len(told))] for told in accuracy_lines(entry, most, sep=sep)]
    return Section(rows, heading=f"labels, {result.data.labels.how}: the top class is the label")


def accuracy_lines(entry: Accuracy, most: int, *, sep: str = " to ") -> Iterator[tuple[str, str, str]]:
    """Name, value and interval: of the pictures as they are, then under so many elements."""
    yield _line(entry.metric, entry.value, entry.ci, sep)
    for name in _elements(entry, most):
        yield _line(
            f"{entry.metric} under {name}", entry.per_element[name], entry.per_element_ci.get(name), sep
        )


def accuracy_notes(result: Result, group: str, *, verbose: bool) -> Iterator[str]:
    """Why there is no value, and how many elements have no row."""
    for entry in result.accuracy:
        if entry.group == group and entry.value is None:
            yield f"{entry.metric}: {'; '.join(entry.notes)}"
        more = len(entry.change) - MOST_ELEMENTS
        if entry.group == group and more > 0 and not verbose:
            yield f"accuracy under {counted(more, 'more element')}: -v"


def _elements(entry: Accuracy, most: int) -> list[str]:
    """The elements but e with the lowest accuracy, in their own order."""
    names = list(entry.per_element)[1:]
    lowest = sorted(names, key=lambda name: entry.per_element[name] or 0.0)[:most]
    return [name for name in names if name in lowest]


def _line(
    name: str, value: float | None, limits: tuple[float, float] | None, sep: str
) -> tuple[str, str, str]:
    if value is None:
        return name, "undefined", ""
    return name, percent(value), WITHHELD if limits is None else percents(*limits, sep=sep)
