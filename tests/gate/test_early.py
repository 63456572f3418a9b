"""Stopping as soon as a policy is decided: verdicts of a look, baselines over more images, refusals, error rates."""

import numpy as np
import pytest
from scipy import stats
from support.gate import policy, result, spread

from geed_cli.errors import InputError
from geed_cli.gate.claim import value_claim
from geed_cli.gate.early import first_look, require_decidable, require_pictures, require_room
from geed_cli.gate.gate import gate
from geed_cli.gate.outcome import GateReport
from geed_cli.report.gate import wording
from geed_cli.report.gate.markdown import to_markdown
from geed_cli.result.schema import Looks, Result
from geed_cli.statistics.enough import look_confidences, spaced_sizes
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale
from geed_cli.verdict import policy_check

COSINE, KL = ("channelwise.cosine", "flip", "layer1"), ("softmax.kl", "flip", None)
SIZES = (50, 100, 200)


def at_look(whole: Result, used: int, sizes: tuple[int, ...] = SIZES) -> Result:
    """The result at that look of a plan, over the first of these images."""
    size, confidence = sizes[used - 1], look_confidences(sizes)[used - 1]
    made = result({(e.metric, e.group, e.layer): np.array(e.per_image.value[:size]) for e in whole.results})
    looks = Looks(sizes=sizes, used=used, confidence=confidence, width=None, metric=None)
    settings = made.settings.model_copy(update={"looks": looks})
    data = made.data.model_copy(update={"not_drawn": len(whole.results[0].per_image.value) - size})
    return made.model_copy(update={"settings": settings, "data": data})


def judged(text: str, made: Result, baseline: Result | None = None) -> GateReport:
    return gate({"net": made}, policy(text), baseline)


LIMIT = "version: 2\nrules: [{metric: channelwise.cosine, max: %s}]"
CHANGE = "version: 2\nbaseline: {rules: [{metric: '*', max_increase: %s}]}"


@pytest.mark.parametrize(
    ("first", "largest", "sizes"),
    [
        (50, 200, (50, 100, 200)),
        (50, 500, (50, 108, 232, 500)),
        (120, 500, (120, 245, 500)),
        (50, 99, (99,)),
        (50, 100, (50, 100)),
        (60, 50, (50,)),
    ],
)
def test_looks_are_spaced_alike(first: int, largest: int, sizes: tuple[int, ...]) -> None:
    """From the first to the last by one ratio, 2 or more, so that the last look has half of α or more."""
    assert spaced_sizes(first, largest) == sizes
    assert 1.0 - look_confidences(sizes)[-1] >= 0.025 - 1e-12  # rounding of 1 − (1 − α)


def test_a_look_passes_by_the_interval_that_is_left_to_it() -> None:
    """At the second of 50, 100, 200 images a quarter of α, 98.75%: the limits are those of that interval by itself."""
    whole = result({COSINE: spread(-0.9, 0.05)})
    look = at_look(whole, 2)
    report = judged(LIMIT % -0.5, look)
    sample = MeanSample(np.array(look.results[0].per_image.value), Scale.bounded(-1.0, 1.0))
    expected = interval(sample, method="corrected-t", confidence=0.9875)
    (examined,) = [one for outcome in report.outcomes for one in outcome.examined]
    assert examined.ci == pytest.approx((expected.low, expected.high), rel=1e-12)  # rounding of the level
    assert report.decided
    assert report.models[0].planned == 200
    assert report.models[0].confidence == pytest.approx(0.9875)


def test_a_baseline_over_more_images_is_read_over_those_of_the_look() -> None:
    """The same differences as against a baseline that has these images alone; M is 1 for each image here."""
    before, after = spread(0.2, 0.05, seed=1), spread(0.2, 0.05, seed=2)
    rows = {KL: before, ("latent.l2", "flip", None): before}
    whole, new = result(rows), result(dict.fromkeys(rows, after))
    look, alone = at_look(new, 1), result({key: values[:50] for key, values in rows.items()})
    against = [judged(CHANGE % 0.5, look, each) for each in (whole, alone)]
    assert [report.verdict for report in against] == ["pass", "pass"]
    intervals = [
        [(one.tested, one.ci, one.joint_ci) for outcome in report.outcomes for one in outcome.examined]
        for report in against
    ]
    for one, other in zip(*intervals, strict=True):
        assert one[0] == pytest.approx(other[0], rel=1e-12)  # rounding in the rows of M
        assert one[1] == pytest.approx(other[1], rel=1e-12)
        assert one[2] == pytest.approx(other[2], rel=1e-12)


def test_a_result_over_fewer_images_that_did_not_grow_is_not_comparable() -> None:
    """--samples 50 against a baseline of 200 images is as likely a mistake."""
    rows = spread(0.2, 0.05)
    report = judged(CHANGE % 0.5, result({KL: rows[:50]}), result({KL: rows}))
    assert report.verdict == "error"
    assert not report.decided


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        (LIMIT % -0.5, True),  # passes
        (LIMIT % -0.95, True),  # fails
        (LIMIT % -0.9, False),  # the limit is the mean itself
        ("version: 2\nrules: [{metric: channelwise.cosine, max: -0.9, level: warn}]", False),
        ("version: 2\nrules: [{metric: softmax.kl, max: 1.0}]", False),  # matches nothing: an error
        ("version: 2\nrequire: {min_images: 51}\nrules: [{metric: '*', max: -0.5}]", False),
        ("version: 2\nrequire: {min_clusters: 20}\nrules: [{metric: '*', max: -0.5}]", False),
    ],
)
def test_a_run_ends_where_every_rule_passed_or_failed(text: str, decided: bool) -> None:
    """At either level; what is in error or not met goes on, since more images may put it right."""
    whole = result({COSINE: np.tile(spread(-0.9, 0.05, 50), 4)})
    assert judged(text, at_look(whole, 1)).decided is decided


