"""The page of a track: what changed over the whole run, warnings, what was followed, the steps, what to do next.

The first value shown has its interval and a mark that moves along one scale for all steps; the others have theirs
beside it, or below where there is no room.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console

from geed_cli.choices import View
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.control import CONTROLS
from geed_cli.measures.label_metrics import in_percent, perfect_of, sign_of
from geed_cli.phrases import some
from geed_cli.report.cells import csv_text
from geed_cli.report.console import plain, write
from geed_cli.report.marks import Mark
from geed_cli.report.numbers import about, in_unit
from geed_cli.report.page import (
    BLANK,
    NARROW,
    NARROWEST_MARK,
    WIDEST,
    Block,
    Cell,
    Line,
    Paragraph,
    Rows,
    Section,
    ends_of,
    key_values,
    print_page,
    short,
)
from geed_cli.report.page import Column as Heading
from geed_cli.tracking.columns import Column, groups_of, labels_of, rows_of
from geed_cli.tracking.record import Row, Track
from geed_cli.verdict.digits import (
    NO_WIDTH,
    WITHHELD,
    decimals_of,
    most_of,
    number_text,
    percent,
    percents,
    two_digits,
)
from geed_cli.verdict.on_tracks.warnings import track_warnings
from geed_cli.verdict.track import next_track, say_track

MOST_STEPS = 20
"""Rows of one table: of more steps the first, the last and others evenly between them. ``-v`` has all."""
LONGEST_NAME = 20
"""Characters of the name of a column."""


def print_track(
    track: Track,
    columns: Sequence[Column],
    console: Console,
    view: View = View(),  # noqa: B008 - it is frozen
    *,
    compare: str = "",
) -> None:
    """Print the whole track.

    Args:
        track: of one recipe.
        columns: the values to show, the first of them with its mark.
        console: where to.
        view: in full, as one line, or one statement a line.
        compare: the command that compares its first step with its last, where there is one.
    """
    if view.quiet:
        write(one_line(track), console)
        return
    blocks = track_page(track, columns, view, console.width, compare=compare)
    print_page(blocks, console, linear=view.linear)


def track_page(
    track: Track, columns: Sequence[Column], view: View, width: int = 100, *, compare: str = ""
) -> Iterator[Block]:
    """The blocks of the printed track, top to bottom; arguments as for ``print_track``, in a console so wide."""
    yield from _answers(track, view)
    changed = track_warnings(track)
    if changed:
        yield BLANK
    yield from (Paragraph("warning:", text, style="magenta") for text in changed)
    yield BLANK
    yield from _facts(track)
    labels = labels_of(track)
    for group in groups_of(track):
        runs = [_Steps(track, group, label, view, width) for label in labels]
        yield BLANK
        if len(runs) > 1:
            yield from _side_by_side(runs, columns)
        else:
            yield Line(plain(group), style="bold")
            yield from runs[0].tables(columns)
        for label in labels:
            about_run = f"{plain(label)}: " if len(labels) > 1 else ""
            notes = _notes(track, group, label, columns, every=view.verbose)
            yield from (Paragraph("note:", f"{about_run}{text}") for text in notes)
    yield BLANK
    yield from _legend(track, columns, view)
    yield Paragraph("next:", plain(next_track(track, compare), 2000))


def one_line(track: Track) -> str:
    """The track as one line of ``key=value``: of each run and group the verdict, and the first and last value."""
    said = say_track(track)
    steps = sorted({record.step for record in track.records})
    pairs: list[tuple[str, object]] = [
        ("geed", "track"), ("status", track.status), ("unit", track.unit), ("steps", len(steps)),
        ("first", steps[0]), ("last", steps[-1]), ("images", track.records[0].result.data.count),
    ]  # fmt: skip
    for (label, group), each in said.items():
        name = f"{plain(label)}.{plain(group)}"
        pairs.append((f"{name}.verdict", each.key))
        metrics = dict.fromkeys(row.metric for row in track.rows if row.group == group and row.layer is None)
        for metric in metrics:
            rows = [
                row for row in rows_of(track, group, Column(metric, None), label) if row.value is not None
            ]
            for which, row in (("first", rows[0]), ("last", rows[-1])) if rows else ():
                pairs.append((f"{name}.{metric}.{which}", f"{row.value:.4g}"))
                if row.ci is not None:
                    pairs.append((f"{name}.{metric}.{which}.ci", f"{row.ci[0]:.4g},{row.ci[1]:.4g}"))
    return key_values(*pairs, ("warnings", len(track_warnings(track))))


def _answers(track: Track, view: View) -> Iterator[Block]:
    """What changed in each run under each group."""
    said, labels = say_track(track), labels_of(track)
    hang = max(cell_len(plain(group)) for group in groups_of(track)) + 2
    for number, group in enumerate(groups_of(track)):
        if number:
            yield BLANK
        for at, label in enumerate(labels):
            each = said[label, group]
            verdict = f"{plain(label)}: {each.verdict}" if len(labels) > 1 else each.verdict
            name = plain(group) if at == 0 or view.linear else ""
            yield Paragraph(name, " ".join(each.reasons), verdict, hang=hang)


def _facts(track: Track) -> Iterator[Block]:
    """What was followed, in two lines; of several runs one more for each."""
    labels = labels_of(track)
    lines = [_label_line(track, label) for label in labels]
    yield Line(f"· {lines[0] if len(labels) == 1 else ', '.join(map(plain, labels))}", strong="geed track")
    if len(labels) > 1:
        yield from (Line(line, indent=2) for line in lines)
    result = track.records[0].result
    source = "the bundled sample" if result.data.bundled_sample else plain(result.data.root)
    together = ", which hold together over each table" if result.settings.simultaneous else ""
    yield Line(
        f"{result.data.count} image{'s' * (result.data.count != 1)} of {source}, the same at every {track.unit} · "
        f"{100 * track.confidence:g}% intervals{together}"
    )


def _label_line(track: Track, label: str) -> str:
    records = [record for record in track.records if record.label == label]
    steps = sorted({record.step for record in records})
    span = f"{steps[0]} to {steps[-1]}" if len(steps) > 1 else f"{steps[0]}"
    at_once = max(sum(record.step == step for record in records) for step in steps)
    kind = f", up to {at_once} checkpoints a step" if at_once > 1 else ""
    arch = records[0].result.model.arch
    name = plain(label) if label == arch else f"{plain(label)}: {plain(arch)}"
    return f"{name}, {len(steps)} step{'s' * (len(steps) > 1)}, {track.unit} {span}{kind}"


@dataclass(frozen=True)
class _Steps:
    """The tables of one run under one group."""

    track: Track
    group: str
    label: str
    view: View
    width: int

    def tables(self, columns: Sequence[Column]) -> Iterator[Block]:
        """One table where everything fits beside the first value, else one for it and others for the rest."""
        there = [column for column in columns if self._rows(column)]
        if not there:
            return
        steps = sorted({record.step for record in self.track.records if record.label == self.label})
        shown = steps if self.view.verbose else ends_of(steps, MOST_STEPS)
        head = self._head(shown)
        first, rest = self._first(there[0], shown), [self._other(column, shown) for column in there[1:]]
        tables = [[head, first]]
        if _width([head, first, *rest]) <= self.room:
            tables[0] += rest
        else:
            tables += _packed(head, rest, self.room)
        yield from _drawn(tables)
        yield from _left_out(len(steps) - len(shown))

    @property
    def room(self) -> int:
        """Characters that a table may take."""
        return 10**6 if self.view.linear else min(self.width, WIDEST) - 2

    def beside_others(self, column: Column, steps: Sequence[int], *, twins: bool) -> "_Part":
        """One column of this run in a table of several runs, with how many models stand behind each value.

        Args:
            column: the value.
            steps: of all runs; empty where this one has none.
            twins: whether the table has a row for random twins.
        """
        part = self._other(column, steps)
        cells = [list(row) for row in part.cells]
        if twins and not self._twins:
            cells.append([""])
        headings = [replace(part.headings[0], name=plain(self.label))]
        if self.has_several(column):
            headings.append(Heading(f"{plain(self.label)} models" if self.view.linear else "models"))
            for row, models in zip_longest(cells, self._behind(column, steps), fillvalue=""):
                assert isinstance(row, list)
                row.append(models)
        return _Part(headings, cells)

    def above_others(
        self, column: Column, steps: Sequence[int], scale: tuple[float, float], *, models: bool
    ) -> Iterator[tuple[int | None, list[Cell]]]:
        """The rows of this run in a table of several runs, by step: label, models, value, interval and mark.

        Args:
            column: the value.
            steps: of all runs.
            scale: of the marks, the same for all runs.
            models: whether any run has several at a step.
        """
        part, rows = self._first(column, steps, scale), self._rows(column)
        behind = self._behind(column, steps)
        for at, step in enumerate(steps):
            if step in rows:
                yield step, [plain(self.label), *[behind[at]] * models, *part.cells[at]]
        if self._twins:
            yield None, [plain(self.label), *[""] * models, *part.cells[-1]]

    def has_several(self, column: Column) -> bool:
        """Whether any value is that of a population."""
        return any(row.models > 1 for row in self._rows(column).values())

    def _behind(self, column: Column, steps: Sequence[int]) -> list[str]:
        """How many models stand behind the value of each step."""
        rows = self._rows(column)
        return [str(rows[step].models) if step in rows else "" for step in steps]

    def ends(self, column: Column) -> list[float]:
        """Every value and limit of a column."""
        rows = self._rows(column).values()
        return [end for row in rows for end in (*(row.ci or ()), row.value) if end is not None]

    def has(self, column: Column) -> bool:
        """Whether any step has a row of it."""
        return bool(self._rows(column))

    def headings(self, column: Column, steps: Sequence[int], scale: tuple[float, float]) -> Sequence[Heading]:
        """Of value, interval and mark."""
        return self._first(column, steps, scale).headings

    @property
    def has_twins(self) -> bool:
        """Whether random twins were audited."""
        return bool(self._twins)

    def _rows(self, column: Column) -> Mapping[int, Row]:
        return {row.step: row for row in rows_of(self.track, self.group, column, self.label)}

    def _head(self, steps: Sequence[int]) -> "_Part":
        """The step, and how many models stand behind it where there are several; last the twin."""
        models = {
            row.step: row.models
            for row in self.track.rows
            if (row.group, row.label) == (self.group, self.label)
        }
        several = any(count > 1 for count in models.values())
        named = f"{self.track.unit} " if self.view.linear else ""
        rows: list[list[Cell]] = [
            [f"{named}{step}", *[str(models.get(step, ""))] * several] for step in steps
        ]
        if self._twins:
            rows.append(["twin", *[""] * several])
        return _Part([Heading(self.track.unit), *[Heading("models")] * several], rows)

    @property
    def _twins(self) -> Mapping[Column, float]:
        """The random twin's value of each column: one for all steps, since they share architecture and seed."""
        return {
            Column(entry.metric, entry.layer): entry.controls["twin"]
            for record in self.track.records
            if record.label == self.label
            for entry in record.result.results
            if entry.group == self.group and "twin" in entry.controls
        }

    def _first(
        self, column: Column, steps: Sequence[int], scale: tuple[float, float] | None = None
    ) -> "_Part":
        """Value, interval, and a mark between perfect and the largest limit of all steps, or on another scale."""
        rows = self._rows(column)
        decimals = _shared_decimals(rows.values())
        low, high = scale or _scale(column, self.ends(column))
        sep = ".." if self.width < NARROW and not self.view.linear else " to "
        cells: list[list[Cell]] = []
        for step in steps:
            row = rows.get(step)
            if row is None:
                cells.append(["", "", ""])
                continue
            cells.append([_value(row, decimals), _limits(row, decimals, sep), _mark(row, low, high)])
        if self._twins:
            cells.append([self._twin(column, decimals), "", ""])
        level = f"{100 * self.track.confidence:g}%" + (" interval" if self.width >= NARROW else "")
        drawn = (_end(column, low, decimals), _end(column, high, decimals))
        return _Part([self._heading(column), Heading(level), Heading(drawn, left=True)], cells)

    def _other(self, column: Column, steps: Sequence[int]) -> "_Part":
        """Value with its interval, and with ``-v`` one model's own half-width, in one cell."""
        rows = self._rows(column)
        decimals = _shared_decimals(rows.values())
        cells: list[list[Cell]] = []
        for step in steps:
            row = rows.get(step)
            if row is None or row.value is None:
                cells.append(["" if row is None else "undefined"])
                continue
            limits = _limits(row, decimals, " to ")
            cells.append([_value(row, decimals) + (f" ({limits})" if limits != WITHHELD else "")])
        if self._twins:
            cells.append([self._twin(column, decimals)])
        return _Part([self._heading(column)], cells)

    def _heading(self, column: Column) -> Heading:
        """The measure, or the layer; of layers with the measure where the track has several for each."""
        if column.layer is None:
            return Heading(column.metric)
        layered = {row.metric for row in self.track.rows if row.layer is not None}
        name = plain(column.layer) + (f" {column.metric.rpartition('.')[2]}" if len(layered) > 1 else "")
        return Heading(name if self.view.linear else short(name, LONGEST_NAME))

    def _twin(self, column: Column, decimals: int | None) -> str:
        value = self._twins.get(column)
        if value is None:
            return ""
        return percent(value) if in_percent(column.metric) else number_text(value, decimals)


