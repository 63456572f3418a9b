"""Comparisons: what is refused, what is paired, what is claimed and what is not."""

import math
from dataclasses import replace

import numpy as np
import pytest
from support.results import measured, small_result

from geed_cli.choices import IntervalOptions
from geed_cli.comparison import pairing
from geed_cli.comparison.compare import compare
from geed_cli.comparison.margins import Margins, margins_of
from geed_cli.comparison.mismatch import mismatches, require_comparable
from geed_cli.comparison.pairing import pair_pattern, pairs_of
from geed_cli.comparison.schema import Comparison, Line
from geed_cli.comparison.subjects import Contender
from geed_cli.errors import InputError
from geed_cli.result.samples import sample_of
from geed_cli.result.schema import Entry, PerImage, Result
from geed_cli.statistics.difference import UNBOUNDED, paired_estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.jackknife_t import cautious_t_limits
from geed_cli.statistics.sample import finite_rows

OPTIONS = IntervalOptions()


def with_rows(result: Result, metric: str, values: np.ndarray, group: str = "flip") -> Result:
    """The result with other rows for one measure of one group; nothing else is changed."""

    def changed(entry: Entry) -> Entry:
        if (entry.metric, entry.group) != (metric, group) or entry.per_image is None:
            return entry
        rows = PerImage(value=tuple(map(float, values)), normaliser=entry.per_image.normaliser)
        return entry.model_copy(update={"per_image": rows, "value": float(values.mean())})

    return result.model_copy(update={"results": tuple(map(changed, result.results))})


def line_of(comparison: Comparison, metric: str, group: str = "flip", layer: str | None = None) -> Line:
    """The one line of that key."""
    (line,) = [x for x in comparison.lines if (x.metric, x.group, x.layer) == (metric, group, layer)]
    return line


def pair(one: Result, other: Result, *margins: str) -> Comparison:
    """Two results by the names a and b."""
    return compare([Contender("a", (one,)), Contender("b", (other,))], OPTIONS, margins_of(margins))


def test_the_same_rows_are_identical_never_undecided() -> None:
    """Δ is exactly 0 everywhere; nothing is claimed, nothing is open, and no other line pays for it."""
    comparison = pair(small_result(), small_result())
    lines = [line for line in comparison.lines if line.sides[0].value is not None]
    assert len(lines) > 10
    for line in lines:
        delta = line.deltas[0]
        assert (delta.value, delta.verdict) == (0, "identical")
        assert (delta.p_value, delta.p_holm, delta.images_to_decide) == (None, None, None)


def test_others_that_are_compared_together_are_compared_as_alone() -> None:
    """To rounding: sides, differences and p-values of three results are those of each pair; Holm's count more lines."""
    one, *others = (small_result(seed) for seed in range(3))
    together = compare(
        [Contender(name, (each,)) for name, each in zip("abc", (one, *others), strict=True)], OPTIONS
    )
    for at, other in enumerate(others):
        for line, alone in zip(together.lines, pair(one, other).lines, strict=True):
            found, expected = line.deltas[at], alone.deltas[0]
            assert (line.sides[0].notes, found.notes) == (alone.sides[0].notes, expected.notes)
            numbers = [
                (x.sides[0].ci, x.sides[y].ci, z.ci, (z.value, z.p_value))
                for x, y, z in ((line, at + 1, found), (alone, 1, expected))
            ]
            for got, wanted in zip(*numbers, strict=True):
                for a, b in zip(got or (), wanted or (), strict=True):
                    assert a == (b if b is None else pytest.approx(b, rel=1e-9, abs=1e-12))


def test_one_other_row_leaves_rates_open() -> None:
    """Equal counts of flips are no proof of the same network, once any row is another; equal rows elsewhere are."""
    one = small_result()
    comparison = pair(one, with_rows(one, "latent.l2", 1.5 * rows_of(one, "latent.l2")))
    verdicts = {(x.metric, x.group, x.layer): x.deltas[0].verdict for x in comparison.lines}
    assert verdicts["latent.l2", "flip", None] != "identical"
    assert verdicts["prediction.flip_rate", "flip", None] == "undecided"
    assert verdicts["softmax.kl", "flip", None] == "identical"
    assert verdicts["latent.l2", "c4", None] == "identical"