def test_every_form_of_the_report_says_what_was_saved() -> None:
    """And the confidence of the interval that was within the limit; without a word of it where nothing was saved."""
    whole = result({COSINE: spread(-0.9, 0.05)})
    early, late = (judged(LIMIT % -0.5, at_look(whole, used)) for used in (2, 3))
    assert list(wording.images_of(early)) == ["decided at 100 of 200 images, 100 saved"]
    assert "decided at 100 of 200 images, 100 saved" in to_markdown(early)
    assert "98.75% interval is within its limit" in policy_check.reason(early)
    assert policy_check.short_legend(early).startswith("pass: 98.75% interval")
    assert list(wording.images_of(late)) == ["200 images"]
    assert "97.5% interval is within its limit" in policy_check.reason(late)
    open_ = judged(LIMIT % -0.9, at_look(whole, 2))
    assert list(wording.images_of(open_)) == ["100 of 200 images"]


RETRIEVAL = "version: 2\nrules: [{id: rank, metric: retrieval.rank, min: 0.9}]"


@pytest.mark.parametrize(
    ("text", "among", "most", "message"),
    [
        (RETRIEVAL, ["retrieval.rank"], 500, "about retrieval.rank"),
        (CHANGE % 0.1, [], 500, "no --baseline"),
        (LIMIT % 1, [], 99, "99 images, of which the first look takes 50"),
    ],
)
def test_what_no_look_can_decide_is_refused(text: str, among: list[str], most: int, message: str) -> None:
    """Before weights are loaded."""
    with pytest.raises(InputError, match=message):
        require_decidable(policy(text), None, among, most)


def test_baselines_that_cannot_be_had_over_fewer_images_are_refused() -> None:
    """One that grew itself, and one that lacks a picture which the run may come to."""
    whole = result({KL: spread(0.2, 0.05)})
    with pytest.raises(InputError, match="images were added"):
        require_decidable(policy(CHANGE % 0.1), at_look(whole, 3), [], 500)
    with pytest.raises(InputError, match=r"lacks 1 of the 1 images, such as 9\.png"):
        require_pictures(whole.data, {"other": "9.png"})


def test_what_can_be_decided_is_not_refused() -> None:
    """Measures among images that no rule is about, a whole baseline, a picture that the baseline refused as well."""
    whole = result({KL: spread(0.2, 0.05)})
    require_decidable(policy(CHANGE % 0.1), whole, [], 100)
    require_decidable(policy(LIMIT % 1), None, ["retrieval.rank"], 100)
    require_room(50, 100)
    require_pictures(whole.data, {image.sha256: image.path for image in whole.data.images})


def test_the_first_look_has_what_the_policy_requires() -> None:
    """And no fewer than 20, below which there are no intervals."""
    assert first_look(policy(LIMIT % 1)) == 50
    assert first_look(policy("version: 2\nrequire: {min_images: 120}\nrules: [{metric: '*', max: 1}]")) == 120
    assert first_look(policy("version: 2\nrequire: {min_images: 2}\nrules: [{metric: '*', max: 1}]")) == 20


def _decisions(size: int, confidence: float, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """For each number of flips among so many images whether a limit of that rate passes, and whether it fails."""
    spans = []
    for flips in range(size + 1):
        claim = value_claim(MeanSample(np.arange(size) < flips, Scale.rate()), confidence)
        assert not isinstance(claim, str)
        spans.append(claim.at(confidence))
    low, high = np.array(spans).T
    return high <= rate, low > rate


def _chances(sizes: tuple[int, ...], confidences: tuple[float, ...], rate: float) -> tuple[float, float]:
    """The chances that a rule on one rate, which is at its limit, passes and that it fails, at any of the looks.

    By recursion over the number of flips: the chance of each while the rule is open, and what is decided of it.
    """
    open_, before, passed, failed = np.ones(1), 0, 0.0, 0.0
    for size, confidence in zip(sizes, confidences, strict=True):
        new = stats.binom.pmf(np.arange(size - before + 1), size - before, rate)
        chances = np.convolve(open_, new)
        passes, fails = _decisions(size, confidence, rate)
        passed, failed = passed + chances[passes].sum(), failed + chances[fails].sum()
        open_, before = np.where(passes | fails, 0.0, chances), size
    return passed, failed


@pytest.mark.parametrize("rate", [0.1, 0.03])
def test_errors_over_all_looks_on_a_rate_at_its_limit_by_recursion(rate: float) -> None:
    """At most half of 5% on either side, computed and not simulated; the same looks at 95% each err more often."""
    assert max(_chances(SIZES, look_confidences(SIZES), rate)) <= 0.025
    assert max(_chances(SIZES, (0.95,) * len(SIZES), rate)) > 0.025
