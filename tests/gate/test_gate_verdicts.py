"""Verdicts on rows whose answers are known by hand: pass, fail, undecided, and what would decide."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from support.gate import policy, result, spread

from geed_cli.gate.gate import gate
from geed_cli.gate.outcome import Examined, GateReport

KL = ("softmax.kl", "flip", None)
LATENT = ("latent.l2", "flip", None)
COSINE = ("latent.cosine", "flip", None)


def only(report: GateReport) -> Examined:
    """The one entry that was examined."""
    (one,) = [one for outcome in report.outcomes for one in outcome.examined]
    return one


def test_three_verdicts_by_hand() -> None:
    """latent.cosine has the plain scale: mean 0.5, sd 0.1, n = 200 gives 0.5 ± t_199 0.1/√200 = ±0.01394."""
    half = stats.t.ppf(0.975, 199) * 0.1 / math.sqrt(200)
    audited = result({COSINE: spread(0.5, 0.1)})
    verdicts = {}
    for limit in (0.5 + 1.1 * half, 0.5 + 0.5 * half, 0.5 - 0.5 * half, 0.5 - 1.1 * half):
        report = gate(
            {"net": audited}, policy(f"version: 1\nrules: [{{metric: latent.cosine, max: {limit}}}]")
        )
        verdicts[limit] = (report.verdict, report.exit_code)
        assert only(report).ci == pytest.approx(
            (0.5 - half, 0.5 + half), abs=0.05 * half
        )  # skewness of the draw
    assert list(verdicts.values()) == [("pass", 0), ("undecided", 1), ("undecided", 1), ("fail", 1)]


def test_min_is_the_mirror_image() -> None:
    """The same limits as a minimum: verdicts in reverse."""
    audited = result({COSINE: spread(0.5, 0.1)})
    found = [
        gate(
            {"net": audited}, policy(f"version: 1\nrules: [{{metric: latent.cosine, min: {limit}}}]")
        ).verdict
        for limit in (0.52, 0.505, 0.495, 0.48)
    ]
    assert found == ["fail", "undecided", "undecided", "pass"]


def test_undecided_says_how_many_images_and_they_decide() -> None:
    """N (h/distance)²: replicated to the forecast, the same rows pass; a little short of it, they do not."""
    rows = spread(0.5, 0.1, n=50)
    rule = policy("version: 1\nrules: [{metric: latent.cosine, max: 0.51}]")
    needed = only(gate({"net": result({COSINE: rows})}, rule)).images_to_decide
    assert needed is not None
    assert needed > 50
    for factor, verdict in ((1.15, "pass"), (0.8, "undecided")):
        again = spread(0.5, 0.1 * math.sqrt(200 / 199), n=int(factor * needed))
        assert gate({"net": result({COSINE: again})}, rule).verdict == verdict


def test_a_value_on_its_limit_is_never_decided() -> None:
    """No number of images tells a value from itself."""
    one = only(
        gate(
            {"net": result({COSINE: spread(0.5, 0.1)})},
            policy("version: 1\nrules: [{metric: '*', max: 0.5}]"),
        )
    )
    assert one.verdict == "undecided"
    assert one.images_to_decide is None or one.images_to_decide > 10**6


def test_undecided_may_be_allowed() -> None:
    """--on-undecided pass: exit 0, and the verdict still does not say pass."""
    audited = result({COSINE: spread(0.5, 0.1)})
    report = gate(
        {"net": audited}, policy("version: 1\nrules: [{metric: '*', max: 0.505}]"), on_undecided="pass"
    )
    assert (report.verdict, report.exit_code) == ("undecided", 0)
    failing = gate(
        {"net": audited}, policy("version: 1\nrules: [{metric: '*', max: 0.4}]"), on_undecided="pass"
    )
    assert (failing.verdict, failing.exit_code) == ("fail", 1)


def test_level_warn_does_not_stop_a_release() -> None:
    """The outcome is a fail, the gate passes."""
    audited = result({COSINE: spread(0.5, 0.1)})
    rules = "version: 1\nrules: [{id: a, metric: '*', max: 0.1, level: warn}, {id: b, metric: '*', max: 0.9}]"
    report = gate({"net": audited}, policy(rules))
    assert (report.verdict, report.exit_code) == ("pass", 0)
    assert [(rule.rule, rule.verdict) for rule in report.rules] == [("a", "fail"), ("b", "pass")]


def test_pairing_decides_what_unpaired_rows_cannot() -> None:
    """Rows that vary a lot and move together: a 2% increase is found at a limit of 1%, and lost without pairing."""
    generator = np.random.default_rng(5)
    before = generator.uniform(0.05, 0.6, 200)
    after = before * 1.02 + generator.normal(0, 0.001, 200)
    rule = policy("version: 1\nbaseline: {rules: [{metric: softmax.kl, max_increase: 1%}]}")
    paired = gate({"net": result({KL: after})}, rule, result({KL: before}))
    broken = gate({"net": result({KL: generator.permutation(after)})}, rule, result({KL: before}))
    assert paired.verdict == "fail"
    assert only(paired).tested == pytest.approx(0.02, abs=0.001)
    assert broken.verdict == "undecided"


def test_percentages_of_negative_values_go_by_their_size() -> None:
    """−0.90 may rise by 5% of 0.90, to −0.855: −0.86 passes, −0.85 fails."""
    layer = ("channelwise.cosine", "flip", "layer1")
    before = spread(-0.9, 0.01)
    rule = policy("version: 1\nbaseline: {rules: [{metric: channelwise.cosine, max_increase: 5%}]}")
    found = []
    for shift in (0.04, 0.05):
        after = before + shift + spread(0.0, 0.001, seed=1)
        report = gate({"net": result({layer: after})}, rule, result({layer: before}))
        assert only(report).tested == pytest.approx(shift / 0.9)
        found.append(report.verdict)
    assert found == ["pass", "fail"]


def test_the_baselines_own_uncertainty_counts_in_a_percentage() -> None:
    """θ − 1.05 θ₀ of equal rows is −0.05 θ₀, whose interval is that of θ₀ times 0.05: shown, −0 ± 5% of its width."""
    rows = spread(0.5, 0.1)
    rule = policy("version: 1\nbaseline: {rules: [{metric: '*', max_increase: 5%}]}")
    one = only(gate({"net": result({COSINE: rows})}, rule, result({COSINE: rows})))
    half = stats.t.ppf(0.975, 199) * 0.1 / math.sqrt(200) / 0.5
    assert one.tested == 0
    assert one.ci == pytest.approx((-0.05 * half, 0.05 * half), rel=0.05)
    assert one.verdict == "pass"


def test_a_release_against_itself_passes_an_absolute_increase() -> None:
    """Every difference is 0: no width, within any limit above the floor."""
    rows = spread(0.3, 0.05)
    rule = policy("version: 1\nbaseline: {rules: [{metric: softmax.kl, max_increase: 0.001}]}")
    report = gate({"net": result({KL: rows})}, rule, result({KL: rows}))
    assert (report.verdict, only(report).ci) == ("pass", (0.0, 0.0))


def test_a_fail_needs_more_evidence_where_more_is_tested() -> None:
    """Max-t: alone an entry fails, among 24 independent ones that pass it is undecided; copies cost nothing."""
    one = result({COSINE: spread(0.5, 0.1)})
    limit = 0.5 - 2.4 * 0.1 / math.sqrt(200)  # t = 2.4: p = 0.017
    groups = {("latent.cosine", f"c{k}", None): spread(-1.0, 0.1, seed=k) for k in range(2, 25)}
    copies = {("latent.cosine", f"c{k}", None): spread(0.5, 0.1) - 2.0 for k in range(2, 25)}
    rule = policy(f"version: 1\nrules: [{{metric: '*', max: {limit}}}]")
    verdicts = []
    for others in ({}, groups, copies):
        rows = {COSINE: spread(0.5, 0.1), **others}
        verdicts.append(gate({"net": result(rows)}, rule).verdict)
    assert gate({"net": one}, rule).verdict == "fail"
    assert verdicts == ["fail", "undecided", "fail"]


def test_growing_runs_have_less_to_spend() -> None:
    """A result that stopped at a look is read at that look's confidence: wider than a run of one look."""
    from geed_cli.result.schema import Looks

    audited = result({COSINE: spread(0.5, 0.1)})
    looks = Looks(sizes=(200, 400, 800), used=1, confidence=0.9875, width=0.1, metric="*")
    grown = audited.model_copy(update={"settings": audited.settings.model_copy(update={"looks": looks})})
    rule = policy("version: 1\nrules: [{metric: '*', max: 0.51}]")
    plain, spent = (only(gate({"net": one}, rule)).ci for one in (audited, grown))
    assert plain is not None
    assert spent is not None
    ratio = stats.t.ppf(1 - 0.0125 / 2, 199) / stats.t.ppf(0.975, 199)
    assert (spent[1] - spent[0]) / (plain[1] - plain[0]) == pytest.approx(ratio, rel=0.03)


