"""The comparisons of many maps with what G makes of their centres f̂: every layerwise measure in one pass.

A row is one map f_l(gx). Rows of one view are compared together, over images; sums over pixels that an element only
rearranges are taken once, of f̂. ``compare_centred`` is for ``--phase-correct``: about the layer's own centre, on the
pixels whose sources lie inside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from geed_cli.actions.view import View
from geed_cli.engine.outbox import Outbox
from geed_cli.engine.row import Control
from geed_cli.engine.shared_action import Family
from geed_cli.measures.map_distance import layer_deviation, map_deviation, squared_lengths, wide
from geed_cli.measures.measure import ChannelMeasure, LayerDeviation, LayerMeasure, MapMeasure
from geed_cli.measures.moments import (
    Moments,
    Sizes,
    channels_last,
    evenly_spaced,
    moments_of,
    numbers_of,
    pixel_products,
    taken,
)

Quantity = tuple[str, Control | None]
"""A layer's measure, and which of its controls; None is the deviation itself."""
Numbers = dict[Quantity, float]


@dataclass(frozen=True)
class Centres:
    """f̂_l(x) of some images.

    Attributes:
        maps: shape (m, C, H, W).
        moments: of the compared part.
        view: the one whose maps f_l(gx) these are, and among the compared rows themselves; None where they are
            a mean, or maps of another batch or image.
        alone: f_l(x), where the maps are a mean and a measure is against the plain image; else None.
    """

    maps: Tensor
    moments: Moments
    view: View | None = None
    alone: Tensor | None = None

    @property
    def plain(self) -> Tensor:
        """f_l(x), shape (m, C, H, W)."""
        return self.maps if self.alone is None else self.alone

    def at(self, place: int) -> "Centres":
        """One of them, as a part of the same stack."""
        alone = None if self.alone is None else self.alone[place : place + 1]
        return Centres(self.maps[place : place + 1], moments_at(self.moments, [place]), alone=alone)

    def clone(self) -> "Centres":
        """A copy that can be kept beyond the batch."""
        moments = self.moments
        kept = Moments(moments.centred.clone(), moments.scales.clone(), moments.sizes.clone())
        alone = None if self.alone is None else self.alone.clone()
        return Centres(self.maps.clone(), kept, alone=alone)

    @staticmethod
    def together(each: Sequence["Centres"]) -> "Centres":
        """Several as one stack, laid out as they are."""
        if len(each) == 1:
            return each[0]
        maps = [centres.maps for centres in each]
        alone = [centres.alone for centres in each if centres.alone is not None]
        moments = [centres.moments for centres in each]
        sizes = [centres.moments.sizes for centres in each]
        return Centres(
            laid_out(torch.cat(maps), maps[0]),
            Moments(
                laid_out(torch.cat([some.centred for some in moments]), moments[0].centred),
                torch.cat([some.scales for some in moments]),
                Sizes(
                    torch.cat([some.means for some in sizes]),
                    torch.cat([some.squares for some in sizes]),
                    sizes[0].pixels,
                ),
            ),
            alone=laid_out(torch.cat(alone), alone[0]) if alone else None,
        )


def send(
    deviations: Mapping[str, LayerDeviation],
    rows: Sequence[Numbers],
    outbox: Outbox,
    control: Control | None = None,
) -> None:
    """Have the numbers of R comparisons, given by measure, delivered into R dictionaries.

    ``control`` is which control they are; None where they are the deviations, which bring their dead parts along.
    """
    for metric, each in deviations.items():
        outbox.put(each.value, partial(_fill, rows, (metric, control)))
        if control is None and each.dead is not None:
            outbox.put(each.dead, partial(_fill, rows, (metric, "dead")))


def _fill(rows: Sequence[Numbers], quantity: Quantity, column: Tensor) -> None:
    for row, number in zip(rows, column.tolist(), strict=True):
        row[quantity] = number


