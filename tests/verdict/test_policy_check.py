"""What a gate says, beside the numbers it was made from; and the printed report as texts that were read by eye."""

import io
import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from support.gate import policy, result, spread
from support.golden import assert_golden

from geed_cli.choices import OnUndecided, View
from geed_cli.gate.gate import gate
from geed_cli.gate.outcome import Examined, GateReport, Judged, Outcome, Verdict
from geed_cli.report.gate.gate_table import print_gate
from geed_cli.statistics.difference import SAME_DIFFERENCE
from geed_cli.verdict import policy_check
from geed_cli.verdict.digits import NO_WIDTH, WITHHELD

JUDGED = Judged(label="net", id="net", images=40, data="photos", signature="", geed="0")
finite = st.floats(-2.0, 2.0, allow_nan=False).map(lambda x: round(x, 9))


def report(*outcomes: Outcome, verdict: Verdict, code: int, on_undecided: OnUndecided = "fail") -> GateReport:
    """A report of these outcomes."""
    return GateReport(
        verdict=verdict, exit_code=code, on_undecided=on_undecided, policy="policy.yaml", baseline=None,
        confidence=0.95, claims=3, models=(JUDGED,), rules=(), outcomes=outcomes,
    )  # fmt: skip


def check(
    verdict: Verdict, rule: str = "kl", level: str = "error", demand: str = "≤ 0.1", **entry: object
) -> Outcome:
    """A check of one entry."""
    values: dict[str, object] = {"metric": "softmax.kl", "group": "flip", "layer": None, "verdict": verdict}
    values |= {
        "value": 0.1,
        "tested": 0.1,
        "limit": 0.1,
        "ci": (0.05, 0.15),
        "joint_ci": (0.02, 0.18),
    } | entry
    return Outcome(
        rule=rule, model="net", group="flip", level=level, demand=demand, verdict=verdict,
        examined=(Examined.model_validate(values),),
    )  # fmt: skip


def test_each_verdict_in_words() -> None:
    """Counts, names and what was let through; a warning is said apart, and is no reason for the verdict."""
    fail, open_, passed = check("fail", "a"), check("undecided", "b"), check("pass", "c")
    warned, unsure = check("fail", "w", "warn"), check("undecided", "u", "warn")
    assert policy_check.reason(report(passed, verdict="pass", code=0)) == (
        "Every entry's 95% interval is within its limit."
    )
    assert policy_check.reason(report(passed, warned, unsure, verdict="pass", code=0)) == (
        "Every entry's 95% interval is within its limit at level error. At level warn, 1 is shown to be beyond the "
        "limit: w (flip). At level warn, 1 is undecided: u (flip)."
    )
    assert policy_check.reason(report(fail, open_, passed, verdict="fail", code=1)) == (
        "1 of 3 checks is shown to be beyond the limit: a (flip). 1 more is undecided."
    )
    assert policy_check.reason(report(open_, passed, verdict="undecided", code=1)) == (
        "Nothing is shown to fail, but 1 of 2 checks cannot be called: b (flip)."
    )
    assert policy_check.reason(report(open_, warned, verdict="undecided", code=0, on_undecided="pass")) == (
        "Nothing at level error is shown to fail, but 1 of 2 checks cannot be called: b (flip); --on-undecided pass "
        "lets that through. At level warn, 1 is shown to be beyond the limit: w (flip)."
    )
    error = Outcome(
        rule="e", model="net", group="hue8", level="error", demand="≤ 1", verdict="error", reason="no"
    )
    assert policy_check.reason(report(error, passed, verdict="error", code=2)) == (
        "Could not be tested: e (hue8). That says nothing of the model."
    )
    assert policy_check.reason(report(error, fail, verdict="error", code=2)).endswith(
        " Of what was tested, 1 of 2 checks is shown to be beyond the limit: a (flip)."
    )


def test_many_names_are_counted() -> None:
    """Three are named."""
    said = policy_check.reason(report(*(check("fail", f"r{k}") for k in range(7)), verdict="fail", code=1))
    assert (
        said == "7 of 7 checks are shown to be beyond the limit: r0 (flip), r1 (flip), r2 (flip) and 4 more."
    )


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"images_to_decide": 3512}, "the limit lies inside the interval; about 3,600 images would decide"),
        ({"images_to_decide": None}, "the limit lies inside the interval; more images would not decide it"),
        (
            {"ci": (0.11, 0.15), "images_to_decide": 61},
            "beyond the limit by itself, but not when all 3 tested entries hold together; about 61 images would "
            "decide",
        ),
        (
            {"ci": None, "joint_ci": None, "notes": ("withheld: fewer than 20 images",)},
            "there is no interval: withheld: fewer than 20 images",
        ),
        (
            {"joint_ci": None, "images_to_decide": None},
            "the limit lies inside the interval",
        ),
        (
            {"ci": None, "joint_ci": None, "reason": "M is not clear", "images_to_decide": 120},
            "M is not clear; about 120 images would make it clear",
        ),
    ],
)  # fmt: skip
def test_why_something_is_open(entry: dict[str, object], why: str) -> None:
    """Where the limit lies, and how many images would help."""
    open_ = check("undecided", **entry)
    assert policy_check.why(report(open_, verdict="undecided", code=1)) == [("kl (flip)", why)]


