"""Limits that hold for every distribution of values in [lo, hi], at every number of images (``--ci bounded``).

A player who bets on the mean being above θ has, after rows y in [0, 1], the capital Π(1 + λ(y_i − θ)). If the mean is
θ its expectation is 1 for any bet 0 ≤ λ ≤ 1/θ chosen beforehand, and for any mixture of bets, so that it is 1/δ or more
with probability δ at most (Markov). The lower limit is the θ at which the mixture is 2/α, and the upper one is that of
1 − y: both hold together with 1 − α, for rare events and whatever else n images do not show (Waudby-Smith and Ramdas
2024; mixtures as in Orabona and Jun 2021). The product does not depend on the order of the images.

Half of the capital is on the largest bet, 1/θ, which is right where the rows hardly spread; the rest is spread evenly
over 3/√n, 6/√n … 48/√n, about the bets that are right at a standard deviation of 0.9, 0.45 … times the range. Units
of several images bet with their totals, λ ≤ 1/(θ max m). 0/1 rows have Clopper and Pearson's limits, which are as sure.
"""

import math

import numpy as np
from scipy.special import logsumexp

from geed_cli.statistics.bounded_mean import BoundedMean
from geed_cli.statistics.exact import exact_limits, exact_p
from geed_cli.statistics.scale import Array

LARGEST_BET = 0.5
"""The part of the capital on the largest bet."""
FIRST_BET = 3.0
BETS = 5


def bounded_limits(mean: BoundedMean, confidence: float) -> tuple[float, float]:
    """Two-sided limits of a mean of bounded rows."""
    if mean.binary:
        return exact_limits(mean, confidence)
    needed = math.log(2.0 / (1.0 - confidence))
    y, sizes = mean.units
    return mean.value(_lower(y, sizes, needed)), mean.value(1.0 - _lower(sizes - y, sizes, needed))


def bounded_p(mean: BoundedMean, value: float) -> float:
    """The smallest α whose limits exclude the value, at most 1."""
    if mean.binary:
        return exact_p(mean, value)
    y, sizes = mean.units
    share = mean.share(value)
    if not 0.0 < share < 1.0:
        return 1.0
    capital = max(_capital(y, sizes, share), _capital(sizes - y, sizes, 1.0 - share))
    return min(2.0 * math.exp(-max(capital, 0.0)), 1.0)


def _lower(y: Array, sizes: Array, needed: float) -> float:
    """The θ at which the log of the capital is ``needed``; it falls as θ grows."""
    high = float(y.sum() / sizes.sum())
    low = high
    while low > 1e-12 and _capital(y, sizes, low) < needed:
        high, low = low, low / 4.0
    if low <= 1e-12:
        return 0.0
    from scipy.optimize import brentq  # noqa: PLC0415 - a fifth of a second, which few commands need

    return float(brentq(lambda share: _capital(y, sizes, share) - needed, low, high, xtol=1e-12))


def _capital(y: Array, sizes: Array, share: float) -> float:
    """The log of the mixture's capital against a mean of ``share`` or less."""
    largest = 1.0 / (share * float(sizes.max()))
    bets = FIRST_BET / math.sqrt(len(y)) * 2.0 ** np.arange(BETS) / float(sizes.max())
    parts = np.append(np.full(BETS, (1.0 - LARGEST_BET) / BETS), LARGEST_BET)
    stakes = np.append(np.minimum(bets, largest), largest)
    with np.errstate(divide="ignore"):  # the largest bet loses everything on a row of 0
        grown = np.log(np.maximum(1.0 + stakes[:, None] * (y - share * sizes), 0.0)).sum(axis=1)
    return float(logsumexp(grown, b=parts))
