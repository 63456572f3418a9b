"""What a value may not be told apart from: rounding, resampling, another image's maps, a twin, the network's unrest."""

import math
from collections.abc import Sequence
from typing import Literal

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.floating_point import is_small, measured_noise
from geed_cli.result.samples import answers_of
from geed_cli.result.schema import Entry, Result
from geed_cli.verdict.reaction import of_predictions, reacts
from geed_cli.verdict.way import way_of

LIKE_NULL = 0.9
"""A layer whose 1 + deviation under g ≠ e reaches this part of its 1 + null treats gx like another image."""
LIKE_FLOOR = 2.0
"""A value within so many floors of perfect cannot be told from resampling."""
FLOAT32_ROUNDING = 1e-6
"""Where rounding is not known: differences below it are none in float32."""


def noise_of(entry: Entry) -> float:
    """The largest difference from the entry's value that rounding alone may make."""
    if "rounding" not in entry.controls:
        return FLOAT32_ROUNDING
    return measured_noise(entry.metric, entry.controls["rounding"])


def at_rounding(entry: Entry, value: float, result: Result) -> Literal["perfect", "lost"] | None:
    """Whether rounding is all that may be left of a value, not where M decides what is perfect.

    ``perfect`` where the rounding is itself small, ``lost`` where it is not, so that nothing can be told.
    """
    measure = measure_named(entry.metric)
    if measure.perfect is None or "rounding" not in entry.controls:
        return None
    noise = noise_of(entry)
    if not (noise > 0 and measure.distance(value, measure.perfect) <= noise):
        return None
    return "perfect" if is_small(entry.metric, noise, answers_of(result, entry.group)) else "lost"


def like_floor(entry: Entry, value: float) -> bool:
    """Whether a value is within two floors of perfect, in its own unit."""
    measure = measure_named(entry.metric)
    if measure.perfect is None or "floor" not in entry.controls:
        return False
    floor = measure.distance(entry.controls["floor"])
    return floor > 0 and measure.distance(value) < LIKE_FLOOR * floor


def like_null(entry: Entry, order: int) -> bool:
    """Whether a layer's maps of gx are about as far from g·f(x) as those of another image."""
    if measure_named(entry.metric).beside is not None or "null" not in entry.controls:
        return False
    way = way_of(entry, order)
    return way is not None and way.value > LIKE_NULL


def below_repeat(entry: Entry) -> bool:
    """Whether a picture that is shown again moves as far, so that the value means nothing."""
    sign = measure_named(entry.metric).sign
    return sign * (entry.value or 0.0) <= sign * entry.controls.get("repeat", sign * math.inf)


def no_further_twins(entries: Sequence[Entry], result: Result) -> list[Entry]:
    """Those whose random twin is no further from perfect, by its value and by its place on the way to another image.

    What an insensitive twin predicts, it predicts for every picture, so that is left out. Of layers the value alone may
    mislead: random maps are alike whatever they show, so that theirs is low beside a null that is as low.
    """
    steady_twin = all(
        result.data.count > 1 and reacts(entry.controls["twin_sensitivity"], result)
        for entry in entries
        if "twin_sensitivity" in entry.controls
    )
    return [
        entry
        for entry in entries
        if _comparable(entry.metric, twin_reacts=steady_twin)
        and "twin" in entry.controls
        and measure_named(entry.metric).sign * ((entry.value or 0.0) - entry.controls["twin"])
        > noise_of(entry)
        and not _nearer_on_scale(entry)
    ]


def _nearer_on_scale(entry: Entry) -> bool:
    """Whether the network is nearer than its twin there; False where that is not known."""
    way = entry.to_another
    return way is not None and way.value is not None and way.twin is not None and way.value < way.twin


def _comparable(metric: str, *, twin_reacts: bool) -> bool:
    """Whether a twin's value can be set against the network's."""
    return measure_named(metric).perfect is not None and (twin_reacts or not of_predictions(metric))
