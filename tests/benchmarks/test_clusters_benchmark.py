"""Coverage where images come in clusters: over clusters as promised, over images far from it."""

import pytest
from scipy.stats import binom

from benchmarks.clusters import LEVELS, MEASURES, SIZES, coverage


@pytest.mark.parametrize("kind", LEVELS)
def test_means_over_20_pictures_of_5_crops(kind: str) -> None:
    """300 runs: a coverage of 92% fails once in a million; over the crops as images no run of luck reaches 87%."""
    blind, over = coverage("mean", kind, (20, 5), 300, 1)
    assert binom.cdf(300 * over, 300, 0.92) > 1e-6
    assert blind < 0.87


@pytest.mark.slow
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("kind", LEVELS)
@pytest.mark.parametrize("size", SIZES)
def test_coverage_over_clusters(measure: str, kind: str, size: tuple[int, int]) -> None:
    """92 to 97% of 1000 runs, but for chance; limits of rates hold for every distribution, and may cover more."""
    _, over = coverage(measure, kind, size, 1000, 2)
    assert binom.cdf(1000 * over, 1000, 0.92) > 1e-4
    assert measure == "rate" or binom.sf(1000 * over - 1, 1000, 0.97) > 1e-4