@dataclass(frozen=True)
class _Part:
    """Some columns of a table: their headings, and their cells row by row."""

    headings: Sequence[Heading]
    cells: Sequence[Sequence[Cell]]

    @property
    def width(self) -> int:
        """Characters that it takes at least, with two between columns."""
        wide = 0
        for at, heading in enumerate(self.headings):
            texts = [row[at] for row in self.cells]
            name = heading.name if isinstance(heading.name, str) else " ".join(heading.name)
            own = [cell_len(name), *(cell_len(text) for text in texts if isinstance(text, str))]
            wide += max(own if isinstance(heading.name, str) else [*own, NARROWEST_MARK]) + 2
        return wide - 2


def _side_by_side(runs: Sequence[_Steps], columns: Sequence[Column]) -> Iterator[Block]:
    """Several runs under one group: of the first value marks on one scale, of the others the runs beside each other."""
    track, group, view = runs[0].track, runs[0].group, runs[0].view
    steps = sorted({record.step for record in track.records})
    shown = steps if view.verbose else ends_of(steps, MOST_STEPS)
    there = [column for column in columns if any(run.has(column) for run in runs)]
    for number, column in enumerate(there):
        if number:
            yield BLANK
        yield Line(f"{plain(group)} · {plain(column.title)}", style="bold")
        having = [run for run in runs if run.has(column)]
        if number == 0:
            yield from _stacked(having, column, shown)
            continue
        twins = any(run.has_twins for run in having)
        named = f"{track.unit} " if view.linear else ""
        head = _Part([Heading(track.unit)], [[f"{named}{step}"] for step in shown] + [["twin"]] * twins)
        parts = [run.beside_others(column, shown, twins=twins) for run in having]
        yield from _drawn(_packed(head, parts, runs[0].room))
    yield from _left_out(len(steps) - len(shown))


