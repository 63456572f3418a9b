"""The rows of ``--by class``: for each number its classes, the furthest from the best first, and what it shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from geed_cli.documents.document import printable
from geed_cli.measures.label_metrics import LABEL_METRICS, in_percent, larger_is_better
from geed_cli.report.page import Cell, Section
from geed_cli.result.samples import independent
from geed_cli.result.schema import ClassEntry, Result
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.verdict.digits import NO_WIDTH, WITHHELD, decimals_of, number_text, percent, percents

MOST_CLASSES = 5
"""Rows of one number; ``-v`` has all, and the layers."""
LONGEST_CLASS = 30


@dataclass(frozen=True)
class ClassTable:
    """One number and its classes.

    Attributes:
        entries: the furthest first.
        whole: the value over all images.
    """

    metric: str
    group: str
    layer: str | None
    entries: tuple[ClassEntry, ...]
    whole: float | None

    @property
    def title(self) -> str:
        """``latent.l2``, ``channelwise.cosine at layer1``."""
        return self.metric if self.layer is None else f"{self.metric} at {self.layer}"


def class_tables(result: Result, group: str, *, layers: bool) -> list[ClassTable]:
    """The numbers of one group by class, in the order of the result; with those of layers where asked for."""
    found: dict[tuple[str, str | None], list[ClassEntry]] = {}
    for entry in result.by_class:
        if entry.group == group and (layers or entry.layer is None):
            found.setdefault((entry.metric, entry.layer), []).append(entry)
    return [
        ClassTable(metric, group, layer, tuple(_ranked(metric, of)), _whole(result, metric, group, layer))
        for (metric, layer), of in found.items()
    ]


def _ranked(metric: str, entries: Sequence[ClassEntry]) -> list[ClassEntry]:
    """The furthest from the best first, such as the lowest accuracy; those without a value last."""
    sign = 1.0 if metric in larger_is_better() else -1.0
    return sorted(entries, key=lambda each: (each.value is None, sign * (each.value or 0.0)))


def _whole(result: Result, metric: str, group: str, layer: str | None) -> float | None:
    if metric in LABEL_METRICS:
        return next(
            (each.value for each in result.accuracy if (each.metric, each.group) == (metric, group)), None
        )
    key = metric, group, layer
    return next((each.value for each in result.results if (each.metric, each.group, each.layer) == key), None)


def class_sections(result: Result, group: str, *, sep: str, verbose: bool) -> Iterator[Section]:
    """One section a number: class, images, value, interval of that class by itself."""
    for table in class_tables(result, group, layers=verbose):
        shown = table.entries if verbose else table.entries[:MOST_CLASSES]
        rows: list[list[Cell]] = [list(class_cells(result, entry, sep=sep)) for entry in shown]
        heading = f"{table.title}; all images {value_text(table.metric, table.whole)}"
        yield Section(rows, heading=heading)


def class_cells(result: Result, entry: ClassEntry, *, sep: str = " to ") -> tuple[str, str, str, str]:
    """Class, images, value, interval."""
    decimals = None if entry.ci is None or in_percent(entry.metric) else decimals_of(*entry.ci)
    value = value_text(entry.metric, entry.value, decimals)
    return (
        class_name(result.class_names, entry.label),
        str(entry.images),
        value,
        limits_text(entry.metric, entry.ci, sep=sep),
    )


def class_name(names: Mapping[int, str], label: int) -> str:
    """The first of the names of a class, else its place."""
    named = names.get(label)
    return f"class {label}" if named is None else printable(named.partition(",")[0], LONGEST_CLASS)


def class_notes(result: Result, group: str, *, verbose: bool) -> Iterator[str]:
    """What the furthest class of each number shows, how many classes have no row, and how intervals are to be read."""
    tables = class_tables(result, group, layers=False)
    if not tables:
        return
    yield from (furthest_said(result, table) for table in tables)
    yield "intervals in rows are of one class by itself, M is that of all images"
    more = max(len(table.entries) for table in tables) - MOST_CLASSES
    if more > 0 and not verbose:
        yield f"{more} more class{'es' * (more > 1)}, and layers: -v"


def furthest_said(result: Result, table: ClassTable) -> str:
    """What is shown of the furthest class that has an interval, which holds for all that have one together.

    As in "accuracy is lowest of owl: 52% (31 to 73% for all 6 classes together); all images: 78%".
    """
    told = [entry for entry in table.entries if entry.joint_ci is not None]
    enough = f"{MIN_IMAGES} {independent(result.data)[1]}s"
    if not told:
        return f"{table.metric}: no class has {enough}, so that none is told from another"
    first, metric = told[0], table.metric
    every = len(told) == len(table.entries)
    among = "" if every else f", of {len(told)} class{'es' * (len(told) > 1)} of {enough} or more,"
    decimals = None if first.ci is None or in_percent(metric) else decimals_of(*first.ci)
    together = f" for all {len(told)}{' classes' * every} together" if len(told) > 1 else ""
    return (
        f"{metric}{among} is {'lowest' if metric in larger_is_better() else 'largest'} of "
        f"{class_name(result.class_names, first.label)}: {value_text(metric, first.value, decimals)} "
        f"({limits_text(metric, first.joint_ci)}{together}); all images: {value_text(metric, table.whole, decimals)}"
    )


def value_text(metric: str, value: float | None, decimals: int | None = None) -> str:
    """A value with so many decimals, rates in percent."""
    if value is None:
        return "undefined"
    return percent(value) if in_percent(metric) else number_text(value, decimals)


def limits_text(metric: str, limits: tuple[float, float] | None, *, sep: str = " to ") -> str:
    """An interval with its own decimals; a word where it is withheld."""
    if limits is None:
        return WITHHELD
    if in_percent(metric):
        return percents(*limits, sep=sep)
    if limits[0] == limits[1]:
        return NO_WIDTH
    decimals = decimals_of(*limits)
    return sep.join(number_text(end, decimals) for end in limits)
