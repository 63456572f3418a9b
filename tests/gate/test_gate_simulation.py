"""benchmarks/gate.py in small, with fixed seeds and binomial bounds: the gate's error rates and its power."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from scipy import stats

RUNS = [30, pytest.param(200, marks=pytest.mark.slow)]
"""Simulated releases: few by default, which see a gate that alarms five times too often, and many."""
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "gate.py"


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    """The benchmark as a module."""
    spec = importlib.util.spec_from_file_location("gate_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gate_benchmark"] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def scenario(simulation: ModuleType, name: str) -> object:
    """The one of that name."""
    (found,) = [one for one in simulation.scenarios() if one.name == name]
    return found


NULLS = ("null: every value at its limit", "null: every increase at its limit, 5%")


@pytest.mark.parametrize("name", [NULLS[0], pytest.param(NULLS[1], marks=pytest.mark.heavy)])
@pytest.mark.parametrize("images", [50, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("runs", RUNS)
def test_false_alarms_over_24_correlated_entries(
    simulation: ModuleType, name: str, images: int, runs: int
) -> None:
    """At most 5% family-wise at the limits themselves, where uncorrected intervals alarm far more often."""
    assert len(simulation.CELLS) == 24
    tally = simulation.simulate(scenario(simulation, name), images, range(runs))
    assert tally.runs == runs
    assert tally.failed <= stats.binom.ppf(0.999, runs, 0.05)
    assert tally.uncorrected > stats.binom.ppf(0.999, runs, 0.05)
    assert tally.passed <= stats.binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize(
    "metric",
    [
        "latent.l2",
        *(pytest.param(each, marks=pytest.mark.heavy) for each in ("softmax.kl", "prediction.flip_rate")),
    ],
)
@pytest.mark.parametrize("runs", RUNS)
def test_false_passes(simulation: ModuleType, metric: str, runs: int) -> None:
    """One entry at its limit and 23 far within: the gate passes in at most 5% of runs, without a correction."""
    name = f"{metric} at its limit, the others far within"
    tally = simulation.simulate(scenario(simulation, name), 50, range(runs))
    assert tally.passed <= stats.binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize("runs", [20, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.heavy
def test_power_against_a_ten_percent_worsening(simulation: ModuleType, runs: int) -> None:
    """At 200 images: seen in most runs where paired, in few where the pairing is broken."""
    paired = simulation.simulate(
        scenario(simulation, "latent.l2 of one group 10% worse, limit 2%"), 200, range(runs)
    )
    unpaired = [one for one in simulation.scenarios() if not one.paired and len(one.worse) == 1]
    broken = simulation.simulate(unpaired[0], 200, range(runs))
    assert paired.failed >= 0.75 * paired.runs
    assert broken.failed <= 0.4 * broken.runs


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    ("rate", "images", "runs"),
    [
        (0.003, 50, 12),
        (0.01, 50, 12),
        *(
            pytest.param(rate, images, 400, marks=pytest.mark.slow)
            for rate in (0.0005, 0.003, 0.01, 0.05)
            for images in (30, 50, 200, 1000)
        ),
    ],
)
def test_independent_flip_rates_at_their_limit(
    simulation: ModuleType, rate: float, images: int, runs: int, exact: bool
) -> None:
    """24 rules without anything in common: at most 5% of policies fail, and hardly any entry passes falsely."""
    tally = simulation.rates_at_their_limit(rate, images, range(runs), exact=exact)
    assert tally.failed <= stats.binom.ppf(0.999, runs, 0.05)
    assert tally.passed == 0