def rows_of(result: Result, metric: str, group: str = "flip") -> np.ndarray:
    """The rows of a measure without layers."""
    (entry,) = [e for e in result.results if (e.metric, e.group) == (metric, group)]
    assert entry.per_image is not None
    return np.array(entry.per_image.value)


def in_precision(result: Result, precision: str) -> Result:
    """The result as if its network had run in another floating type."""
    return result.model_copy(update={"settings": result.settings.model_copy(update={"precision": precision})})


@pytest.mark.parametrize(
    ("precision", "shift", "verdict"),
    [
        ("fp32", 1e-8, "rounding"),
        ("fp32", 9.4e-7, "rounding"),
        ("fp32", -9.4e-7, "rounding"),
        ("fp32", 9.7e-7, "more"),
        ("fp32", -9.7e-7, "less"),
        ("fp64", 1e-8, "more"),
        ("bf16", 0.06, "rounding"),
        ("bf16", 0.07, "more"),
    ],
)
def test_a_difference_that_rounding_can_make_is_none(precision: str, shift: float, verdict: str) -> None:
    """8ε of latent.l2 in the type: 9.54e-7, 0.0625. The same shift in every image leaves no doubt of the sign."""
    one = in_precision(small_result(), precision)
    (entry,) = [e for e in one.results if (e.metric, e.group) == ("latent.l2", "flip")]
    assert entry.normaliser is not None
    delta = line_of(
        pair(one, with_rows(one, "latent.l2", rows_of(one, "latent.l2") + shift * entry.normaliser)),
        "latent.l2",
    ).deltas[0]
    assert delta.value == pytest.approx(shift, rel=1e-4)
    assert delta.verdict == verdict
    assert delta.images_to_decide is None


def test_a_sure_difference_below_the_floor_is_not_claimed() -> None:
    """Rows that differ by far more than rounding, and a mean that hardly does: undecided, and it is said why."""
    one = in_precision(small_result(), "bf16")
    (entry,) = [e for e in one.results if (e.metric, e.group) == ("latent.l2", "flip")]
    assert entry.normaliser is not None
    apart = np.array([0.03, 0.07] * 12)
    delta = line_of(
        pair(one, with_rows(one, "latent.l2", rows_of(one, "latent.l2") + apart * entry.normaliser)),
        "latent.l2",
    ).deltas[0]
    assert delta.value == pytest.approx(0.05)
    assert delta.p_holm is not None
    assert delta.p_holm < 0.01
    # 0.041 to 0.059, all of it below 8ε of bf16, 0.0625
    assert delta.verdict == "rounding"
    wide = with_rows(one, "latent.l2", rows_of(one, "latent.l2") + 1.2 * apart * entry.normaliser)
    delta = line_of(pair(one, wide), "latent.l2").deltas[0]
    assert delta.verdict == "undecided"
    assert delta.notes == ("rounding alone can make a difference of 0.062",)


@pytest.mark.parametrize(
    ("apart", "verdict"), [(1.9e-6, "rounding"), (2.1e-6, "more"), (-1.9e-6, "rounding"), (-2.1e-6, "less")]
)
def test_the_network_s_own_rounding_is_what_counts(apart: float, verdict: str) -> None:
    """softmax.kl measured 10⁻¹² from its float64 run: rows of 0.1 move by 10⁻¹¹ + 2 √(0.1 · 10⁻¹¹) = 2.0·10⁻⁶."""
    base = with_rows(in_precision(small_result(), "fp32"), "softmax.kl", np.full(24, 0.1))

    def measured_rounding(entry: Entry) -> Entry:
        return entry.model_copy(update={"controls": entry.controls | {"rounding": 1e-12}})

    base = base.model_copy(update={"results": tuple(map(measured_rounding, base.results))})
    other = 0.1 + apart + np.linspace(-1e-9, 1e-9, 24)  # equal differences would say nothing of other images
    delta = line_of(pair(base, with_rows(base, "softmax.kl", other)), "softmax.kl").deltas[0]
    assert delta.verdict == verdict


