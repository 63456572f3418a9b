"""Many images: what resamples of M lose without the distances, and cells whose resamples are drawn once for all."""

import numpy as np
import pytest

from geed_cli.statistics import bootstrap_t as module
from geed_cli.statistics.bootstrap import (
    PIECE,
    draws_are_kept,
    weight_blocks,
    weight_pieces,
    weighted_normaliser,
)
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.interval import interval, intervals, intervals_at
from geed_cli.statistics.multiple import simultaneous
from geed_cli.statistics.sample import Interval, MeanSample, RatioSample, row_means_of
from geed_cli.statistics.scale import Scale


@pytest.mark.parametrize("sphere", [True, False])
@pytest.mark.parametrize("n", [100, 500])
def test_what_additive_parts_leave_out(n: int, sphere: bool) -> None:
    """Resample by resample M* is off by √2 sd(d)/n at most, and by as much on a sphere, where r_i are all alike."""
    f = np.random.default_rng(0).normal(size=(n, 8))
    f = f / np.linalg.norm(f, axis=1)[:, None] if sphere else f
    d = np.linalg.norm(f[:, None] - f[None], axis=2)
    r = row_means_of(d)
    whole, kept = (RatioSample(np.ones(n), r, True, Scale.log(), each) for each in (d, None))
    off = np.concatenate(
        [weighted_normaliser(w, whole) - weighted_normaliser(w, kept) for w in weight_blocks(n, 1000, 0)]
    )
    most = np.sqrt(2.0) * d[~np.eye(n, dtype=bool)].std() / n
    assert off.std() < 1.1 * most  # the standard error of a spread of 1000 resamples is 2%
    if sphere:
        assert off.std() > 0.9 * most


def cells(n: int) -> list[MeanSample | RatioSample]:
    """Means and ratios of skewed rows."""
    chance = np.random.default_rng(1)
    r = chance.gamma(9.0, size=n)
    means = [MeanSample(chance.gamma(2.0, size=n), Scale.log()) for _ in range(3)]
    return [*means, RatioSample(chance.gamma(2.0, size=n), r, True, Scale.log())]


def ends(found: Interval) -> tuple[float, float, float]:
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return found.value, found.low, found.high


def test_a_cell_of_few_images_does_not_depend_on_the_others() -> None:
    """Digit for digit, as saved results are compared."""
    assert draws_are_kept(200, 2000)
    some = cells(200)
    assert [at(0.95) for at in intervals_at(some)] == [interval(each) for each in some]


def test_cells_of_many_images_have_the_intervals_that_each_has_alone() -> None:
    """But for what the order of a sum leaves in the last digits."""
    assert not draws_are_kept(1500, 1000)
    some = cells(1500)
    for level in (0.95, 0.999):
        alone = [ends(interval(each, confidence=level, resamples=1000)) for each in some]
        together = [ends(at(level)) for at in intervals_at(some, resamples=1000)]
        assert together == [pytest.approx(each, rel=1e-12) for each in alone]


def test_cells_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the cells, none left out, whatever fits into a part."""
    some = cells(100)
    whole = [ends(each) for each in intervals(some)]
    for rows in (1, 250, 10_000):
        monkeypatch.setattr(module, "PART", rows)
        assert [ends(each) for each in intervals(some)] == [pytest.approx(each, rel=1e-12) for each in whole]
    assert intervals([]) == []


def test_pieces_are_multinomial() -> None:
    """Rows sum to n; means, variances within and over pieces, and (1 − 1/n)^n of the images that are not drawn."""
    n, resamples = 2 * PIECE + 1000, 300
    w = whole_weights(n, resamples)
    assert (w.sum(axis=1) == n).all()
    assert (w == w.round()).all()
    assert (w == 0).mean() == pytest.approx(np.exp(-1), abs=0.001)  # 2.8 million numbers of spread 0.5
    assert w.var(axis=0).mean() == pytest.approx(1.0, abs=0.01)
    totals = np.add.reduceat(w, [0, PIECE, 2 * PIECE], axis=1)
    share = np.array([PIECE, PIECE, 1000]) / n
    spread = np.sqrt(n * share * (1 - share))
    assert (np.abs(totals.mean(axis=0) - n * share) < 5.0 * spread / np.sqrt(resamples)).all()
    assert totals.std(axis=0) == pytest.approx(spread, rel=0.2)  # 4% of 300 resamples
    among = np.corrcoef(totals[:, 0], totals[:, 1])[0, 1]
    assert among == pytest.approx(-share[0] / (1 - share[0]), abs=0.2)
    assert (whole_weights(n, 10, seed=1) != w[:10]).any()
    assert (whole_weights(n, 10, stream=1) != w[:10]).any()


def whole_weights(n: int, resamples: int, seed: int = 0, stream: int = 0) -> np.ndarray:
    """The weights of all pieces, where nothing is left out."""
    w = np.full((resamples, n), np.nan)
    for rows, images, some in weight_pieces(n, resamples, seed, stream):
        assert np.isnan(w[rows, images]).all()
        w[rows, images] = some
    return w


def test_moments_of_many_images_are_those_of_their_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each resample by the whole matrix of weights, over deviations by size and then by sign; ties among them."""
    monkeypatch.setattr(module, "MANY", 100)
    n, chance = PIECE + 500, np.random.default_rng(2)
    cells = [chance.normal(size=n), chance.integers(-3, 4, n) / 7.0, chance.gamma(0.5, size=n)]
    draws = module.SharedDraws(300, 0)
    asked = [draws.add(Estimate(1.0, (u,), (n,))) for u in cells]
    w = whole_weights(n, 300)
    for u, found in zip(cells, asked, strict=True):
        ordered = u[np.lexsort((u, np.abs(u)))]
        mean, square = w @ ordered / n, w @ ordered**2 / n
        moved, variance = found()
        assert moved == pytest.approx(mean, rel=1e-9, abs=1e-12)
        assert variance == pytest.approx((square - mean**2) / (n - 1), rel=1e-9)


def test_simultaneous_intervals_are_the_cells_own_at_a_higher_confidence() -> None:
    """Each at one confidence between the single one's and Šidák's."""
    some = cells(60)
    joint = [ends(each) for each in simultaneous(some, confidence=0.9)]
    for each, found in zip(some, joint, strict=True):
        wide, narrow = (ends(interval(each, confidence=level)) for level in (0.9**0.25, 0.9))
        assert wide[1] <= found[1] < narrow[1] < narrow[2] < found[2] <= wide[2]