def test_several_models_are_judged_apart_and_share_the_error() -> None:
    """One fails, one passes; outcomes carry the labels, and other images are another family."""
    good, bad = result({KL: spread(0.1, 0.02)}, "good"), result({KL: spread(0.4, 0.02, n=150)}, "bad")
    report = gate({"good": good, "bad": bad}, policy("version: 1\nrules: [{metric: softmax.kl, max: 0.2}]"))
    verdicts = {one.model: one.verdict for one in report.outcomes if one.rule == "rules[0]"}
    assert verdicts == {"good": "pass", "bad": "fail"}
    assert (report.verdict, report.claims) == ("fail", 2)


def test_the_same_files_give_the_same_report() -> None:
    """Nothing is drawn from the clock or an unseeded generator."""
    audited = result({KL: spread(0.1, 0.02), LATENT: spread(0.5, 0.1)})
    rule = policy("version: 1\nrules: [{metric: '*', max: 0.2}]")
    assert gate({"net": audited}, rule) == gate({"net": audited}, rule)


def test_a_flip_rate_that_moved_in_no_image_passes_only_with_enough_images() -> None:
    """0 of n images leave up to 1 − 0.025^{1/n}: 16.8% of 20 and 1.8% of 200, which alone is below 2%."""
    rate = ("prediction.flip_rate", "flip", None)
    rules = policy(
        "version: 1\nrules: []\nbaseline: {rules: [{metric: prediction.flip_rate, max_increase: 0.02}]}"
    )
    verdicts = {}
    for n in (20, 200):
        same = result({rate: np.zeros(n)})
        report = gate({"net": same}, rules, same)
        verdicts[n] = report.verdict
        missed = stats.binomtest(0, n).proportion_ci(0.95, "exact").high
        assert only(report).ci == pytest.approx((-missed, missed))
    assert verdicts == {20: "undecided", 200: "pass"}