def test_a_constant_shift_is_found_with_its_sign() -> None:
    """Every image 0.2 worse in softmax.kl: Δ = 0.2, "more"; seen from the other side −0.2, "less"."""
    base = small_result()
    rows = np.random.default_rng(0).uniform(0.05, 0.3, 24)
    one = with_rows(base, "softmax.kl", rows)
    other = with_rows(base, "softmax.kl", rows + 0.2 + np.random.default_rng(1).normal(0, 0.01, 24))
    there, back = line_of(pair(one, other), "softmax.kl"), line_of(pair(other, one), "softmax.kl")
    assert there.deltas[0].value == pytest.approx(0.2, abs=0.01)
    assert (there.deltas[0].verdict, back.deltas[0].verdict) == ("more", "less")
    assert back.deltas[0].value == pytest.approx(-there.deltas[0].value, abs=1e-15)


def test_pairing_narrows_the_difference() -> None:
    """Rows that vary together: the paired interval is far narrower than the two intervals added in quadrature."""
    base, generator = small_result(), np.random.default_rng(3)
    common = generator.uniform(0.1, 0.5, 24)
    one = with_rows(base, "softmax.kl", common)
    other = with_rows(base, "softmax.kl", common + generator.normal(0, 0.01, 24))
    line = line_of(pair(one, other), "softmax.kl")
    assert line.deltas[0].ci is not None
    widths = [side.ci[1] - side.ci[0] for side in line.sides if side.ci is not None]
    unpaired = math.hypot(*widths)
    assert line.deltas[0].ci[1] - line.deltas[0].ci[0] < unpaired / 10


def test_holm_runs_over_the_whole_table() -> None:
    """The smallest p is multiplied by the number of all claims, over groups, measures and layers."""
    comparison = pair(small_result(0), small_result(1))
    p_values = [line.deltas[0].p_value for line in comparison.lines if line.deltas[0].p_value is not None]
    smallest = min(comparison.lines, key=lambda line: line.deltas[0].p_value or 2)
    assert len(p_values) > 10
    assert smallest.deltas[0].p_holm == pytest.approx(min(1, min(p_values) * len(p_values)))


def test_an_undecided_line_forecasts_more_images_than_there_are() -> None:
    """A small noisy difference: not significant, and more than the 24 images at hand would be needed."""
    base, generator = small_result(), np.random.default_rng(4)
    rows = generator.uniform(0.1, 0.5, 24)
    other = with_rows(base, "softmax.kl", np.clip(rows + generator.normal(0.01, 0.1, 24), 0, 0.69))
    delta = line_of(pair(with_rows(base, "softmax.kl", rows), other), "softmax.kl").deltas[0]
    assert delta.verdict == "undecided"
    assert delta.images_to_decide is not None
    assert delta.images_to_decide > 24


def test_values_are_those_of_the_saved_results() -> None:
    """Latent ratios from saved row means equal the audited values, and the default interval is the same."""
    result = small_result()
    comparison = pair(result, small_result(1))
    for entry in measured(result):
        side = line_of(comparison, entry.metric, entry.group, entry.layer).sides[0]
        assert side.value == pytest.approx(entry.value, rel=1e-12)
        assert side.ci == pytest.approx(entry.ci, rel=1e-9)


MISMATCHES = {
    "images": {"data": {"sha256": "0" * 64}},
    "status": {"status": "partial"},
    "input geometry": {"model": {"input": {"size": 17}}},
    "precision": {"settings": {"precision": "fp32"}},
    "groups": {"groups": 1},
    "measure version": {"signature": ("measure=1", "measure=2")},
    "normaliser images": {"signature": ("norm=audited", "norm=abc")},
}


def changed(result: Result, change: dict[str, object]) -> Result:
    """A copy of the result with one part changed."""
    update: dict[str, object] = {}
    for key, value in change.items():
        part = getattr(result, key)
        if isinstance(value, dict):
            inner = {k: changed_part(part, k, v) for k, v in value.items()}
            update[key] = part.model_copy(update=inner)
        elif isinstance(value, tuple):
            update[key] = part.replace(*value)
        elif isinstance(value, int):
            update[key] = part[:value]
        else:
            update[key] = value
    return result.model_copy(update=update)


def changed_part(part: object, key: str, value: object) -> object:
    """One field of a part, changed one level deeper where a mapping says so."""
    inner = getattr(part, key)
    return inner.model_copy(update=value) if isinstance(value, dict) else value


