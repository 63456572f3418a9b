"""The comparisons of a few views of one image at one layer: every layerwise measure, and its controls."""

from collections.abc import Sequence

import torch
from torch import Tensor

from geed_cli.algebra.view import View
from geed_cli.engine.family import Family
from geed_cli.engine.row import Control
from geed_cli.measures.channelwise import (
    ChannelwiseDeviation,
    channelwise_correlation,
    channelwise_deviation,
)

Quantities = dict[tuple[str, Control | None], Tensor]


def compare_maps(
    family: Family,
    views: Sequence[View],
    maps: Sequence[Tensor],
    centre: Tensor,
    partner: Tensor | None,
    metrics: Sequence[str],
) -> tuple[list[Quantities], bool]:
    """Compare f_l(gx) with ρ(g)f̂_l(x) for each view.

    Args:
        family: how the views act on these maps.
        views: of g, one for each map.
        maps: f_l(gx), shape (C, H, W) each.
        centre: f̂_l(x), shape (C, H, W).
        partner: f̂_l(x') of another image for the null; None where none is wanted.
        metrics: names of the layerwise measures.

    Returns:
        For each view, every quantity as a scalar; and whether all of these maps were finite.
    """
    moved = torch.stack([family.restrict(each) for each in maps])
    expected = torch.stack([family.expected(view, centre) for view in views])
    found: Quantities = {}
    finite = True
    for metric in metrics:
        outcome = _deviation(metric, moved, expected, family.support)
        found[metric, None], found[metric, "dead"] = outcome.value, outcome.dead
        finite = finite and bool(outcome.finite.all())
    if partner is not None:
        other = torch.stack([family.expected(view, partner) for view in views])
        for metric in metrics:
            found[metric, "null"] = _deviation(metric, moved, other, family.support).value
    if family.corrected:
        found |= _corrected(family, views, maps, centre, metrics)
    return [{key: column[row] for key, column in found.items()} for row in range(len(views))], finite


def _corrected(
    family: Family, views: Sequence[View], maps: Sequence[Tensor], centre: Tensor, metrics: Sequence[str]
) -> Quantities:
    """The same comparisons about the layer's own centre, each on the pixels whose sources lie inside the map."""
    columns: dict[str, list[Tensor]] = {metric: [] for metric in metrics}
    for view, each in zip(views, maps, strict=True):
        if view not in family.corrected:
            for column in columns.values():
                column.append(torch.full((), torch.nan, dtype=torch.float64))
            continue
        representation, g = family.corrected[view]
        support = representation.restrict_under(g, torch.ones_like(centre[:1]))[0] > 0
        moved = representation.restrict_under(g, each)[None]
        expected = representation.restrict_under(g, representation.act(g, centre))[None]
        for metric in metrics:
            columns[metric].append(_deviation(metric, moved, expected, support).value[0])
    return {(metric, "phase_corrected"): torch.stack(column) for metric, column in columns.items()}


def _deviation(metric: str, moved: Tensor, expected: Tensor, support: Tensor) -> ChannelwiseDeviation:
    if metric == "channelwise.correlation":
        return channelwise_correlation(moved, expected, support.to(moved.device))
    return channelwise_deviation(moved, expected)
