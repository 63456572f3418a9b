"""The bootstrap-t interval, the default: quantiles of resampled t statistics on the natural scale, widened for tails.

Resamples are of the deviations u_i of an estimate, so that means, ratios, differences, clusters and weights are one
case: θ* = θ̂ + Σ over the sets of the mean of the drawn u, se* the standard error of that mean in the resample, and
T* = (ψ(θ*) − ψ(θ̂))/(ψ′(θ*) se*) (Efron 1979; Hall 1988). Deviations are drawn in the order of their size, so that the
limits depend neither on the order of the images nor on which of two models comes first.

What few images do not show, their resamples do not either: with heavy tails the spread of the drawn u is itself badly
known. Quantiles are therefore widened by t_ν/t_ν₀, where ν is the freedom of the variance that the kurtosis of u leaves
(``jackknife_t.effective_freedom``) and ν₀ = n − 1 the freedom of equal rows. 2000 resamples have no quantile at one
chance in a thousand: beyond 95% the limits of 95% are stretched by a power of t_ν(confidence)/t_ν(95%) that is at least
1, so that a joint interval holds the single one. The power is 5/4, and up to 3/10 more at the end that skewness points
to: there lie the images that the sample has too few of, most of all where it is less skewed than what it is drawn from.
docs/statistics.md has the coverage.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import groupby
from operator import itemgetter

import numpy as np
from scipy.special import stdtrit

from geed_cli.statistics.bootstrap import MANY, percentile_limits, weight_blocks, weight_pieces
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.jackknife_t import combined_freedom, effective_freedom
from geed_cli.statistics.scale import Array, Scale

DRAWN_LEVEL = 0.95
"""The confidence up to which limits are quantiles; 2000 resamples have 50 beyond each of them."""
STRETCH = 1.25
"""With 1, 24 gamma cells (shape 1/2) of 50 images hold together in 92% of cases, and lognormal ones in 86%."""
SKEWED_STRETCH = 0.3
"""More at the skewed end: without it 24 lognormal cells hold together in 92%, and those of Pareto rows in 88%."""
SKEWED = 1.0 / 40.0
"""The acceleration from which all of it counts, that of rows of skewness 1.06 at n = 50: more does not show in samples
that lack their far images, and normal rows reach a third of it by chance."""

PART = 1 << 26
"""Deviations of the cells that are drawn together, of which 8 bytes are held: half a GiB."""
COPIES = 3
"""As how many a deviation of few images counts: they are brought together in one array, and squared in another."""
SIGN_LAST, SIGN_FIRST = np.uint64(1), np.uint64(63)
"""By how many bits all others of a float64 move to the left, and its sign, where the sign is to be last."""

Moments = tuple[Array, Array]
"""Of each resample, the mean of the drawn deviations, and the variance of that mean; summed over the sets."""


class BootstrapT:
    """The limits of an estimate, whose value lies in the interior of its scale, at any confidence.

    Args:
        estimate: with a variance above 0; it is not held.
        scale: its natural scale.
        draws: which the estimate is added to.
    """

    def __init__(self, estimate: Estimate, scale: Scale, draws: "SharedDraws") -> None:
        self._scale = scale
        self._value, self._centre = estimate.value, float(scale.forward(estimate.value))
        self._error = estimate.standard_error * float(scale.slope(estimate.value))
        self._freedom = effective_freedom(estimate)
        self._plain = combined_freedom(estimate, lambda _, n: n - 1.0)
        share = float(np.clip(estimate.acceleration / SKEWED, -1.0, 1.0))
        self._powers = tuple(STRETCH + SKEWED_STRETCH * max(side * share, 0.0) for side in (-1.0, 1.0))
        self._drawn = draws.add(estimate)

    def __call__(self, confidence: float) -> tuple[float, float]:
        """Low and high."""
        drawn = min(confidence, DRAWN_LEVEL)
        low, high = percentile_limits(self._pivots, drawn)
        width = _t(self._freedom, drawn) / _t(self._plain, drawn)
        beyond = _t(self._freedom, confidence) / _t(self._freedom, drawn)
        down, up = (width * beyond**power * self._error for power in self._powers)
        ends = self._centre - high * down, self._centre - low * up
        return self._scale.inverse(ends[0]), self._scale.inverse(ends[1])

    @cached_property
    def _pivots(self) -> Array:
        return np.sort(_pivots(self._value, self._scale, self._drawn()))


class SharedDraws:
    """Resamples that are drawn once for all estimates that were added before the first of them asks.

    Args:
        resamples: how many.
        seed: of all.
    """

    def __init__(self, resamples: int, seed: int) -> None:
        self._resamples, self._seed = resamples, seed
        self._part = _Part(resamples, seed)

    def add(self, estimate: Estimate) -> Callable[[], Moments]:
        """Have an estimate drawn with the others; what gives its moments."""
        if self._part.is_full:
            self._part.draw()
            self._part = _Part(self._resamples, self._seed)
        return self._part.add(estimate)


class _Part:
    """Estimates that are drawn together: of each the deviations in order, until they are drawn."""

    def __init__(self, resamples: int, seed: int) -> None:
        self._resamples, self._seed = resamples, seed
        self._sets: dict[tuple[int, int], list[tuple[int, Array]]] = {}
        self._count = self._held = 0
        self._found: list[Moments] = []

    @property
    def is_full(self) -> bool:
        """Whether no further estimate can be added."""
        return self._held >= PART or bool(self._found)

    def add(self, estimate: Estimate) -> Callable[[], Moments]:
        """As for ``SharedDraws``."""
        for stream, (deviations, count) in enumerate(zip(estimate.deviations, estimate.counts, strict=True)):
            u = _in_order(deviations, count)
            self._sets.setdefault((stream, len(u)), []).append((self._count, u))
            self._held += len(u) if len(u) > MANY else COPIES * len(u)
        self._count += 1
        return partial(self._moments, self._count - 1)

    def draw(self) -> None:
        """Draw what was added, unless it is drawn; the deviations are not held any longer."""
        if not self._found:
            self._found = self._drawn()
            self._sets = {}

    def _moments(self, place: int) -> Moments:
        self.draw()
        return self._found[place]

    def _drawn(self) -> list[Moments]:
        """The moments of each estimate; resamples of one number of deviations are drawn once for all of them."""
        found = [(np.zeros(self._resamples), np.zeros(self._resamples)) for _ in range(self._count)]
        for (stream, n), members in self._sets.items():
            of_set = _drawn_of_many if n > MANY else _drawn_of_few
            mean, square = of_set([u for _, u in members], self._resamples, self._seed, stream)
            of_mean = np.maximum(square - mean * mean, 0.0) / (n - 1)
            for column, (place, _) in enumerate(members):
                moved, variance = found[place]
                moved += mean[:, column]
                variance += of_mean[:, column]
        return found


def _drawn_of_few(of_cells: Sequence[Array], resamples: int, seed: int, stream: int) -> Moments:
    """The means of what each resample draws of the deviations and of their squares, each (resamples, cells)."""
    u = of_cells[0] if len(of_cells) == 1 else np.stack(of_cells, axis=1)
    squares = u * u
    parts = [(w @ u, w @ squares) for w in weight_blocks(len(u), resamples, seed, stream)]
    first, second = (np.concatenate(each) / len(u) for each in zip(*parts, strict=True))
    return first.reshape(resamples, -1), second.reshape(resamples, -1)


def _drawn_of_many(of_cells: Sequence[Array], resamples: int, seed: int, stream: int) -> Moments:
    """The same piece by piece, so that no more than a piece of all cells is brought together."""
    n, cells = len(of_cells[0]), len(of_cells)
    sums = np.zeros((resamples, 2 * cells))
    for images, pieces in groupby(weight_pieces(n, resamples, seed, stream), key=itemgetter(1)):
        u = np.stack([each[images] for each in of_cells], axis=1)
        both = np.concatenate([u, u * u], axis=1)
        for rows, _, weights in pieces:
            sums[rows] += weights @ both
    return sums[:, :cells] / n, sums[:, cells:] / n


def _pivots(value: float, scale: Scale, drawn: Moments) -> Array:
    """T* of each resample whose value lies in the interior of the scale and whose drawn deviations vary."""
    moved, variance = drawn
    values = value + moved
    use = (values > scale.lo) & (values < scale.hi) & (variance > 0.0)
    values, errors = values[use], np.sqrt(variance[use])
    off = scale.forward(values) - float(scale.forward(value))
    return np.asarray(off / (scale.slope(values) * errors), dtype=np.float64)


def _in_order(deviations: Array, count: int) -> Array:
    """Deviations by their size, whose mean is the estimate's; without those of images that have no row."""
    u = _by_size(deviations)
    absent = len(u) - count
    if not u[:absent].any():
        return u[absent:]
    return np.asarray(u * (len(u) / count), dtype=np.float64)  # of pairs, whose sides lost different images


def _by_size(u: Array) -> Array:
    """Finite numbers by |u|, then by u: by their bits with the sign last, five times as fast as by two keys."""
    bits = np.ascontiguousarray(u, dtype=np.float64).view(np.uint64)
    keys = np.sort((bits << SIGN_LAST) | (~bits >> SIGN_FIRST))
    return ((keys >> SIGN_LAST) | (~keys << SIGN_FIRST)).view(np.float64)


def _t(freedom: float, confidence: float) -> float:
    return float(stdtrit(freedom, (1.0 + confidence) / 2.0))
