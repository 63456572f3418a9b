"""Comparisons about a layer's own centre, for ``--phase-correct``: each on the pixels whose sources lie inside."""

from collections.abc import Sequence

import torch
from torch import Tensor

from geed_cli.actions.view import View
from geed_cli.engine.compare_maps import Found, as_rows
from geed_cli.engine.family import Family
from geed_cli.measures.channelwise import channelwise_correlation, channelwise_deviation


def compare_centred(
    family: Family, view: View, maps: Tensor, centre: Tensor, metrics: Sequence[str]
) -> Found:
    """One map f_l(gx) against ρ(g)f̂_l(x) about the displaced centre.

    Args:
        family: with its corrected representations.
        view: of g.
        maps: f_l(gx), shape (C, H, W).
        centre: f̂_l(x), shape (C, H, W).
        metrics: names of the layerwise measures.

    Returns:
        The control ``phase_corrected`` of each measure.
    """
    representation, g = family.corrected[view]
    support = representation.restrict_under(g, torch.ones_like(centre[:1]))[0] > 0
    moved = representation.restrict_under(g, maps)[None]
    expected = representation.restrict_under(g, representation.act(g, centre))[None]
    found = {
        metric: channelwise_correlation(moved, expected, support)
        if metric == "channelwise.correlation"
        else channelwise_deviation(moved, expected)
        for metric in metrics
    }
    rows, _ = as_rows(found)
    return {(metric, "phase_corrected"): rows[0][metric, None] for metric in metrics}
