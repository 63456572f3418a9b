"""What a gate says: first lines, reasons, and numbers that are never rounded onto their limit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.gate.outcome import Examined, GateReport, Outcome, Verdict, worst
from geed_cli.verdict.release import measured, next_gate, reasons, say_gate


def examined(
    verdict: Verdict, tested: float, low: float | None, high: float | None, limit: float, **more: object
) -> Examined:
    """One entry; its joint interval is its own unless given."""
    ci = None if low is None else (low, high)
    parts = {"metric": "latent.l2", "group": "flip", "layer": None, "value": tested, "joint_ci": ci, **more}
    return Examined.model_validate({"verdict": verdict, "tested": tested, "ci": ci, "limit": limit, **parts})


PASS = examined("pass", 0.096, 0.0891, 0.104, 0.15)
FAIL = examined("fail", 0.188, 0.16, 0.21, 0.15, joint_ci=(0.153, 0.221))
OPEN = examined("undecided", 0.15, 0.07, 0.3, 0.2, metric="prediction.flip_rate", images_to_decide=347)


def outcome(
    rule: str,
    verdict: Verdict,
    *entries: Examined,
    level: str = "error",
    demand: str = "≤ 0.15",
    **more: object,
) -> Outcome:
    """One rule for flip."""
    parts = {"rule": rule, "model": "net", "group": "flip", "level": level, "demand": demand, **more}
    return Outcome.model_validate({**parts, "verdict": verdict, "examined": entries})


def report(*outcomes: Outcome, models: int = 1, allowed: bool = False, **more: object) -> GateReport:
    """A gate of these outcomes, with the verdict and exit code that they have."""
    verdict = worst(o.verdict for o in outcomes if o.level == "error" or o.verdict == "error")
    code: dict[Any, int] = {"pass": 0, "fail": 1, "undecided": 0 if allowed else 1, "error": 2}
    judged = {"label": "net", "id": "net", "images": 40, "data": "d", "signature": "", "geed": "0"}
    return GateReport.model_validate(
        {
            "verdict": verdict, "exit_code": code[verdict], "on_undecided": "pass" if allowed else "fail",
            "policy": "p.yaml", "baseline": None, "confidence": 0.95, "claims": 7, "models": [judged] * models,
            "rules": [], "outcomes": outcomes, **more,
        }
    )  # fmt: skip


REQUIRED = outcome("require.complete", "pass", group="require", demand="status complete")
PASSED, FAILED = outcome("flip-latent", "pass", PASS), outcome("no-worse", "fail", FAIL)
UNDECIDED = outcome("flip-labels", "undecided", OPEN, demand="≤ 0.2")
LACKING = outcome("hue", "error", group="hue8", reason="the rule matches nothing")


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (report(REQUIRED, PASSED), "Every entry's 95% interval is within its limit."),
        (report(REQUIRED), "Every requirement is met."),
        (
            report(PASSED, outcome("w", "fail", FAIL, level="warn"), outcome("u", "undecided", OPEN, level="warn")),
            "Every entry's 95% interval at level error is within its limit. At level warn 1 check is beyond its limit. "
            "At level warn 1 check is undecided.",
        ),
        (
            report(REQUIRED, PASSED, FAILED, UNDECIDED),
            "1 of 3 checks is shown to be beyond the limit: no-worse (flip). 1 more is undecided.",
        ),
        (
            report(FAILED, *(outcome(f"rule-{k}", "fail", FAIL) for k in range(3))),
            "4 of 4 checks are shown to be beyond the limit: no-worse (flip), rule-0 (flip), rule-1 (flip) and 1 more.",
        ),
        (
            report(FAILED, models=2),
            "1 of 1 check is shown to be beyond the limit: no-worse (flip, net).",
        ),
        (
            report(PASSED, UNDECIDED),
            "Nothing is shown to fail, but 1 of 2 checks cannot be called: flip-labels (flip).",
        ),
        (
            report(PASSED, UNDECIDED, allowed=True),
            "Nothing is shown to fail, but 1 of 2 checks cannot be called, and let through: flip-labels (flip).",
        ),
        (
            report(UNDECIDED, outcome("w", "fail", FAIL, level="warn")),
            "Nothing at level error is shown to fail, but 1 of 2 checks cannot be called: flip-labels (flip). At level "
            "warn 1 check is beyond its limit.",
        ),
        (report(PASSED, LACKING), "Could not be tested: hue (hue8). That says nothing of the model."),
        (
            report(FAILED, outcome("require.min_images", "error", group="require", reason="9 images were audited")),
            "Could not be tested: require.min_images. That says nothing of the model. Of the others 1 is shown to be "
            "beyond the limit.",
        ),
    ],
)  # fmt: skip
def test_first_lines(made: GateReport, sentence: str) -> None:
    """A pass claims intervals, a fail what is shown; an undecided gate is not called good."""
    assert say_gate(made) == sentence


def test_reasons_say_where_the_limit_lies() -> None:
    """Inside the interval; or beyond it alone, which is not enough for all together; or without an interval."""
    alone = examined("undecided", 0.19, 0.16, 0.22, 0.15, joint_ci=(0.14, 0.24), images_to_decide=61)
    bare = examined("undecided", 0.19, None, None, 0.15)
    made = report(
        UNDECIDED, outcome("alone", "undecided", alone), outcome("bare", "undecided", bare),
        outcome("both", "undecided", OPEN, bare), LACKING,
        outcome("entry", "error", examined("error", 0, None, None, 0, reason="undefined: M = 0")),
    )  # fmt: skip
    assert reasons(made) == (
        (
            "flip-labels (flip)",
            "undecided, the limit lies inside the interval; about 350 images would decide",
        ),
        (
            "alone (flip)",
            "undecided, beyond the limit, but not for all 7 tested entries together; about 61 images would decide",
        ),
        ("bare (flip)", "undecided, there is no interval; more images would not decide it"),
        ("both (flip)", "undecided, there is no interval; about 350 images would decide some of it"),
        ("hue (hue8)", "the rule matches nothing"),
        ("entry (flip)", "undefined: M = 0"),
    )


@pytest.mark.parametrize(
    ("made", "step"),
    [
        (report(PASSED), "-o report.md or -o report.junit.xml keeps this"),
        (report(FAILED), "geed compare EARLIER RESULT shows where it moved"),
        (report(FAILED, baseline="timm/net"), "geed compare BASELINE RESULT shows where it moved"),
        (report(UNDECIDED), "audit about 350 images; that will do in about half of the cases"),
        (
            report(outcome("bare", "undecided", examined("undecided", 0.19, None, None, 0.15))),
            "a limit further from the value can be decided; more images would not do",
        ),
        (report(LACKING), "put the policy or the result right; exit 2 is no verdict on the model"),
    ],
)
def test_next_steps(made: GateReport, step: str) -> None:
    """One line for each verdict."""
    assert next_gate(made) == step


@pytest.mark.parametrize(
    ("made", "entry", "cells"),
    [
        (PASSED, PASS, ("0.096", "0.089 to 0.104", "≤ 0.15")),
        (FAILED, FAIL, ("0.188", "0.153 to 0.221", "≤ 0.15")),
        (UNDECIDED, OPEN, ("15%", "7 to 30%", "≤ 20%")),
        (
            outcome("r", "fail", demand="increase ≤ 10%"),
            examined("fail", 0.96, 0.7, 1.2, 0.1, reference=0.1, joint_ci=(0.67, 1.24)),
            ("+96%", "+67 to +124%", "≤ +10%"),
        ),
        (
            outcome("r", "undecided", demand="increase ≤ 0.15"),
            examined("undecided", 0.131, 0.1, 0.1501, 0.15, reference=0.1, metric="prediction.flip_rate"),
            ("+13.10%", "+10.00 to +15.01%", "≤ +15%"),
        ),
        (outcome("r", "undecided"), examined("undecided", 0.19, None, None, 0.15), ("0.190", "none", "≤ 0.15")),
        (outcome("r", "pass"), examined("pass", 0.0, 0.0, 0.0, 0.15), ("0.000", "no width", "≤ 0.15")),
        (
            outcome("r", "error", demand="≥ -0.6"),
            Examined(metric="latent.l2", group="flip", layer=None, verdict="error"),
            ("none", "none", "≥ -0.6"),
        ),
    ],
)  # fmt: skip
def test_cells(made: Outcome, entry: Examined, cells: tuple[str, str, str]) -> None:
    """By hand; the fail's joint interval begins above its limit, and so it reads."""
    found = measured(made, entry)
    assert (found.tested, found.limits, found.limit) == cells


@given(st.floats(0, 1), st.floats(0, 0.2), st.floats(0, 0.2), st.floats(0.001, 1))
def test_what_is_shown_lies_where_it_lies(tested: float, below: float, above: float, limit: float) -> None:
    """Each number reads on its own side of the limit, which a policy writes with few digits."""
    limit = round(limit, 3)
    low, high = tested - below, tested + above
    if low == high or min(abs(x - limit) for x in (low, tested, high)) < 1e-10:
        return
    verdict: Verdict = "pass" if high <= limit else "fail" if low > limit else "undecided"
    entry = examined(verdict, tested, low, high, limit)
    found = measured(outcome("r", verdict, entry, demand=f"≤ {limit:g}"), entry)
    for number, text in zip((tested, low, high), (found.tested, *found.limits.split(" to ")), strict=True):
        assert (float(text) > limit) == (number > limit)
        assert float(text) != limit
