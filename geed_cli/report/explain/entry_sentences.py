"""One entry of a result in sentences: what each of its numbers is, with the numbers themselves."""

from collections.abc import Iterator

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.control import CONTROLS, Control
from geed_cli.report.console import plain
from geed_cli.report.numbers import furthest, in_unit, number, percent
from geed_cli.result.samples import confidence_of
from geed_cli.result.schema import Entry, Result
from geed_cli.verdict.digits import (
    limits_text,
    percent_text,
    two_digits,
    value_text,
    way_limits_text,
)
from geed_cli.verdict.digits import percent as percent_of
from geed_cli.verdict.names import sentence
from geed_cli.verdict.way import Way, floor_on_scale, twin_on_scale, way_of


def told(result: Result, entry: Entry, order: int) -> str:
    """The entry from its value to its notes."""
    if entry.value is None:
        return " ".join(_without_value(entry, order))
    return " ".join(
        [*_value(result, entry, order), *_place(entry, order), *_controls(entry, order), *_notes(entry)]
    )


def _without_value(entry: Entry, order: int) -> Iterator[str]:
    """That there is none, and why."""
    yield f"It is {value_text(entry)}."
    if entry.raw is not None:
        yield f"The raw mean still stands: {number(entry.raw)}."
    yield from _controls(entry, order)
    yield from _notes(entry)


def _value(result: Result, entry: Entry, order: int) -> Iterator[str]:
    measure = measure_named(entry.metric)
    yield measure.told.format(
        value=value_text(entry),
        raw=number(entry.raw),
        M=number(entry.normaliser),
        n=order,
        layer=entry.layer,
    )
    level = f"{100 * confidence_of(result):.4g}%"
    if entry.ci is None:
        yield "There is no interval (withheld), so that is no estimate for other images."
    elif entry.ci[0] == entry.ci[1]:
        yield "All images have the same value, so its interval has no width."
    else:
        alone = ", with all others of the run" * result.settings.simultaneous
        yield f"Over other images like these it lies between {_between(entry)} with {level} confidence{alone}."
    if (means := furthest(entry)) and any(entry.per_element.values()):
        name, _, mean = means.rpartition(" ")
        yield f"Of the group's elements {plain(name)} has the largest mean, {mean} (furthest, raw)."
        if (own := entry.per_element_ci.get(name)) is not None:
            low, high = map(number, own)
            yield f"By itself that mean lies between {low} and {high}."


def _between(entry: Entry) -> str:
    return limits_text(entry, sep=" and ")


def _place(entry: Entry, order: int) -> Iterator[str]:
    """Where it stands between an unchanged and another image."""
    way = way_of(entry, order)
    if way is None:
        return
    if not way.percent:
        yield from _bounded(entry, way)
        return
    limits = "" if way.ci is None else f" ({way_limits_text(way)})"
    yield f"On the way to another image that is {'about ' * way.about}{percent_text(way)}{limits}."


def _bounded(entry: Entry, way: Way) -> Iterator[str]:
    if way.value > 0 and entry.value is not None:
        end = two_digits(entry.value / way.value)
        yield f"Another image would have at most {end}, the end of its mark, so there is no percentage."


def _controls(entry: Entry, order: int) -> Iterator[str]:
    """Every control that was measured, in the order of the catalogue."""
    for name, control in CONTROLS.items():
        if name in entry.controls and _says_something(entry, control):
            yield control.told.format(value=_control_text(entry, control))
            yield from _control_place(entry, name, order)


def _says_something(entry: Entry, control: Control) -> bool:
    """Not a part of nothing, nor a distance from a perfect value that has no rounding, or moves with M."""
    measure = measure_named(entry.metric)
    if control.from_best:
        return measure.perfect is not None and measure.rounding_order is not None
    return entry.controls[control.name] != 0 or not control.part


def _control_text(entry: Entry, control: Control) -> str:
    value = entry.controls[control.name]
    if control.from_best:
        measure = measure_named(entry.metric)
        return number(measure.distance(value, measure.perfect or 0.0))
    if control.part:
        return percent(value)
    return number(value) if "nats" in control.told else in_unit(entry.metric, value)


def _control_place(entry: Entry, name: str, order: int) -> Iterator[str]:
    """Floor and twin on the way to another image, where they are percentages and no rates, which are their own."""
    way = way_of(entry, order)
    if way is None or not way.percent or measure_named(entry.metric).percent:
        return
    places = {"floor": floor_on_scale(entry, order), "twin": twin_on_scale(entry, order)}
    if (place := places.get(name)) is not None:
        yield f"That is {percent_of(place)} of the way."


def _notes(entry: Entry) -> Iterator[str]:
    yield from (sentence(f"note: {plain(note)}") for note in entry.notes)
