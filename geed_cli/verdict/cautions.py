"""What changes the reading of a result: cautions of its groups, each said once with the groups it holds for.

A caution has a place in it, ``{}``: two groups with one text and different places become one sentence. Kinds come in
the order of their weight; within one, in the order of the groups.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geed_cli.choices import NAMED
from geed_cli.phrases import counted
from geed_cli.result.samples import entry_noun, holder_of, independent, narrow_enough
from geed_cli.result.schema import Entry, GridPhase, Group, Result
from geed_cli.statistics.sample import LEFT_OUT
from geed_cli.statistics.validity import CARRY_HALF, MIN_IMAGES
from geed_cli.verdict.depth import layer_entries
from geed_cli.verdict.digits import percent
from geed_cli.verdict.features import FEATURES
from geed_cli.verdict.grids import FAULTS
from geed_cli.verdict.likeness import at_rounding, below_repeat, like_floor, like_null, no_further_twins
from geed_cli.verdict.names import places, stretches
from geed_cli.verdict.reaction import insensitive, of_predictions
from geed_cli.verdict.said import Claim
from geed_cli.verdict.way import twin_on_scale, way_of

RANDOM = "the weights are random, so the numbers say nothing of a trained network"
"""Of audits and inspections alike."""


@dataclass(frozen=True)
class Caution:
    """One thing that changes the reading of a group.

    Attributes:
        text: a sentence without a full stop, ``{}`` where its place belongs.
        place: layers, measures or a number; empty where the text has no place for it.
    """

    text: str
    place: str = ""

    @property
    def line(self) -> str:
        """The caution of one group."""
        return self.text.replace("{}", self.place)


def cautions(result: Result, group: Group, claim: Claim) -> Iterator[Caution]:
    """Those of one group; those of a network that is no function of one image are about nothing else."""
    entries = [entry for entry in result.results if entry.group == group.name and entry.value is not None]
    if group.order < 2:
        return
    if result.unsteady is not None:
        yield from _no_larger_than_repeat(entries, result)
        return
    if any(insensitive(entry, result) for entry in entries):  # which is said of the output already
        entries = [entry for entry in entries if not of_predictions(entry.metric)]
    yield from _twin(entries, group, claim)
    yield from _like_null(result, group)
    yield from _twins(entries, result)
    yield from _floor(entries, result)
    yield from _rounding(entries, result)
    yield from _precision(entries, result)
    yield from _grids([phase for phase in result.grid_phase if phase.group == group.name], result, group)
    yield from _noted(entries)


def merged(per_group: Sequence[tuple[str, Sequence[Caution]]]) -> Iterator[str]:
    """The cautions of all groups, each once, with the groups that it holds for where that is not all of them."""
    everyone = [name for name, _ in per_group]
    said: dict[str, dict[str, list[str]]] = {}
    for name, each in per_group:
        for caution in each:
            said.setdefault(caution.text, {}).setdefault(caution.place, []).append(name)
    for text, at in said.items():
        if len(at) == 1:
            [(place, names)] = at.items()
            line = Caution(text, place).line
            yield line if names == everyone else f"{line} ({', '.join(names)})"
        else:
            yield Caution(
                text, ", ".join(f"{place} ({', '.join(names)})" for place, names in at.items())
            ).line


def of_the_run(result: Result) -> Iterator[str]:
    """What changes the reading of all groups, the gravest first."""
    data, looks = result.data, result.settings.looks
    if result.unsteady is not None:
        yield f"no function of one image: {result.unsteady.sentence}"
    if result.status == "partial":
        yield f"the run ended early: numbers are of the {counted(data.count, 'image')} done by then"
    told = any(entry.metric == FEATURES and entry.value is not None for entry in result.results)
    count, noun = independent(data)
    if count < MIN_IMAGES and (result.unsteady is not None or not told):  # else the verdict says so
        verb = "is" if count == 1 else "are"
        yield f"{counted(count, noun)} {verb} too few for intervals, which need {MIN_IMAGES}"
    if result.model.weights.origin == "random":
        yield RANDOM
    if looks is not None and looks.width is not None and not narrow_enough(result):
        images = counted(data.count, "image")
        yield f"with {images} intervals of {looks.metric} are wider than the {looks.width:g} asked for"
    if data.refused:
        where = "" if data.source == "memory" else f" of {holder_of(data)}"
        lists = "-v" if data.source in NAMED else "data.refused"
        verb = "was" if len(data.refused) == 1 else "were"
        yield f"{counted(len(data.refused), entry_noun(data))}{where} {verb} refused; {lists} lists them"


def _twin(entries: Sequence[Entry], group: Group, claim: Claim) -> Iterator[Caution]:
    """Where one draw of random weights is as near to invariance, by the features' interval."""
    entry = next((each for each in entries if each.metric == FEATURES), None)
    if entry is None or not claim.stands or "up to rounding" in claim.word:
        return
    way, twin = way_of(entry, group.order), twin_on_scale(entry, group.order)
    if way is None or way.ci is None or twin is None:
        return
    if twin < way.ci[0]:
        yield Caution(
            "one draw of random weights has less, {}, so nothing shows that training brought it",
            percent(twin),
        )
    elif twin <= way.ci[1]:
        yield Caution("one draw of random weights lies inside the interval: {}", percent(twin))


