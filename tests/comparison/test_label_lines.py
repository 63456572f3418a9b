"""Accuracy of several models side by side: McNemar's exact test and Holm by hand, populations, labels that differ."""

import csv
import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import binomtest
from support.gate import entry, labelled, spread
from support.pages import Page

from geed_cli.api.compare import compare
from geed_cli.choices import View
from geed_cli.comparison.schema import Comparison, Delta
from geed_cli.errors import InputError
from geed_cli.report.comparison_page import comparison_page, one_line, to_csv
from geed_cli.report.explain.report_walks import walk
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.report.page import Block, print_page
from geed_cli.result.schema import Labels, Result

N = 200
L2 = ("latent.l2", "flip", None)


def model(name: str, wrong: range, moved: range = range(0), l2: float = 0.2) -> Result:
    """Of 200 pictures those are wrong as they are, and those others as well when they are mirrored."""
    rows = {"e": np.ones(N), "m": np.ones(N)}
    rows["e"][list(wrong)] = 0.0
    rows["m"][[*wrong, *moved]] = 0.0
    made = labelled(rows, name)
    weights = made.model.weights.model_copy(update={"origin": "file", "state_sha256": f"{name} {wrong}"})
    return made.model_copy(
        update={
            "results": (entry(*L2, spread(l2, 0.05, N, seed=round(100 * l2))), *made.results),
            "model": made.model.model_copy(update={"weights": weights}),
        }
    )


FIRST = model("first", range(20), range(20, 60))
"""180 right, 140 whatever the element."""
BETTER = model("better", range(4), range(20, 30), l2=0.1)
"""196 right, 186 always: 16 won, none lost."""
WORSE = model("worse", range(3, 26), l2=0.3)
"""177 right: 6 lost, 3 won."""


@pytest.fixture(scope="module")
def made() -> Comparison:
    return compare({"first": FIRST, "better": BETTER, "worse": WORSE})


def deltas(made: Comparison, metric: str) -> tuple[Delta, ...]:
    return made[metric, "flip"].deltas


def test_values_and_limits_are_those_of_a_rate(made: Comparison) -> None:
    """Clopper and Pearson's by scipy."""
    for metric, rights in (("accuracy", (180, 196, 177)), ("worst_case", (140, 186, 177))):
        for side, right in zip(made[metric, "flip"].sides, rights, strict=True):
            exact = binomtest(right, N).proportion_ci(0.95, "exact")
            assert side.value == pytest.approx(right / N)
            assert side.ci == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_differences_are_paired_and_corrected_by_holm(made: Comparison) -> None:
    """By hand: lost and won pictures of each pair, McNemar's exact p, Holm over the six claims of labels."""
    lost_and_won = {
        "accuracy": ((0, 16), (6, 3)),
        "worst_case": ((0, 46), (0, 37)),
        "balanced_accuracy": ((0, 16), (6, 3)),
    }
    p = {
        (m, at): max(binomtest(lost, lost + won).pvalue, 1e-12)
        for m, of in lost_and_won.items()
        for at, (lost, won) in enumerate(of)
    }
    ranked = sorted(p, key=lambda each: p[each])
    adjusted, running = {}, 0.0
    for rank, key in enumerate(ranked):
        running = max(running, min(1.0, (6 - rank) * p[key]))
        adjusted[key] = running
    for (metric, at), chance in p.items():
        delta = deltas(made, metric)[at]
        lost, won = lost_and_won[metric][at]
        assert delta.value == pytest.approx((won - lost) / N)
        if metric != "balanced_accuracy":
            assert delta.p_value == pytest.approx(chance, rel=1e-4, abs=0.0), (metric, at)
        assert delta.p_holm == pytest.approx(adjusted[metric, at], rel=1e-4, abs=0.0)
    assert [delta.verdict for delta in deltas(made, "accuracy")] == ["higher", "undecided"]
    assert [delta.verdict for delta in deltas(made, "worst_case")] == ["higher", "higher"]
    assert deltas(made, "accuracy")[1].images_to_decide is not None


def test_labels_change_no_verdict_of_a_measure(made: Comparison) -> None:
    """The same lines digit for digit as without labels."""
    bare = [
        each.model_copy(update={"data": each.data.model_copy(update={"labels": None})})
        for each in (FIRST, BETTER, WORSE)
    ]
    without = compare(dict(zip(("first", "better", "worse"), bare, strict=True)))
    assert without.lines == made.lines
    assert without.accuracy == ()