@pytest.mark.parametrize("what", MISMATCHES)
def test_every_kind_of_mismatch_is_named(what: str) -> None:
    """Exit 2 with what differs, and --allow-mismatch as the way round."""
    one, other = small_result(), changed(small_result(), MISMATCHES[what])
    assert [text.partition(":")[0] for text in mismatches(one, other)] == [what]
    with pytest.raises(InputError, match=f"they differ in {what}") as refusal:
        require_comparable([one, other], ["a", "b"])
    assert "--allow-mismatch" in refusal.value.remedy
    assert mismatches(one, small_result(1)) == ()


def test_another_revision_of_one_source_is_refused() -> None:
    """Of two sources, or where one of them says no revision, the pictures' hashes decide alone."""
    one, other = (
        changed(small_result(), {"data": {"root": "hfds/a", "revision": revision}}) for revision in ("x", "y")
    )
    with pytest.raises(InputError, match="they differ in revision of hfds/a: x and y"):
        require_comparable([one, other], ["a", "b"])
    for same in ({"root": "wds/a"}, {"revision": "x"}, {"revision": None}):
        assert mismatches(one, changed(other, {"data": same})) == ()


def test_other_images_are_not_paired() -> None:
    """Looked at all the same (--allow-mismatch): values side by side, no difference is claimed."""
    comparison = pair(small_result(), changed(small_result(1), MISMATCHES["images"]))
    assert not comparison.paired
    assert all(line.deltas[0].value is None for line in comparison.lines)
    assert {line.deltas[0].verdict for line in comparison.lines} == {"incomparable"}
    assert comparison.mismatches


def test_populations_have_a_t_interval_over_models_and_images() -> None:
    """Three checkpoints: mean ± t_2(97.5%) s/√3 at the least, t_2 = 4.302653, by hand; widths within models beside."""
    recipe = tuple(small_result(seed) for seed in (0, 1, 2))
    other = tuple(small_result(seed) for seed in (3, 4, 5))
    comparison = compare([Contender("a", recipe), Contender("b", other)], OPTIONS)
    line = line_of(comparison, "latent.l2")
    values = np.array([next(e.value for e in r.results if e.metric == "latent.l2") for r in recipe])
    half = 4.302653 * values.std(ddof=1) / math.sqrt(3)
    assert line.sides[0].value == pytest.approx(values.mean())
    assert line.sides[0].ci is not None
    assert half < (line.sides[0].ci[1] - line.sides[0].ci[0]) / 2 < 1.05 * half
    assert line.sides[0].within is not None
    assert line.deltas[0].p_value is not None


def test_populations_of_few_images_have_no_interval_either() -> None:
    """Eight images: the mean over models stands, and neither it nor a difference, or a margin, has limits."""
    few = "interval withheld: 8 images, at least 20 needed"
    sides = [
        Contender(name, tuple(small_result(seed, 8) for seed in seeds))
        for name, seeds in (("a", (0, 1)), ("b", (2, 3)))
    ]
    line = line_of(compare(sides, OPTIONS, margins_of(["5%"])), "latent.l2")
    assert all(side.value is not None and side.ci is None and few in side.notes for side in line.sides)
    (delta,) = line.deltas
    assert delta.value is not None
    assert (delta.ci, delta.p_value, delta.p_holm, delta.verdict) == (None, None, None, "undecided")
    assert few in delta.notes
    assert delta.margin is None or not delta.margin.within


def test_a_missing_layer_is_said_not_dropped() -> None:
    """A layer that only one of the two has keeps its line."""
    one = small_result()
    other = one.model_copy(update={"results": tuple(e for e in one.results if e.layer != "block2")})
    line = line_of(pair(one, other), "channelwise.cosine", layer="block2")
    assert line.sides[1].value is None
    assert line.deltas[0].verdict == "incomparable"
    assert line.deltas[0].notes == ("only one of the two has such an entry",)


def test_rows_without_a_value_come_back_as_gaps() -> None:
    """Null rows of a saved result are left out and counted, as in the audit."""
    base = small_result()
    entry = next(e for e in base.results if e.metric == "channelwise.cosine")
    assert entry.per_image is not None
    rows = entry.per_image.model_copy(update={"value": (None, *entry.per_image.value[1:])})
    sample = sample_of(base, entry.model_copy(update={"per_image": rows}))
    found = interval(sample)
    assert found.value == pytest.approx(np.mean(entry.per_image.value[1:]))
    assert any("1 image" in note for note in found.notes)