def _stacked(runs: Sequence[_Steps], column: Column, steps: Sequence[int]) -> Iterator[Block]:
    """One value with its marks: a row for each step and run, the runs of a step below each other."""
    track, linear = runs[0].track, runs[0].view.linear
    scale = _scale(column, [end for run in runs for end in run.ends(column)])
    models = any(run.has_several(column) for run in runs)
    by_step: dict[int | None, list[list[Cell]]] = {step: [] for step in (*steps, None)}
    for run in runs:
        for step, cells in run.above_others(column, steps, scale, models=models):
            by_step[step].append(cells)
    rows: list[list[Cell]] = []
    for step, own in by_step.items():
        named = "twin" if step is None else f"{track.unit} {step}" if linear else str(step)
        rows += [[named if at == 0 or linear else "", *cells] for at, cells in enumerate(own)]
    headings = [*[Heading("models")] * models, *runs[0].headings(column, steps, scale)]
    yield Rows([Heading(track.unit), Heading("run", left=True), *headings], [Section(rows)])


def _scale(column: Column, ends: Sequence[float]) -> tuple[float, float]:
    """The ends of the scale of marks: from perfect, or the least where nothing is, to what is furthest from it."""
    perfect = perfect_of(column.metric)
    low = min(ends, default=0.0) if perfect is None else perfect
    return low, min(ends, default=low) if sign_of(column.metric) < 0 else max(ends, default=0.0)