@given(
    st.sampled_from(["softmax.kl", "prediction.flip_rate", "channelwise.cosine"]),
    st.sampled_from(["≤ 1", "≥ 1", "increase ≤ 1", "increase ≤ 1%"]),
    st.sampled_from(["pass", "fail", "undecided"]),
    finite,
    st.tuples(finite, finite, finite).map(sorted),
)
def test_no_shown_number_is_on_the_wrong_side_of_its_limit(
    metric: str, demand: str, verdict: Verdict, limit: float, ends: list[float]
) -> None:
    """Read back from their text, value and limits are where they are: below, at or above the limit as it is shown."""
    low, tested, high = ends
    limit = abs(limit) if "increase" in demand else limit  # policies allow no other
    entry = {"metric": metric, "tested": tested, "limit": limit, "ci": (low, high), "joint_ci": (low, high)}
    (examined,) = (made := check(verdict, demand=demand, **entry)).examined
    shown = policy_check.numbers(made, examined)
    percents = metric == "prediction.flip_rate" or demand.endswith("%")
    end = read(shown.limit[2:])
    assert end == pytest.approx((100 if percents else 1) * limit, abs=1e-12)
    texts = [shown.measured] + ([] if shown.interval() == NO_WIDTH else [shown.low, shown.high])
    assert (shown.interval() == NO_WIDTH) == (low == high)
    for text, value in zip(texts, (tested, low, high), strict=False):
        assert (read(text) > end, read(text) < end) == (value > limit, value < limit), (text, shown.limit)
        assert text.startswith("+") == ("increase" in demand and value >= 0)
    assert shown.limit.startswith("≥" if demand == "≥ 1" else "≤")


@pytest.mark.parametrize(
    ("made", "cells"),
    [
        (
            check("pass", demand="≤ 0.15", tested=0.096, ci=(0.0891, 0.104), limit=0.15),
            ("0.096", "0.089 to 0.104", "≤ 0.15"),
        ),
        (
            check("fail", demand="≤ 0.15", tested=0.188, joint_ci=(0.153, 0.221), limit=0.15),
            ("0.188", "0.153 to 0.221", "≤ 0.15"),
        ),
        (
            check("undecided", demand="≤ 0.2", metric="prediction.flip_rate", tested=0.15, ci=(0.07, 0.3), limit=0.2),
            ("15%", "7 to 30%", "≤ 20%"),
        ),
        (
            check("fail", demand="increase ≤ 10%", tested=0.96, joint_ci=(0.67, 1.24), limit=0.1, reference=0.1),
            ("+96%", "+67 to +124%", "≤ +10%"),
        ),
        (
            check(
                "undecided", demand="increase ≤ 0.15", metric="prediction.flip_rate", tested=0.131, ci=(0.1, 0.1501),
                limit=0.15,
            ),
            ("+13.10%", "+10.00 to +15.01%", "≤ +15%"),
        ),
        (check("undecided", demand="≤ 0.15", tested=0.19, ci=None, limit=0.15), ("0.190", "none", "≤ 0.15")),
        (check("pass", demand="≤ 0.15", tested=0.0, ci=(0.0, 0.0), limit=0.15), ("0", "no width", "≤ 0.15")),
        (check("error", demand="≥ -0.6", tested=None, limit=None, ci=None), ("none", "none", "≥ -0.6")),
    ],
)  # fmt: skip
def test_cells(made: Outcome, cells: tuple[str, str, str]) -> None:
    """By hand; the fail's joint interval begins above its limit, and so it reads."""
    shown = policy_check.numbers(made, made.examined[0])
    assert (shown.measured, shown.interval(), shown.limit) == cells


def read(text: str) -> float:
    """The number of a text."""
    return float(text.strip().removesuffix("%"))


def test_the_interval_that_decided_is_the_one_shown() -> None:
    """The joint one of a fail, the entry's own of all else."""
    for verdict, shown in (("fail", "0.02 to 0.18"), ("pass", "0.05 to 0.15"), ("undecided", "0.05 to 0.15")):
        made = check(verdict, limit=0.01)
        assert policy_check.numbers(made, made.examined[0]).interval() == shown
    made = check("error", ci=None, joint_ci=None)
    assert policy_check.numbers(made, made.examined[0]).interval() == WITHHELD