def test_options_reach_the_statistics() -> None:
    """A lower confidence gives narrower intervals."""
    wide, narrow = (
        compare(
            [Contender("a", (small_result(0),)), Contender("b", (small_result(1),))],
            replace(OPTIONS, confidence=level),
        )
        for level in (0.99, 0.8)
    )
    one, other = (line_of(c, "latent.l2").deltas[0].ci for c in (wide, narrow))
    assert one is not None
    assert other is not None
    assert other[1] - other[0] < one[1] - one[0]


def test_cautious_t_is_what_it_says() -> None:
    """The limits of ``cautious_t`` on the paired differences: the method's name once gave the BCa limits here."""
    results = small_result(0), small_result(1)
    contenders = [Contender(name, (result,)) for name, result in zip("ab", results, strict=True)]
    comparison = compare(contenders, replace(OPTIONS, method="cautious-t"))
    samples = [
        finite_rows(sample)
        for result in results
        for entry in result.results
        if (entry.metric, entry.group) == ("latent.l2", "flip")
        and (sample := sample_of(result, entry)) is not None
    ]
    expected = cautious_t_limits(paired_estimate(*samples), UNBOUNDED, 0.95)
    assert comparison.method == "cautious-t"
    assert line_of(comparison, "latent.l2").deltas[0].ci == pytest.approx(expected)


def test_the_options_reach_populations_too() -> None:
    """The width within models is made again from their rows: wider at a higher confidence, other by another method."""
    recipes = [
        Contender(name, tuple(map(small_result, seeds))) for name, seeds in (("a", (0, 1)), ("b", (2, 3)))
    ]
    asked = OPTIONS, replace(OPTIONS, confidence=0.8), replace(OPTIONS, method="percentile")
    usual, narrow, other = (line_of(compare(recipes, each), "latent.l2").sides[0].within for each in asked)
    saved = [next(e.ci for e in small_result(seed).results if e.metric == "latent.l2") for seed in (0, 1)]
    assert usual == pytest.approx(math.sqrt(sum(((high - low) / 2) ** 2 for low, high in saved) / 2))
    assert narrow is not None
    assert usual > 1.2 * narrow
    assert other != pytest.approx(usual, rel=1e-3)


def test_an_unknown_method_is_refused_whatever_is_compared() -> None:
    """Populations draw no interval of their own by it; it is refused all the same."""
    with pytest.raises(InputError, match="use cautious-t"):
        replace(OPTIONS, method="cautios-t")


def test_margins_as_they_are_typed() -> None:
    """A percentage for all, amounts by name; the last that fits counts."""
    margins = margins_of(["5%", "softmax.kl=0.01", "channelwise.*=2%", "channelwise.correlation=0.5"])
    assert str(margins.of("latent.l2")) == "5%"
    assert str(margins.of("softmax.kl")) == "0.01"
    assert str(margins.of("channelwise.cosine")) == "2%"
    assert str(margins.of("channelwise.correlation")) == "0.5"
    assert margins.texts == ("5%", "softmax.kl=0.01", "channelwise.*=2%", "channelwise.correlation=0.5")
    assert Margins().of("latent.l2") is None
    assert margins_of(["softmax.kl=0.01"]).of("latent.l2") is None


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["0.01"], "in the unit of no measure"),
        (["5%", "2%"], "--margin 5% and 2%"),
        (["five"], "--margin 'five'"),
        (["0%"], "--margin '0%'"),
        (["softmax.kl=-1"], "--margin 'softmax.kl=-1'"),
        (["softmax.kl=nan"], "--margin 'softmax.kl=nan'"),
        (["softmax.lk=1%"], "there is no metric 'softmax.lk'"),
    ],
)
def test_margins_that_are_none(texts: list[str], found: str) -> None:
    """Refused with what is wrong, and another that works."""
    with pytest.raises(InputError) as refusal:
        margins_of(texts)
    assert found in refusal.value.found
    if refusal.value.remedy.startswith("--margin"):
        words = refusal.value.remedy.partition(", or ")[2] or refusal.value.remedy
        assert margins_of([word for word in words.split() if word != "--margin"]).texts


