"""What resamples of M lose where only each image's mean distance is kept: no more than docs/statistics.md says."""

import numpy as np
import pytest

from geed_cli.statistics.bootstrap import weight_blocks, weighted_normaliser
from geed_cli.statistics.sample import RatioSample, row_means_of
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
