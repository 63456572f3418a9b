"""The page of one audit: what each group amounts to, what was audited, the numbers, and what to do next.

A person should understand it without the paper. Every number in it stands in the JSON result as well, and the names of
rows are those that are typed elsewhere.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console

from geed_cli.choices import View
from geed_cli.measures.catalogue import by_default, measure_named
from geed_cli.measures.measure import LayerMeasure
from geed_cli.phrases import counted, some
from geed_cli.report.accuracy_rows import accuracy_notes, accuracy_section
from geed_cli.report.audit_details import details
from geed_cli.report.class_rows import class_notes, class_sections
from geed_cli.report.console import plain, write
from geed_cli.report.header import headline, how_acted, in_clusters, source_of
from geed_cli.report.hidden_actions import hidden_notes, hidden_table
from geed_cli.report.marks import Mark, plain_characters, profile
from geed_cli.report.numbers import about
from geed_cli.report.page import (
    BLANK,
    NARROW,
    WIDEST,
    Block,
    Cell,
    Column,
    Line,
    Paragraph,
    Rows,
    Section,
    ends_of,
    print_page,
    tables_room,
)
from geed_cli.result.fewer_images import planned_images
from geed_cli.result.samples import BALANCED, confidence_of, entry_noun, narrow_enough
from geed_cli.result.schema import Accuracy, ClassEntry, Entry, Looks, Result
from geed_cli.result.schema import Group as AuditedGroup
from geed_cli.verdict.audit import Said, next_step, say, unseen, warnings
from geed_cli.verdict.digits import (
    limits_text,
    number_text,
    percent,
    percent_text,
    percents,
    shared_decimals,
    value_text,
)
from geed_cli.verdict.folders import folders_alike
from geed_cli.verdict.reaction import insensitive, of_predictions, reacts
from geed_cli.verdict.transformations import title_of
from geed_cli.verdict.way import floor_on_scale, way_of

ROOMY = 96
"""Columns from which on the interval on the scale stands behind a mark."""
MOST_LAYERS = 10
"""Rows of layers of one group: more of them are read as a trend, and ``-v`` has all."""
BESIDE = ("repeat", "floor", "twin")
"""The controls that have a column, the one that is missed most first; ``-v`` has the others."""


def print_result(result: Result, console: Console, view: View = View()) -> None:  # noqa: B008 - it is frozen
    """Print one audit.

    Args:
        result: of the audit.
        console: where to; at most 100 columns of it are used.
        view: in full, as one line, or one statement a line.
    """
    if view.quiet:
        write(quiet_line(result), console)
        return
    tenths = plain_characters(console)
    print_page(audit_page(result, view, console.width, tenths=tenths), console, linear=view.linear)


def audit_page(result: Result, view: View, width: int = 100, *, tenths: bool = False) -> Iterator[Block]:
    """The blocks of the printed audit, top to bottom.

    Args:
        result: of the audit.
        view: ``verbose`` adds every other number and note; ``linear`` leaves out what is only drawn.
        width: columns of the console.
        tenths: whether profiles are numbers, since bars cannot be shown.
    """
    room = tables_room(width, linear=view.linear)
    said = [say(result, group.name) for group in result.groups]
    yield from _answers(said)
    changed = warnings(result)
    if changed:
        yield BLANK
    yield from (Paragraph("warning:", text, style="magenta") for text in changed)
    yield BLANK
    yield from _facts(result, width)
    marked = False
    for group in result.groups:
        yield BLANK
        table = list(_group(result, group, width, view, tenths=tenths or view.linear))
        marked = marked or any(map(_has_mark, table))
        yield from table
        hidden = [action for action in result.hidden_actions if action.group == group.name]
        if hidden:
            yield from (BLANK, hidden_table(hidden, room))
            yield from (Paragraph("note:", line) for line in hidden_notes(hidden))
    if alike := folders_alike(result):
        yield from (BLANK, Paragraph("note:", alike))
    if view.verbose:
        yield from details(result, room)
    yield BLANK
    if legend := _legend(result, view, marked=marked):
        yield Line(legend, style="dim", drawn=True)
    if said_unseen := unseen(result):
        yield Line(said_unseen)
    yield Paragraph("next:", next_step(result))


def quiet_line(result: Result) -> str:
    """The audit as one line of ``key=value``: names of groups and measures, values in full, verdicts, warnings."""
    parts = ["geed=audit", f"model={_word(result.model.arch)}", f"images={result.data.count}"]
    if result.data.clusters is not None:
        parts.append(f"clusters={len(result.data.clusters.names)}")
    for group in result.groups:
        for entry in result.results:
            if entry.group == group.name and entry.layer is None and _shown_whole(entry, result):
                parts += _key_values(f"{_word(group.name)}.{entry.metric}", entry)
        for each in result.accuracy:
            if each.group == group.name:
                parts += _key_values(f"{_word(group.name)}.{each.metric}", each)
        parts += _quiet_classes(result, group.name)
        parts.append(f"{_word(group.name)}.verdict={_word(say(result, group.name).word)}")
    return " ".join([*parts, f"warnings={len(warnings(result))}"])


def _quiet_classes(result: Result, group: str) -> Iterator[str]:
    """The numbers of each class, which is named by its place."""
    for entry in result.by_class:
        if entry.group == group and entry.layer is None:
            yield from _key_values(f"{_word(group)}.{entry.metric}.class{entry.label}", entry)


def _key_values(name: str, entry: Entry | Accuracy | ClassEntry) -> Iterator[str]:
    yield f"{name}={'none' if entry.value is None else f'{entry.value:.4g}'}"
    if entry.ci is not None:
        yield f"{name}.ci={entry.ci[0]:.4g},{entry.ci[1]:.4g}"


def _word(text: str) -> str:
    """A text as one word; ``none`` of nothing."""
    return "-".join(plain(text).replace(",", "").split()) or "none"


def _answers(said: Sequence[Said]) -> Iterator[Block]:
    hang = max(len(each.group) for each in said) + 2
    for number, each in enumerate(said):
        if number:
            yield BLANK
        yield Paragraph(each.group, " ".join(each.reasons), each.verdict, hang=hang)


def _facts(result: Result, width: int) -> Iterator[Block]:
    """What was audited, in two lines, and a third where something of it is unusual."""
    model, data, settings = result.model, result.data, result.settings
    yield headline("audit", model, width)
    images = f"{counted(data.count, 'image')}{in_clusters(data)} of {source_of(data)}"
    if data.duplicates:
        images += f", {len(data.duplicates)} of its {entry_noun(data)}s copies of these"
    if data.weighted_by:
        images += (
            ", balanced by class" if data.weighted_by == BALANCED else f", weighted by {data.weighted_by}"
        )
    run = f"{images} · {model.input.size}×{model.input.size} px · {settings.device}, {settings.precision}"
    unusual = " · ".join(_unusual(result))
    if unusual and len(run) + len(unusual) + 3 > min(width, WIDEST):
        yield from (Line(run), Line(unusual))
    else:
        yield Line(run + f" · {unusual}" * bool(unusual))


def _unusual(result: Result) -> Iterator[str]:
    settings, looks, notes = result.settings, result.settings.looks, result.model.weights.notes
    if notes:
        yield f"{counted(len(notes), 'note')} on weights: -v"
    if settings.simultaneous:
        yield "intervals hold together"
    if looks is not None:
        yield f"look {looks.used} of {len(looks.sizes)}, {_until(result, looks)}"
    output = result.model.output
    if output is not None and output.kind not in ("logits", "probabilities"):
        yield f"output: {output.kind}" + (f", {output.reason}" if output.reason else "")


def _until(result: Result, looks: Looks) -> str:
    """What the looks were for, and what came of it."""
    if looks.width is not None:
        reached = "reached" if narrow_enough(result) else "not reached"
        return f"width {looks.width:g} of {looks.metric} {reached}"
    if looks.used < len(looks.sizes) and result.status == "complete":
        return f"its policy decided at {result.data.count} of {planned_images(result.data, looks)} images"
    return f"until its policy is decided, at most {counted(looks.sizes[-1], 'image')}"


def _has_mark(block: Block) -> bool:
    """Whether a cell of a table has a mark on the scale."""
    sections = block.sections if isinstance(block, Rows) else ()
    return any(isinstance(cell, Mark) for section in sections for row in section.rows for cell in row)


def _has_way(result: Result) -> bool:
    """Whether a number is on the way to another image, which those that are better the larger they are run against."""
    orders = {group.name: group.order for group in result.groups}
    return any(
        not measure_named(entry.metric).larger_is_better and way_of(entry, orders[entry.group]) is not None
        for entry in result.results
    )


def _legend(result: Result, view: View, *, marked: bool) -> str:
    """The ends of the scale, where a mark stands on it, and how to see more."""
    if not marked or not _has_way(result):
        return "" if view.verbose else "-v has every value"
    floor = "; ╎ floor" if any("floor" in entry.controls for entry in result.results) else ""
    more = "" if view.verbose else ", -v"
    return f"0% unchanged, 100% another image{floor}; geed explain scale{more}"


def _group(result: Result, group: AuditedGroup, width: int, view: View, *, tenths: bool) -> Iterator[Block]:
    entries = [entry for entry in result.results if entry.group == group.name]
    how = how_acted(group)
    yield Line(f"{title_of(group)}{', ' * bool(how)}{how}", strong=f"{group.name}:")
    whole = [entry for entry in entries if entry.layer is None and _shown_whole(entry, result)]
    layered = _layered(entries)
    controls = [name for name in BESIDE if any(name in entry.controls for entry in (*whole, *layered))]
    several = len(result.groups) > 1
    most = 2 if several else MOST_LAYERS
    shown = ends_of(layered, most)
    table = _Table(result, group, controls, width)
    level = f"{100 * confidence_of(result):.4g}%" + (" interval" if width >= NARROW else "")
    columns = [
        Column("", left=True),
        Column("value"),
        Column(level),
        Column(("same", "other"), left=True),
        *(Column(name, keep=len(BESIDE) - BESIDE.index(name)) for name in controls),
    ]
    sections = [Section([table.row(entry, None) for entry in whole])]
    labelled = accuracy_section(result, group.name, len(columns), sep=table.sep, verbose=view.verbose)
    if labelled is not None:
        sections.append(labelled)
    asked = [ends_of(of_one, most) for of_one in _asked_beside(entries, layered)]
    sections += [_layer_section(table, of_one) for of_one in (shown, *asked) if of_one]
    yield Rows(columns, sections)
    yield from (
        Line(text, indent=2) for text in _absences([*whole, *shown, *(e for each in asked for e in each)])
    )
    yield from (Line(text, indent=2) for text in accuracy_notes(result, group.name, verbose=view.verbose))
    if len(shown) < len(layered):
        yield Line(_profile(layered, group, len(shown), tenths=tenths), indent=2, style="dim")
    yield from _by_class(result, group.name, level, table.sep, verbose=view.verbose)


def _by_class(result: Result, group: str, level: str, sep: str, *, verbose: bool) -> Iterator[Block]:
    """The classes of each number, where they were asked for."""
    sections = list(class_sections(result, group, sep=sep, verbose=verbose))
    if not sections:
        return
    yield from (BLANK, Line("by class", strong=f"{group}:"))
    yield Rows(
        [Column("", left=True, shortens=True), Column("images"), Column("value"), Column(level)], sections
    )
    yield from (Line(text, indent=2) for text in class_notes(result, group, verbose=verbose))


def _absences(entries: Sequence[Entry]) -> Iterator[str]:
    """Why rows have no value, each reason once."""
    missing = about(
        (note, entry.layer or entry.metric)
        for entry in entries
        if entry.value is None
        for note in entry.notes[-1:]
    )
    yield from (f"{some(names)}: {note}" for note, names in missing.items())


def _shown_whole(entry: Entry, result: Result) -> bool:
    """Whether a measure of no layer has a row: one without a perfect value where it was asked for by name."""
    measure = measure_named(entry.metric)
    return measure.perfect is not None or set(result.settings.measures) != set(by_default())


def _layered(entries: Sequence[Entry]) -> list[Entry]:
    """The entries of layers that have rows: of the measures that stand by themselves, or were asked for alone."""
    layered = [entry for entry in entries if _of_layer(entry)]
    own = [entry for entry in layered if measure_named(entry.metric).beside is None]
    return own or layered


def _asked_beside(entries: Sequence[Entry], layered: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The entries of each measure of layers that was asked for beside those that have rows already."""
    there = {entry.metric for entry in layered}
    for name in dict.fromkeys(entry.metric for entry in entries):
        measure = measure_named(name)
        if measure.on_request and name not in there:
            yield [entry for entry in entries if entry.metric == name and _of_layer(entry)]