@pytest.mark.heavy
def test_within_a_margin_is_said_of_what_is_shown() -> None:
    """Rows within 2% of each other are within 5%, in percent and in nats; what differs by 6% is not, however sure."""
    base, generator = small_result(), np.random.default_rng(0)
    rows = generator.uniform(0.1, 0.3, 24)
    one = with_rows(base, "softmax.kl", rows)
    near = with_rows(base, "softmax.kl", rows * generator.uniform(0.98, 1.02, 24))
    far = with_rows(base, "softmax.kl", rows * 1.06)
    tested = line_of(pair(one, near, "5%"), "softmax.kl").deltas[0].margin
    assert tested is not None
    assert (tested.within, tested.margin, tested.images_to_decide) == (True, "5%", None)
    assert tested.amount == pytest.approx(0.05 * rows.mean())
    amount = line_of(pair(one, near, f"softmax.kl={0.05 * rows.mean()}"), "softmax.kl").deltas[0].margin
    assert amount is not None
    assert amount.within
    delta = line_of(pair(one, far, "5%"), "softmax.kl").deltas[0]
    assert delta.margin is not None
    assert (delta.verdict, delta.margin.within, delta.margin.images_to_decide) == ("more", False, None)
    assert line_of(pair(one, far, "10%"), "softmax.kl").deltas[0].verdict == "more"
    beyond = line_of(pair(one, far, "10%"), "softmax.kl").deltas[0].margin
    assert beyond is not None
    assert beyond.within


def test_margins_are_corrected_by_themselves() -> None:
    """Holm over the margins of the table alone: as many claims as lines that have a test."""
    comparison = pair(small_result(0), small_result(1), "50%")
    tests = [line.deltas[0].margin for line in comparison.lines if line.deltas[0].margin is not None]
    p_values = [test.p_value for test in tests if test.p_value is not None]
    assert len(p_values) > 10
    smallest = min(tests, key=lambda test: 2 if test.p_value is None else test.p_value)
    assert smallest.p_holm == pytest.approx(min(1, min(p_values) * len(p_values)))
    plain = pair(small_result(0), small_result(1))
    assert [x.deltas[0].p_holm for x in plain.lines] == [x.deltas[0].p_holm for x in comparison.lines]


def test_a_percentage_of_nothing_is_no_margin() -> None:
    """A reference without a flip: no test, and a note."""
    one = with_rows(small_result(), "prediction.flip_rate", np.zeros(24))
    other = with_rows(small_result(1), "prediction.flip_rate", np.array([1.0] + [0.0] * 23))
    delta = line_of(pair(one, other, "5%"), "prediction.flip_rate").deltas[0]
    assert delta.margin is not None
    assert (delta.margin.within, delta.margin.p_value) == (False, None)
    assert "5% of a distance of 0 from perfect is no margin" in delta.notes


def recipes() -> list[Contender]:
    """Two populations of three models each, whose files are numbered."""
    return [
        Contender(
            label,
            tuple(map(small_result, seeds)),
            tuple(f"{label}_{run}.json" for run in order),
        )
        for label, seeds, order in (("cnn", (0, 1, 2), (7, 8, 9)), ("c8", (3, 4, 5), (9, 7, 8)))
    ]


def test_runs_are_paired_by_what_a_pattern_finds() -> None:
    """cnn_7 with c8_7, whose seeds are 0 and 4, and so on: the mean of the pairs' differences, in another order too."""
    pattern = pair_pattern(r"_(\d+)\.json")
    cell = line_of(compare(recipes(), OPTIONS, runs=pattern), "latent.l2").deltas[0]
    alone = line_of(compare(recipes(), OPTIONS), "latent.l2").deltas[0]
    pairs = ((0, 4), (1, 5), (2, 3))
    values = [
        next(e.value for e in small_result(seed).results if e.metric == "latent.l2") or 0.0
        for seed in range(6)
    ]
    apart = np.array([values[b] - values[a] for a, b in pairs])
    assert cell.value == pytest.approx(alone.value)
    assert cell.value == pytest.approx(apart.mean())
    assert cell.ci is not None
    assert (cell.ci[1] - cell.ci[0]) / 2 >= 4.302652 * apart.std(ddof=1) / math.sqrt(3)
    assert cell.ci != alone.ci


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"run(\d+)", r"does not match cnn_7.json"),
        (r"(_)", r"finds '_' in cnn_7.json and cnn_8"),
        (r"_(\d+", "is no regular expression"),
        (r"_\d+", "has 0 groups"),
        (r"(cnn_7|9|[78]$)", "finds no partner for cnn_7 and 7"),
    ],
)
def test_runs_that_cannot_be_paired(pattern: str, found: str) -> None:
    """Exit 2 with the first name that is in the way."""

    def paired() -> None:
        made = pair_pattern(pattern)
        assert made is not None
        pairs_of(["cnn_7.json", "cnn_8", "cnn_9"], ["c8_7", "c8_8", "c8_9"], made)

    with pytest.raises(InputError) as refusal:
        paired()
    assert found in refusal.value.found
    assert "--pair-runs" in refusal.value.remedy


