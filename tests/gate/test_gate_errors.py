"""Everything that a gate cannot know is an error with exit 2, never a pass."""

import numpy as np
import pytest
from support.gate import changed_entry, policy, result, spread

from geed_cli.errors import InputError
from geed_cli.gate.gate import gate
from geed_cli.gate.outcome import GateReport
from geed_cli.result.schema import Entry, Refused, Result

KL = ("softmax.kl", "flip", None)
LAYER = ("channelwise.cosine", "flip", "layer1")
PASSING = "version: 1\nrules: [{id: one, metric: softmax.kl, max: 0.5}]"
CHANGE = "version: 1\nbaseline: {rules: [{id: one, metric: '*', max_increase: 0.5}]}"


def audited(**rows: np.ndarray) -> Result:
    """Softmax rows well below 0.5, and a layer."""
    return result({KL: rows.get("kl", spread(0.1, 0.02)), LAYER: spread(-0.9, 0.01)})


def reason(report: GateReport) -> str:
    """Why the one error is one; the gate must not have passed."""
    assert (report.verdict, report.exit_code) == ("error", 2)
    (outcome,) = [one for one in report.outcomes if one.verdict == "error"]
    return outcome.reason or next(one.reason or "" for one in outcome.examined if one.verdict == "error")


def test_the_plain_case_passes() -> None:
    """Otherwise the errors below would prove nothing."""
    assert gate({"net": audited()}, policy(PASSING)).exit_code == 0
    assert gate({"net": audited()}, policy(CHANGE), audited()).exit_code == 0


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{metric: softmax.kll, max: 1}", "no metric matches 'softmax.kll'; nearest are softmax.kl"),
        ("{metric: softmax.kl, group: flop, max: 1}", "no group matches 'flop'; nearest are flip"),
        ("{metric: '*', layer: 'layer9', max: 1}", "no layer matches 'layer9'; nearest are layer1"),
        ("{metric: softmax.kl, layer: 'layer*', max: 1}", "no entry has that metric, group and layer together"),
        ("{metric: 'softmax.kll', max: 1, level: warn}", "no metric matches"),
    ],
)  # fmt: skip
def test_a_rule_that_matches_nothing(rule: str, message: str) -> None:
    """With the nearest names; also at level warn, since nobody knows what it would have found."""
    assert message in reason(gate({"net": audited()}, policy(f"version: 1\nrules: [{rule}]")))


PRODUCTS = ("flip", "flips", "flip*xshift7", "flip*c2*xshift7", "c2*xshift7", "pinwheel*flip", "c8")


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("flip*xshift7", {"flip*xshift7"}),
        ("flip*c2*xshift7", {"flip*c2*xshift7"}),
        ("pinwheel*flip", {"pinwheel*flip"}),
        ("*", set(PRODUCTS)),
        ("flip*", {"flip", "flips", "flip*xshift7", "flip*c2*xshift7"}),
        ("*xshift7", {"flip*xshift7", "flip*c2*xshift7", "c2*xshift7"}),
        ("flip**xshift7", {"flip*xshift7", "flip*c2*xshift7"}),
        ("*c2*xshift7", {"flip*c2*xshift7", "c2*xshift7"}),
        ("flip*?shift7", {"flip*xshift7"}),
        ("flip*xshift[78]", {"flip*xshift7"}),
        ("flip[*]xshift7", {"flip*xshift7"}),
        ("c?", {"c8"}),
        ("*flip", {"flip", "pinwheel*flip"}),
    ],
)
def test_the_groups_that_a_rule_means(pattern: str, meant: set[str]) -> None:
    """``*`` between two signs is a product's, elsewhere it is any text."""
    audited = result({("softmax.kl", group, None): spread(0.1, 0.02, n=20) for group in PRODUCTS})
    report = gate(
        {"net": audited}, policy(f"version: 1\nrules: [{{metric: softmax.kl, group: '{pattern}', max: 1}}]")
    )
    assert {one.group for one in report.outcomes if not one.rule.startswith("require")} == meant


def test_a_product_that_was_not_audited() -> None:
    """Another product that begins and ends alike does not stand for it, and the message says how that is written."""
    audited = result({("softmax.kl", "flip*c2*xshift7", None): spread(0.1, 0.02, n=20)})
    rules = "version: 1\nrules: [{{metric: softmax.kl, group: '{}', max: 1}}]"
    found = reason(gate({"net": audited}, policy(rules.format("flip*xshift7"))))
    assert found.endswith(
        "no group matches 'flip*xshift7'; * between two names is a product, ** any text; nearest are flip*c2*xshift7"
    )
    assert gate({"net": audited}, policy(rules.format("flip**xshift7"))).exit_code == 0


@pytest.mark.parametrize("status", ["undefined", "not_applicable"])
def test_a_value_that_is_none(status: str) -> None:
    """Undefined, or not applicable to this network."""
    without = changed_entry(audited(), status=status, value=None, notes=("because of M",))
    found = reason(gate({"net": without}, policy(PASSING)))
    assert status.replace("_", " ") in found
    assert "because of M" in found


def test_a_value_that_its_rows_do_not_have() -> None:
    """The file says ok and 0.1; every row is null. Rows decide, not the file's word."""
    empty = changed_entry(
        audited(), per_image=audited().results[0].per_image.model_copy(update={"value": (None,) * 200})
    )  # type: ignore[union-attr]
    assert "no image has a finite value" in reason(gate({"net": empty}, policy(PASSING)))


