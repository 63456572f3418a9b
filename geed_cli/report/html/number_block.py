"""The numbers of whole networks, as cards: value, interval as a mark between unchanged and another image, controls."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geed_cli.measures.catalogue import BY_NAME, measure_named
from geed_cli.measures.measure import LayerMeasure
from geed_cli.report.html.colours import GROUND, MUTED, UNTRAINED, ZONE
from geed_cli.report.html.drawing import bar, decoration, interval, line, lines, reference, text, ticks
from geed_cli.report.html.shown_model import ShownModel
from geed_cli.result.schema import Entry
from geed_cli.verdict.digits import (
    decimals_of,
    limits_text,
    number_text,
    percent,
    percent_text,
    percents,
    two_digits,
    value_text,
    way_limits_text,
)
from geed_cli.verdict.names import PLAIN
from geed_cli.verdict.way import Way, floor_on_scale, twin_limits_on_scale, twin_on_scale

WIDTH, EDGE = 140, 6
"""Units of a mark, and what is left free at its ends."""
TWIN_MARK = Markup(
    f'<path id="twin" class="su hollow" d="M0-5l5 5-5 5-5-5z" fill="{GROUND}" stroke="{UNTRAINED}" stroke-width="1.4"/>'
)
"""Stands once on a page, to be referred to."""


@dataclass(frozen=True)
class NumberRow:
    """One model in a card.

    Attributes:
        value: the number that is read first.
        mark: where it lies, with its interval.
        facts: interval, controls, and the value in the measure's own unit.
    """

    model: ShownModel
    value: str
    mark: Markup
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """One measure under one group, a row for each model, above one axis."""

    metric: str
    title: str
    unit: str
    rows: tuple[NumberRow, ...]
    axis: Markup


def metrics_shown(models: Sequence[ShownModel]) -> list[str]:
    """The measures that have cards: those of whole networks with a known best value, in the catalogue's order."""
    measured = {e.metric for model in models for e in model.result.results if e.layer is None}
    return [
        name
        for name, measure in BY_NAME.items()
        if name in measured and measure.perfect is not None and not isinstance(measure, LayerMeasure)
    ]


def cards(models: Sequence[ShownModel], group: str, every_group: Sequence[str]) -> list[Card]:
    """The cards of one group; a measure has one axis under all groups."""
    return [
        _card(models, group, metric, _end(models, every_group, metric)) for metric in metrics_shown(models)
    ]


def _card(models: Sequence[ShownModel], group: str, metric: str, end: float) -> Card:
    title = PLAIN.get(metric, metric)
    return Card(
        metric,
        title[:1].upper() + title[1:],
        _unit(metric),
        tuple(_row(model, group, metric, end) for model in models),
        _axis(end),
    )


def _unit(metric: str) -> str:
    """What the large number counts."""
    measure = measure_named(metric)
    if measure.scale.kind == "rate":
        return "how often it changes"
    return measure.unit or "of the way to another image"


def _row(model: ShownModel, group: str, metric: str, end: float) -> NumberRow:
    entry = model.entry(group, metric)
    if entry is None:
        return NumberRow(model, "–", decoration("", WIDTH, 20), (_absent(model, group, metric),))
    way = model.way(entry)
    own, limits = value_text(entry), _limits(limits_text(entry))
    if way is None or not percent_text(way):
        return NumberRow(model, own, _mark(model, entry, way, end), (limits, *_controls(model, entry)))
    shown = percent_text(way)
    rate = measure_named(metric).scale.kind == "rate"
    facts = [limits] if rate else [_limits(way_limits_text(way)), f"{metric} {own} ({limits})"]
    return NumberRow(model, shown, _mark(model, entry, way, end), (*facts, *_controls(model, entry)))


def _absent(model: ShownModel, group: str, metric: str) -> str:
    for entry in model.result.results:
        if (entry.group, entry.metric, entry.layer) == (group, metric, None):
            return value_text(entry) if entry.status == "not_applicable" else "undefined"
    return "not measured"