def test_every_digit_of_a_limit_is_shown() -> None:
    """Even where the policy has more than anybody needs."""
    for value, text in (
        (0.123456789, "≤ 0.123456789"),
        (1e-7, "≤ 0.0000001"),
        (5.0, "≤ 5"),
        (1e-20, "≤ 1E-20"),
    ):
        made = check("pass", limit=value)
        assert policy_check.numbers(made, made.examined[0]).limit == text
    made = check("pass", demand="increase ≤ 7%", limit=0.07)
    assert policy_check.numbers(made, made.examined[0]).limit == "≤ +7%"


@pytest.mark.parametrize("verdicts", list(itertools.permutations(["pass", "undecided", "error", "fail"])))
def test_decisive_checks_come_first(verdicts: tuple[Verdict, ...]) -> None:
    """Whatever their order in the policy; at level warn after those at level error."""
    warned = check("fail", "w", "warn")
    made = report(warned, *(check(verdict, verdict) for verdict in verdicts), verdict="error", code=2)
    assert [each.rule for each in policy_check.tested(made)] == ["fail", "w", "error", "undecided", "pass"]


LIKE_ROWS = (
    "more images that are all alike have no interval, either; limit a measure that has bounds: prediction.flip_rate "
    "or channelwise.cosine of layers"
)
"""The next step of rows that are all the same."""


def test_the_next_step() -> None:
    """By verdict; a forecast counts for level error alone."""
    needs, warned = (
        check("undecided", images_to_decide=349),
        check("undecided", "w", "warn", images_to_decide=9000),
    )
    undecided = report(needs, warned, verdict="undecided", code=1)
    assert policy_check.next_step(undecided) == (
        "audit again with --samples 350, which decides it in about half of the cases"
    )
    other, never_one = check("undecided", "o", images_to_decide=120), check("undecided", "n")
    assert policy_check.next_step(report(needs, other, verdict="undecided", code=1)) == (
        "audit again with --samples 350, which decides each of 2 entries in about half of the cases"
    )
    assert policy_check.next_step(report(needs, never_one, verdict="undecided", code=1)) == (
        "audit again with --samples 350, which decides one entry in about half of the cases; 1 more needs another "
        "limit or measure"
    )
    never = report(check("undecided"), verdict="undecided", code=1)
    assert policy_check.next_step(never) == "choose a limit that more images can decide, or another measure"
    no_interval = {"ci": None, "joint_ci": None}
    unclear = check("undecided", **no_interval, reason="M is not clear", images_to_decide=289)
    assert policy_check.next_step(report(unclear, verdict="undecided", code=1)) == (
        "audit again with --samples 290, which makes M clear of 0 in about half of the cases"
    )
    for missing in (no_interval, {"joint_ci": None}):
        withheld = report(check("undecided", **missing), verdict="undecided", code=1)
        assert policy_check.next_step(withheld) == (
            "audit more images: these leave some without an interval to judge by"
        )
    for note in ("interval withheld: all 60 images have the same value", SAME_DIFFERENCE):
        still = check("undecided", **no_interval, notes=(note,))
        assert policy_check.next_step(report(still, verdict="undecided", code=1)) == LIKE_ROWS
    mixed = report(still, check("undecided", "w", **no_interval), verdict="undecided", code=1)
    assert policy_check.next_step(mixed).startswith("audit more images")
    failed = report(check("fail"), verdict="fail", code=1)
    assert policy_check.next_step(failed, "geed compare a b") == "see where it moved: geed compare a b"
    assert policy_check.next_step(failed) == "see every entry: -v"


LAYERS = {
    ("channelwise.cosine", "flip", f"layer{k}"): spread(-0.9 + 0.03 * k, 0.01, 40) for k in (1, 2, 3, 4)
}
ROWS = {
    ("latent.l2", "flip", None): spread(0.188, 0.05, 40),
    ("latent.l2", "c4", None): spread(0.22, 0.15, 40, seed=1),
    ("prediction.flip_rate", "c4", None): np.repeat([0.0, 1.0], [14, 26]),
    **LAYERS,
}
BASELINE = {key: 0.7 * rows if key[1] == "flip" else rows + 1e-3 for key, rows in ROWS.items()}
SITUATIONS = {
    "fail": """\
version: 1
require: {min_images: 20, max_refused: 0, groups: [flip, c4]}
rules:
  - {id: flip-layers, metric: channelwise.cosine, group: flip, max: -0.72}
  - {id: flip-latent, metric: latent.l2, group: flip, max: 0.15}
  - {id: turn-labels, metric: prediction.flip_rate, group: c4, max: 0.6, level: warn}
  - {id: turn-latent, metric: latent.l2, group: c4, max: 0.25}
baseline: {rules: [{id: no-worse, metric: latent.l2, max_increase: 10%}]}
""",
    "pass": "version: 1\nrules: [{id: flip-layers, metric: channelwise.cosine, max: -0.7}]",
    "undecided": "version: 1\nrules: [{id: turn-latent, metric: latent.l2, group: c4, max: 0.25}]",
    "error": """\
version: 1
require: {min_images: 100}
rules:
  - {id: hue-latent, metric: latent.l2, group: hue8, max: 0.15}
  - {id: flip-layers, metric: channelwise.cosine, max: -0.7}
""",
}