def test_a_name_with_signs_of_a_glob_is_itself() -> None:
    """A set's name has brackets, which as a glob would mean something else."""
    name = "torchvision:affine(angle=5,translate=[0,0],scale=1,shear=[0,0])"
    found = result({("softmax.kl", name, None): spread(0.2, 0.05)})
    report = gate(
        {"net": found}, policy(f"version: 1\nrules: [{{metric: softmax.kl, group: '{name}', max: 0.5}}]")
    )
    assert report.verdict == "pass"


@given(seed=st.integers(0, 2**32 - 1), skew=st.floats(0.5, 2.5), count=st.integers(20, 60))
def test_the_joint_interval_holds_the_entrys_own(seed: int, skew: float, count: int) -> None:
    """However lopsided the rows: no rule fails at a limit that the entry's own interval leaves open."""
    rng = np.random.default_rng(seed)
    rows = {LATENT: rng.lognormal(-4.0, skew, count), KL: np.minimum(rng.lognormal(-5.0, skew, count), 0.6)}
    rules = "[{metric: latent.l2, min: 0.0165}, {metric: softmax.kl, max: 0.01}]"
    report = gate({"net": result(rows)}, policy(f"version: 1\nrequire: {{min_images: 20}}\nrules: {rules}"))
    for outcome in report.outcomes:
        for entry in outcome.examined:
            if entry.ci is not None and entry.joint_ci is not None:
                assert entry.joint_ci[0] <= entry.ci[0]
                assert entry.joint_ci[1] >= entry.ci[1]


