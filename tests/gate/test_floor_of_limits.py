"""Limits below what a run can tell are refused, with the floor."""

import pytest
from support.gate import policy, result, spread

from geed_cli.gate.gate import gate
from geed_cli.result.schema import Result
from geed_cli.verdict.likeness import at_rounding

KEYS = {
    "latent.l2": ("latent.l2", "flip", None),
    "softmax.kl": ("softmax.kl", "flip", None),
    "channelwise.cosine": ("channelwise.cosine", "flip", "layer1"),
    "prediction.flip_rate": ("prediction.flip_rate", "flip", None),
}


def with_precision(one: Result, precision: str) -> Result:
    """The result as if run in another precision."""
    return one.model_copy(update={"settings": one.settings.model_copy(update={"precision": precision})})


def refused(
    metric: str, limit: str, precision: str = "fp32", controls: dict[str, float] | None = None
) -> str | None:
    """The reason why the limit was refused, or None."""
    mean = -0.9 if metric == "channelwise.cosine" else 0.3
    one = with_precision(result({KEYS[metric]: spread(mean, 0.01)}), precision)
    if controls is not None:
        entry = one.results[0].model_copy(update={"controls": controls})
        one = one.model_copy(update={"results": (entry,)})
    section = "baseline: {rules: [%s]}" if "increase" in limit else "rules: [%s]"
    text = "version: 1\n" + section % f"{{metric: {metric}, {limit}}}"
    report = gate({"net": one}, policy(text), one if "increase" in limit else None)
    (examined,) = [one for outcome in report.outcomes for one in outcome.examined]
    return examined.reason


@pytest.mark.parametrize(
    ("metric", "limit", "precision", "floor"),
    [
        ("latent.l2", "max: 0", "fp32", "9.54e-07"),  # 8 × 2⁻²³
        ("latent.l2", "max: 9e-7", "fp32", "9.54e-07"),
        ("latent.l2", "max: 1e-15", "fp64", "1.78e-15"),  # 8 × 2⁻⁵²
        ("latent.l2", "max: 0.05", "bf16", "0.0625"),  # 8 × 2⁻⁷
        ("softmax.kl", "max: 1e-13", "fp32", "9.09e-13"),  # squared
        ("channelwise.cosine", "max: -1", "fp32", "-0.9999999999990905"),
        ("latent.l2", "max_increase: 0", "fp32", "9.54e-07"),
        ("latent.l2", "max_increase: 0.0001%", "fp32", "9.54e-07"),  # of 0.3
    ],
)  # fmt: skip
def test_limits_below_floating_point(metric: str, limit: str, precision: str, floor: str) -> None:
    """By hand: 8ε for a distance, its square for a divergence or a cosine."""
    reason = refused(metric, limit, precision)
    assert reason is not None
    assert f"below the run's own floor, {floor}" in reason


@pytest.mark.parametrize(
    ("metric", "limit", "precision"),
    [
        ("latent.l2", "max: 1e-6", "fp32"),
        ("latent.l2", "max: 1e-14", "fp64"),
        ("latent.l2", "max_increase: 1e-6", "fp32"),
        ("latent.l2", "max_increase: 0.001%", "fp32"),
        ("latent.l2", "min: 0", "fp32"),
        ("prediction.flip_rate", "max: 0", "fp32"),
        ("prediction.flip_rate", "max_increase: 0", "fp32"),
    ],
)
def test_limits_that_a_run_can_tell(metric: str, limit: str, precision: str) -> None:
    """Just above the floor; a minimum has none where rounding is small; counts have none."""
    assert refused(metric, limit, precision) is None


@pytest.mark.parametrize(
    ("limit", "rounding", "floor"),
    [
        ("max: 0.5", 0.1, "1"),
        ("max_increase: 0.5", 0.1, "1"),
        ("max: 1.5", 0.1, None),
        ("max: 0.005", 9e-4, None),  # ten of these are no hundredth
        ("min: 0.2", 0.1, "1"),  # which rounding alone may reach
        ("min: 1.5", 0.1, None),
        ("min: 0", 0.1, None),  # always true
        ("min: 0.005", 9e-4, None),
    ],
)
def test_a_rounding_that_is_not_small_is_a_floor(limit: str, rounding: float, floor: str | None) -> None:
    """Ten times what was measured, of a network that makes rounding large; below it a limit is met by chance."""
    reason = refused("latent.l2", limit, controls={"rounding": rounding})
    assert reason is None if floor is None else f"below the run's own floor, {floor}" in str(reason)


def test_the_floor_control_counts() -> None:
    """What resampling alone does, where the result says it."""
    assert refused("latent.l2", "max: 0.01", controls={"floor": 0.02}) is not None
    assert "floor, 0.02" in (refused("latent.l2", "max: 0.01", controls={"floor": 0.02}) or "")
    assert refused("latent.l2", "max: 0.03", controls={"floor": 0.02}) is None


@pytest.mark.parametrize(("rounding", "floor"), [(6e-4, None), (8e-4, "0.008")])
def test_what_is_small_is_so_for_gates_and_sentences(rounding: float, floor: str | None) -> None:
    """A hundredth of the measure's scale, of a divergence of two copies ln 2: 0.0069 lies between ten of these."""
    reason = refused("softmax.kl", "max: 0.0065", controls={"rounding": rounding})
    assert reason is None if floor is None else f"below the run's own floor, {floor}" in str(reason)
    one = result({KEYS["softmax.kl"]: spread(0.3, 0.01)})
    entry = one.results[0].model_copy(update={"controls": {"rounding": rounding}})
    assert at_rounding(entry, 1e-3, one) == ("perfect" if floor is None else "lost")
