"""Rules about accuracy and its kin: verdicts against exact limits by scipy and by hand, and every slip refused."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import binomtest
from support.gate import labelled, policy, result, spread

from geed_cli.choices import IntervalOptions, View
from geed_cli.errors import InputError
from geed_cli.forecast.policies import plan_policy
from geed_cli.gate.gate import gate
from geed_cli.gate.outcome import Examined, GateReport
from geed_cli.gate.policy import Limit
from geed_cli.report.explain.report_walks import gate_walk
from geed_cli.report.gate.card import to_card
from geed_cli.report.gate.gate_table import gate_page
from geed_cli.report.gate.github import annotations
from geed_cli.report.gate.junit import to_junit
from geed_cli.report.gate.markdown import to_markdown
from geed_cli.report.html.gate_block import gate_block
from geed_cli.report.page import Block, print_page
from geed_cli.report.plan_page import plan_page
from geed_cli.result.accuracy import accuracies
from geed_cli.result.file import to_strict_json
from geed_cli.result.schema import Accuracy, Labels, Result

N = 200


def hits(*wrong: int | range, n: int = N) -> np.ndarray:
    """1 for every picture but those."""
    rows = np.ones(n)
    for each in wrong:
        rows[each if isinstance(each, int) else list(each)] = 0.0
    return rows


def rules(*texts: str, baseline: Sequence[str] = ()) -> str:
    """A policy of these rules."""
    return f"version: 2\nrules: [{', '.join(texts)}]\nbaseline: {{rules: [{', '.join(baseline)}]}}"


def examined(report: GateReport) -> list[Examined]:
    return [entry for outcome in report.outcomes for entry in outcome.examined]


def judged(right: dict[str, np.ndarray], *texts: str) -> list[Examined]:
    return examined(gate({"net": labelled(right)}, policy(rules(*texts))))


@pytest.mark.parametrize(
    ("limit", "verdict"), [(0.84, "pass"), (0.86, "undecided"), (0.93, "undecided"), (0.95, "fail")]
)
def test_accuracy_passes_by_its_lower_limit(limit: float, verdict: str) -> None:
    """180 of 200 right is 90%, by Clopper and Pearson 85 to 94%: above the limit as a whole, or below it."""
    exact = binomtest(180, N).proportion_ci(0.95, "exact")
    assert 0.84 < exact.low < 0.86
    assert 0.93 < exact.high < 0.95
    right = {"e": hits(range(20)), "m": hits()}
    (entry,) = judged(right, f"{{metric: accuracy, group: flip, min: {limit}}}")
    assert (entry.value, entry.verdict) == (0.9, verdict)
    assert entry.ci == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_the_worst_case_is_right_under_every_element() -> None:
    """20 wrong as they are, 30 others wrong when mirrored: 150 of 200."""
    right = {"e": hits(range(20)), "m": hits(range(20, 50))}
    (entry,) = judged(right, "{metric: worst_case, min: 0.5}")
    exact = binomtest(150, N).proportion_ci(0.95, "exact")
    assert entry.value == 0.75
    assert entry.ci == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_a_change_is_tested_for_each_element_over_the_same_pictures() -> None:
    """Under a 30 of 180 right ones are lost, under b 2 lost and 2 won; limits leave out 0 where McNemar does."""
    right = {"e": hits(range(20)), "a": hits(range(50)), "b": hits(range(2, 22))}
    found = judged(right, "{metric: accuracy.change, min: -0.05}")
    assert [(entry.element, entry.value, entry.verdict) for entry in found] == [
        ("a", pytest.approx(-0.15), "fail"),
        ("b", pytest.approx(0.0), "pass"),
    ]
    for entry, (lost, won) in zip(found, ((30, 0), (2, 2)), strict=True):
        assert entry.ci is not None
        assert (entry.ci[0] <= 0 <= entry.ci[1]) == (binomtest(lost, lost + won).pvalue > 0.05)


def two_thirds(rows: np.ndarray) -> Result:
    """The pictures in classes 0 and 1: the last 50 are class 0, so that being right is another top class."""
    made = labelled({"e": rows, "m": rows})
    of = (1,) * (N - 50) + (0,) * 50
    return made.model_copy(
        update={"data": made.data.model_copy(update={"labels": Labels(how="folder", of=of)})}
    )


def test_balanced_accuracy_counts_classes_alike() -> None:
    """Of 150 pictures of class 1 30 are wrong, of 50 of class 0 10 are right: (0.8 + 0.2)/2."""
    made = two_thirds(hits(range(30), range(150, 160)))
    (entry,) = examined(
        gate({"net": made}, policy(rules("{metric: balanced_accuracy, group: flip, min: 0.4}")))
    )
    assert entry.value == pytest.approx(0.5)
    assert entry.verdict == "pass"


def of_audit(made: Result, metric: str) -> Accuracy:
    (entry,) = [
        each
        for each in accuracies(
            made.data, made.top_classes, IntervalOptions(method="corrected-t", confidence=0.95), 0.95
        )
        if each.metric == metric
    ]
    return entry


def test_a_calibration_error_has_the_interval_of_the_audit() -> None:
    """75% stated and 90% right: 0.15, in bins that equal probabilities make one."""
    made = labelled({"e": hits(range(20)), "m": hits()})
    (entry,) = examined(gate({"net": made}, policy(rules("{metric: calibration_error, max: 0.3}"))))
    assert entry.value == pytest.approx(0.15)
    assert entry.ci == of_audit(made, "calibration_error").ci
    assert entry.verdict == "pass"
    assert entry.joint_ci is not None
    (entry,) = examined(gate({"net": made}, policy(rules("{metric: calibration_error, max: 0.05}"))))
    assert entry.verdict == "fail"


@pytest.mark.parametrize(
    ("lost", "won", "verdict"), [(0, 0, "undecided"), (0, 12, "pass"), (3, 3, "undecided"), (30, 0, "fail")]
)
def test_accuracy_may_fall_by_a_point(lost: int, won: int, verdict: str) -> None:
    """Against a baseline with 180 of 200 right; 200 pictures that all stay as they are leave a fall of 1.8% open."""
    before = labelled({"e": hits(range(20)), "m": hits()})
    after = labelled({"e": hits(range(won, 20), range(50, 50 + lost)), "m": hits()})
    report = gate(
        {"net": after}, policy(rules(baseline=["{metric: accuracy, max_decrease: 0.01}"])), baseline=before
    )
    (entry,) = examined(report)
    assert (entry.reference, entry.value) == (0.9, pytest.approx(0.9 + (won - lost) / N))
    assert entry.tested == pytest.approx((won - lost) / N)
    assert (entry.limit, entry.verdict) == (-0.01, verdict)
    if lost + won:
        assert entry.ci is not None
        p = binomtest(lost, lost + won).pvalue
        assert (entry.ci[0] <= 0 <= entry.ci[1]) == (p > 0.05)


def test_an_increase_of_the_calibration_error_lies_between_both_intervals() -> None:
    """Each at 97.5%: the least after less the most before, and the most after less the least before."""
    before = labelled({"e": hits(range(50)), "m": hits()})
    after = labelled({"e": hits(range(10)), "m": hits()})
    report = gate(
        {"net": after}, policy(rules(baseline=["{metric: calibration_error, max_increase: 0.1}"])), before
    )
    (entry,) = examined(report)
    assert entry.tested == pytest.approx(0.2)
    ends = []
    for wrong in (50, 10):  # |0.75 − accuracy| at these limits of the accuracy
        exact = binomtest(N - wrong, N).proportion_ci(0.975, "exact")
        gaps = 0.75 - exact.high, 0.75 - exact.low
        ends.append((max(gaps[0], -gaps[1], 0.0), max(gaps[1], -gaps[0])))
    assert entry.ci is not None
    assert entry.ci[0] < 0.2 < entry.ci[1]
    # limits of probability less right, whose rows are −0.25 and 0.75 and have bounds of ±1, are at least as wide
    assert entry.ci[0] <= ends[1][0] - ends[0][1] + 1e-9
    assert entry.ci[1] >= ends[1][1] - ends[0][0] - 1e-9


@pytest.mark.parametrize("guarantee", ["nominal", "exact"])
def test_either_guarantee_judges_all_of_them(guarantee: str) -> None:
    """Limits that hold for any distribution are wider."""
    right = {"e": hits(range(20)), "m": hits(range(10))}
    texts = ["{metric: accuracy, min: 0.7}", "{metric: accuracy.change, min: -0.2}"]
    texts += ["{metric: worst_case, min: 0.7}", "{metric: balanced_accuracy, min: 0.7}"]
    texts += ["{metric: calibration_error, max: 0.4}"]
    report = gate({"net": labelled(right)}, policy(f"guarantee: {guarantee}\n{rules(*texts)}"))
    assert report.verdict == "pass", report.outcomes
    assert report.claims == 5


def test_few_pictures_decide_nothing() -> None:
    """Below 20 there is no interval, and the policy has to allow so few."""
    right = {"e": hits(n=10), "m": hits(n=10)}
    text = f"require: {{min_images: 5}}\n{rules('{metric: accuracy, min: 0.1}', '{metric: calibration_error, max: 1}')}"
    assert [e.verdict for e in examined(gate({"net": labelled(right)}, policy(text)))] == ["undecided"] * 2


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{metric: accuracy, max: 0.9}", "accuracy is better the larger it is, and has a max"),
        ("{metric: worst_case, max: 0.9}", "worst_case is better the larger"),
        ("{metric: accuracy.change, max: 0.1}", "accuracy.change is better the larger"),
        (
            "{metric: calibration_error, min: 0.1}",
            "calibration_error is better the smaller it is, and has a min",
        ),
        ("{metric: accuracy, min: 80}", "min is 80, and accuracy is expected from 0 to 1: 80% is 0.8"),
        ("{metric: accuracy.change, min: 0.05}", "a fall by 5 points is -0.05"),
        ("{metric: accuracy, min: 0.8, layer: layer1}", "accuracy is of predictions, which have no layer"),
    ],
)
def test_a_limit_on_the_wrong_side_is_refused(rule: str, message: str) -> None:
    """With the line: elsewhere larger is further from invariance, and here it is better."""
    with pytest.raises(InputError, match=r"policy\.yaml:2") as refused:
        policy(rules(rule))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "{metric: accuracy, max_increase: 0.01}",
            "accuracy is better the larger it is, and has a max_increase",
        ),
        (
            "{metric: calibration_error, max_decrease: 0.01}",
            "is better the smaller it is, and has a max_decrease",
        ),
        ("{metric: acuracy, max_decrease: 0.01}", "did you mean accuracy"),
        ("{metric: latent.l2, max_decrease: 0.01}", "max_increase of a measure"),
        ("{metric: accuracy, max_decrease: 1%}", "max_decrease"),
        ("{metric: calibration_error, max_increase: 5%}", "0.01 is one point"),
        ("{metric: accuracy}", "no limit"),
        ("{metric: latent.l2}", "no limit"),
    ],
)
def test_a_change_to_the_wrong_side_is_refused(rule: str, message: str) -> None:
    with pytest.raises(InputError, match=r"policy\.yaml:3") as refused:
        policy(rules(baseline=[rule]))
    assert message in str(refused.value)


def reason(report: GateReport) -> str:
    assert report.exit_code == 2
    (outcome,) = [each for each in report.outcomes if each.verdict == "error"]
    return outcome.reason or next(e.reason or "" for e in outcome.examined if e.verdict == "error")


def test_what_cannot_be_tested_says_why() -> None:
    """No labels, here or in the baseline; other labels; no such group; a mistaken name; a glob."""
    right = {"e": hits(range(20)), "m": hits()}
    made, bare = labelled(right), result({("softmax.kl", "flip", None): spread(0.1, 0.02)})
    rule = "{metric: accuracy, min: 0.5}"
    assert "the result has none: audit with --labels" in reason(gate({"net": bare}, policy(rules(rule))))
    fall = policy(rules(baseline=["{metric: accuracy, max_decrease: 0.01}"]))
    unlabelled = made.model_copy(update={"data": made.data.model_copy(update={"labels": None})})
    assert "the baseline has none" in reason(gate({"net": made}, fall, unlabelled))
    others = Labels(how="others.csv", of=(1,) * 150 + (0,) * 50)
    other = made.model_copy(update={"data": made.data.model_copy(update={"labels": others})})
    assert "50 of 200 labels differ, the first 0 and 1" in reason(gate({"net": made}, fall, other))
    for text, said in (
        ("{metric: accuracy, group: flop, min: 0.5}", "'flop'; there are flip"),
        ("{metric: acuracy, min: 0.5}", "nearest are accuracy"),
        ("{metric: 'accuracy*', min: 0.5}", "no metric matches 'accuracy*'; nearest are accuracy"),
    ):
        assert said in reason(gate({"net": made}, policy(rules(text))))


def test_labels_of_the_same_classes_in_another_order_are_the_same() -> None:
    """Two networks put the classes at other places; names say that they are the same."""
    right = {"e": hits(range(20)), "m": hits()}
    first, second = labelled(right), labelled(right)
    first = first.model_copy(update={"class_names": {0: "cat", 1: "dog"}})
    moved = Labels(how="folder", of=(0,) * N)
    second = second.model_copy(
        update={"class_names": {0: "dog", 1: "cat"}, "data": second.data.model_copy(update={"labels": moved})}
    )
    fall = policy(rules(baseline=["{metric: accuracy, max_decrease: 0.2}"]))
    assert examined(gate({"net": first}, fall, second))[0].reason is None
    named = first.model_copy(update={"class_names": {0: "dog", 1: "cat"}})
    assert "200 of 200 labels differ, the first cat and dog" in reason(gate({"net": first}, fall, named))


def test_a_glob_for_measures_leaves_labels_alone() -> None:
    """``*`` with a max means further from invariance."""
    report = gate(
        {"net": labelled({"e": hits(range(20)), "m": hits()})}, policy(rules("{metric: '*', max: 0.5}"))
    )
    assert {entry.metric for entry in examined(report)} == {"prediction.flip_rate"}


def both() -> GateReport:
    """A fail of a change, an undecided fall, and a pass."""
    before = labelled({"e": hits(range(20)), "m": hits(range(20))})
    after = labelled({"e": hits(range(21)), "m": hits(range(60))})
    text = rules(
        "{id: turned, metric: accuracy.change, min: -0.05}",
        "{id: right, metric: accuracy, min: 0.8}",
        baseline=["{id: fallen, metric: accuracy, max_decrease: 0.01}"],
    )
    return gate({"net": after}, policy(text), before)


def on_page(blocks: Iterator[Block], width: int = 120) -> str:
    """Printed, with single blanks between words."""
    stream = io.StringIO()
    print_page(blocks, Console(width=width, file=stream))
    return " ".join(stream.getvalue().split())


def drawn(report: GateReport, *, verbose: bool = False) -> str:
    return on_page(gate_page(report, View(verbose=verbose), 120))


def test_every_form_of_the_report_shows_them() -> None:
    """In percent, changes with their sign, limits as least values."""
    report = both()
    assert report.verdict == "fail"
    page = drawn(report)
    assert "accuracy.change under m, flip" in page
    assert "-20%" in page
    assert "≥ -5%" in page
    assert "≥ -1%" in page
    assert "≥ 80%" in page
    assert "accuracy.change under m" in to_markdown(report)
    assert "accuracy.change under m" in to_junit(report)
    assert "accuracy.change under m" in "\n".join(annotations(report))
    card = to_card(report)
    assert "accuracy under flip (larger is better)" in card
    assert "accuracy.change under m, flip (larger is better)" in card
    assert '"element": "m"' in to_strict_json(report).replace('":"', '": "')
    assert any(row.entry == "accuracy.change under m" for row in gate_block(report).rows)
    walked = on_page(gate_walk(report, "report.json"))
    assert "accuracy.change under m is -20%" in walked
    assert "accuracy goes from 90% to 90%, which is" in walked
    assert list(report.rows_and_columns()[0]).count("element") == 1


def test_a_pass_against_the_baseline_says_what_it_is() -> None:
    """Of accuracy it says nothing of invariance."""
    before = labelled({"e": hits(range(20)), "m": hits()})
    after = labelled({"e": hits(range(8)), "m": hits()})
    report = gate({"net": after}, policy(rules(baseline=["{metric: accuracy, max_decrease: 0.05}"])), before)
    said = drawn(report)
    assert "no worse by its labels than the baseline by more than the limit" in said
    assert "invariance" not in said


def test_a_plan_says_how_many_pictures_a_rule_takes() -> None:
    """Accuracy 0.9 against 0.85 at 200 pictures is open; about how many would do."""
    right = {"e": hits(range(20)), "m": hits(range(22))}
    texts = ("{metric: accuracy, min: 0.86}", "{metric: accuracy.change, min: -0.02}")
    texts = (*texts, "{metric: calibration_error, max: 0.2}")
    plan = plan_policy(labelled(right), policy(rules(*texts)), None, 0.8)
    assert all(line.images is not None and line.images > N for line in plan.lines), plan.lines
    assert "accuracy.change under m, flip" in on_page(plan_page(plan, View()))


def test_the_limit_of_a_fall_is_below_zero() -> None:
    """``max_decrease: 0.01`` reads as a change of at least −0.01."""
    (rule,) = policy(rules(baseline=["{metric: worst_case, max_decrease: 0.01}"])).rules
    assert rule.limit == Limit("change", -0.01)
    assert str(rule.limit) == "change ≥ -0.01"
    assert str(replace(rule.limit, value=-0.0)) == "change ≥ -0"
