"""A gate's report in every form: the same verdicts, and names from strangers made harmless."""

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import model_index_to_eval_results
from junitparser import JUnitXml
from rich.console import Console
from support.gate import policy, result, spread

from geed_cli.choices import OnUndecided
from geed_cli.errors import InputError
from geed_cli.gate.gate import gate
from geed_cli.gate.outcome import GateReport
from geed_cli.report.gate.card import to_card
from geed_cli.report.gate.gate_table import print_gate
from geed_cli.report.gate.github import MOST_SUMMARY_BYTES, annotations, append_summary
from geed_cli.report.gate.junit import to_junit
from geed_cli.report.gate.kinds import write_gate
from geed_cli.report.gate.markdown import to_markdown

RULES = """\
version: 1
require: {min_images: 100}
rules:
  - {id: passes, metric: softmax.kl, max: 0.3}
  - {id: fails, metric: softmax.kl, max: 0.1}
  - {id: open, metric: latent.cosine, max: 0.503}
  - {id: warns, metric: "latent.*", max: 0.1, level: warn}
  - {id: nothing, metric: no.such, max: 1}
"""
ROWS = {
    ("latent.cosine", "flip", None): spread(0.5, 0.1),
    ("softmax.kl", "flip", None): spread(0.2, 0.02),
    ("channelwise.cosine", "flip", "layer1"): spread(-0.9, 0.02),
}
HOSTILE = "a\n::error::x\r##[error]y |`<b>`@all</b>[z](http://e.vil)\x1b[31m,%0A:" + "x" * 400


@pytest.fixture(scope="module")
def report() -> GateReport:
    """One outcome of every kind."""
    return gate({"net": result(ROWS)}, policy(RULES))


@pytest.fixture(scope="module")
def hostile() -> GateReport:
    """The same with a model, a group and a layer named by an enemy."""
    rows = {(metric, HOSTILE, layer and HOSTILE): values for (metric, _, layer), values in ROWS.items()}
    text = RULES + '  - {id: "q::set-output::", metric: channelwise.cosine, max: -0.95}\n'
    return gate({HOSTILE: result(rows, HOSTILE)}, policy(text))


def printed(report: GateReport, width: int = 110) -> str:
    """The table, without colour."""
    stream = io.StringIO()
    print_gate(report, Console(width=width, no_color=True, force_terminal=False, file=stream))
    return stream.getvalue()


def test_the_table_says_the_verdict_first(report: GateReport) -> None:
    """Then every rule with what was measured and what is missing."""
    text = printed(report)
    assert text.startswith("ERROR: Could not be tested: nothing (*). That says nothing of the model. ")
    assert "5 checks: 2 fail (1 at level warn), 1 error, 1 undecided, 1 pass" in text
    rows = [line.split("  ")[1].strip() for line in text.splitlines() if re.search("[≤≥] ", line)]
    assert rows[:5] == ["fail", "fail (warn)", "error", "undecided", "pass"]
    assert re.search(
        r"^  fail +fails +softmax\.kl, flip +0\.200 +0\.197 to 0\.203 +≤ 0\.1$", text, re.MULTILINE
    )
    assert re.search(r"^  undecided +open +latent\.cosine, flip .* ≤ 0\.503$", text, re.MULTILINE)
    assert re.search(r"^  fail \(warn\) +warns ", text, re.MULTILINE)
    assert re.search(r"^nothing \(\*\): the rule matches nothing", text, re.MULTILINE)
    assert re.search(
        r"^open \(flip\): the limit lies inside the interval; about [\d,]+ images", text, re.MULTILINE
    )
    assert "met: status complete, images ≥ 100" in text
    assert "pass: 95% interval within the limit" in text


def test_narrow_terminals_lose_nothing(report: GateReport) -> None:
    """Names lose their beginnings, numbers stay whole."""
    for width in (40, 50, 60, 72):
        text = printed(report, width)
        row = re.search(r"undecided.*?0\.486(\.\.| to )0\.514.*?≤ 0\.503", re.sub(r"\s+", " ", text))
        assert row is not None
        assert max(map(len, text.splitlines())) <= width


def test_junit_counts(report: GateReport) -> None:
    """Rule = case, model × group = suite; a failing warning is skipped."""
    document = JUnitXml.fromstring(to_junit(report).encode())
    suites = {suite.name: suite for suite in document}
    assert set(suites) == {"net × require", "net × flip", "net × *"}
    cases = {case.name: case for suite in document for case in suite}
    assert cases["passes"].is_passed
    assert cases["fails"].is_failure
    assert cases["open"].is_failure
    assert cases["warns"].is_skipped
    assert cases["nothing"].is_error
    assert (document.tests, document.failures, document.errors, document.skipped) == (7, 2, 1, 1)
    assert cases["fails"].result[0].text == "fail: softmax.kl 0.200, 0.197 to 0.203, limit ≤ 0.1"
    assert "images would decide" in cases["open"].result[0].text


