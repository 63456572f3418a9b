"""Where in a picture a layer disagrees: 1 − cos of the channels at each place, transformed copies moved back.

δ_g(u) = 1 − ⟨a(u), b(u)⟩/(‖a(u)‖ ‖b(u)‖) with a = ρ(g)⁻¹f_l(gx) and b = f̂_l(x) as vectors of channels at place u of
the layer's grid; of a set's member a = f_l(gx). Where both are zero, or outside of what is compared, there is none;
where one is, δ = 1. Zero is below 10⁻⁶ of the largest norm of the two maps.
"""

import torch
from torch import Tensor

from geed_cli.actions.representation import Representation
from geed_cli.groups.group import FiniteGroup
from geed_cli.result.gallery import Grid
from geed_cli.sets.transformation_set import TransformationSet

MOST_ACROSS = 14
"""Places along a side that are told apart; of finer maps means over rectangles are."""
DECIMALS, MEAN_DECIMALS = 3, 6
ZERO = 1e-6


def moved_back(orbit: Tensor, group: FiniteGroup | TransformationSet, rho: Representation) -> Tensor:
    """ρ(g)⁻¹f(gx) for every g, shape (n, C, H, W)."""
    if not isinstance(group, FiniteGroup):
        return orbit
    return torch.stack([rho.act(group.inverse(g), each) for g, each in enumerate(orbit)])


def expected(orbit: Tensor, rho: Representation) -> Tensor:
    """f̂(x), the mean over the kernel, shape (C, H, W)."""
    return orbit[list(rho.kernel())].mean(dim=0)


def compared(rho: Representation) -> Tensor:
    """The places that are compared, shape (H, W), bool."""
    height, width = rho.shape[-2:]
    return rho.restrict(torch.ones(1, height, width, dtype=torch.float64))[0] > 0


def by_place(a: Tensor, b: Tensor, inside: Tensor) -> Tensor:
    """1 − cos over channels of (..., C, H, W) and (C, H, W) at each place, (..., H, W), float64; NaN for none."""
    a, b = a.double(), b.double()
    norms = a.norm(dim=-3), b.norm(dim=-3).expand(a.shape[:-3] + a.shape[-2:])
    largest = torch.maximum(norms[0].amax(dim=(-2, -1)), norms[1].amax(dim=(-2, -1)))[..., None, None]
    alive = [norm > ZERO * largest for norm in norms]
    cosines = (a * b).sum(dim=-3) / (norms[0] * norms[1])
    found = torch.where(alive[0] & alive[1], 1 - cosines, torch.ones_like(cosines)).clamp(0, 2)
    return found.masked_fill(~(alive[0] | alive[1]) | ~inside, torch.nan)


def mean_of(found: Tensor) -> float | None:
    """Over all places that have a value; what rounding leaves of 0 is 0."""
    values = found[found.isfinite()]
    return round(float(values.mean()), MEAN_DECIMALS) if len(values) else None


def grid_of(found: Tensor) -> Grid:
    """The values (H, W) as numbers, of at most ``MOST_ACROSS`` places along a side."""
    there = found.isfinite()
    height, width = (min(side, MOST_ACROSS) for side in found.shape)
    sums, counts = (
        torch.nn.functional.adaptive_avg_pool2d(each.double()[None], (height, width))[0]
        for each in (found.nan_to_num(0.0), there)
    )
    return tuple(
        tuple(
            round(total / count, DECIMALS) if count > 0 else None for total, count in zip(*rows, strict=True)
        )
        for rows in zip(sums.tolist(), counts.tolist(), strict=True)
    )
