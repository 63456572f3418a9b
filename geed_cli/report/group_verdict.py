"""What the numbers of one group amount to, in plain words: each sentence sets a control against a value.

Nothing is judged good or bad here; a sentence appears where a value would be misread without it. What a group does to
the layers' sampling grids is about the architecture at one input size: trained filters can have learnt to live with
it, so nothing here says that a layer is not equivariant. docs/controls.md has the rules and their constants.
"""

import math
from collections.abc import Iterator, Sequence

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.floating_point import AT_ROUNDING, SMALL_ROUNDING, measured_noise
from geed_cli.measures.measure import Measure, VectorMeasure
from geed_cli.report.numbers import named, number, some
from geed_cli.result.samples import output_kind
from geed_cli.result.schema import Entry, GridPhase, Result

INSENSITIVE = 0.02
"""A sensitivity below this part of its largest possible value, ln(images), is no reaction to speak of."""
REACTS_LESS = 0.1
"""An insensitive network whose value is below this part of its sensitivity is invariant all the same."""
NO_REACTION = 1e-12
"""Nats: a sensitivity below this is what rounding leaves of one answer for every image."""
LIKE_NULL = 0.9
"""A layer whose 1 + deviation under g ≠ e reaches this part of its 1 + null treats gx like another image."""
LIKE_FLOOR = 2.0
"""A value within so many floors of perfect cannot be told from resampling."""
FLOAT32_ROUNDING = 1e-6
"""Where rounding is not known: differences below it are none in float32."""
OBSTACLES = {
    "off centre": (
        "sampling grid off centre at this input size ({reason}), so filters symmetric about their own centres are "
        "not equivariant there",
        "centres it",
    ),
    "shift": ("shifts are no whole pixels of a grid on the way ({reason})", "makes them so"),
    "axes": (
        "rows and columns are sampled differently on the way ({reason}), so a quarter turn does not map the grid "
        "onto itself",
        "samples them alike",
    ),
}
"""By kind: what is the matter, and what another input size does about it."""


def verdicts(result: Result, group: str) -> Iterator[str]:
    """The sentences about one group."""
    entries = [entry for entry in result.results if entry.group == group and entry.value is not None]
    if result.unsteady is not None:  # what is said below holds of functions
        yield from _below_repeat(entries)
        return
    yield from _insensitive(entries, result)
    yield from _like_null(entries)
    yield from _like_floor(entries)
    yield from _like_twin(entries, result)
    yield from _at_rounding(entries, result, group)
    yield from grid_sentences([phase for phase in result.grid_phase if phase.group == group])


def _below_repeat(entries: Sequence[Entry]) -> Iterator[str]:
    low = [entry for entry in entries if (entry.value or 0.0) <= entry.controls.get("repeat", math.inf)]
    if low:
        yield f"{named(low)}: no larger than its repeat, so it means nothing"


def _reacts(sensitivity: float, result: Result) -> bool:
    """Whether that is a reaction to speak of; of a label that is on or off it is at most ln 2."""
    count = 2 if output_kind(result) == "sigmoid" else result.data.count
    return sensitivity >= INSENSITIVE * math.log(count)


def _insensitive(entries: Sequence[Entry], result: Result) -> Iterator[str]:
    for entry in entries:
        sensitivity, value = entry.controls.get("sensitivity"), entry.value or 0.0
        if sensitivity is None or result.data.count < 2 or _reacts(sensitivity, result):
            continue
        reaction = f"(sensitivity {number(sensitivity)} nats)"
        if value >= sensitivity or sensitivity < NO_REACTION:
            yield (
                f"{entry.metric} {number(value)}: the network hardly reacts to its input {reaction}, "
                "and no less to the group"
            )
        elif value > REACTS_LESS * sensitivity:
            yield (
                f"{entry.metric} {number(value)} is low because the network hardly reacts to its input at all "
                f"{reaction}: insensitive, not invariant"
            )


