"""What the layers of a group say: how far from equivariance they are, and whether that changes with depth.

A trend is claimed where the ranks of the layers bear it out and the ends' intervals lie apart. Parts of the way are of
another image's maps: at 100% a layer is as far off as these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geed_cli.discovery.verdict_words import WORDS
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.measure import LayerMeasure
from geed_cli.result.samples import independent
from geed_cli.result.schema import Entry, Group, HiddenAction, Result
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.verdict.digits import percent, percents
from geed_cli.verdict.likeness import LIKE_NULL
from geed_cli.verdict.names import stretches
from geed_cli.verdict.way import Way, way_of

TREND = 0.5
"""Kendall's τ over the layers from which on they are said to go one way: three quarters of their pairs do."""
FLAT = 0.10
"""A range of less than ten points of the way: the layers are alike, and depth says nothing."""
NONE_OFF = 0.01
"""Every interval below one percent of the way: no layer is off."""
WAY = "of the way to another image's maps"


@dataclass(frozen=True)
class _Layer:
    """A layer and its place on the way to another image's maps."""

    name: str
    way: Way


def layer_entries(result: Result, group: Group) -> list[Entry]:
    """The entries of the layers' own measure, in the order of the network; without it, of the first asked for."""
    every = [
        e
        for e in result.results
        if e.group == group.name and isinstance(measure_named(e.metric), LayerMeasure)
    ]
    own = [entry for entry in every if measure_named(entry.metric).beside is None]
    asked = [entry for entry in every if measure_named(entry.metric).on_request]
    return own or [entry for entry in asked if entry.metric == asked[0].metric]


def on_layers(result: Result, group: Group) -> Iterator[str]:
    """The sentences on the layers of one group; none where nothing can be said, as of few images."""
    if independent(result.data)[0] < MIN_IMAGES or result.unsteady is not None or group.order < 2:
        return
    entries = [entry for entry in layer_entries(result, group) if entry.status != "not_applicable"]
    if entries and all(entry.controls.get("dead_fraction", 0.0) >= 1 for entry in entries):
        yield "No layer has a live channel."
        return
    placed = [_Layer(e.layer or "", way) for e in entries if (way := way_of(e, group.order)) is not None]
    if placed:
        yield _sentence(placed, everyone=len(placed) == sum(entry.value is not None for entry in entries))
    yield from _hidden([action for action in result.hidden_actions if action.group == group.name], placed)


def _sentence(layers: Sequence[_Layer], *, everyone: bool) -> str:
    """One sentence; ``everyone`` is whether these are all layers that have a value."""
    parts = [layer.way.value for layer in layers]
    first, last = layers[0], layers[-1]
    of = "" if everyone else f" of the {len(layers)} that have a place on the scale"
    if len(layers) > 1 and min(parts) > LIKE_NULL:
        return f"Every layer{of} follows the group about as well as another image's maps would."
    if any(layer.way.ci is None for layer in layers):
        more = f" and {_part(last)} at {last.name}" if len(layers) > 1 else ""
        return f"Layers are {_part(first)} {WAY} at {first.name}{more}, without an interval."
    if len(layers) == 1:
        return f"Layer {first.name} is {_part(first)} {WAY} ({percents(*_limits(first))})."
    if max(_limits(layer)[1] for layer in layers) < NONE_OFF:
        return f"No layer{of} is 1% {WAY}."
    return _with_depth(
        layers, "Layers" if everyone else f"The {len(layers)} layers that have a place on the scale"
    )


def _with_depth(layers: Sequence[_Layer], subject: str) -> str:
    """What two layers or more show from the first to the last."""
    first, last = layers[0], layers[-1]
    best, worst = (choose(layers, key=lambda layer: layer.way.value) for choose in (min, max))
    low, high = best.way.value, worst.way.value
    ends = f"{_part(first)} {WAY} at {first.name}, {_part(last)} at {last.name}"
    extremes = f"{_part(best)} {WAY} at {best.name}, {_part(worst)} at {worst.name}"
    return {
        "nearer": f"{subject} get closer to equivariance with depth: {ends}.",
        "further": f"{subject} get further from equivariance with depth: {ends}.",
        "flat": f"{subject} are all {percent(low) if low == high else percents(low, high)} {WAY}.",
        "none": f"{subject} show no trend: {extremes}.",
    }[_trend(layers)]


def _trend(layers: Sequence[_Layer]) -> str:
    """``nearer``, ``further``, ``flat``, or ``none`` where neither ranks nor ends bear one out."""
    parts = [layer.way.value for layer in layers]
    if max(parts) - min(parts) < FLAT:
        return "flat"
    signs = [(later > part) - (later < part) for i, part in enumerate(parts) for later in parts[i + 1 :]]
    tau = sum(signs) / len(signs)
    first, last = _limits(layers[0]), _limits(layers[-1])
    if tau <= -TREND and last[1] < first[0]:
        return "nearer"
    return "further" if tau >= TREND and last[0] > first[1] else "none"


def _limits(layer: _Layer) -> tuple[float, float]:
    assert layer.way.ci is not None, "asked of layers with intervals"
    return layer.way.ci


def _part(layer: _Layer) -> str:
    return "about " * layer.way.about + percent(layer.way.value)


def _hidden(actions: Sequence[HiddenAction], placed: Sequence[_Layer]) -> Iterator[str]:
    """Layers of which a hidden action was found."""
    found = [action.layer for action in actions if action.verdict == WORDS["hidden"]]
    order = list(dict.fromkeys([*(layer.name for layer in placed), *(action.layer for action in actions)]))
    if found:
        layers = stretches(sorted(found, key=order.index), order)
        verb = "is" if len(found) == 1 else "are"
        yield f"Under a hidden action ({actions[0].method}), which was found, {layers} {verb} equivariant."
    elif actions and not any(action.verdict == WORDS["undecided"] for action in actions):
        yield f"No hidden action ({actions[0].method}) was found."