def test_a_claim_that_groups_share_counts_once() -> None:
    """Accuracy of the pictures as they are is one claim under two groups, so Holm has four claims and not six."""

    def twice(one: Result) -> Result:
        again = one.groups[0].model_copy(update={"name": "flip2"})
        tops = one.top_classes[0].model_copy(update={"group": "flip2"})
        return one.model_copy(
            update={"groups": (*one.groups, again), "top_classes": (*one.top_classes, tops)}
        )

    # worst cases are the same rows, too: 3 claims in all
    made = compare({"first": twice(FIRST), "better": twice(BETTER)})
    alone = compare({"first": FIRST, "better": BETTER})
    for metric in ("accuracy", "worst_case", "balanced_accuracy"):
        assert made[metric, "flip2"].deltas == made[metric, "flip"].deltas == alone[metric, "flip"].deltas


def test_results_of_other_labels_are_refused() -> None:
    """With how many differ; shown anyway, no accuracies stand side by side."""
    of = (1,) * 190 + (0,) * 10
    other = BETTER.model_copy(
        update={"data": BETTER.data.model_copy(update={"labels": Labels(how="others.csv", of=of)})}
    )
    with pytest.raises(
        InputError, match=r"differ in labels: 10 of 200 labels differ, the first 1 and 0"
    ) as refused:
        compare({"first": FIRST, "better": other})
    assert "the same labels" in str(refused.value)
    made = compare({"first": FIRST, "better": other}, allow_mismatch=True)
    assert made.accuracy == ()
    assert any(each.startswith("labels: 10 of 200") for each in made.mismatches)


def test_labels_of_another_file_with_the_same_classes_are_the_same() -> None:
    """What counts is the class of each picture, not how it was told."""
    how = Labels(how="labels.csv and more", of=(1,) * N)
    other = BETTER.model_copy(update={"data": BETTER.data.model_copy(update={"labels": how})})
    assert compare({"first": FIRST, "better": other}).accuracy


def test_one_without_labels_has_no_value() -> None:
    """And there is no difference."""
    bare = BETTER.model_copy(update={"data": BETTER.data.model_copy(update={"labels": None})})
    made = compare({"first": FIRST, "bare": bare})
    line = made["accuracy", "flip"]
    assert (line.sides[1].value, line.deltas[0].value, line.deltas[0].verdict) == (None, None, "incomparable")
    assert "none" in on_page(comparison_page(made, View(), 100))


def test_a_population_is_the_mean_over_its_models() -> None:
    """Intervals over models and images, of the mean of their accuracies."""
    models = [model(f"net{k}", range(20 + 4 * k)) for k in range(4)]
    models = [
        each.model_copy(update={"model": each.model.model_copy(update={"arch": "net"})}) for each in models
    ]
    others = [
        each.model_copy(
            update={
                "model": each.model.model_copy(
                    update={
                        "weights": each.model.weights.model_copy(update={"state_sha256": f"other {k}"}),
                    }
                )
            }
        )
        for k, each in enumerate(models[1:3])
    ]
    made = compare({"two": others, "many": models})
    side, delta = made["accuracy", "flip"].sides[1], deltas(made, "accuracy")[0]
    assert side.value == pytest.approx(np.mean([(180 - 4 * k) / N for k in range(4)]))
    assert side.ci is not None
    assert side.ci[0] < (side.value or 0) < side.ci[1]
    assert (delta.value, delta.verdict) == (pytest.approx(0.0, abs=1e-12), "undecided")
    assert delta.ci is not None
    assert delta.ci[0] < 0 < delta.ci[1]


def on_page(blocks: Iterator[Block], width: int = 100) -> str:
    """Printed, with single blanks between words."""
    stream = io.StringIO()
    print_page(blocks, Console(width=width, file=stream))
    return " ".join(stream.getvalue().split())


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_has_them_below_the_measures(made: Comparison, width: int) -> None:
    """With signs of their own meaning, and the sentence says how often both are right."""
    shown = on_page(comparison_page(made, View(), width), width)
    assert "labels: the top class is the label" in shown
    assert "accuracy 90% 98% + 88% ?" in shown
    assert "Accuracy higher: 98% against 90%" in shown
    assert "Accuracy undecided: 88% against 90%" in shown
    assert "labels: + higher than the first, − lower; claims hold for these lines together" in shown


