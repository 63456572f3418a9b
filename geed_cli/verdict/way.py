"""One scale for every measure: how far on the way to another image, 0 unchanged, 1 as far as another image.

Results since ``geed.result/2`` have it measured (``Entry.to_another``); of earlier ones it is made here from what they
have. docs/measures.md has the definitions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.measure import LayerMeasure, VectorMeasure
from geed_cli.result.schema import Entry, ToAnother
from geed_cli.statistics.validity import ALL_THE_SAME, WITHHELD

NO_DISTANCE = 1e-12
"""Below this the end of a scale is not told from its beginning: rounding leaves as much of two equal maps."""


@dataclass(frozen=True)
class Way:
    """A value on the scale.

    Attributes:
        value: 0 unchanged, 1 another image; may be larger.
        ci: its interval; None where there is none.
        about: whether it is only near what a newer result measures: latent.l2 over U(n) for n > 2, and layers against
            a null that e is part of.
        percent: whether 1 is another image; False where 1 is an upper bound of that, so that the value may be drawn
            between the ends but is no percentage.
    """

    value: float
    ci: tuple[float, float] | None
    about: bool
    percent: bool


def way_of(entry: Entry, order: int) -> Way | None:
    """An entry on the scale; None where it has no place there.

    Args:
        entry: of a result.
        order: n, of its group.
    """
    if entry.value is None:
        return None
    if entry.to_another is not None:
        saved = entry.to_another
        return None if saved.value is None else Way(saved.value, _ends(saved), about=False, percent=True)
    measure = measure_named(entry.metric)
    if measure.scale.kind == "rate":
        ends = entry.ci and tuple(sorted(map(measure.distance, entry.ci)))
        ci = None if ends is None else (ends[0], ends[1])
        return Way(measure.distance(entry.value), ci, about=False, percent=True)
    if isinstance(measure, LayerMeasure):
        return _against_null(entry, measure.best)
    if isinstance(measure, VectorMeasure) and measure.unrelated is not None:
        return _stretched(entry, _unrelated(entry, measure, order), about=order > 2, percent=True)
    return _stretched(entry, _largest_reaction(entry, order), about=False, percent=False)


def _ends(saved: ToAnother) -> tuple[float, float] | None:
    return saved.ci or (None if saved.value is None else unmoved(saved.value, saved.notes))


def unmoved(value: float, notes: Sequence[str]) -> tuple[float, float] | None:
    """The value as its own limits, where it is rounding at most and no image moves it; else None.

    Of other images nothing is known, so that no interval is printed, but of these copies it says all that there is.
    """
    still = any(note.startswith(WITHHELD) and ALL_THE_SAME in note for note in notes)
    return (value, value) if still and abs(value) <= NO_DISTANCE else None


def floor_on_scale(entry: Entry, order: int) -> float | None:
    """What resampling alone does, on the scale; None where it was not measured or the entry has no place there.

    The floor of latent.l2 is ‖f(g⁻¹(gx)) − f(x)‖/M, a distance between two vectors, so that another image is 1 and not
    U(n). The control is a mean over all of G; like the value here, its place is of the elements beside e, which moves
    nothing. A rate and a relative error have left e out already, and softmax.kl's place, which is no percentage, has e
    in it on both sides.
    """
    floor = entry.controls.get("floor")
    measure = measure_named(entry.metric)
    if floor is None or entry.value is None:
        return None
    if measure.scale.kind == "rate":
        return measure.distance(floor)
    beside_e = 1.0 if measure.first else order / (order - 1) if order > 1 else 0.0
    if isinstance(measure, VectorMeasure) and measure.unrelated:
        return floor * beside_e
    if isinstance(measure, LayerMeasure):
        null = distance_to_another(entry, measure.best)
        return None if null is None or order < 2 else (floor - measure.best) * beside_e / null
    end = _largest_reaction(entry, order)
    return None if end <= NO_DISTANCE else floor / end


def twin_on_scale(entry: Entry, order: int) -> float | None:
    """The random twin's value on the scale; None where there is no twin or its place is not known."""
    twin = entry.controls.get("twin")
    if twin is None or entry.value is None:
        return None
    if entry.to_another is not None:
        return entry.to_another.twin
    measure = measure_named(entry.metric)
    if measure.scale.kind == "rate":
        return measure.distance(twin)
    if isinstance(measure, VectorMeasure) and (end := _unrelated(entry, measure, order)) > 0.0:
        return twin / end
    return None


def twin_limits_on_scale(entry: Entry) -> tuple[float, float] | None:
    """The interval of the random twin's value on the scale; None where the result has none."""
    if entry.twin_ci is None or entry.value is None:
        return None
    if entry.to_another is not None:
        return entry.to_another.twin_ci
    measure = measure_named(entry.metric)
    low, high = sorted(map(measure.distance, entry.twin_ci))
    return (low, high) if measure.scale.kind == "rate" else None


def _unrelated(entry: Entry, measure: VectorMeasure, order: int) -> float:
    """The value of copies as far apart as different images; 0 where the measure or a group of one element has none.

    Where e is perfect, f̂ is f, as under a declared action whose kernel is {e}: then it is the share of the others.
    """
    if measure.unrelated is None:
        return 0.0
    return 1.0 - 1.0 / order if entry.per_element.get("e") == measure.best else measure.unrelated(order)


def _stretched(entry: Entry, end: float, *, about: bool, percent: bool) -> Way | None:
    """The value and its limits as parts of what is at the end of the scale."""
    if entry.value is None or end <= NO_DISTANCE:
        return None
    ci = None if entry.ci is None else (entry.ci[0] / end, entry.ci[1] / end)
    return Way(entry.value / end, ci, about, percent)


def _against_null(entry: Entry, best: float) -> Way | None:
    """A layer of an earlier result: its elements beside e against its null, which e is part of; without interval."""
    means = [mean for name, mean in entry.per_element.items() if name != "e" and mean is not None]
    null = distance_to_another(entry, best)
    if not means or null is None:
        return None
    return Way(max(sum(means) / len(means) - best, 0.0) / null, None, about=True, percent=True)


def distance_to_another(entry: Entry, best: float) -> float | None:
    """How far another image's maps are from perfect; None where that is not known, or where f̂ is not f.

    f̂ is f exactly where e is perfect. Otherwise it is a mean that f(gx) is part of, and no element is as far from it as
    from another image's.
    """
    if entry.to_another is not None and entry.to_another.null:
        distances = [distance for _, _, distance in entry.to_another.null]
        mean = sum(distances) / len(distances)
        return mean if mean > NO_DISTANCE else None
    at_e, null = entry.per_element.get("e"), entry.controls.get("null")
    if at_e is None or null is None or at_e - best > NO_DISTANCE or null - best <= NO_DISTANCE:
        return None
    return null - best


def _largest_reaction(entry: Entry, order: int) -> float:
    """An upper bound of a divergence between copies as different as images: min(sensitivity, ln n); 0 where unknown."""
    sensitivity = entry.controls.get("sensitivity", 0.0)
    return min(sensitivity, math.log(order)) if order > 1 else 0.0
