"""The measures of one orbit whose members are written out by hand: what is shown, and what it does to outputs.

For colours, shifts, sets and declared actions, which the planar oracle does not know. f̂ is the mean over the members
that the caller says act as the identity; nothing here knows what a group is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .measures import Array, average, compare_maps, cosine, kl_divergence, norm, softmax


def same(values: Array) -> Array:
    """Nothing moves."""
    return values


@dataclass(frozen=True)
class Member:
    """One member of an orbit.

    Attributes:
        show: what it does to a picture (3, S, S) with values in [0, 1].
        act: what it does to an output: maps (C, H, W), or a vector (k,).
    """

    show: Callable[[Array], Array] = same
    act: Callable[[Array], Array] = same


def expected(values: Sequence[Array], members: Sequence[Member], kernel: Sequence[int]) -> list[Array]:
    """ρ(g)f̂ for each member, f̂ the mean of the values at the kernel's places."""
    f_hat = average([values[k] for k in kernel])
    return [member.act(f_hat) for member in members]


def l2_row(features: Sequence[Array], members: Sequence[Member], kernel: Sequence[int]) -> list[float]:
    """‖f1(gx) − ρ(g)f̂1(x)‖ for each member."""
    return [norm(f - e) for f, e in zip(features, expected(features, members, kernel), strict=True)]


def cosine_row(features: Sequence[Array], members: Sequence[Member], kernel: Sequence[int]) -> list[float]:
    """−cos(f1(gx), ρ(g)f̂1(x)) for each member."""
    return [-cosine(f, e) for f, e in zip(features, expected(features, members, kernel), strict=True)]


def kl_row(logits: Sequence[Array], members: Sequence[Member], kernel: Sequence[int]) -> list[float]:
    """KL(p(gx) ‖ ρ(g)p̂(x)) for each member."""
    p = [softmax(z) for z in logits]
    return [kl_divergence(own, e) for own, e in zip(p, expected(p, members, kernel), strict=True)]


def channelwise_row(
    maps: Sequence[Array],
    members: Sequence[Member],
    kernel: Sequence[int],
    support: NDArray[np.bool_] | None = None,
) -> list[float]:
    """The channelwise deviation for each member, on the pixels of the support alone."""
    found = []
    for seen, wanted in zip(maps, expected(maps, members, kernel), strict=True):
        pair = [seen, wanted] if support is None else [np.where(support, y, 0.0) for y in (seen, wanted)]
        found.append(compare_maps(*pair)[0])
    return found
