"""A sweep on a page: for each data set what it says, and each value of each model with its interval as a mark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geed_cli.measures.label_metrics import LABEL_METRICS, in_percent, perfect_of
from geed_cli.phrases import counted
from geed_cli.report.html.colours import MUTED
from geed_cli.report.html.drawing import decoration, interval, line, lines, name, reference, text
from geed_cli.report.html.shown_model import Subject, subjects_of
from geed_cli.sweeps.manifest import Sweep, Value
from geed_cli.verdict.digits import decimals_of, difference_text, number_text, percent, percents
from geed_cli.verdict.names import PLAIN
from geed_cli.verdict.sweep_sentences import at_last_layers, say_sweep

WIDTH, EDGE = 140, 6
"""Units of a mark, and what is left free at its ends."""


@dataclass(frozen=True)
class SweptRow:
    """One model in a card: its value, where it lies, and the interval and the difference from the first in words."""

    model: Subject
    value: str
    mark: Markup
    facts: tuple[str, ...]


@dataclass(frozen=True)
class SweptCard:
    """One measure under one group on one data set, a row for each model, above an axis that all data sets share."""

    metric: str
    title: str
    unit: str
    rows: tuple[SweptRow, ...]
    axis: Markup


@dataclass(frozen=True)
class OnData:
    """One data set's part."""

    data: str
    said: tuple[str, ...]
    cards: tuple[SweptCard, ...]


def of_sweep(sweep: Sweep) -> dict[str, object]:
    """What the template shows of a sweep."""
    subjects = subjects_of([model.label for model in sweep.models])
    level = f"{100 * sweep.confidence:g}%"
    several = [
        f"{name(model.label, 60)} is {counted(len(model.members), 'model')}, with intervals over models and images."
        for model in sweep.models
        if len(model.members) > 1
    ]
    against = (
        f" Differences are from {subjects[0].label}; claims hold together on each data set (Holm). Undecided is not "
        "equal."
    ) * (len(subjects) > 1)
    failed = [
        f"{name(cell.member, 60)} on {name(cell.data, 60)} failed: {'; '.join(filter(None, cell.error))}"
        for cell in sweep.failed
    ]
    return {
        "swept": list(_parts(sweep, subjects)),
        "swept_lead": f"Bold: the value. Bar: its {level} interval. Axes of one measure are the same on all data sets."
        f"{against}{''.join(f' {each}' for each in several)}",
        "swept_warnings": [*sweep.warnings, *failed],
        "keys": subjects,
    }


def _parts(sweep: Sweep, subjects: Sequence[Subject]) -> Iterator[OnData]:
    """Each data set, in the sweep's order."""
    groups = list(dict.fromkeys(value.group for value in sweep.values))
    for data in sweep.data:
        said = [(group, say_sweep(sweep, data.label, group).verdict) for group in groups]
        lines = [f"{name(group)}: {text}" if len(groups) > 1 else text for group, text in said]
        yield OnData(name(data.label, 60), tuple(lines), tuple(_cards(sweep, data.label, subjects)))


def _cards(sweep: Sweep, data: str, subjects: Sequence[Subject]) -> Iterator[SweptCard]:
    """The cards of one data set."""
    labels = [model.label for model in sweep.models]
    values = at_last_layers(sweep.values)
    for group, metric in dict.fromkeys((value.group, value.metric) for value in values):
        here = {
            value.model: value
            for value in values
            if (value.data, value.group, value.metric) == (data, group, metric)
        }
        scale = _scale([value for value in values if value.metric == metric], metric)
        labelled = LABEL_METRICS.get(metric)
        title = PLAIN.get(metric, metric) if labelled is None else labelled.title
        yield SweptCard(
            metric,
            title[:1].upper() + title[1:],
            name(group),
            tuple(
                _row(subject, here.get(label), scale) for label, subject in zip(labels, subjects, strict=True)
            ),
            _axis(metric, scale),
        )


def _scale(values: Sequence[Value], metric: str) -> tuple[float, float]:
    """From perfect, where anything is, to the furthest limit on any data set."""
    ends = [end for each in values for end in (each.value, *(each.ci or ())) if end is not None]
    perfect = perfect_of(metric)
    low, high = min([*ends, *([] if perfect is None else [perfect])], default=0.0), max(ends, default=1.0)
    return low, high if high > low else low + 1.0


def _row(subject: Subject, value: Value | None, scale: tuple[float, float]) -> SweptRow:
    """One model's row; of no value an empty one."""
    if value is None or value.value is None:
        return SweptRow(subject, "–", decoration("", WIDTH, 20), ("no value",))
    rate, decimals = in_percent(value.metric), None if value.ci is None else decimals_of(*value.ci)
    shown = percent(value.value) if rate else number_text(value.value, decimals)
    facts = [_limits(value.ci, decimals, rate=rate)]
    if value.layer is not None:
        facts.append(f"at {name(value.layer, 60)}, its last layer")
    if value.models > 1:
        facts.append(counted(value.models, "model"))
    if value.difference_ci is not None:
        facts.append(f"{value.claim}: {difference_text(value.metric, *value.difference_ci)}")
    elif value.claim:
        facts.append(value.claim)
    return SweptRow(subject, shown, _mark(subject, value, scale), tuple(facts))


def _limits(ci: tuple[float, float] | None, decimals: int | None, *, rate: bool) -> str:
    """The interval in words, with the value's decimals."""
    if ci is None:
        return "no interval"
    return percents(*ci) if rate else " to ".join(number_text(end, decimals) for end in ci)


def _at(number: float, scale: tuple[float, float]) -> float:
    """Where a number stands in a mark."""
    return EDGE + (WIDTH - 2 * EDGE) * (number - scale[0]) / (scale[1] - scale[0])


def _mark(subject: Subject, value: Value, scale: tuple[float, float]) -> Markup:
    """The value and its interval on the line of the scale."""
    assert value.value is not None, "the caller has seen it"
    body = line(EDGE, 10, WIDTH - EDGE, 10)
    if value.ci is not None:
        body += interval(_at(value.ci[0], scale), _at(value.ci[1], scale), 10, subject.paint)
    return decoration(body + reference(f"m{subject.paint.key}", _at(value.value, scale), 10), WIDTH, 20)


def _axis(metric: str, scale: tuple[float, float]) -> Markup:
    """The two ends of the scale, in the measure's unit."""
    body = lines([(EDGE, 0, EDGE, 3), (WIDTH - EDGE, 0, WIDTH - EDGE, 3)], css="zl", colour=MUTED)
    low, high = (percent(end) if in_percent(metric) else f"{end:.3g}" for end in scale)
    body += text(2, 14, low) + text(WIDTH - 2, 14, high, anchor="end")
    return decoration(body, WIDTH, 17)