def test_two_models_have_their_difference_between_lower_and_higher() -> None:
    shown = on_page(comparison_page(compare({"first": FIRST, "better": BETTER}), View(), 120), 120)
    assert re.search(r"first better difference, 95% lower higher claim", shown)
    assert re.search(r"accuracy 90% 98% \+\d+ to \+\d+% [╌━●│]+ higher", shown)


def test_other_forms_have_them(made: Comparison) -> None:
    """One line, CSV, the walk of explain, and -v."""
    assert "better.flip.accuracy=+0.08" in one_line(made)
    assert "better.flip.accuracy.claim=higher" in one_line(made)
    rows = list(csv.DictReader(io.StringIO(to_csv(made))))
    (found,) = [row for row in rows if (row["metric"], row["subject"]) == ("accuracy", "better")]
    assert (float(found["difference"]), found["verdict"]) == (pytest.approx(0.08), "higher")
    walked = on_page(walk(made, "comparison.json"))
    assert "Of accuracy above 0 is right more often." in walked
    assert "higher: shown to be right more often" in walked
    assert "p, Holm" in on_page(comparison_page(made, View(verbose=True), 120), 120)


def test_the_scatter_shows_both_and_claims_no_more(made: Comparison) -> None:
    """A mark for each model at its numbers, crosses of both intervals, and claims as in the table."""
    page = report_page(PageContents({"first": FIRST, "better": BETTER, "worse": WORSE}, made))
    assert "better against first: accuracy higher, features nearer." in page
    assert "worse against first: accuracy undecided, features further." in page
    (svg,) = re.findall(r'<svg[^>]*aria-labelledby="scatter-.*?</svg>', page, re.DOTALL)
    assert "better: accuracy 98% (95 to 99%), features 0.10 (0.094 to 0.107)." in svg
    words = Page(page).words
    assert "Of accuracy a mark to the right is right more often" in words
    for label in ("first", "better", "worse"):
        assert f">{label}</text>" in svg
    # more accurate is further right: the marks' circles, squares and diamonds begin at their left
    assert svg.count("<path") >= 3 * 3


def test_models_at_one_place_and_without_claims_are_drawn() -> None:
    """The same result twice."""
    page = report_page(PageContents({"one": FIRST, "two": FIRST}, compare({"one": FIRST, "two": FIRST})))
    assert "two against one: accuracy identical, features identical." in page
    (svg,) = re.findall(r'<svg[^>]*aria-labelledby="scatter-.*?</svg>', page, re.DOTALL)
    assert svg.count(">two</text>") == 1


def test_labels_of_a_copy_are_identical() -> None:
    """As its measures are, by class, too; they claim nothing, so another's claims are those of the comparison alone."""
    labels = ("accuracy", "worst_case", "balanced_accuracy")
    copy = model("copy", range(20), range(20, 60))
    made = compare({"first": FIRST, "copy": copy, "better": BETTER}, by="class")
    alone = compare({"first": FIRST, "better": BETTER})
    for metric in labels:
        same, better = deltas(made, metric)
        assert (same.verdict, same.value, same.p_value, same.p_holm) == ("identical", 0, None, None)
        assert same.images_to_decide is None
        assert better == deltas(alone, metric)[0]
    assert {line.deltas[0].verdict for line in made.by_class if line.deltas[0].value is not None} == {
        "identical"
    }
    for names in ({"first": FIRST, "copy": copy}, {"first": FIRST, "copy": copy, "better": BETTER}):
        shown = compare(names)
        assert "Identical. Every row is the same as that of first." in on_page(
            comparison_page(shown, View(), 100), 100
        )
        assert "copy.flip.accuracy.claim=identical" in one_line(shown)


def test_the_same_answers_of_another_network_are_not_identical() -> None:
    """Rates are the same of many networks; these features are others."""
    made = compare({"first": FIRST, "other": model("other", range(20), range(20, 60), l2=0.3)})
    assert {deltas(made, metric)[0].verdict for metric in ("accuracy", "worst_case")} == {"undecided"}