def _like_null(entries: Sequence[Entry]) -> Iterator[str]:
    layers = [
        entry.layer or ""
        for entry in entries
        for measure in [measure_named(entry.metric)]
        if measure.beside is None
        and "null" in entry.controls
        and _beside_identity(entry, measure.best) - measure.best
        > LIKE_NULL * (entry.controls["null"] - measure.best)
    ]
    if layers:
        once = some(list(dict.fromkeys(layers)))
        yield f"{once}: maps of gx are about as far from g·f(x) as those of another image (null)"


def _beside_identity(entry: Entry, best: float) -> float:
    """The mean deviation over the elements beside e, which is perfect by definition and the null is not."""
    means = [mean for name, mean in entry.per_element.items() if name != "e" and mean is not None]
    return sum(means) / len(means) if means else best


def _like_floor(entries: Sequence[Entry]) -> Iterator[str]:
    low = []
    for entry in entries:
        best = measure_named(entry.metric).perfect
        if best is not None and "floor" in entry.controls:
            floor = entry.controls["floor"] - best
            if floor > 0 and (entry.value or 0.0) - best < LIKE_FLOOR * floor:
                low.append(entry)
    if low:
        yield f"{named(low)}: not above twice the floor, so resampling alone may explain it"


def _like_twin(entries: Sequence[Entry], result: Result) -> Iterator[str]:
    """Where the twin does as well; what an insensitive twin predicts, it predicts for every picture."""
    reacts = all(
        result.data.count > 1 and _reacts(entry.controls["twin_sensitivity"], result)
        for entry in entries
        if "twin_sensitivity" in entry.controls
    )
    as_good = [
        entry
        for entry in entries
        if _comparable(measure_named(entry.metric), reacts=reacts)
        and (entry.value or 0.0) - entry.controls.get("twin", math.inf) > _indistinct(entry)
    ]
    for aim, layerwise in (("invariance", False), ("equivariance", True)):
        alike = [entry for entry in as_good if (entry.layer is not None) == layerwise]
        if alike:
            yield f"{named(alike)}: random weights (twin) are no further from {aim}"


def _comparable(measure: Measure, *, reacts: bool) -> bool:
    """Whether a twin's value can be set against the network's."""
    predicted = isinstance(measure, VectorMeasure) and measure.site == "logits"
    return measure.perfect is not None and (reacts or not predicted)


def _indistinct(entry: Entry) -> float:
    """The largest difference from the entry's value that rounding alone may make."""
    if "rounding" not in entry.controls:
        return FLOAT32_ROUNDING
    return measured_noise(entry.metric, entry.controls["rounding"])


def _at_rounding(entries: Sequence[Entry], result: Result, group: str) -> Iterator[str]:
    """Where rounding is all that may be left of a value; not where M decides what is perfect."""
    order = next((each.order for each in result.groups if each.name == group), 1)
    order = min(order, 2) if output_kind(result) == "sigmoid" else order  # of a label that is on or off
    perfect: list[Entry] = []
    lost: list[Entry] = []
    for entry in entries:
        measure = measure_named(entry.metric)
        if measure.perfect is not None and "rounding" in entry.controls:
            noise = _indistinct(entry)
            scale = 1.0 if measure.bound is None else measure.bound(order)
            if noise > 0 and (entry.value or 0.0) - measure.perfect <= noise:
                (perfect if noise <= AT_ROUNDING * SMALL_ROUNDING * scale else lost).append(entry)
    if perfect:
        yield f"{named(perfect)}: at the floating-point floor, within {AT_ROUNDING:g} roundings of perfect"
    if lost:
        yield (
            f"{named(lost)}: cannot be told from rounding, which is not small here: within {AT_ROUNDING:g} roundings "
            "of perfect; --precision fp64 rounds less"
        )


def grid_sentences(phases: Sequence[GridPhase]) -> Iterator[str]:
    """The sentences about one group's layers, kinds in the order in which they occur."""
    for kind in dict.fromkeys(phase.kind for phase in phases):
        alike = [phase for phase in phases if phase.kind == kind]
        matter, cure = OBSTACLES[kind]
        size = alike[0].clean_size
        way = f"no larger size nearby {cure}" if size is None else f"--img-size {size} {cure}"
        layers = some([phase.layer for phase in alike])
        yield f"{layers}: {matter.format(reason=alike[0].reason)}; {way}"
