"""What the numbers of one group amount to, in plain words: each sentence sets a control against a value.

Nothing is judged good or bad here; a sentence appears where a value would be misread without it. What a group does to
the layers' sampling grids is about the architecture at one input size: trained filters can have learnt to live with
it, so nothing here says that a layer is not equivariant. docs/controls.md has the rules and their constants.
"""

from collections.abc import Iterator, Sequence

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.floating_point import AT_ROUNDING
from geed_cli.report.numbers import named, number, some
from geed_cli.result.schema import Entry, GridPhase, Result
from geed_cli.verdict.likeness import LIKE_NULL, at_rounding, below_repeat, like_floor, no_further_twins
from geed_cli.verdict.reaction import NO_REACTION, REACTS_LESS, insensitive

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
    yield from _at_rounding(entries, result)
    yield from grid_sentences([phase for phase in result.grid_phase if phase.group == group])


def _below_repeat(entries: Sequence[Entry]) -> Iterator[str]:
    low = [entry for entry in entries if below_repeat(entry)]
    if low:
        yield f"{named(low)}: no larger than its repeat, so it means nothing"


def _insensitive(entries: Sequence[Entry], result: Result) -> Iterator[str]:
    for entry in entries:
        if not insensitive(entry, result):
            continue
        sensitivity, value = entry.controls["sensitivity"], entry.value or 0.0
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
    low = [entry for entry in entries if like_floor(entry, entry.value or 0.0)]
    if low:
        yield f"{named(low)}: not above twice the floor, so resampling alone may explain it"


def _like_twin(entries: Sequence[Entry], result: Result) -> Iterator[str]:
    as_good = no_further_twins(entries, result)
    for aim, layerwise in (("invariance", False), ("equivariance", True)):
        alike = [entry for entry in as_good if (entry.layer is not None) == layerwise]
        if alike:
            yield f"{named(alike)}: random weights (twin) are no further from {aim}"


def _at_rounding(entries: Sequence[Entry], result: Result) -> Iterator[str]:
    """Where rounding is all that may be left of a value; not where M decides what is perfect."""
    kinds = [(entry, at_rounding(entry, entry.value or 0.0, result)) for entry in entries]
    perfect, lost = ([entry for entry, kind in kinds if kind == wanted] for wanted in ("perfect", "lost"))
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
