"""Rules on a latent.cosine whose M is near 0: what is withheld is open, and neither an error nor a pass."""

import math

import numpy as np
import pytest
from support.gate import changed_entry, policy, result

from geed_cli.forecast.policies import plan_policy
from geed_cli.gate.gate import gate
from geed_cli.gate.outcome import Examined, GateReport
from geed_cli.result.samples import sample_of
from geed_cli.result.schema import PerImage, Result
from geed_cli.statistics.estimate import normaliser_estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.sample import RatioSample, row_means_of
from geed_cli.verdict import policy_check

COSINE = ("latent.cosine", "flip", None)
RULE = policy("version: 2\nrules: [{id: turn, metric: latent.cosine, max: -0.5}]")
CHANGE = policy("version: 2\nbaseline: {rules: [{id: turn, metric: latent.cosine, max_increase: 10%}]}")


def audited(centre: float, seed: int = 0, n: int = 60) -> Result:
    """A network whose images point almost anywhere, as an audit would save it."""
    rng = np.random.default_rng(seed)
    f = centre + rng.normal(size=(n, 8))
    f /= np.linalg.norm(f, axis=1, keepdims=True)
    values, row_means = -0.9 + 0.1 * rng.random(n), row_means_of(f @ f.T)
    saved = result({COSINE: values})
    rows = PerImage(value=tuple(map(float, values)), normaliser=tuple(map(float, row_means)))
    with_rows = changed_entry(saved, per_image=rows, normaliser=float(row_means.mean()))
    sample = sample_of(with_rows, with_rows.results[0])
    assert sample is not None
    found = interval(sample)
    status = "undefined" if found.value is None else "ok"
    return changed_entry(with_rows, status=status, value=found.value, notes=found.notes)


def only(report: GateReport) -> Examined:
    (one,) = [one for outcome in report.outcomes for one in outcome.examined]
    return one


def said(report: GateReport) -> str:
    ((_, text),) = policy_check.why(report)
    return text


UNCLEAR, CLEAR = audited(0.15), audited(1.5)


def test_an_unclear_m_is_undecided_and_says_how_many_images_would_make_it_clear() -> None:
    """Exit 1, as for all that is open; n (t se/M)² images."""
    report = gate({"net": UNCLEAR}, RULE)
    assert (report.verdict, report.exit_code) == ("undecided", 1)
    sample = sample_of(UNCLEAR, UNCLEAR.results[0])
    assert isinstance(sample, RatioSample)
    m = normaliser_estimate(sample)
    half = 2.0010 * m.standard_error  # t of 59 degrees of freedom
    assert m.value < half
    needed = math.ceil(60 * (half / m.value) ** 2)
    assert only(report).images_to_decide == pytest.approx(needed, abs=2)
    assert said(report).startswith(
        f"undefined: M = {m.value:.3g} is not clearly above 0 (its 95% interval begins at "
    )
    assert said(report).endswith(" images would make it clear")
    assert (only(report).value, only(report).ci, report.claims) == (None, None, 0)


def test_it_can_be_let_through_as_all_that_is_open() -> None:
    """--on-undecided pass; the verdict stays what it is."""
    report = gate({"net": UNCLEAR}, RULE, on_undecided="pass")
    assert (report.verdict, report.exit_code) == ("undecided", 0)


@pytest.mark.parametrize(("one", "last", "whose"), [(CLEAR, UNCLEAR, "the baseline: "), (UNCLEAR, CLEAR, "")])
def test_a_change_needs_both(one: Result, last: Result, whose: str) -> None:
    """Whichever of the two is open, and the words say which."""
    report = gate({"net": one}, CHANGE, last)
    assert (report.verdict, report.exit_code) == ("undecided", 1)
    assert said(report).startswith(f"{whose}undefined: M = ")


def test_no_images_make_an_m_below_zero_a_normaliser() -> None:
    """Clearly below it is an error; not clearly, it is open, without a forecast."""
    rows = UNCLEAR.results[0].per_image
    assert rows is not None
    assert rows.normaliser is not None
    below = rows.model_copy(update={"normaliser": tuple(-abs(r) - 0.1 for r in rows.normaliser)})
    report = gate({"net": changed_entry(UNCLEAR, per_image=below)}, RULE)
    assert (report.verdict, report.exit_code) == ("error", 2)
    near = np.array(rows.normaliser) - 1.5 * np.mean(rows.normaliser)
    open_ = rows.model_copy(update={"normaliser": tuple(map(float, near))})
    one = only(gate({"net": changed_entry(UNCLEAR, per_image=open_)}, RULE))
    assert (one.verdict, one.images_to_decide) == ("undecided", None)


def test_a_joint_interval_that_is_withheld_fails_nothing() -> None:
    """Beyond the limit by itself; together with 23 others M is too near 0, and no number of images is promised."""
    near = audited(0.3)
    assert near.results[0].status == "ok"
    family = {
        ("latent.cosine", f"c{k}", None): np.random.default_rng(k).random(60) - 1.0 for k in range(2, 25)
    }
    others = result(family)
    both = near.model_copy(
        update={
            "results": (*near.results, *others.results),
            "groups": (*near.groups, *others.groups),
        }
    )
    limit = policy("version: 2\nrules: [{id: a, metric: latent.cosine, group: '*', min: -3}]")
    examined = [one for outcome in gate({"net": both}, limit).outcomes for one in outcome.examined]
    one = next(each for each in examined if each.group == "flip")
    assert one.ci is not None
    assert (one.verdict, one.joint_ci, one.images_to_decide) == ("undecided", None, None)
    assert policy_check.remark(one, 24) == (
        "beyond the limit by itself, but not when all 24 tested entries hold together"
    )


def test_an_increase_that_has_no_interval_says_why() -> None:
    """Both have a value, and the product of the two M is too near 0 for their difference."""
    near = audited(0.27)
    assert near.results[0].status == "ok"
    report = gate({"net": near}, CHANGE, audited(0.27, seed=1))
    assert report.exit_code == 1
    assert (
        said(report) == "there is no interval: interval withheld: M is too near 0 for one at this confidence"
    )


def test_a_plan_says_why_it_has_no_number() -> None:
    """With the gate's own words."""
    (line,) = plan_policy(UNCLEAR, RULE, None, 0.8).lines
    assert line.reason is not None
    assert line.reason.startswith("undefined: M = ")
