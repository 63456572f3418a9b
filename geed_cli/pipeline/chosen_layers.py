"""Which layers are measured: those that are named, what globs select of those that can be, or the network's stages.

A name that cannot be measured ends the run before its first image, since nothing else was meant by it. What a glob
selects besides is left out, with one note; a stage that nobody named keeps its place in the table, with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from geed_cli.engine.map_layout import EXCHANGED, LIBRARIES, Layout, NoMap, layout_of
from geed_cli.engine.shapes import Trace, not_once
from geed_cli.errors import InputError
from geed_cli.grids.exchanged_axes import exchanged_layers
from geed_cli.grids.larger_pictures import grown_layers
from geed_cli.models.network import Network, Site, call_of, module_of, resolve_layers

NEVER_RUN = "it does not run, or has no such call"
REASONS_NAMED = 3
"""How many of the layers that are left out are named with their reasons."""


@dataclass(frozen=True)
class AskedLayers:
    """The layers that a run was asked for.

    Attributes:
        names: of modules or calls, in network order.
        exact: those that were written out.
        globs: the globs that selected the others; none where these are the network's own stages.
        way: how a layer is written in the same place, with ``{}`` for its name.
        unreadable: layers that earlier batches showed to be so, with the reasons.
    """

    names: tuple[str, ...]
    exact: frozenset[str] = frozenset()
    globs: tuple[str, ...] = ()
    way: str = "--layer {}"
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ChosenLayers:
    """The layers of a run.

    Attributes:
        layouts: how the output of each layer that can be measured becomes maps, in network order.
        reasons: why a stage cannot be measured.
        note: what globs selected that cannot, as one line; None where there is none.
    """

    layouts: Mapping[str, Layout] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None


def asked_layers(
    network: Network, patterns: Sequence[str], unreadable: Sequence[tuple[str, str]] = ()
) -> AskedLayers:
    """The layers that the patterns mean, without any those of the spec, else the network's stages.

    ``unreadable`` are those that earlier batches showed to be so, with the reasons.

    Raises:
        InputError: a pattern that selects nothing.
    """
    names = (
        resolve_layers(network.module, patterns, network.called, network.inspect_command)
        if patterns
        else network.layers
    )
    way = "--layer {}" if patterns else "layers: [{}] in the spec"
    written = patterns or (network.spec.layers if network.spec is not None else ())
    exact = frozenset(names) & frozenset(written)
    globs = tuple(each for each in written if each not in exact)
    return AskedLayers(names, exact, globs, way, dict(unreadable))


def choose_layers(network: Network, asked: AskedLayers, seen: Trace) -> ChosenLayers:
    """The layers that can be measured, from a trace of their modules.

    Raises:
        InputError: a layer that was written out cannot be measured, or none that the globs select can be.
    """
    calls = {name: _calls(network, name, asked, seen) for name in asked.names}
    read = read_layers(network, [call for each in calls.values() for call in each], seen)
    read |= {name: NoMap(why) for name, why in asked.unreadable.items() if name in read}
    for name in asked.exact:
        for call in calls[name]:
            found = read[call]
            if isinstance(found, NoMap):
                raise _cannot(network, call, found)
    layouts = {call: found for call, found in read.items() if isinstance(found, Layout)}
    others = {call: found for call, found in read.items() if isinstance(found, NoMap)}
    others |= {name: NoMap(NEVER_RUN) for name, each in calls.items() if not each}
    if not asked.globs or not others:
        return ChosenLayers(layouts, {name: str(found) for name, found in others.items()})
    if not layouts:
        raise _cannot(network, *next(iter(others.items())))
    return ChosenLayers(layouts, {}, _note(asked.globs, others))


def read_layers(network: Network, layers: Sequence[str], seen: Trace) -> dict[str, Layout | NoMap]:
    """How the output of each traced layer becomes maps, or why it does not.

    Raises:
        InputError: a layout or token grid that the spec declares does not fit.
    """
    grown = cache(partial(grown_layers, network, layers))
    found = {
        layer: NoMap(seen.problems[layer])
        if layer in seen.problems
        else layout_of(
            network, layer, seen.shapes[Site(layer, "output")], seen.lengths, lambda name: grown().get(name)
        )
        for layer in layers
    }
    maps = {layer: layout for layer, layout in found.items() if isinstance(layout, Layout)}
    exchanged = exchanged_layers(network, maps) if maps and network.source not in LIBRARIES else ()
    return found | {layer: NoMap(f"its output {EXCHANGED}") for layer in exchanged}


def _calls(network: Network, name: str, asked: AskedLayers, seen: Trace) -> tuple[str, ...]:
    """The layers that a name means: one where it was written out, else every call of its module."""
    runs = seen.calls[module_of(name)]
    meant = runs if call_of(name) is None else tuple(run for run in runs if run == name)
    if name in asked.exact and len(meant) != 1:
        raise not_once(network, name, {call: seen.problems.get(call) for call in runs}, asked.way)
    return meant


def _cannot(network: Network, layer: str, found: NoMap) -> InputError:
    """The refusal of a layer that is not read as a map."""
    return InputError(
        f"layer '{layer}' of {network.id} cannot be measured: {found.why}",
        expected="channels × height × width maps"
        + ("" if found.declare is None else "; if these are such, a declaration"),
        remedy=f"choose another: {network.inspect_command}"
        if found.declare is None
        else f"{found.declare} in the spec",
    )


def _note(globs: Sequence[str], others: Mapping[str, NoMap]) -> str:
    named = [f"{layer} ({found.why})" for layer, found in list(others.items())[:REASONS_NAMED]]
    more = [f"{len(others) - REASONS_NAMED} more"] if len(others) > REASONS_NAMED else []
    return f"left out of what {', '.join(globs)} selects: {'; '.join([*named, *more])}"
