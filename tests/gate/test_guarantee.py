"""``guarantee: exact``: claims by limits that hold for every distribution, and who has none is named."""

import numpy as np
import pytest
from support.gate import policy, result, spread

from geed_cli.gate.gate import gate
from geed_cli.statistics.difference import difference
from geed_cli.statistics.equivalence import moved
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale
from geed_cli.verdict.policy_check import short_legend

KL = ("softmax.kl", "flip", None)
COSINE = ("channelwise.cosine", "flip", "layer1")
RATE = ("prediction.flip_rate", "flip", None)
BETWEEN = Scale.bounded(0.0, float(np.log(2.0)))
EXACT = "version: 1\nguarantee: exact\n"


def test_claims_are_bounded_ones_and_share_the_error() -> None:
    """Own intervals at 95%, joint ones at 1 − 0.05/3, by Bonferroni's inequality; the page says so."""
    rows = {KL: spread(0.1, 0.02), COSINE: spread(-0.9, 0.01), RATE: (np.arange(200) < 9) * 1.0}
    rules = policy(
        f"{EXACT}rules: [{{metric: softmax.kl, max: 0.12}}, {{metric: channelwise.cosine, min: -0.91}},"
        " {metric: prediction.flip_rate, max: 0.05}]"
    )
    report = gate({"net": result(rows)}, rules)
    samples = [
        MeanSample(rows[KL], BETWEEN),
        MeanSample(rows[COSINE], Scale.bounded(-1.0, 1.0)),
        MeanSample(rows[RATE], Scale.rate()),
    ]
    examined = [one for outcome in report.outcomes for one in outcome.examined]
    for one, sample in zip(examined, samples, strict=True):
        for found, level in ((one.ci, 0.95), (one.joint_ci, 1.0 - 0.05 / 3.0)):
            made = interval(sample, method="bounded", confidence=level)
            assert found == pytest.approx((made.low, made.high))
    assert report.guarantee == "exact"
    assert short_legend(report).endswith("guarantee: exact, at any number of images and for any distribution")


def test_increases_are_bounded_differences() -> None:
    """Absolute, and in percent against rows that are moved by as much, with their bounds."""
    rng = np.random.default_rng(0)
    before, after = rng.uniform(0.0, 0.2, 200), rng.uniform(0.0, 0.3, 200)
    rules = policy(
        f"{EXACT}baseline: {{rules: [{{metric: softmax.kl, max_increase: 0.1}},"
        " {metric: softmax.kl, max_increase: 20%}]}"
    )
    report = gate({"net": result({KL: after})}, rules, result({KL: before}))
    absolute, percent = (one for outcome in report.outcomes for one in outcome.examined)
    reference, other = MeanSample(before, BETWEEN), MeanSample(after, BETWEEN)
    made = difference(reference, other, method="bounded")
    assert absolute.ci == pytest.approx((made.low, made.high))
    made = difference(moved(reference, 0.2, 0.0), other, method="bounded")
    at = [end / before.mean() + 0.2 for end in (made.low, made.high)]
    assert percent.ci == pytest.approx(tuple(at))


def test_a_release_against_itself_is_about_other_images_too() -> None:
    """The same rows are no proof: up to what none of 200 images showed of a difference of up to 2 ln 2."""
    rows = result({KL: spread(0.3, 0.05)})
    rules = "baseline: {rules: [{metric: softmax.kl, max_increase: 0.001}]}"
    assert gate({"net": rows}, policy(f"version: 1\n{rules}"), rows).verdict == "pass"
    assert gate({"net": rows}, policy(EXACT + rules), rows).verdict == "undecided"


@pytest.mark.parametrize("metric", ["latent.l2", "latent.cosine"])
def test_what_has_no_bounds_is_refused_by_name(metric: str) -> None:
    """An error, exit code 2, whatever the values are."""
    report = gate(
        {"net": result({(metric, "flip", None): spread(0.5, 0.1)})},
        policy(f"{EXACT}rules: [{{metric: {metric}, max: 5.0}}]"),
    )
    assert (report.verdict, report.exit_code) == ("error", 2)
    (one,) = report.outcomes[-1].examined
    assert one.reason == f"guarantee: exact, and the values of {metric} have no bounds"


def test_a_rare_kind_of_image_passes_only_without_the_guarantee() -> None:
    """2% of images have 0.6 nats and the others 0.02, the limit is the true mean: of 40 runs one in three passes."""
    rules = "rules: [{metric: softmax.kl, max: 0.0316}]"
    passed = dict.fromkeys(("", EXACT), 0)
    for run in range(40):
        rng = np.random.default_rng(run)
        level = np.where(rng.random(50) < 0.02, 0.6, 0.02)
        found = result({KL: level * np.exp(0.3 * rng.normal(size=50) - 0.045)})
        for start in passed:
            report = gate({"net": found}, policy((start or "version: 1\n") + rules))
            passed[start] += report.verdict == "pass"
    assert passed[EXACT] == 0
    assert passed[""] > 8
