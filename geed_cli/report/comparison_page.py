"""The page of a comparison: what each subject amounts to beside the first, what was compared, the numbers, what next.

Two subjects have their differences side by side with where these lie about zero; of more, each value has a sign for
what is claimed of it. The first subject is the reference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console

from geed_cli.choices import View
from geed_cli.comparison.schema import ClassLine, Comparison, Delta, Side
from geed_cli.comparison.schema import Line as Compared
from geed_cli.measures.catalogue import BY_NAME, by_default, measure_named
from geed_cli.measures.control import CONTROLS
from geed_cli.measures.label_metrics import LABEL_METRICS, sign_of
from geed_cli.phrases import counted, some
from geed_cli.report.cells import csv_text
from geed_cli.report.class_rows import MOST_CLASSES, class_name
from geed_cli.report.console import plain, write
from geed_cli.report.hidden_actions import HIDDEN_ACTIONS_READING, hidden_notes, hidden_table
from geed_cli.report.marks import Mark
from geed_cli.report.numbers import about, in_unit, limits_in_unit, number
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
    key_values,
    print_page,
    short,
    tables_room,
)
from geed_cli.verdict.comparison import (
    ABSENT,
    FURTHER,
    HIGHER,
    HIGHER_THAN_INSENSITIVE,
    IDENTICAL,
    LARGER,
    LOWER,
    LOWER_BUT_INSENSITIVE,
    NEARER,
    NO_DIFFERENCE,
    SMALLER,
    UNDECIDED,
    WITHIN,
    claim_of,
    delta_text,
    difference_warnings,
    forecast_of,
    next_comparison,
    say_difference,
    shared_difference_decimals,
    side_text,
    surest_first,
)
from geed_cli.verdict.digits import forecast

BESIDE_VALUES = tuple(CONTROLS[name] for name in ("repeat", "null", "floor", "twin", "phase_corrected"))
"""The controls that ``-v`` shows beside a value, where they were measured."""
SIGNS = {
    FURTHER: "+",
    NEARER: "−",
    UNDECIDED: "?",
    LOWER_BUT_INSENSITIVE: "!",
    HIGHER_THAN_INSENSITIVE: "!",
    WITHIN: "~",
    LARGER: "+",
    SMALLER: "−",
    HIGHER: "+",
    LOWER: "−",
    NO_DIFFERENCE: "=",
    IDENTICAL: "=",
    ABSENT: " ",
}
"""What stands behind a value for its claim."""
IN_A_TABLE = {
    LOWER_BUT_INSENSITIVE: "insensitive",
    HIGHER_THAN_INSENSITIVE: "insensitive",
    WITHIN: "within margin",
    NO_DIFFERENCE: "rounding",
}
"""Claims that are shorter there than in sentences."""
LABELLED = "labels: the top class is the label"
MOST_LAYERS = 10
"""Rows of layers of one group; of several groups each has its first and last. ``-v`` has all."""
ROOMY = 92
"""Columns from which names and labels stand whole."""
SHORTEST, LONGEST_LABEL = 12, 16


def print_comparison(comparison: Comparison, console: Console, view: View = View()) -> None:  # noqa: B008 - it is frozen
    """Print the whole comparison: in full, as one line, or one statement a line, as the view says."""
    if view.quiet:
        write(one_line(comparison), console)
        return
    print_page(comparison_page(comparison, view, console.width), console, linear=view.linear)


def comparison_page(comparison: Comparison, view: View, width: int = 100) -> Iterator[Block]:
    """The blocks of the printed comparison, top to bottom, for a console so wide."""
    groups = list(dict.fromkeys(line.group for line in comparison.lines))
    yield from _answers(comparison, groups, view)
    changed = _warnings(comparison)
    if changed:
        yield BLANK
    yield from (Paragraph("warning:", plain(text, 2000), style="magenta") for text in changed)
    yield BLANK
    yield from _facts(comparison, view)
    tables = _Tables(comparison, view, width, several=len(groups) > 1)
    for group in groups:
        yield BLANK
        yield Line(plain(group), style="bold")
        yield from tables.group(group)
        yield from tables.accuracy(group)
        yield from tables.classes(group)
        if view.verbose:
            yield from _hidden(comparison, group, tables_room(width, linear=view.linear))
        elif any(
            action.group == group for subject in comparison.subjects for action in subject.hidden_actions
        ):
            yield Line("hidden actions that were looked for: -v", style="dim", indent=2)
    if view.verbose:
        yield from _details(comparison, groups)
    yield BLANK
    yield from _legend(comparison, view)
    yield Paragraph("next:", next_comparison(comparison))


def one_line(comparison: Comparison) -> str:
    """The comparison as one line of ``key=value``: of each other subject and group the verdict and the differences."""
    reference, *others = comparison.subjects
    pairs: list[tuple[str, object]] = [
        ("geed", "compare"),
        ("reference", plain(reference.label)),
        ("images", comparison.images),
        ("paired", "yes" if comparison.paired else "no"),
    ]
    for at, other in enumerate(others):
        for group in dict.fromkeys(line.group for line in comparison.lines):
            name = f"{plain(other.label)}.{plain(group)}"
            pairs.append((f"{name}.verdict", say_difference(comparison, group, at).key))
            for line in (*comparison.lines, *comparison.accuracy):
                delta = line.deltas[at]
                if line.group == group and line.layer is None and delta.value is not None:
                    pairs.append((f"{name}.{line.metric}", f"{delta.value:+.4g}"))
                    if delta.ci is not None:
                        pairs.append((f"{name}.{line.metric}.ci", f"{delta.ci[0]:+.4g},{delta.ci[1]:+.4g}"))
                    pairs.append((f"{name}.{line.metric}.claim", claim_of(comparison, line, at)))
    return key_values(*pairs, ("warnings", len(_warnings(comparison))))


def _answers(comparison: Comparison, groups: Sequence[str], view: View) -> Iterator[Block]:
    """What is said of each other subject under each group."""
    others = [plain(subject.label) for subject in comparison.subjects[1:]]
    hang = max(map(cell_len, map(plain, groups)), default=0) + 2
    for number_, group in enumerate(groups):
        if number_:
            yield BLANK
        for at, label in enumerate(others):
            said = say_difference(comparison, group, at)
            verdict = plain(said.verdict, 400)
            name = plain(group) if at == 0 or view.linear else ""
            if len(others) > 1:
                verdict = f"{label}: {verdict}"
            yield Paragraph(name, plain(" ".join(said.reasons), 2000), verdict, hang=hang)


def _warnings(comparison: Comparison) -> Sequence[str]:
    """What changes the reading of the whole comparison."""
    return (*difference_warnings(comparison), *_without_intervals(comparison))


def _without_intervals(comparison: Comparison) -> Iterator[str]:
    """Why no difference of a subject has an interval, so that none of them can be claimed."""
    for at, other in enumerate(comparison.subjects[1:]):
        deltas = [line.deltas[at] for line in comparison.lines if line.deltas[at].value is not None]
        if deltas and all(delta.ci is None for delta in deltas):
            notes = dict.fromkeys(note for delta in deltas for note in delta.notes)
            yield f"no difference of {other.label} has an interval: {'; '.join(notes)}"


def _facts(comparison: Comparison, view: View) -> Iterator[Block]:
    labels = [plain(subject.label) for subject in comparison.subjects]
    yield Line(f"· {', '.join(labels[1:])} against {labels[0]}", strong="geed compare")
    clusters = f" in {counted(comparison.clusters, 'cluster')}" if comparison.clusters else ""
    pairing = "paired" if comparison.paired else "not paired: the images differ"
    if any(subject.is_population for subject in comparison.subjects):
        pairing = "over models and images" if comparison.paired else pairing
    tested = sum(delta.value is not None for line in comparison.lines for delta in line.deltas)
    alpha = f"{100 * (1 - comparison.confidence):.2g}%"
    yield Line(
        f"{counted(comparison.images, 'image')}{clusters}, {pairing} · {tested} "
        f"difference{'s' * (tested != 1)}, claims hold together at {alpha} (Holm)"
    )
    if comparison.margins:
        yield Line(f"margin {', '.join(map(plain, comparison.margins))}: two one-sided tests, {alpha} (Holm)")
    for subject in comparison.subjects:
        if subject.is_population:
            models = f": {', '.join(map(plain, dict.fromkeys(subject.models)))}" if view.verbose else ""
            yield Line(f"{plain(subject.label)} is a population of {len(subject.models)} models{models}")
        elif view.verbose:
            yield Line(f"{plain(subject.label)} is {plain(subject.models[0])}")


@dataclass(frozen=True)
class _Tables:
    """The tables of the comparison.

    Attributes:
        width: columns of the console.
        several: whether there are several groups, which leaves each fewer layers.
    """

    comparison: Comparison
    view: View
    width: int
    several: bool

    def group(self, group: str) -> Iterator[Block]:
        """The table of one group; of more subjects than fit side by side, one below the other."""
        own = [line for line in self.comparison.lines if line.group == group]
        whole = [line for line in own if line.layer is None and self._has_a_row(line)]
        layered = {
            line.metric: [each for each in own if each.metric == line.metric]
            for line in own
            if line.layer is not None
        }
        most = len(own) if self.view.verbose else 2 if self.several else MOST_LAYERS
        shown = {metric: ends_of(lines, most) for metric, lines in layered.items()}
        parts = [("", whole), *((self._heading(metric), lines) for metric, lines in shown.items())]
        if len(self.comparison.subjects) == 2:
            yield self._two(parts)
        else:
            yield from self._many(parts)
        left_out = sum(len(lines) - len(shown[metric]) for metric, lines in layered.items())
        if left_out:
            yield Line(f"{left_out} more layer{'s' * (left_out != 1)}: -v", style="dim", indent=2)

    def accuracy(self, group: str) -> Iterator[Block]:
        """The table of what labels say, of which larger is better; nothing without labels."""
        own = [line for line in self.comparison.accuracy if line.group == group]
        if not own:
            return
        parts = [(LABELLED, own)]
        if len(self.comparison.subjects) == 2:
            yield self._two(parts, (LOWER, HIGHER))
        else:
            yield from self._many(parts)

    def classes(self, group: str) -> Iterator[Block]:
        """The table of each number by class, the surest differences first; nothing where it was not asked for."""
        own = [line for line in self.comparison.by_class if line.group == group]
        if not own:
            return
        labels = self._labels()
        headings = [*labels[:1], *(label + "  " * (not self.view.linear) for label in labels[1:])]
        sections, most = [], 0
        for metric in dict.fromkeys(line.metric for line in own):
            lines = surest_first([line for line in own if line.metric == metric])
            shown = lines if self.view.verbose else lines[:MOST_CLASSES]
            most = max(most, len(lines) - len(shown))
            decimals = shared_difference_decimals(lines)
            rows: list[list[Cell]] = [
                [
                    class_name(self.comparison.class_names, line.label),
                    str(line.images),
                    *(self._signed(line, decimals, at) for at in range(len(labels))),
                ]
                for line in shown
            ]
            sections.append(Section(rows, metric))
        yield from (BLANK, Line("by class", strong=f"{plain(group)}:"))
        yield Rows([Column("", left=True, shortens=True), Column("images"), *map(Column, headings)], sections)
        if most:
            yield Line(f"{most} more class{'es' * (most > 1)}: -v", style="dim", indent=2)

    def _has_a_row(self, line: Compared) -> bool:
        """Whether a measure of no layer has one: one without a perfect value where it was asked for by name."""
        there = {line.metric for line in self.comparison.lines}
        usual = {name for name in by_default() if measure_named(name).beside is None}
        return self.view.verbose or measure_named(line.metric).perfect is not None or not usual <= there

    @staticmethod
    def _heading(metric: str) -> str:
        return f"layers, {metric}: {measure_named(metric).best:g} is equivariant"

    @property
    def _roomy(self) -> bool:
        return self.width >= ROOMY or self.view.linear

    def _name(self, line: Compared) -> str:
        name = plain(line.layer) if line.layer is not None else line.metric
        if self._roomy or cell_len(name) <= SHORTEST:
            return name
        if line.metric in LABEL_METRICS:
            return name.removesuffix("_accuracy")
        return short(name, SHORTEST) if line.layer is not None else f"…{name.rpartition('.')[2]}"

    def _labels(self) -> list[str]:
        """The subjects' labels as headings: shortened where they still differ."""
        labels = [plain(subject.label) for subject in self.comparison.subjects]
        shortened = [short(label, LONGEST_LABEL if self._roomy else SHORTEST) for label in labels]
        return labels if self.view.linear or len(set(shortened)) < len(labels) else shortened

    def _two(
        self, parts: Sequence[tuple[str, Sequence[Compared]]], ends: tuple[str, str] = (NEARER, FURTHER)
    ) -> Rows:
        first, second = self._labels()
        level = f"{100 * self.comparison.confidence:g}%"
        narrow = self.width < NARROW and not self.view.linear
        columns = [
            Column("", left=True),
            Column(first, keep=1 if narrow else None),
            Column(second, keep=2 if narrow else None),
            Column(f"difference, {level}"),
            Column(ends, left=True),
            Column("claim", left=True),
            Column("images", keep=0),
        ]
        sections = []
        for heading, lines in parts:
            if lines:
                most = self._largest(lines) if heading else None
                decimals = self._decimals(heading, lines)
                sections.append(Section([self._difference(line, most, decimals) for line in lines], heading))
        return Rows(columns, sections)

    @staticmethod
    def _largest(lines: Sequence[Compared]) -> float:
        """The largest limit of their differences: layers share a scale."""
        ends = [abs(end) for line in lines for end in line.deltas[0].ci or ()]
        return max(ends, default=0.0)

    @staticmethod
    def _decimals(heading: str, lines: Sequence[Compared]) -> int | None:
        """The layers of one table share theirs."""
        return shared_difference_decimals(lines) if heading else None

    def _difference(self, line: Compared, most: float | None, decimals: int | None) -> list[Cell]:
        delta, claim = line.deltas[0], claim_of(self.comparison, line, 0)
        most = self._largest([line]) if most is None else most
        mark: Cell = ""
        if delta.value is not None and delta.ci is not None and most > 0:
            # further is on the right, whichever way the measure is read
            sign = sign_of(line.metric)
            value, *ends = (0.5 + sign * end / (2 * most) for end in (delta.value, *delta.ci))
            low, high = sorted(ends)
            mark = Mark(value, low, high, tick=0.5, tick_sign="│")
        sep = " to " if self._roomy else ".."
        return [
            self._name(line),
            side_text(line, 0, decimals),
            side_text(line, 1, decimals),
            delta_text(line, 0, sep=sep, decimals=decimals),
            mark,
            IN_A_TABLE.get(claim, claim),
            "" if (needed := forecast_of(delta)) is None else f"~{forecast(needed)}",
        ]

    def _many(self, parts: Sequence[tuple[str, Sequence[Compared]]]) -> Iterator[Block]:
        labels = self._labels()
        sections = [
            (heading, [(line, self._decimals(heading, lines)) for line in lines]) for heading, lines in parts
        ]
        every = [each for _, lines in sections for each in lines]
        names = max((cell_len(self._name(line)) for line, _ in every), default=0)
        widths = [
            max([cell_len(label) + 2 * (at > 0), *(cell_len(self._signed(*each, at)) for each in every)]) + 2
            for at, label in enumerate(labels)
        ]
        room = (10**6 if self.view.linear else min(self.width, WIDEST)) - 2 - names - widths[0]
        for number_, chunk in enumerate(_chunks(widths[1:], room)):
            if number_:
                yield BLANK
            shown = [0, *(at + 1 for at in chunk)]
            headings = [labels[at] + "  " * (at > 0 and not self.view.linear) for at in shown]
            yield Rows(
                [Column("", left=True), *map(Column, headings)],
                [
                    Section(
                        [[self._name(each[0]), *(self._signed(*each, at) for at in shown)] for each in lines],
                        heading,
                    )
                    for heading, lines in sections
                    if lines
                ],
            )

    def _signed(self, line: Compared, decimals: int | None, at: int) -> str:
        """A value with the sign of its claim, in words where nothing is drawn."""
        value = side_text(line, at, decimals)
        if at == 0:
            return value
        claim = claim_of(self.comparison, line, at - 1)
        return f"{value} {claim if self.view.linear else SIGNS[claim]}"