@pytest.mark.parametrize("on_undecided", ["fail", "pass"])
@pytest.mark.parametrize("level", ["error", "warn"])
def test_junit_agrees_with_the_exit_code(on_undecided: OnUndecided, level: str) -> None:
    """Of each verdict alone: the document has a failure where the code is 1, an error where it is 2, else neither."""
    for metric, limit, verdict in (
        ("latent.cosine", 0.6, "pass"),
        ("latent.cosine", 0.503, "undecided"),
        ("latent.cosine", 0.1, "fail"),
        ("no.such", 1, "error"),
    ):
        rule = policy(f"version: 1\nrules: [{{metric: {metric}, max: {limit}, level: {level}}}]")
        report = gate({"net": result(ROWS)}, rule, on_undecided=on_undecided)
        assert report.outcomes[-1].verdict == verdict
        document = JUnitXml.fromstring(to_junit(report).encode())
        counted = (document.failures > 0, document.errors > 0)
        assert counted == (report.exit_code == 1, report.exit_code == 2), (verdict, report.exit_code)


def test_json_is_strict_and_complete(report: GateReport, tmp_path: Path) -> None:
    """geed.gate/1: reads back equal, without NaN."""
    write_gate(report, tmp_path / "gate.json")
    content = json.loads((tmp_path / "gate.json").read_text(), parse_constant=pytest.fail)
    assert (content["schema"], content["verdict"], content["exit_code"]) == ("geed.gate/1", "error", 2)
    assert GateReport.model_validate(content) == report
    assert {rule["rule"]: rule["verdict"] for rule in content["rules"]} == {
        "passes": "pass",
        "fails": "fail",
        "open": "undecided",
        "warns": "fail",
        "nothing": "error",
    }


def test_the_card_is_a_model_index(report: GateReport) -> None:
    """huggingface_hub reads it as a card's front matter; values are exact, private folders stay private."""
    text = to_card(report)
    card = ModelCard(f"---\n{text}---\n# net\n")
    (name, results) = model_index_to_eval_results(yaml.safe_load(text)["model-index"])
    assert name == "net"
    values = {one.metric_type: one.metric_value for one in results}
    assert values == pytest.approx({"softmax.kl": 0.2, "latent.cosine": 0.5})
    assert {one.dataset_name for one in results} == {"photos"}
    assert "private" not in text
    assert card.data.eval_results is not None


def test_annotations(report: GateReport) -> None:
    """What stops the gate is an error, a warning is a warning; one line each, escaped."""
    lines = list(annotations(report))
    kinds = [line.split(" ")[0] for line in lines]
    assert kinds == ["::error", "::error", "::error", "::warning"]
    assert all("\n" not in line for line in lines)
    assert "title=geed fail%3A fails::net × flip, ≤ 0.1%0Afail: softmax.kl 0.200" in lines[0]
    allowed = report.model_copy(update={"on_undecided": "pass"})
    assert [line.split(" ")[0] for line in annotations(allowed)].count("::warning") == 2


def test_annotations_are_at_most_ten_a_kind() -> None:
    """Twelve failing rules: nine, and one that counts the rest."""
    rules = "version: 1\nrules:\n" + "".join(
        f"  - {{metric: softmax.kl, max: {0.01 * k}}}\n" for k in range(1, 13)
    )
    lines = list(annotations(gate({"net": result(ROWS)}, policy(rules))))
    assert len(lines) == 10
    assert "3 more" in lines[-1]


def test_percent_signs_are_escaped() -> None:
    """An increase in percent does not turn into a control character on the runner."""
    rule = policy("version: 1\nbaseline: {rules: [{metric: softmax.kl, max_increase: 5%}]}")
    worse = {**ROWS, ("softmax.kl", "flip", None): 1.5 * ROWS["softmax.kl", "flip", None]}
    (line,) = annotations(gate({"net": result(worse)}, rule, result(ROWS)))
    assert "increase ≤ 5%25%0Afail: softmax.kl 0.20 to 0.30, +50%25, +" in line


def test_no_line_of_any_text_is_a_command(hostile: GateReport) -> None:
    """A runner trims lines and obeys those that begin with :: (or hold ##[): only our own annotations may."""
    texts = [printed(hostile, width) for width in (40, 80, 110, 200)] + [
        to_markdown(hostile),
        to_junit(hostile),
    ]
    for text in texts:
        assert not [line for line in text.splitlines() if line.strip().startswith("::")]
        assert "##[" not in text
        assert "\x1b" not in text
    lines = list(annotations(hostile))
    for line in lines:
        assert re.fullmatch(r"::(error|warning) title=[^:,\r\n]*::[^\r\n]*", line)
        assert "::" not in line.split("::", 2)[2]


