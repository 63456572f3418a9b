"""The comparisons of many maps with what G makes of their centres f̂: every layerwise measure in one pass.

A row is one map f_l(gx). Rows are compared together, over images and views; sums over pixels that an element only
rearranges are taken once, of f̂. ``compare_centred`` is for ``--phase-correct``: about the layer's own centre, on the
pixels whose sources lie inside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from geed_cli.actions.view import View
from geed_cli.engine.layerwise.layer_measures import LayerMeasures
from geed_cli.engine.outbox import Destination, Outbox, Take, send
from geed_cli.engine.shared_action import Family
from geed_cli.measures.map_distance import layer_deviation, map_deviation, squared_lengths, wide
from geed_cli.measures.maps.stack import MapStack, Matching, Move, Sums
from geed_cli.measures.measure import ChannelMeasure, LayerDeviation, LayerMeasure
from geed_cli.measures.moments import numbers_of, pick, taken


@dataclass(frozen=True)
class Centres:
    """f̂_l(x) of some images.

    Attributes:
        maps: a stack of m.
        alone: f_l(x), where the maps are a mean and a measure is against the plain image; else None.
    """

    maps: MapStack
    alone: MapStack | None = None

    @property
    def plain(self) -> MapStack:
        """f_l(x)."""
        return self.maps if self.alone is None else self.alone

    def at(self, place: int) -> "Centres":
        """One of them, as a part of the same stack."""
        alone = None if self.alone is None else self.alone.rows([place])
        return Centres(self.maps.rows([place]), alone=alone)

    def clone(self) -> "Centres":
        """A copy that can be kept beyond the batch."""
        return Centres(self.maps.clone(), alone=None if self.alone is None else self.alone.clone())

    @staticmethod
    def together(each: Sequence["Centres"]) -> "Centres":
        """Several as one."""
        alone = [centres.alone for centres in each if centres.alone is not None]
        maps = [centres.maps for centres in each]
        return Centres(type(maps[0]).together(maps), alone=type(alone[0]).together(alone) if alone else None)


@dataclass(frozen=True)
class Made:
    """What was made of R pairs of maps while they were there.

    Attributes:
        sums: of the pairs; None where no measure asks for them.
        by_channel: the measures that do.
        by_map: the measures of whole maps, made already.
    """

    sums: Sums | None
    by_channel: tuple[ChannelMeasure, ...]
    by_map: Mapping[str, LayerDeviation]

    @property
    def finite(self) -> Tensor:
        """Whether both maps of a pair are finite, shape (R,), bool."""
        flags = [each.finite for each in self.by_map.values()]
        return torch.stack(flags if self.sums is None else [*flags, self.sums.finite]).all(dim=0)

    def send(self, to: Destination, outbox: Outbox, take_finite: Take | None = None) -> None:
        """Have the numbers delivered, and the flags of those finite, which all have to hold."""
        if self.by_map:
            send(self.by_map, [to], outbox.put)
        for each in self.by_map.values():
            if take_finite is not None:
                outbox.put(each.finite, take_finite)
        if self.sums is not None:
            outbox.sums.add(self.sums, self.by_channel, to, take_finite)


def compare_maps(
    family: Family,
    matching: Matching,
    own: MapStack,
    centres: Centres,
    measures: LayerMeasures,
) -> Made:
    """Compare each map f_l(gx) with ρ(g)f̂_l(x), or with ρ(g)f_l(x), by each measure.

    Args:
        family: how the views act on these maps.
        matching: for each row, which of the centres is its image's, and how g moves it.
        own: f_l(gx), R of them.
        centres: f̂_l(x) of m images.
        measures: of layers.
    """
    sums = own.against(centres.maps, matching) if measures.by_channel else None
    found: dict[str, LayerDeviation] = {}
    if measures.by_map:
        plain = centres.plain.tensor
        apart = _apart(family, matching, own.tensor, plain)
        lengths = taken(squared_lengths(family.restrict(plain)), matching.of)
        found = {each.name: map_deviation(each, apart, lengths) for each in measures.by_map}
    return Made(sums, measures.by_channel, found)


def compare_centred(
    family: Family,
    view: View,
    maps: Tensor,
    centre: Tensor,
    alone: Tensor,
    measures: Sequence[LayerMeasure],
) -> dict[str, LayerDeviation]:
    """One map f_l(gx) against ρ(g)f̂_l(x), or ρ(g)f_l(x), about the displaced centre; shapes (C, H, W)."""
    representation, g = family.corrected[view]
    support = representation.restrict_under(g, torch.ones_like(centre[:1]))[0] > 0
    moved = representation.restrict_under(g, maps)[None]
    expected = representation.restrict_under(g, representation.act(g, centre))[None]
    plain = representation.restrict_under(g, alone)[None]
    return {
        each.name: layer_deviation(
            each,
            moved,
            representation.restrict_under(g, representation.act(g, alone))[None]
            if each.against_plain
            else expected,
            plain,
            support if each.of_variation else None,
        )
        for each in measures
    }


def _apart(family: Family, matching: Matching, maps: Tensor, plain: Tensor) -> Tensor:
    """‖f_l(gx) − ρ(g)f_l(x)‖² of every row, on the compared pixels; shape (R,), float64."""
    every: list[tuple[Move | None, Sequence[int]]] = [*matching.by_move.items()]
    itself = [row for row, move in enumerate(matching.moves) if move is None]
    if itself:
        every.append((None, itself))
    parts: list[Tensor] = []
    for move, rows in every:
        expected = wide(pick(plain, [matching.of[row] for row in rows]))
        if move is not None:
            representation, g = move
            expected = representation.act(g, expected)
        parts.append(squared_lengths(family.restrict(wide(pick(maps, rows)) - expected)))
    order = [row for _, rows in every for row in rows]
    return torch.cat(parts)[numbers_of(tuple(int(at) for at in np.argsort(order)), parts[0].device)]