def _of_layer(entry: Entry) -> bool:
    """Whether it is of a measure of layers; where nothing flows a derivative has one row among the others."""
    measure = measure_named(entry.metric)
    return isinstance(measure, LayerMeasure) and not (measure.of_flows and entry.layer is None)


def _layer_section(table: "_Table", shown: Sequence[Entry]) -> Section:
    """The rows of one measure of layers."""
    decimals, metric = shared_decimals(shown), shown[0].metric
    heading = f"layers, {metric}: {measure_named(metric).best:g} is equivariant"
    return Section([table.row(entry, decimals) for entry in shown], heading=heading)


def _profile(layers: Sequence[Entry], group: AuditedGroup, shown: int, *, tenths: bool) -> str:
    """All layers in one line, from first to last, and where the others are."""
    placed = [(entry, way) for entry in layers if (way := way_of(entry, group.order)) is not None]
    left_out = f"{counted(len(layers) - shown, 'more layer')}: -v"
    if len(placed) < len(layers):
        return left_out
    (first, start), (last, end) = placed[0], placed[-1]
    drawn = profile([way.value for _, way in placed], plain=tenths) + " tenths" * tenths
    return (
        f"first to last: {first.layer} {percent_text(start)} {drawn} {percent_text(end)} "
        f"{last.layer}; {left_out}"
    )


