"""Claims that hold together: Holm's correction of many p-values, and simultaneous intervals of a table.

Max-t by the multiplier bootstrap (Chernozhukov, Chetverikov and Kato 2013): with e_i ~ N(0, 1) one set for
all cells, Z_c = Σ_i e_i u_ci / √(Σ_i u_ci²) has the cells' own correlations, and the quantile q of max_c
|Z_c| gives each cell the confidence 2Φ(q) − 1, at which its ordinary interval is taken. Equal cells cost
nothing, independent ones Šidák's.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.errors import InputError
from geed_cli.statistics.bootstrap import multiplier_blocks
from geed_cli.statistics.bootstrap_t import SharedDraws
from geed_cli.statistics.estimate import Estimate, estimate
from geed_cli.statistics.interval import intervals_at
from geed_cli.statistics.methods import check_options
from geed_cli.statistics.sample import Interval, Sample, finite_rows
from geed_cli.statistics.scale import Array


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm's adjusted p-values, in the order given: significant at family-wise level α where ≤ α.

    Valid under any dependence between the comparisons and never weaker than Bonferroni's (Holm 1979).

    The k-th smallest of m (k = 1…m) becomes max over j ≤ k of min(1, (m − j + 1) p_(j)). None stays None.
    """
    ranked = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, i) in enumerate(ranked):
        running = max(running, min(1.0, (len(ranked) - rank) * p))
        adjusted[i] = running
    return tuple(adjusted)


def simultaneous(
    samples: Sequence[Sample],
    *,
    method: IntervalMethod = DEFAULT_METHOD,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    draws: SharedDraws | None = None,
) -> tuple[Interval, ...]:
    """Intervals that hold together, one for each cell over the same images.

    Cells without an interval of their own (undefined, withheld, without spread) are answered as by
    ``interval`` and cost the others nothing. ``draws`` are as for ``intervals_at``.

    Raises:
        InputError: cells over different numbers of images, or an option out of range.
    """
    check_options(method, confidence, resamples)
    made = intervals_at(samples, method=method, resamples=resamples, seed=seed, draws=draws)
    alone = [at(confidence) for at in made]
    family = [i for i, answer in enumerate(alone) if answer.width]
    with np.errstate(all="ignore"):  # absurd cells have no interval above and are not in the family
        estimates = [estimate(finite_rows(samples[i])) for i in family]
    level = joint_confidence(estimates, confidence=confidence, resamples=resamples, seed=seed)
    for i in family:
        alone[i] = made[i](level)
    return tuple(alone)


def joint_confidence(
    estimates: Sequence[Estimate], *, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> float:
    """The confidence that each estimate (cell or difference) needs for all of them to hold together.

    Never below ``confidence`` and never above Šidák's confidence^{1/cells}, between which the truth lies
    for cells over the same images up to Monte Carlo error.

    Raises:
        InputError: estimates over different numbers of images.
    """
    if len(estimates) < 2:
        return confidence
    z = np.zeros((resamples, len(estimates)))
    for stream, directions in enumerate(_directions(estimates)):
        blocks = multiplier_blocks(len(directions), resamples, seed, stream=stream)
        z += np.concatenate([e @ directions for e in blocks])
    still = np.flatnonzero(~z.any(axis=0))  # no variation to correlate: counted as independent
    if len(still):
        z[:, still] = np.concatenate(list(multiplier_blocks(len(still), resamples, seed, stream=2)))
    q = np.quantile(np.abs(z).max(axis=1), confidence)
    level = 2.0 * float(ndtr(q)) - 1.0
    return float(min(max(level, confidence), confidence ** (1.0 / len(estimates))))


def _directions(estimates: Sequence[Estimate]) -> list[Array]:
    """For each set of images u_ci/n_k over the cell's length, shape (images, cells)."""
    sets = []
    for stream in range(2):
        sizes = {
            len(u) for e in estimates for u, of in zip(e.deviations, e.streams, strict=False) if of == stream
        }
        if not sizes:
            continue
        if len(sizes) > 1:
            raise InputError(
                f"cells over {' and '.join(map(str, sorted(sizes)))} images",
                expected="the same images for all cells that are to hold together",
                remedy="make simultaneous intervals for each set of images by itself",
            )
        absent = np.zeros(sizes.pop())
        columns = [_direction(e, stream, absent) for e in estimates]
        sets.append(np.stack(columns, axis=1))
    lengths = np.sqrt(np.sum([(u * u).sum(axis=0) for u in sets], axis=0))
    return [u / np.where(lengths > 0, lengths, 1.0) for u in sets]


def _direction(estimate: Estimate, stream: int, absent: Array) -> Array:
    """How each image of a stream moves the estimate."""
    parts = zip(estimate.deviations, estimate.counts, estimate.streams, strict=False)
    return sum((u / n for u, n, of in parts if of == stream), absent)