def compare_maps(
    family: Family,
    views: Sequence[View],
    own: Moments,
    centres: Centres,
    of: Sequence[int],
    measures: Sequence[LayerMeasure],
    maps: Tensor | None = None,
) -> dict[str, LayerDeviation]:
    """Compare each map f_l(gx) with ρ(g)f̂_l(x), or with ρ(g)f_l(x), by each measure.

    Args:
        family: how the views act on these maps.
        views: of g, one for each row.
        own: of the compared parts of f_l(gx), R of them.
        centres: f̂_l(x) of m images.
        of: for each row, which of the centres is its image's.
        measures: of layers.
        maps: f_l(gx) themselves, where a measure is of whole maps.
    """
    found: dict[str, LayerDeviation] = {}
    by_channel = [each for each in measures if isinstance(each, ChannelMeasure)]
    if by_channel:
        expected, products = _expected(family, views, own, centres, of)
        found |= {each.name: each.compare(own.sizes, expected, products) for each in by_channel}
    by_map = [each for each in measures if isinstance(each, MapMeasure)]
    if by_map:
        assert maps is not None, "kept where they are compared"
        apart = _apart(family, views, maps, centres.plain, of)
        plain = taken(squared_lengths(family.restrict(centres.plain)), of)
        found |= {each.name: map_deviation(each, apart, plain) for each in by_map}
    return found


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


def moments_in(family: Family, maps: Tensor) -> Moments:
    """The moments of the part of maps (R, C, H, W) that the family compares."""
    return moments_of(family.restrict(maps), family.support)


def _apart(family: Family, views: Sequence[View], maps: Tensor, plain: Tensor, of: Sequence[int]) -> Tensor:
    """‖f_l(gx) − ρ(g)f_l(x)‖² of every row, on the compared pixels; shape (R,), float64."""
    rows_of: dict[View, list[int]] = {}
    for row, view in enumerate(views):
        rows_of.setdefault(view, []).append(row)
    parts: list[Tensor] = []
    for view, rows in rows_of.items():
        representation, g = family.moves[view]
        expected = representation.act(g, wide(pick(plain, [of[row] for row in rows])))
        parts.append(squared_lengths(family.restrict(wide(pick(maps, rows)) - expected)))
    order = [row for rows in rows_of.values() for row in rows]
    return torch.cat(parts)[numbers_of(tuple(int(at) for at in np.argsort(order)), parts[0].device)]


def _expected(
    family: Family, views: Sequence[View], own: Moments, centres: Centres, of: Sequence[int]
) -> tuple[Sizes, Tensor]:
    """The sizes of ρ(g)f̂(x) for every row, and its inner products with the row."""
    centre = centres.moments
    sizes = centre.sizes.rows(of)
    products = own.sizes.squares.clone()  # of a map with itself
    rows_of: dict[View, list[int]] = {}
    for row, view in enumerate(views):
        if view != centres.view:
            rows_of.setdefault(view, []).append(row)
    parts: list[Tensor] = []
    for view, rows in rows_of.items():
        images = [of[row] for row in rows]
        representation, g = family.moves[view]
        if representation.rearranges(g):
            expected = representation.act(g, pick(centre.centred, images))
            scale = taken(centre.scales, images)
        else:
            each = moments_in(family, representation.act(g, pick(centres.maps, images)))
            expected, scale = each.centred, each.scales
            at = numbers_of(tuple(rows), products.device)
            sizes = sizes.replaced(at, each.sizes)
        scales = taken(own.scales, rows) * scale
        parts.append(pixel_products(pick(own.centred, rows), expected) / scales[:, None])
    if parts:
        at = numbers_of(tuple(row for rows in rows_of.values() for row in rows), products.device)
        products[at] = torch.cat(parts)
    return sizes, products


def moments_at(moments: Moments, rows: Sequence[int]) -> Moments:
    """Those of some maps of a stack."""
    return Moments(pick(moments.centred, rows), taken(moments.scales, rows), moments.sizes.rows(rows))


def pick(stack: Tensor, rows: Sequence[int]) -> Tensor:
    """Rows of a stack of maps; where they have to be copied, in its memory order."""
    picked = taken(stack, rows)
    return picked if evenly_spaced(rows) is not None else laid_out(picked, stack)


def laid_out(copy: Tensor, maps: Tensor) -> Tensor:
    """A copy in the memory order of the maps, so that sums go the same way whatever else is in a batch."""
    last = channels_last(maps)
    return copy.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