def judged(situation: str) -> GateReport:
    """The report of one situation."""
    baseline = result(BASELINE, "last") if situation == "fail" else None
    return gate({"release-3": result(ROWS, "release-3")}, policy(SITUATIONS[situation]), baseline)


def printed(made: GateReport, width: int, encoding: str = "utf-8", view: View = View()) -> str:  # noqa: B008
    """As it is printed on a console of that width, without colour."""
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    console = Console(file=stream, width=width, no_color=True, markup=False, highlight=False)
    print_gate(made, console, view, moved="geed compare last.json release-3.json" if made.baseline else "")
    stream.flush()
    return data.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_report_as_it_is_read(width: int, encoding: str) -> None:
    """One of every verdict."""
    for situation in SITUATIONS if width == 80 else ("fail",):
        text = printed(judged(situation), width, encoding)
        assert text.startswith(f"{situation.upper()}: ")
        assert max(map(len, text.splitlines())) <= min(width, 100)
        assert_golden(text, f"check_{situation}_{width}_{encoding}")


def test_other_views_as_they_are_read() -> None:
    """Every entry, one statement a row, one line."""
    for name in ("verbose", "linear", "quiet"):
        view = View(verbose=name == "verbose", linear=name == "linear", quiet=name == "quiet")
        assert_golden(printed(judged("fail"), 100, view=view), f"check_fail_{name}")
    rows = [
        line
        for line in printed(judged("fail"), 100, view=View(verbose=True)).splitlines()
        if " layer" in line
    ]
    assert len(rows) == 2 * len(LAYERS)


def test_colours_are_the_theme_s_and_never_alone() -> None:
    """Red, green and magenta, each on a word that says the same."""
    for situation, code in (("fail", "31"), ("pass", "32"), ("undecided", "35"), ("error", "31")):
        stream = io.StringIO()
        print_gate(
            judged(situation), Console(file=stream, width=80, force_terminal=True, color_system="standard")
        )
        text = stream.getvalue()
        assert text.startswith(f"\x1b[1;{code}m{situation.upper()}:")
        codes = {part for found in re.findall(r"\x1b\[([0-9;]*)m", text) for part in found.split(";")}
        assert codes <= {"0", "1", "2", "31", "32", "35"}


def test_of_many_layers_some_are_shown() -> None:
    """Ten rows and a count; with -v every one of two hundred."""
    entries = [
        Examined.model_validate(
            {"metric": "channelwise.cosine", "group": "flip", "layer": f"l{k}", "verdict": "fail", "value": -0.5,
             "tested": -0.5 + k / 1e4, "limit": -0.9, "ci": (-0.51, -0.4), "joint_ci": (-0.52, -0.3)}
        )
        for k in range(200)
    ]  # fmt: skip
    passed = Examined.model_validate(entries[0].model_dump() | {"layer": "fine", "verdict": "pass"})
    outcome = check("fail", demand="≤ -0.9").model_copy(update={"examined": (*entries, passed)})
    made = report(outcome, verdict="fail", code=1)
    text = printed(made, 100)
    assert re.findall(r"(?m)^  fail +kl +(l\d+), flip ", text) == [f"l{k}" for k in range(199, 189, -1)]
    assert re.search("(?m)^  190 more +kl +as these, 1 pass", text)
    for width in (40, 60, 72, 80):
        assert re.search(r"(?m)^ *190 more\b", printed(made, width))
    assert printed(made, 100, view=View(verbose=True)).count(", flip ") == 2 * 201


def test_of_many_reasons_some_are_shown() -> None:
    """Five and a count; with -v all."""
    made = report(*(check("undecided", f"r{k}") for k in range(9)), verdict="undecided", code=1)
    assert "4 more: -v has their reasons" in printed(made, 100)
    assert printed(made, 100, view=View(verbose=True)).count("more images would not decide it") == 9