def _width(parts: Sequence[_Part]) -> int:
    """Characters that parts take side by side."""
    return sum(each.width + 2 for each in parts) - 2


def _packed(head: _Part, parts: Sequence[_Part], room: int) -> list[list[_Part]]:
    """The parts in as few tables as have room for them, the head in each."""
    tables: list[list[_Part]] = []
    for part in parts:
        if not tables or _width([*tables[-1], part]) > room:
            tables.append([head])
        tables[-1].append(part)
    return tables


def _drawn(tables: Sequence[Sequence[_Part]]) -> Iterator[Block]:
    """Tables below each other."""
    for number, parts in enumerate(tables):
        if number:
            yield BLANK
        headings = [heading for part in parts for heading in part.headings]
        rows = [[cell for part in parts for cell in part.cells[at]] for at in range(len(parts[0].cells))]
        yield Rows(headings, [Section(rows)])


def _left_out(count: int) -> Iterator[Block]:
    """How many steps only -v shows."""
    if count > 0:
        yield Line(f"{count} more step{'s' * (count != 1)}: -v", style="dim", indent=2)


def _shared_decimals(rows: Iterable[Row]) -> int | None:
    """The most decimals that any interval of the column supports; None where none has a width."""
    spans = [row.ci for row in rows if row.ci is not None and row.ci[0] != row.ci[1]]
    return most_of(decimals_of(*span) for span in spans)


