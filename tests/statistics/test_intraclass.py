"""The intraclass correlation by folder, against analyses of variance by hand and by scipy."""

import numpy as np
import pytest
from scipy.stats import f_oneway

from geed_cli.statistics.intraclass import intraclass


def test_an_analysis_of_variance_by_hand() -> None:
    """Folders (1, 2), (4, 6), (9): MSB = (2·2.9² + 2·0.6² + 4.6²)/2 = 19.35, MSW = 2.5/2, m₀ = (5 − 9/5)/2 = 1.6.

    ρ = 18.1/(19.35 + 0.6·1.25) = 0.9005, and the design effect 1 + (9/5 − 1) ρ = 1.7204.
    """
    rows, folders = np.array([1.0, 2.0, 4.0, 6.0, 9.0]), np.array([5, 5, 2, 2, 9])
    found = intraclass(rows, folders)
    assert found is not None
    assert found.correlation == pytest.approx(0.900498, abs=1e-6)
    assert found.width == pytest.approx(np.sqrt(1.720398), abs=1e-6)
    assert found.p_value == pytest.approx(f_oneway([1, 2], [4, 6], [9]).pvalue)


def test_it_is_the_share_of_variance_between_folders() -> None:
    """Standard deviations 2 between and 1 within 400 folders of 5: 4/5 but for chance (its standard error is 0.01)."""
    rng = np.random.default_rng(0)
    folders = np.repeat(np.arange(400), 5)
    rows = 2.0 * rng.normal(size=400)[folders] + rng.normal(size=2000)
    found = intraclass(rows, folders)
    assert found is not None
    assert found.correlation == pytest.approx(0.8, abs=0.04)
    assert found.width == pytest.approx(np.sqrt(1 + 4 * 0.8), abs=0.06)
    none = intraclass(rng.normal(size=2000), folders)
    assert none is not None
    assert abs(none.correlation) < 0.05


def test_where_there_is_none() -> None:
    """One folder, a folder for every image, or rows that are all the same."""
    assert intraclass(np.arange(5.0), np.zeros(5, dtype=int)) is None
    assert intraclass(np.arange(5.0), np.arange(5)) is None
    assert intraclass(np.ones(6), np.repeat([0, 1], 3)) is None
    same = intraclass(np.repeat([0.0, 1.0], 3), np.repeat([0, 1], 3))
    assert same is not None
    assert (same.correlation, same.p_value) == (1.0, 0.0)