BLOCK = ("channelwise.cosine", "flip", "block")


def changed_by(
    version: int, share: str, after: float, key: tuple[str, str, str | None] = BLOCK
) -> GateReport:
    """Of −0.90 that became ``after``, image by image, under a limit in percent."""
    rows = spread(-0.90, 0.01, n=60)
    rule = f"version: {version}\nbaseline: {{rules: [{{metric: '*', max_increase: {share}}}]}}"
    later = rows + (after + 0.90) + spread(0.0, 0.0001, n=60, seed=1)
    return gate({"net": result({key: later})}, policy(rule), result({key: rows}, "last"))


def test_percent_of_a_cosine_is_of_its_distance_in_version_2() -> None:
    """−0.90 is 0.10 from −1: 5% of that is 0.005; of its size, in version 1, 0.045."""
    assert changed_by(2, "5%", -0.8955).verdict == "pass"
    assert changed_by(2, "5%", -0.8940).verdict == "fail"
    assert changed_by(1, "5%", -0.8940).verdict == "pass"
    assert changed_by(1, "5%", -0.8500).verdict == "fail"
    one = only(changed_by(2, "5%", -0.8940))
    assert one.tested == pytest.approx(0.06, abs=1e-3)
    assert one.limit == 0.05
    assert only(changed_by(1, "5%", -0.8940)).tested == pytest.approx(0.006 / 0.9, abs=1e-4)


def test_version_1_has_a_note_where_version_2_means_something_else() -> None:
    """Of percentages of cosines, and of images that nobody requires; of nothing else."""
    assert changed_by(1, "5%", -0.90).notes == (
        "policy version 1: percentages of cosines are of the size of their value; in version 2 they are of its "
        "distance from -1",
        "policy version 1: no number of images is required; version 2 requires 50",
    )
    assert changed_by(2, "5%", -0.90).notes == ()
    audited = result({KL: spread(0.1, 0.01)})
    said = policy(
        "version: 1\nrequire: {min_images: 10}\nbaseline: {rules: [{metric: '*', max_increase: 5%}]}"
    )
    assert gate({"net": audited}, said, audited).notes == ()


def test_version_2_requires_fifty_images() -> None:
    """49 are too few for a policy that says nothing; they are enough for one that says so."""
    audited = result({KL: spread(0.1, 0.01, n=49)})
    silent, said = (
        policy(f"version: 2\n{require}rules: [{{metric: '*', max: 0.2}}]")
        for require in ("", "require: {min_images: 49}\n")
    )
    assert gate({"net": audited}, silent).exit_code == 2
    assert gate({"net": audited}, said).verdict == "pass"


def test_a_share_of_no_distance_is_no_limit() -> None:
    """A baseline that is perfect: an error with the way out."""
    perfect = np.full(60, -1.0)
    report = gate(
        {"net": result({BLOCK: spread(-0.9, 0.01, n=60)})},
        policy("version: 2\nbaseline: {rules: [{metric: '*', max_increase: 5%}]}"),
        result({BLOCK: perfect}, "last"),
    )
    reason = only(report).reason
    assert reason == (
        "a percentage of the baseline's distance from perfect, 0, is no limit: use an absolute max_increase"
    )


def test_a_share_of_latent_cosine_counts_its_normaliser() -> None:
    """Raw −0.9 over M = 1 is 0.1 from its perfect value, −1/M; the tested number is the increase over that."""
    one = only(changed_by(2, "20%", -0.89, COSINE))
    assert one.tested == pytest.approx(0.1, abs=1e-3)
    assert one.verdict == "pass"