def _value(row: Row, decimals: int | None) -> str:
    if row.value is None:
        return "undefined"
    return percent(row.value) if in_percent(row.metric) else number_text(row.value, decimals)


def _limits(row: Row, decimals: int | None, sep: str) -> str:
    if row.ci is None:
        return WITHHELD
    if row.ci[0] == row.ci[1]:
        return NO_WIDTH
    if in_percent(row.metric):
        return percents(*row.ci, sep=sep)
    return sep.join(number_text(end, decimals) for end in row.ci)


def _mark(row: Row, low: float, high: float) -> Cell:
    if row.value is None or high == low:
        return ""
    value, *ends = ((end - low) / (high - low) for end in (row.value, *(row.ci or ())))
    return Mark(value, *sorted(ends))


def _end(column: Column, value: float, decimals: int | None) -> str:
    """An end of the scale of marks."""
    if in_percent(column.metric):
        return percent(value)
    return (
        f"{value:g}"
        if value == int(value)
        else two_digits(value)
        if decimals is None
        else f"{value:.{decimals}f}"
    )


def _notes(track: Track, group: str, label: str, columns: Sequence[Column], *, every: bool) -> list[str]:
    """Each note once, with the values and steps that it is about; not ``every`` one is why there is no value."""
    notes = about(
        ((note, column.title), str(row.step))
        for column in columns
        for row in rows_of(track, group, column, label)
        for note in ((*row.notes, *_within(row)) if every else row.notes[-1:] if row.value is None else ())
    )
    return [
        f"{plain(title)} at {track.unit} {some(steps)}: {plain(note)}"
        for (note, title), steps in notes.items()
    ]


def _within(row: Row) -> Iterator[str]:
    if row.within is not None:
        yield f"{row.models} models, one model's own half-width over images within ±{in_unit(row.metric, row.within)}"


def _legend(track: Track, columns: Sequence[Column], view: View) -> Iterator[Block]:
    over = {row.over for row in track.rows}
    layered = dict.fromkeys(column.metric for column in columns if column.layer is not None)
    said = [f"{name}: {measure_named(name).best:g} is equivariant" for name in layered if len(layered) == 1]
    if "images" in over:
        said.append("intervals are of each step alone")
    if "models" in over:
        said.append("intervals of several models are over models and images (t)")
    yield Line(
        "; ".join([*said, *["-v has every value"] * (not view.verbose)]), style="dim", drawn=not view.verbose
    )
    if view.verbose and any(record.result.settings.twin is not None for record in track.records):
        yield Line(CONTROLS["twin"].reading, style="dim")


def to_csv(track: Track) -> str:
    """One row for each value of the track, whether shown or not."""
    return csv_text(*track.rows_and_columns())
