"""Many images: what resamples of M lose without the distances, and cells whose resamples are drawn once for all."""

import numpy as np
import pytest

from geed_cli.statistics import interval as module
from geed_cli.statistics.bootstrap import draws_are_kept, weight_blocks, weighted_normaliser
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


def test_simultaneous_intervals_are_the_cells_own_at_a_higher_confidence() -> None:
    """Each at one confidence between the single one's and Šidák's."""
    some = cells(60)
    joint = [ends(each) for each in simultaneous(some, confidence=0.9)]
    for each, found in zip(some, joint, strict=True):
        wide, narrow = (ends(interval(each, confidence=level)) for level in (0.9**0.25, 0.9))
        assert wide[1] <= found[1] < narrow[1] < narrow[2] < found[2] <= wide[2]