def test_markdown_has_no_foreign_markup(hostile: GateReport) -> None:
    """Names are in code spans: pipes escaped, no backticks, no HTML outside of them, no mentions."""
    text = to_markdown(hostile)
    outside = re.sub(r"`[^`\n]*`", "", text)
    assert "<b>" not in outside
    assert "@all" not in outside
    assert "e.vil" not in outside
    rows = [line for line in text.splitlines() if line.startswith("| ") and "| verdict" not in line]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}


def test_xml_stays_well_formed(hostile: GateReport) -> None:
    """Whatever the names hold."""
    root = ElementTree.fromstring(to_junit(hostile).encode())
    assert root.tag == "testsuites"


def test_hostile_names_in_card_and_json(hostile: GateReport) -> None:
    """Data formats carry them as data."""
    assert yaml.safe_load(to_card(hostile))["model-index"][0]["name"].startswith("a\\n: :error: :x")
    assert GateReport.model_validate_json(hostile.model_dump_json(by_alias=True)) == hostile


def test_the_markdown_says_the_verdict_first(report: GateReport) -> None:
    """Worst suites and rules first."""
    lines = to_markdown(report).splitlines()
    assert lines[0] == "## ⛔ geed check: ERROR"
    assert lines[2].startswith("Could not be tested: `nothing (*)`.")
    order = [line for line in lines if line.startswith("| ") and "| verdict" not in line]
    assert "nothing" in order[0]
    assert "fails" in order[1]


def test_the_note_on_version_1_is_on_the_page_and_in_the_markdown() -> None:
    """A policy of version 1 that requires no number of images; none of version 2."""
    old, new = (
        gate({"net": result(ROWS)}, policy(f"version: {version}\nrules: [{{metric: softmax.kl, max: 9}}]"))
        for version in (1, 2)
    )
    said = "policy version 1: no number of images is required; version 2 requires 50"
    assert f"note: {said}" in " ".join(printed(old).split())
    assert f"\nNote: {said}.\n" in to_markdown(old)
    assert "version 1" not in printed(new) + to_markdown(new)


def test_the_summary_stays_below_one_mebibyte(tmp_path: Path) -> None:
    """Seven hundred failing layers and a long summary already there: cut, counted, verdict kept; then nothing more."""
    rows = {("channelwise.cosine", "flip", f"{'l' * 180}{k}"): spread(-0.5, 0.1, n=20) for k in range(700)}
    big = gate({"net": result(rows)}, policy("version: 1\nrules: [{metric: '*', max: -0.9}]"))
    summary = tmp_path / "summary.md"
    summary.write_text("x" * 900_000)
    for _ in range(2):
        append_summary(big, summary)
        assert summary.stat().st_size <= MOST_SUMMARY_BYTES
    text = summary.read_text()
    assert "geed check: FAIL" in text
    assert re.search(r"\d+ lines left out for size", text)


@pytest.mark.parametrize(
    "name", ["report.xml", "report.txt", "report", "report.html", "junit.xml", ".md.bak"]
)
def test_unknown_suffixes(report: GateReport, tmp_path: Path, name: str) -> None:
    """Refused with the kinds there are."""
    with pytest.raises(InputError, match="no kind of report has this suffix") as refusal:
        write_gate(report, tmp_path / name)
    assert ".junit.xml, .md, .json, .yaml" in refusal.value.expected
    assert not (tmp_path / name).exists()


def test_passing_rules_show_their_narrowest_entry() -> None:
    """Three layers pass; the one nearest to the limit is shown, the others are counted."""
    rows = {
        ("channelwise.cosine", "flip", f"layer{k}"): np.asarray(spread(-0.9 + 0.02 * k, 0.01))
        for k in (1, 2, 3)
    }
    text = printed(gate({"net": result(rows)}, policy("version: 1\nrules: [{metric: '*', max: -0.8}]")))
    assert "layer3" in text
    assert "layer3, flip, 2 more" in text
    assert "layer1" not in text


def test_what_does_not_fit_is_the_end() -> None:
    """A later row never stands under the heading of another model, whatever the size."""
    models = {name: result(ROWS, name) for name in ("a", "b" * 300, "c")}
    report = gate(models, policy(RULES))
    whole = to_markdown(report)
    for most in range(700, len(whole.encode()), 53):
        kept, sign, _ = to_markdown(report, most).partition("\n… ")
        assert sign
        assert whole.startswith(kept)


def test_a_group_called_require_is_shown_as_a_group() -> None:
    """Its failing rule has its id and its number."""
    rows = {("softmax.kl", "require", None): spread(0.2, 0.02)}
    stream = io.StringIO()
    rules = "version: 1\nrules: [{id: fails, metric: softmax.kl, max: 0.1}]"
    print_gate(gate({"net": result(rows)}, policy(rules)), Console(file=stream, width=110))
    assert re.search(r"fail .*fails.*0\.20", stream.getvalue())