def test_a_saved_value_is_not_believed() -> None:
    """A file whose value and interval were edited is judged by its rows."""
    edited = changed_entry(audited(kl=spread(0.6, 0.01)), value=0.01, ci=(0.0, 0.02))
    assert gate({"net": edited}, policy(PASSING)).verdict == "fail"


def test_a_partial_result() -> None:
    """Neither the requirement nor any rule passes."""
    report = gate({"net": audited().model_copy(update={"status": "partial"})}, policy(PASSING))
    assert report.exit_code == 2
    assert {one.rule: one.verdict for one in report.outcomes}["one"] == "error"
    assert {one.rule: one.verdict for one in report.outcomes}["require.complete"] == "error"


def test_no_baseline() -> None:
    """A rule about changes without --baseline."""
    assert "no --baseline was given" in reason(gate({"net": audited()}, policy(CHANGE)))


def test_a_baseline_that_is_not_comparable() -> None:
    """Other images, another precision, a partial baseline: named."""
    base = audited()
    settings = base.settings.model_copy(update={"precision": "fp64"})
    data = base.data.model_copy(update={"sha256": "f" * 64})
    for update, message in (
        ({"settings": settings}, "precision: fp64 and fp32"),
        ({"data": data}, "images: 200"),
        ({"status": "partial"}, "status: partial and complete"),
    ):
        found = reason(gate({"net": base}, policy(CHANGE), base.model_copy(update=update)))
        assert "not comparable" in found
        assert message in found


@pytest.mark.parametrize("whose", ["the result", "the baseline"])
def test_an_entry_that_only_one_of_the_two_has(whose: str) -> None:
    """A renamed layer must not leave the gate by its new name."""
    whole, short = audited(), audited().model_copy(update={"results": audited().results[:1]})
    pair = (short, whole) if whose == "the result" else (whole, short)
    assert reason(gate({"net": pair[0]}, policy(CHANGE), pair[1])) == f"{whose} has no such entry"


def test_an_undefined_baseline_value() -> None:
    """Says whose value it is."""
    without = changed_entry(audited(), status="undefined", value=None)
    assert "the baseline is undefined" in reason(gate({"net": audited()}, policy(CHANGE), without))


@pytest.mark.parametrize(
    ("require", "message"),
    [
        ("min_images: 201", "200 images were audited"),
        ("max_refused: 0", "1 file was refused"),
        ("groups: [flip, c4]", "not audited: c4"),
    ],
)
def test_requirements(require: str, message: str) -> None:
    """One that is not met is an error whatever the rules say."""
    one = audited()
    refused = one.data.model_copy(update={"refused": (Refused(path="a.png", reason="empty"),)})
    report = gate(
        {"net": one.model_copy(update={"data": refused})}, policy(f"{PASSING}\nrequire: {{{require}}}")
    )
    assert reason(report) == message


def test_images_without_a_value_do_not_count() -> None:
    """200 images were audited, 190 have a value, 195 are required."""
    rows = spread(0.1, 0.02)
    rows[:10] = np.nan
    assert gate({"net": audited(kl=rows)}, policy(f"{PASSING}\nrequire: {{min_images: 190}}")).exit_code == 0
    report = gate({"net": audited(kl=rows)}, policy(f"{PASSING}\nrequire: {{min_images: 195}}"))
    assert reason(report) == "190 images have a value, and the policy requires 195"


def test_too_few_images_for_an_interval_are_undecided() -> None:
    """19 images, however small the value."""
    report = gate({"net": result({KL: spread(0.01, 0.001, n=19)})}, policy(PASSING))
    assert (report.verdict, report.exit_code) == ("undecided", 1)


def test_a_percentage_of_nothing() -> None:
    """A baseline of 0 flips: 5% of it is no limit."""
    key = ("prediction.flip_rate", "flip", None)
    rows = np.zeros(200)
    rule = "version: 1\nbaseline: {rules: [{metric: prediction.flip_rate, max_increase: 5%}]}"
    assert "use an absolute max_increase" in reason(
        gate({"net": result({key: rows})}, policy(rule), result({key: rows}))
    )


def test_an_error_outranks_a_fail() -> None:
    """Input has to be put right first."""
    rules = "version: 1\nrules: [{metric: softmax.kl, max: 0.01}, {metric: nothing, max: 1}]"
    assert gate({"net": audited()}, policy(rules)).exit_code == 2


def contradicting() -> dict[str, Result]:
    """Results that no audit writes."""
    one = audited()
    entry: Entry = one.results[0]
    assert entry.per_image is not None
    short = entry.per_image.model_copy(update={"value": entry.per_image.value[1:]})
    return {
        "the entry softmax.kl/flip has rows for 199 of 200 images": changed_entry(one, per_image=short),
        "the entry softmax.kl/c9 belongs to no audited group": changed_entry(one, group="c9"),
        "is of an unknown measure": changed_entry(one, metric="softmax.new"),
        "is listed more than once": one.model_copy(update={"results": (entry, entry)}),
        "has a value and no rows": changed_entry(one, per_image=None),
        "200 images are listed": one.model_copy(update={"data": one.data.model_copy(update={"count": 300})}),
        "is not Unicode": one.model_copy(update={"signature": "\ud800"}),
    }


@pytest.mark.parametrize("message", contradicting())
def test_results_that_contradict_themselves(message: str) -> None:
    """Refused by name, as a result and as a baseline, before any verdict."""
    broken = contradicting()[message]
    with pytest.raises(InputError, match="contradicts itself") as refusal:
        gate({"net": broken}, policy(PASSING))
    assert message in refusal.value.found
    with pytest.raises(InputError, match="the baseline contradicts itself"):
        gate({"net": audited()}, policy(CHANGE), broken)
