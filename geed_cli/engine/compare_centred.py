"""Comparisons about a layer's own centre, for ``--phase-correct``: each on the pixels whose sources lie inside."""

from collections.abc import Sequence

import torch
from torch import Tensor

from geed_cli.actions.view import View
from geed_cli.engine.family import Family
from geed_cli.measures.channelwise import ChannelwiseDeviation
from geed_cli.measures.measure import LayerMeasure
from geed_cli.measures.moments import channelwise_deviation


def compare_centred(
    family: Family, view: View, maps: Tensor, centre: Tensor, measures: Sequence[LayerMeasure]
) -> dict[str, ChannelwiseDeviation]:
    """One map f_l(gx) against ρ(g)f̂_l(x) about the displaced centre.

    Args:
        family: with its corrected representations.
        view: of g.
        maps: f_l(gx), shape (C, H, W).
        centre: f̂_l(x), shape (C, H, W).
        measures: of layers.

    Returns:
        Each measure, of one comparison: the control ``phase_corrected``.
    """
    representation, g = family.corrected[view]
    support = representation.restrict_under(g, torch.ones_like(centre[:1]))[0] > 0
    moved = representation.restrict_under(g, maps)[None]
    expected = representation.restrict_under(g, representation.act(g, centre))[None]
    return {
        each.name: channelwise_deviation(moved, expected, each, support if each.of_variation else None)
        for each in measures
    }