class _Table:
    """The rows of one group."""

    def __init__(self, result: Result, group: AuditedGroup, controls: Sequence[str], width: int) -> None:
        self._group, self._controls = group, controls
        self.sep, self._roomy = ".." if width < NARROW else " to ", width >= ROOMY
        own = [entry for entry in result.results if entry.group == group.name]
        self._insensitive = any(insensitive(entry, result) for entry in own)
        twins = [e.controls["twin_sensitivity"] for e in own if "twin_sensitivity" in e.controls]
        self._dull_twin = result.data.count > 1 and any(not reacts(each, result) for each in twins)

    def row(self, entry: Entry, decimals: int | None) -> list[Cell]:
        """Name, value, interval, mark, controls."""
        return [
            entry.layer if entry.layer is not None else entry.metric,
            value_text(entry, decimals),
            "" if entry.value is None else limits_text(entry, sep=self.sep, decimals=decimals),
            self._mark(entry),
            *(self._control(entry, name, decimals) for name in self._controls),
        ]

    def _mark(self, entry: Entry) -> Cell:
        if self._insensitive and entry.value is not None and of_predictions(entry.metric):
            return "insensitive"
        way = way_of(entry, self._group.order)
        if way is None:
            return "" if entry.raw is None or measure_named(entry.metric).perfect is not None else _raw(entry)
        low, high = way.ci or (None, None)
        shown = "" if measure_named(entry.metric).percent else percent_text(way)  # a rate says it already
        spoken = f"{'about ' * way.about}{shown} of another image" if shown else ""
        limits = f" ({percents(*way.ci)})" if shown and way.ci is not None else ""
        behind = shown.rjust(3) + limits * self._roomy if shown else ""
        floor = floor_on_scale(entry, self._group.order)
        return Mark(way.value, low, high, floor, behind=behind, spoken=spoken + limits)

    def _control(self, entry: Entry, name: str, decimals: int | None) -> str:
        value = entry.controls.get(name)
        # a twin that ignores its input has the same answer for every picture
        if value is None or (name == "twin" and self._dull_twin and of_predictions(entry.metric)):
            return ""
        return percent(value) if measure_named(entry.metric).percent else number_text(value, decimals)


def _raw(entry: Entry) -> str:
    return f"raw {number_text(entry.raw or 0.0, 3)}"
