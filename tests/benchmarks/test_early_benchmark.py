"""benchmarks/early.py in small, with fixed seeds and binomial bounds: error rates over all looks, and what is saved."""

import pytest
from scipy import stats

from benchmarks.early import COPIES, Tally, all_scenarios, simulate

RUNS = [pytest.param(16, marks=pytest.mark.heavy), pytest.param(200, marks=pytest.mark.slow)]
IMAGES = 200


def tally(name: str, runs: int) -> Tally:
    """Of the scenario of that name."""
    (found,) = [each for each in all_scenarios() if each.name == name]
    return simulate(found, IMAGES, range(runs))


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("name", ["null: every value at its limit", "null: every increase at its limit, 5%"])
def test_false_alarms_at_any_look(name: str, runs: int) -> None:
    """At most 5% of policies whose every entry is at its limit."""
    made = tally(name, runs)
    assert made.runs == runs
    assert made.failed_early <= stats.binom.ppf(0.999, runs, 0.05)
    assert made.passed_early <= stats.binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("name", ["latent.l2 at its limit, the others far within", *list(COPIES)[1:]])
def test_false_passes_at_any_look(name: str, runs: int) -> None:
    """One entry at its limit; a network all of whose rows are a little further off, of which M alone differs."""
    assert tally(name, runs).passed_early <= stats.binom.ppf(0.999, runs, 0.05)


@pytest.mark.heavy
def test_a_release_that_is_much_worse_fails_soon() -> None:
    """Everything 10% worse at a limit of 2%: at the first of three looks, as all images would have it."""
    made = tally("everything 10% worse, limit 2%", 4)
    assert (made.failed, made.failed_early) == (4, 4)
    assert made.images < 4 * IMAGES / 2