def _like_null(result: Result, group: Group) -> Iterator[Caution]:
    """Some layers; where it is all of them the sentence on the layers says so."""
    layers = [entry for entry in layer_entries(result, group) if entry.value is not None]
    alike = [entry for entry in layers if like_null(entry, group.order)]
    if alike and len(alike) < len(layers):
        yield Caution("another image's maps would do about as well at {}", places(alike, _order(result)))


def _twins(entries: Sequence[Entry], result: Result) -> Iterator[Caution]:
    as_good = [entry for entry in no_further_twins(entries, result) if entry.metric != FEATURES]
    for aim, layerwise, word in (("invariance", False, "in"), ("equivariance", True, "at")):
        alike = [entry for entry in as_good if (entry.layer is not None) == layerwise]
        if alike:
            text = f"one draw of random weights is no further from {aim} {word} {{}}"
            yield Caution(text, places(alike, _order(result)))


def _floor(entries: Sequence[Entry], result: Result) -> Iterator[Caution]:
    low = [e for e in entries if e.metric != FEATURES and like_floor(e, e.value or 0.0)]
    if low:
        yield Caution("resampling alone may explain {}, below twice the floor", places(low, _order(result)))


def _rounding(entries: Sequence[Entry], result: Result) -> Iterator[Caution]:
    lost = [e for e in entries if e.metric != FEATURES and at_rounding(e, e.value or 0.0, result) == "lost"]
    if lost:
        text = "{} cannot be told from rounding, which is not small here; --precision fp64 rounds less"
        yield Caution(text, places(lost, _order(result)))


def _precision(entries: Sequence[Entry], result: Result) -> Iterator[Caution]:
    """Where the type of numbers moved values by as much as half of their intervals is wide."""
    moved = [
        entry
        for entry in entries
        if entry.ci is not None and 2 * entry.controls.get("precision_shift", 0.0) > entry.ci[1] - entry.ci[0]
    ]
    if moved:
        shift = "may move {} by more than half the width of the interval; --precision fp32 does not"
        text = f"{result.settings.precision} {shift}"
        yield Caution(text, places(moved, _order(result)))


def _grids(phases: Sequence[GridPhase], result: Result, group: Group) -> Iterator[Caution]:
    """What the sampling grids lack at this input size, by kind, and the size that avoids it."""
    layers = list(
        dict.fromkeys(entry.layer for entry in layer_entries(result, group) if entry.layer is not None)
    )
    order = list(dict.fromkeys([*layers, *(phase.layer for phase in phases)]))
    for kind, size in dict.fromkeys((phase.kind, phase.clean_size) for phase in phases):
        broken = [phase.layer for phase in phases if (phase.kind, phase.clean_size) == (kind, size)]
        everywhere = len(broken) > 1 and set(layers) <= set(broken)
        where = "every layer" if everywhere else stretches(sorted(broken, key=order.index), order)
        cure = "no larger size nearby avoids it" if size is None else f"--img-size {size} avoids it"
        matter = f"at {result.model.input.size} px {FAULTS[kind].short}"
        yield Caution(f"{matter}, which may explain part of what the layers show; {cure}", where)


def _noted(entries: Sequence[Entry]) -> Iterator[Caution]:
    """Notes of entries that change how their values read."""
    for entry in entries:
        for note in entry.notes:
            if LEFT_OUT in note or CARRY_HALF in note:
                word = "of" if CARRY_HALF in note else "in"
                yield Caution(f"{note} {word} {{}}", places([entry], [entry.layer or ""]))


def _no_larger_than_repeat(entries: Sequence[Entry], result: Result) -> Iterator[Caution]:
    low = [entry for entry in entries if below_repeat(entry)]
    if low:
        text = "{} is no larger than its repeat" if len(low) == 1 else "{} are no larger than their repeats"
        yield Caution(f"{text}, which means nothing", places(low, _order(result)))


def _order(result: Result) -> list[str]:
    """The layers in the order of the network."""
    return list(dict.fromkeys(entry.layer for entry in result.results if entry.layer is not None))
