"""The comparisons of many maps with what G makes of their centres: every layerwise measure in one pass.

A row is one map f_l(gx). Rows of one view are compared together, over images; sums over pixels that an element only
rearranges are taken once, of the centre.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from geed_cli.actions.view import View
from geed_cli.engine.family import Family
from geed_cli.engine.row import Control
from geed_cli.measures.channelwise import (
    Array,
    ChannelwiseDeviation,
    Moments,
    Sizes,
    compare,
    correlate,
    moments_of,
)
from geed_cli.measures.pixel_sums import channels_last, pixel_products

Quantity = tuple[str, Control | None]
"""A layer's measure, and the control of it that is meant; None is the deviation itself."""
Found = dict[Quantity, float]
MEASURES = {"channelwise.cosine": compare, "channelwise.correlation": correlate}


@dataclass(frozen=True)
class Centres:
    """f̂_l(x) of some images.

    Attributes:
        maps: shape (m, C, H, W).
        moments: of the compared part.
        shown: the view whose maps f_l(gx) these are, and among the compared rows themselves; None where they are
            a mean, or maps of another batch or image.
    """

    maps: Tensor
    moments: Moments
    shown: View | None = None

    def clone(self, place: int) -> "Centres":
        """One of them, to be kept beyond the batch."""
        kept = moments_at(self.moments, [place])
        kept = Moments(kept.centred.clone(), kept.scales, kept.sizes)
        return Centres(self.maps[place : place + 1].clone(), kept)


def compare_maps(
    family: Family,
    views: Sequence[View],
    own: Moments,
    centres: Centres,
    of: Sequence[int],
    metrics: Sequence[str],
) -> tuple[list[Found], list[bool]]:
    """Compare each map f_l(gx) with ρ(g)f̂_l(x).

    Args:
        family: how the views act on these maps.
        views: of g, one for each row.
        own: of the compared parts of f_l(gx), R of them.
        centres: f̂_l(x) of m images.
        of: for each row, which of the centres is its image's.
        metrics: names of the layerwise measures.

    Returns:
        For each row the measures and their dead parts, and whether its maps were finite.
    """
    expected, products = _expected(family, views, own, centres, of)
    return as_rows({metric: MEASURES[metric](own.sizes, expected, products) for metric in metrics})


def moments_in(family: Family, maps: Tensor) -> Moments:
    """The moments of the part of maps (R, C, H, W) that the family compares."""
    return moments_of(family.restrict(maps), family.support)


def as_rows(found: dict[str, ChannelwiseDeviation]) -> tuple[list[Found], list[bool]]:
    """Columns as plain numbers, row by row."""
    columns: dict[Quantity, list[float]] = {}
    for metric, each in found.items():
        columns[metric, None], columns[metric, "dead"] = each.value.tolist(), each.dead.tolist()
    rows = [dict(zip(columns, numbers, strict=True)) for numbers in zip(*columns.values(), strict=True)]
    return rows, np.all([each.finite for each in found.values()], axis=0).tolist()


def _expected(
    family: Family, views: Sequence[View], own: Moments, centres: Centres, of: Sequence[int]
) -> tuple[Sizes, Array]:
    """The sizes of ρ(g)f̂(x) for every row, and its inner products with the row."""
    centre = centres.moments
    sizes = centre.sizes.rows(of)
    products = own.sizes.squares.copy()  # of a map with itself
    rows_of: dict[View, list[int]] = {}
    for row, view in enumerate(views):
        if view != centres.shown:
            rows_of.setdefault(view, []).append(row)
    found: list[Tensor] = []
    scales: list[Array] = []
    for view, rows in rows_of.items():
        images = [of[row] for row in rows]
        representation, g = family.moves[view]
        if representation.rearranges(g):
            expected, scale = representation.act(g, pick(centre.centred, images)), centre.scales[images]
        else:
            each = moments_in(family, representation.act(g, pick(centres.maps, images)))
            expected, scale = each.centred, each.scales
            sizes.means[rows], sizes.squares[rows] = each.sizes.means, each.sizes.squares
        found.append(pixel_products(pick(own.centred, rows), expected))
        scales.append(own.scales[rows] * scale)
    if found:  # fetched at once, since every fetch waits for the device
        at = [row for rows in rows_of.values() for row in rows]
        products[at] = torch.cat(found).cpu().numpy() / np.concatenate(scales)[:, None]
    return sizes, products


def moments_at(moments: Moments, rows: Sequence[int]) -> Moments:
    """Those of some maps of a stack."""
    return Moments(pick(moments.centred, rows), moments.scales[list(rows)], moments.sizes.rows(rows))


def pick(stack: Tensor, rows: Sequence[int]) -> Tensor:
    """Rows of a stack, without copying where they are evenly spaced, as those of one view are."""
    step = rows[1] - rows[0] if len(rows) > 1 else 1
    if step > 0 and list(rows) == list(range(rows[0], rows[-1] + 1, step)):
        return stack[rows[0] : rows[-1] + 1 : step]
    return laid_out(stack[list(rows)], stack)


def laid_out(copy: Tensor, maps: Tensor) -> Tensor:
    """A copy in the memory order of the maps, so that sums go the same way whatever else is in a batch."""
    last = channels_last(maps)
    return copy.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