def _limits(shown: str) -> str:
    return "no interval" if shown == "none" else shown


def _controls(model: ShownModel, entry: Entry) -> list[str]:
    """The controls, on the scale that the large number has."""
    facts = []
    order, way = model.groups[entry.group].order, model.way(entry)
    as_percent = way is not None and way.percent
    if (sensitivity := entry.controls.get("sensitivity")) is not None:
        facts.append(f"sensitivity {two_digits(sensitivity)}")
    if "floor" in entry.controls:
        facts.append(
            f"floor {_shown(floor_on_scale(entry, order), entry.controls['floor'], as_percent=as_percent)}"
        )
    if "twin" in entry.controls:
        limits = twin_limits_on_scale(entry) if as_percent else entry.twin_ci
        between = "" if limits is None else percents(*limits) if as_percent else _between(limits)
        shown = _shown(twin_on_scale(entry, order), entry.controls["twin"], as_percent=as_percent)
        facts.append(f"twin {shown}" + f" ({between})" * bool(between))
    return facts


def _shown(place: float | None, own: float, *, as_percent: bool) -> str:
    return percent(place) if as_percent and place is not None else number_text(own)


def _between(limits: tuple[float, float]) -> str:
    decimals = decimals_of(*limits)
    return f"{number_text(limits[0], decimals)} to {number_text(limits[1], decimals)}"


def _end(models: Sequence[ShownModel], groups: Sequence[str], metric: str) -> float:
    """Where the axis ends: 100% of a rate, else a tenth beyond the furthest mark."""
    if measure_named(metric).scale.kind == "rate":
        return 1.0
    furthest = 0.1
    for model in models:
        for group in groups:
            entry = model.entry(group, metric)
            way = None if entry is None else model.way(entry)
            if entry is not None and way is not None:
                twin = twin_on_scale(entry, model.groups[group].order)
                furthest = max(furthest, way.value, *(way.ci or ()), twin or 0.0)
    step = ticks(furthest)[1]  # so that the last number stands at the end
    return math.ceil(furthest / step - 1e-9) * step


def _at(part: float, end: float) -> float:
    return EDGE + (WIDTH - 2 * EDGE) * min(max(part, 0.0), end) / end


def _mark(model: ShownModel, entry: Entry, way: Way | None, end: float) -> Markup:
    body = line(EDGE, 10, WIDTH - EDGE, 10)
    if way is None:
        return decoration(body, WIDTH, 20)
    order = model.groups[entry.group].order
    if (floor := floor_on_scale(entry, order)) is not None:
        x = _at(floor, end)
        body += bar(EDGE, 3, x - EDGE, 14, css="zone", colour=ZONE) + line(
            x, 3, x, 17, css="zl", colour=MUTED
        )
    if way.ci is not None:
        body += interval(_at(way.ci[0], end), _at(way.ci[1], end), 10, model.paint)
    if (twin := twin_on_scale(entry, order)) is not None:
        if (limits := twin_limits_on_scale(entry)) is not None:
            body += line(
                _at(limits[0], end), 10, _at(limits[1], end), 10, css="su", colour=UNTRAINED, width=1.2
            )
        body += reference("twin", _at(twin, end), 10)
    return decoration(body + reference(f"m{model.paint.key}", _at(way.value, end), 10), WIDTH, 20)


def _axis(end: float) -> Markup:
    marks = ticks(end)
    body = lines([(_at(tick, end), 0, _at(tick, end), 3) for tick in marks], css="zl", colour=MUTED)
    for number, tick in enumerate(marks):
        x = _at(tick, end)
        if number == 0:
            body += text(2, 14, "0%")
        elif number == len(marks) - 1 or len(marks) < 5 or number % 2 == 0:
            last = x > WIDTH - 20
            body += text(WIDTH - 2 if last else x, 14, f"{100 * tick:g}%", anchor="end" if last else "middle")
    return decoration(body, WIDTH, 17)