def _chunks(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """The places of columns that fit side by side; at least one each time."""
    chunk: list[int] = []
    for at, width in enumerate(widths):
        if chunk and sum(widths[k] for k in chunk) + width > room:
            yield chunk
            chunk = []
        chunk.append(at)
    if chunk:
        yield chunk


def _hidden(comparison: Comparison, group: str, width: int) -> Iterator[Block]:
    """What --discover found for the group in each model that it was looked for in, in tables so wide."""
    for subject in comparison.subjects:
        actions = [action for action in subject.hidden_actions if action.group == group]
        if actions:
            yield from (BLANK, Line(f"{plain(group)} · {plain(subject.label)}"))
            yield hidden_table(actions, width)
            yield from (Paragraph("note:", plain(note, 2000)) for note in hidden_notes(actions))


def _details(comparison: Comparison, groups: Sequence[str]) -> Iterator[Block]:
    """Every value with its interval and controls, every difference with its p-value, every note."""
    several = any(subject.is_population for subject in comparison.subjects)
    there = {name for line in comparison.lines for side in line.sides for name in side.controls}
    controls = [control for control in BESIDE_VALUES if control.name in there]
    level = f"{100 * comparison.confidence:g}% interval"
    for group in groups:
        every = (*comparison.lines, *comparison.accuracy, *comparison.by_class)
        lines = [line for line in every if line.group == group]
        yield from (BLANK, Line("every value", strong=f"{plain(group)}:"))
        columns = [
            Column("", left=True, shortens=True),
            Column("model", left=True, shortens=True),
            Column("value"),
        ]
        columns += [
            Column(level),
            *[Column("within ±")] * several,
            *(Column(control.heading) for control in controls),
        ]
        rows = [
            [
                *(_full_name(comparison, line), plain(subject.label)),
                *(in_unit(line.metric, side.value), limits_in_unit(line.metric, side.ci)),
                *[in_unit(line.metric, side.within) if side.within is not None else ""] * several,
                *(_control(line, side, control.name) for control in controls),
            ]
            for line in lines
            for subject, side in zip(comparison.subjects, line.sides, strict=True)
        ]
        yield Rows(columns, [Section(rows)])
        yield from (BLANK, Line("every difference from the first", strong=f"{plain(group)}:"))
        margin = [Column("margin ±"), Column("p, margin")] if comparison.margins else []
        yield Rows(
            [Column("", left=True, shortens=True), Column("model", left=True, shortens=True), Column("difference"),
             Column(level), Column("p"), Column("p, Holm"), *margin, Column("claim", left=True), Column("images")],
            [Section([_difference_row(comparison, line, at) for line in lines for at in range(len(line.deltas))])],
        )  # fmt: skip
        yield from (Paragraph("note:", text) for text in _notes(comparison, group))


def _full_name(comparison: Comparison, line: Compared) -> str:
    if isinstance(line, ClassLine):
        return f"{line.metric} of {class_name(comparison.class_names, line.label)}"
    return line.metric if line.layer is None else f"{line.metric} at {plain(line.layer)}"


def _control(line: Compared, side: Side, name: str) -> str:
    return in_unit(line.metric, side.controls[name]) if name in side.controls else ""


def _difference_row(comparison: Comparison, line: Compared, at: int) -> list[Cell]:
    delta = line.deltas[at]
    needed = "" if (count := forecast_of(delta)) is None else forecast(count)
    tested, margin = delta.margin, []
    if comparison.margins:
        amount = None if tested is None else tested.amount
        margin = [
            "" if amount is None else in_unit(line.metric, amount),
            number(tested.p_holm) if tested and tested.p_holm is not None else "",
        ]
    return [
        *(_full_name(comparison, line), plain(comparison.subjects[at + 1].label)),
        *(in_unit(line.metric, delta.value), limits_in_unit(line.metric, delta.ci)),
        *(number(delta.p_value), number(delta.p_holm), *margin, claim_of(comparison, line, at), needed),
    ]


def _notes(comparison: Comparison, group: str) -> list[str]:
    """Each note once, with the subject and the lines that it is about."""
    labels = [subject.label for subject in comparison.subjects]
    pairs: list[tuple[tuple[str, str], str]] = []
    for line in (*comparison.lines, *comparison.accuracy, *comparison.by_class):
        if line.group == group:
            parts: list[Side | Delta] = [*line.sides, *line.deltas]
            for label, part in zip([*labels, *labels[1:]], parts, strict=True):
                pairs += [((label, note), _full_name(comparison, line)) for note in part.notes]
    return [f"{plain(label)}, {some(names)}: {plain(note)}" for (label, note), names in about(pairs).items()]


def _legend(comparison: Comparison, view: View) -> Iterator[Block]:
    """How to read the tables; with ``-v`` also the controls beside values."""
    alone = "intervals hold together" if comparison.simultaneous else "intervals for each alone"
    if len(comparison.subjects) == 2:
        said = f"claims hold for all lines together, {alone}"
    else:
        claims = {
            claim_of(comparison, line, at) for line in comparison.lines for at in range(len(line.deltas))
        }
        dull = claims & {LOWER_BUT_INSENSITIVE, HIGHER_THAN_INSENSITIVE}
        said = "+ further than the first, − nearer, ? undecided, not equal" + ", ! one is insensitive" * bool(
            dull
        )
        said += ", ~ within the margin" * (WITHIN in claims)
        said += ", = the same rows, or but for rounding" * bool(claims & {IDENTICAL, NO_DIFFERENCE})
    yield Line(said + ("" if view.verbose else "; -v shows all"), style="dim", drawn=True)
    yield from _labelled_legend(comparison)
    if len(comparison.subjects) == 2:
        share = ", layers share one" * any(line.layer is not None for line in comparison.lines)
        yield Line(f"│ no difference; marks end at the measure's own limit{share}", style="dim", drawn=True)
    if not view.verbose:
        return
    for measure in BY_NAME.values():
        if measure.perfect is None and any(line.metric == measure.name for line in comparison.lines):
            yield Line(
                f"{measure.name} is raw / M: its difference is one of M as much as of invariance.",
                style="dim",
            )
    if any(subject.is_population for subject in comparison.subjects):
        yield Line(
            "Populations: intervals are over models and images (t); “within” is one model's half-width over images.",
            style="dim",
        )
    shown = {name for line in comparison.lines for side in line.sides for name in side.controls}
    yield from (Line(control.reading, style="dim") for control in BESIDE_VALUES if control.name in shown)
    if any(subject.hidden_actions for subject in comparison.subjects):
        yield Line(HIDDEN_ACTIONS_READING, style="dim")


def _labelled_legend(comparison: Comparison) -> Iterator[Block]:
    """How to read what labels say, whose claims are families of their own."""
    if comparison.by_class:
        yield Line(
            "by class: + further, or of accuracy higher; claims hold for all classes together",
            style="dim",
            drawn=True,
        )
    if comparison.accuracy:
        signs = "" if len(comparison.subjects) == 2 else "+ higher than the first, − lower; "
        yield Line(f"labels: {signs}claims hold for these lines together", style="dim", drawn=True)


def to_csv(comparison: Comparison) -> str:
    """One row for each line and subject, differences beside the subjects that have them."""
    return csv_text(*comparison.rows_and_columns())