def test_a_pattern_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved track brings its pattern along; one that goes back for ever ends in time, and is named."""
    monkeypatch.setattr(pairing, "MATCH_SECONDS", 0.05)
    endless = pair_pattern("^((?:a|aa)+)$")
    assert endless is not None
    with pytest.raises(InputError, match="takes too long"):
        pairing.run_of("a" * 60 + "!", endless)


def test_populations_that_are_none_have_no_verdict() -> None:
    """Several architectures, or other images: values side by side at the most, no interval and no difference."""
    one, other = recipes()
    renamed = other.results[0].model_copy(
        update={"model": other.results[0].model.model_copy(update={"arch": "another"})}
    )
    mixed = replace(other, results=(renamed, *other.results[1:]))
    line = line_of(compare([one, mixed], OPTIONS), "latent.l2")
    assert (line.deltas[0].value, line.deltas[0].verdict) == (None, "incomparable")
    assert line.deltas[0].notes == ("c8 is of several architectures",)
    assert line.sides[1].ci is None
    assert "interval withheld: the models are of several architectures" in line.sides[1].notes
    strange = replace(other, results=tuple(changed(each, MISMATCHES["images"]) for each in other.results))
    compared = compare([one, strange], OPTIONS)
    assert {each.deltas[0].verdict for each in compared.lines} == {"incomparable"}
    assert line_of(compared, "latent.l2").sides[1].ci is not None
    half = replace(other, results=(other.results[0], *strange.results[1:]))
    assert line_of(compare([one, half], OPTIONS), "latent.l2").sides[1].ci is None


def test_populations_within_a_margin() -> None:
    """The same recipe twice, with a margin of 100% and more; one of 1% is too narrow for three seeds."""
    wide = line_of(
        compare(recipes(), OPTIONS, margins_of(["channelwise.cosine=0.9"])),
        "channelwise.cosine",
        layer="block1",
    )
    narrow = line_of(compare(recipes(), OPTIONS, margins_of(["1%"])), "channelwise.cosine", layer="block1")
    assert wide.deltas[0].margin is not None
    assert narrow.deltas[0].margin is not None
    assert wide.deltas[0].margin.within
    assert not narrow.deltas[0].margin.within
    assert narrow.deltas[0].margin.amount == pytest.approx(0.01 * (1 + (wide.sides[0].value or 0.0)))


def test_effect_sizes_are_in_the_file() -> None:
    """The difference over the standard deviation of the images' own differences; null of populations and copies."""
    base, generator = small_result(), np.random.default_rng(7)
    rows = generator.uniform(0.1, 0.3, 24)
    apart = generator.normal(0.02, 0.03, 24)
    one, other = (with_rows(base, "softmax.kl", each) for each in (rows, rows + apart))
    delta = line_of(pair(one, other), "softmax.kl").deltas[0]
    assert delta.effect == pytest.approx(apart.mean() / apart.std(ddof=1))
    assert delta.effect_ci is not None
    assert delta.effect_ci[0] < delta.effect < delta.effect_ci[1]
    assert line_of(pair(one, one), "softmax.kl").deltas[0].effect is None
    assert line_of(compare(recipes(), OPTIONS), "softmax.kl").deltas[0].effect is None


def test_three_ways_of_decoding_are_not_mixed() -> None:
    """``fast`` of 0.1.0 is another than today's, which is recorded as ``fast-2``; each compares with itself alone."""

    def decoded(way: str) -> Result:
        result = small_result()
        return result.model_copy(update={"settings": result.settings.model_copy(update={"decode": way})})

    ways = ("exact", "fast", "fast-2")
    for one in ways:
        for other in ways:
            differs = () if one == other else (f"decoding: {one} and {other}",)
            assert mismatches(decoded(one), decoded(other)) == differs
