"""A measure of which larger is nearer is read the right way round: whatever is said of it mirrors 1 − itself."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from rich.console import Console
from support.gate import policy
from support.gate import result as made_of

from geed_cli.choices import IntervalOptions, View
from geed_cli.cli.run.listing import metric_table
from geed_cli.comparison.compare import compare
from geed_cli.comparison.margins import margins_of
from geed_cli.comparison.schema import Comparison
from geed_cli.comparison.subjects import Contender
from geed_cli.errors import InputError
from geed_cli.gate.gate import gate
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.floating_point import measured_noise
from geed_cli.report.comparison_page import print_comparison
from geed_cli.report.figures.words import nearer
from geed_cli.report.gate.card import to_card
from geed_cli.report.html.difference_block import difference_groups
from geed_cli.report.html.shown_model import paints_of
from geed_cli.report.numbers import furthest
from geed_cli.report.track_page import print_track
from geed_cli.result.schema import Entry, Result
from geed_cli.tracking.columns import Column
from geed_cli.tracking.record import Record
from geed_cli.tracking.track import track_of
from geed_cli.verdict.comparison import FURTHER, NEARER, claim_of
from geed_cli.verdict.likeness import at_rounding, below_repeat, like_floor, no_further_twins
from geed_cli.verdict.way import floor_on_scale, way_of

FLIPS, AGREE = "prediction.flip_rate", "prediction.consistency"
COUNT = 200


def changed(part: float) -> Result:
    """Of 200 images that part changes its class, others with every part; and the mirror of these rows."""
    rows = (np.arange(COUNT) % 100 < 100 * part).astype(float)
    return made_of({(FLIPS, "flip", None): rows, (AGREE, "flip", None): 1.0 - rows})


def compared(first: float, second: float, *margins: str) -> Comparison:
    sides = [Contender(label, (changed(part),)) for label, part in (("a", first), ("b", second))]
    return compare(sides, IntervalOptions(), margins_of(margins))


@pytest.mark.parametrize(
    ("first", "second", "claim"), [(0.05, 0.30, FURTHER), (0.30, 0.05, NEARER), (0.20, 0.22, None)]
)
def test_a_comparison_claims_the_mirrored(first: float, second: float, claim: str | None) -> None:
    """The same claim and p-value; the difference itself has the other sign."""
    comparison = compared(first, second)
    flips, agree = comparison.lines
    assert (flips.metric, agree.metric) == (FLIPS, AGREE)
    claims = [claim_of(comparison, line, 0) for line in (flips, agree)]
    assert claims[0] == claims[1]
    assert claim in (None, claims[0])
    assert agree.deltas[0].p_value == pytest.approx(flips.deltas[0].p_value)
    assert agree.deltas[0].value == pytest.approx(-flips.deltas[0].value)
    assert agree.deltas[0].ci == pytest.approx([-end for end in reversed(flips.deltas[0].ci)])


@pytest.mark.parametrize("margin", ["60%", "8%", f"{FLIPS}=0.1 {AGREE}=0.1"])
def test_a_margin_is_a_part_of_the_same_distance(margin: str) -> None:
    """From perfect, which is 0 and 1; both sides of it are tested alike."""
    for parts in ((0.20, 0.21), (0.20, 0.05)):
        comparison = compared(*parts, *margin.split())
        flips, agree = (line.deltas[0].margin for line in comparison.lines)
        assert flips is not None
        assert agree is not None
        assert agree.amount == pytest.approx(flips.amount)
        assert agree.p_value == pytest.approx(flips.p_value, abs=1e-6)
        assert agree.within == flips.within
    assert claim_of(compared(0.20, 0.21, "60%"), comparison.lines[1], 0) != FURTHER


def test_marks_point_to_the_same_side() -> None:
    """On the terminal and on the page."""
    comparison = compared(0.05, 0.30)
    stream = io.StringIO()
    print_comparison(comparison, Console(file=stream, width=120), View())
    rows = [line for line in stream.getvalue().splitlines() if line.startswith("  prediction.")]
    marks = ["".join(sign for sign in row if sign in "╌━●│") for row in rows]
    assert marks[0] == marks[1] != ""
    assert "further" in rows[1]
    (group,) = difference_groups(comparison, paints_of(2))
    cells = [row.cells[0] for row in group.rows]
    assert cells[0].mark == cells[1].mark


def test_places_on_the_way_are_mirrored() -> None:
    """Value, limits, floor: 0 is unchanged."""
    flips = made(FLIPS, 0.2, (0.1, 0.3), floor=0.05)
    agree = made(AGREE, 0.8, (0.7, 0.9), floor=0.95)
    ways = [way_of(each, 2) for each in (flips, agree)]
    assert ways[0] is not None
    assert ways[1] is not None
    assert ways[1].value == pytest.approx(ways[0].value)
    assert ways[1].ci == pytest.approx(ways[0].ci)
    assert [floor_on_scale(each, 2) for each in (flips, agree)] == pytest.approx([0.05, 0.05])


def made(metric: str, value: float, ci: tuple[float, float] | None = None, **controls: float) -> Entry:
    return Entry(
        metric=metric, group="flip", layer=None, status="ok", value=value, ci=ci, raw=value, normaliser=None,
        controls=controls,
    )  # fmt: skip


@pytest.mark.parametrize(("value", "floor"), [(0.05, 0.04), (0.20, 0.04), (0.0, 0.0)])
def test_what_it_cannot_be_told_from_is_mirrored(value: float, floor: float) -> None:
    """Resampling, unrest, a random twin, rounding."""
    result = changed(0.1)
    flips = made(FLIPS, value, floor=floor, repeat=0.1, twin=0.02, rounding=0.0)
    agree = made(AGREE, 1 - value, floor=1 - floor, repeat=0.9, twin=0.98, rounding=1.0)
    asked: list[Callable[[Entry], object]] = [
        lambda each: like_floor(each, each.value or 0.0),
        below_repeat,
        lambda each: [found.metric for found in no_further_twins([each], result)] == [each.metric],
        lambda each: at_rounding(each, each.value or 0.0, result),
        lambda each: measured_noise(each.metric, each.controls["rounding"]),
    ]
    for ask in asked:
        assert ask(flips) == ask(agree)


@pytest.mark.parametrize(("limit", "verdict"), [(0.5, "pass"), (0.05, "fail"), (0.2, "undecided")])
def test_the_gate_takes_min_for_max(limit: float, verdict: str) -> None:
    """The same verdict and joint limits, mirrored; against a baseline a decrease for an increase."""
    result, baseline = changed(0.2), changed(0.1)
    values = f"[{{id: f, metric: {FLIPS}, max: {limit}}}, {{id: a, metric: {AGREE}, min: {1 - limit}}}]"
    report = gate({"net": result}, policy(f"version: 2\nrules: {values}"))
    flips, agree = (outcome for outcome in report.outcomes if outcome.rule in "fa")
    assert flips.verdict == agree.verdict == verdict
    assert agree.examined[0].joint_ci == pytest.approx(
        [1 - end for end in reversed(flips.examined[0].joint_ci)]
    )
    assert agree.examined[0].images_to_decide == flips.examined[0].images_to_decide
    rules = f"[{{id: f, metric: {FLIPS}, max_increase: {limit}}}, {{id: a, metric: {AGREE}, max_decrease: {limit}}}]"
    against = gate({"net": result}, policy(f"version: 2\nbaseline: {{rules: {rules}}}"), baseline)
    flips, agree = (outcome for outcome in against.outcomes if outcome.rule in "fa")
    assert flips.verdict == agree.verdict
    assert agree.examined[0].tested == pytest.approx(-flips.examined[0].tested)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            f"rules: [{{metric: {AGREE}, max: 0.9}}]",
            "is better the larger it is, and has a max\n  expected: min",
        ),
        (
            f"rules: [{{metric: {AGREE}, min: 90}}]",
            "min is 90, and prediction.consistency is expected from 0 to 1",
        ),
        (
            f"baseline: {{rules: [{{metric: {AGREE}, max_increase: 0.1}}]}}",
            "is better the larger it is, and has a max_increase\n  expected: max_decrease",
        ),
        (
            f"baseline: {{rules: [{{metric: {FLIPS}, max_decrease: 0.1}}]}}",
            "max_decrease of prediction.flip_rate, which is none of accuracy",
        ),
    ],
)
def test_a_limit_on_the_wrong_side_is_refused(rules: str, said: str) -> None:
    """With the word that is right."""
    with pytest.raises(InputError) as refused:
        policy(f"version: 2\n{rules}")
    assert said in str(refused.value)


def test_a_glob_brings_it_no_limit_of_the_others() -> None:
    """An error with the way out, and no verdict."""
    report = gate(
        {"net": changed(0.0)}, policy("version: 2\nrules: [{id: r, metric: 'prediction.*', max: 0.5}]")
    )
    assert report.verdict == "error"
    reasons = {each.metric: each.reason for outcome in report.outcomes for each in outcome.examined}
    assert reasons[FLIPS] is None
    assert reasons[AGREE] == (
        "prediction.consistency is nearer to invariance the larger it is: "
        "give it a rule of its own, with min, and name the others here"
    )
    named = f"version: 2\nrules: [{{metric: {FLIPS}, max: 0.5}}, {{metric: {AGREE}, min: 0.1}}]"
    assert gate({"net": changed(0.0)}, policy(named)).verdict != "error"


def test_a_floor_is_below_what_can_be_asked() -> None:
    """Resampling alone leaves 90%: 95% cannot be asked, 80% can."""
    one = changed(0.0)
    entries = tuple(
        each.model_copy(update={"controls": {"floor": 0.9}}) for each in one.results if each.metric == AGREE
    )
    result = one.model_copy(update={"results": entries})
    rule = "version: 2\nrules: [{{id: r, metric: prediction.consistency, min: {}}}]"
    (checked,) = gate({"net": result}, policy(rule.format(0.95))).outcomes[-1].examined
    assert checked.reason == "the limit, 0.95, is above the run's own floor, 0.9"
    assert gate({"net": result}, policy(rule.format(0.8))).verdict == "pass"


def test_words_and_scales() -> None:
    """The catalogue, figures, the model card, the furthest element, the marks of a track."""
    assert measure_named(AGREE).reading == "larger is nearer to invariance"
    assert nearer([FLIPS]) == "lower is nearer to invariance"
    assert nearer([AGREE]) == "higher is nearer to invariance"
    assert nearer([FLIPS, AGREE]) == ""
    stream = io.StringIO()
    Console(file=stream, width=200).print(metric_table(AGREE))
    assert "larger is nearer to invariance" in stream.getvalue()
    report = gate({"net": changed(0.1)}, policy(f"version: 2\nrules: [{{metric: {AGREE}, min: 0.5}}]"))
    assert "larger is nearer to invariance" in to_card(report)
    profile = made(AGREE, 0.8).model_copy(update={"per_element": {"r90": 0.9, "r180": 0.7, "r270": 0.8}})
    assert furthest(profile) == "r180 0.700"


def test_a_track_starts_at_perfect() -> None:
    """Marks run from 100% down to what is furthest; a wrong way round they would all be empty."""
    records = [
        Record(
            label="a", step=step, step_from="", file=f"{step}.json", source="result", result=with_value(part)
        )
        for step, part in enumerate((0.4, 0.1))
    ]
    track = track_of(records, None)
    columns = [Column(AGREE, None)]
    stream = io.StringIO()
    print_track(track, columns, Console(file=stream, width=120), View())
    rows = [line for line in stream.getvalue().splitlines() if "●" in line]
    assert len(rows) == 2
    assert rows[0].index("●") > rows[1].index("●")
    assert "100%" in stream.getvalue()


def with_value(part: float) -> Result:
    one = changed(part)
    spans = {FLIPS: (part - 0.05, part + 0.05), AGREE: (0.95 - part, 1.05 - part)}
    return one.model_copy(
        update={"results": tuple(each.model_copy(update={"ci": spans[each.metric]}) for each in one.results)}
    )
