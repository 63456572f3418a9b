"""Results, tracks, gates, policies, specs, groups and sets of version 0.1.0: every command finds the same in them."""

import json
import re
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from support.command import Geed, in_full

from geed_cli.result.file import read_result

CI = ("--ci", "corrected-t")
"""The default of then."""
AUDIT = (*CI, "-d", "pictures", "--precision", "fp64", "--device", "cpu", "--allow-code", "--quiet")
TRACK = ("--model", "net.yaml", "-g", "flip", "--json", "track.json", *AUDIT)
PROSE = {"reason", "notes", "schema", "geed", "environment", "timing", "detail", "threads"}
"""What later versions may say in other words, and what depends on the machine."""


def read(name: str | Path) -> object:
    return json.loads(Path(name).read_text(encoding="utf-8"))


def assert_same(before: object, now: object, rel: float, where: str = "") -> None:
    """Everything that was saved is still there; numbers agree, and later versions may have more keys."""
    if isinstance(before, dict):
        assert isinstance(now, dict), where
        for key in before.keys() - PROSE:
            assert_same(before[key], now[key], rel, f"{where}.{key}")
    elif isinstance(before, list):
        assert isinstance(now, list), where
        assert len(now) == len(before), where
        for number, (one, other) in enumerate(zip(before, now, strict=True)):
            assert_same(one, other, rel, f"{where}[{number}]")
    elif isinstance(before, float):
        assert now == pytest.approx(before, rel=rel, abs=1e-9), where
    else:
        assert now == before, where


@pytest.mark.usefixtures("saved")
def test_a_result_is_printed() -> None:
    """Values, intervals and controls as they were saved."""
    text = in_full(read_result(Path("result.json")))
    line = next(line for line in text.splitlines() if line.startswith("latent.l2"))
    assert line.split()[1:4] == ["0.428", "[0.314,", "0.533]"]
    for words in ("not a group", "sampling grid off centre", "r180*bgr"):
        assert words in text


@pytest.mark.usefixtures("saved")
def test_the_gate_judges_as_it_did(geed: Geed) -> None:
    """Every verdict, value, interval and forecast, in every format."""
    reports = ("gate.json", "gate.junit.xml", "gate.md", "gate.yaml")
    outputs = [word for name in reports for word in ("-o", f"now-{name}")]
    done = geed("check", "result.json", "--policy", "policy.yaml", "--baseline", "other.json", *outputs)
    assert done.exit_code == 0, done.stderr
    assert_same(read("gate.json"), read("now-gate.json"), 1e-9)
    card, now = (yaml.safe_load(Path(name).read_text("utf-8")) for name in ("gate.yaml", "now-gate.yaml"))
    assert_same(card, now, 1e-9)
    assert cases("now-gate.junit.xml") == cases("gate.junit.xml")
    assert cells("now-gate.md") == cells("gate.md")
    for before, now in zip(measured("gate.md"), measured("now-gate.md"), strict=True):
        assert now == pytest.approx(before, rel=0.06, abs=0.06)  # two digits in one, one decimal in the other


def cases(name: str) -> list[tuple[str | None, ...]]:
    """The test cases of a JUnit report and what became of each."""
    found = ElementTree.parse(name).getroot().iter("testcase")
    return [(case.get("classname"), case.get("name"), *(child.tag for child in case)) for case in found]


def cells(name: str) -> list[tuple[str, ...]]:
    """Verdict, rule, entry and limit of every row of a Markdown report; gate.json has the numbers."""
    lines = Path(name).read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| ")]
    return [(*row[:3], row[4].replace("increase ≤ ", "≤ +")) for row in rows]


def measured(name: str) -> list[list[float]]:
    """The numbers that every row of a Markdown report shows: values and limits of intervals."""
    lines = Path(name).read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ")[3] for line in lines if line.startswith("| ")]
    return [[float(number) for number in re.findall(r"[-−]?[0-9.]+(?:e-?[0-9]+)?", row)] for row in rows]


@pytest.mark.usefixtures("saved")
def test_results_compare_as_they_did(geed: Geed) -> None:
    """Differences, their intervals, p-values and verdicts; rates have exact limits since, latent.cosine Fieller's."""
    done = geed("compare", "result.json", "other.json", "--ci", "corrected-t", "--json", "now.json")
    assert done.exit_code == 0, done.stderr
    then, now = read("comparison.json"), read("now.json")
    for line in (*then["lines"], *now["lines"]):
        if line["metric"] in {"prediction.flip_rate", "latent.cosine"}:
            for part in (*line["sides"], *line["deltas"]):
                low, high = part["ci"]
                assert low <= part["value"] <= high
            line["sides"] = [side["value"] for side in line["sides"]]
            line["deltas"] = [delta["value"] for delta in line["deltas"]]
    for before, after in zip(then["lines"], now["lines"], strict=True):
        for one, other in zip(before["deltas"], after["deltas"], strict=True):
            if (
                isinstance(one, dict) and one["p_holm"] is not None
            ):  # their p-values are among those that the others are corrected with
                assert other.pop("p_holm") == pytest.approx(one.pop("p_holm"), rel=0.02)
    assert_same(then, now, 1e-9)


@pytest.mark.usefixtures("saved")
def test_results_make_a_population(geed: Geed) -> None:
    """The mean of two checkpoints' values."""
    done = geed("compare", "both=[ro]*e*.json", "result.json", "--json", "now.json")
    assert done.exit_code == 0, done.stderr
    line = read("now.json")["lines"][0]
    values = [read(name)["results"][0]["value"] for name in ("result.json", "other.json")]
    assert line["sides"][0]["value"] == pytest.approx(sum(values) / 2, rel=1e-12)


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ("result.json", "a complete result of python/net:net:step_1.safetensors, 32 entries"),
        ("other.json", "a complete result of python/net:net:step_2.safetensors, 32 entries"),
        ("track.json", "a complete track of 2 checkpoints, 16 values"),
        ("comparison.json", "a comparison of result, other, 24 lines"),
        ("gate.json", "a gate's report, verdict pass, 13 checks"),
        ("gate.yaml", "a model card's model-index of 1 models"),
        ("policy.yaml", "a policy with 6 rules"),
        ("pinwheel.yaml", "the group pinwheel of order 2"),
        ("weather.yaml", "the set weather with 3 members"),
        ("net.yaml --allow-code", "a spec of python:net:net; 2 layers and the split are in the network"),
        ("written.yaml --schema-only", "a spec whose keys are right; its network was not built"),
    ],
)
def test_files_are_valid(geed: Geed, arguments: str, kind: str) -> None:
    """``geed validate`` accepts what it accepted, and says what it is."""
    name, *options = arguments.split()
    done = geed("validate", name, *options)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"{name}: valid: {kind}")


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(
    "name", ["gate.md", "gate.junit.xml", "step_1.safetensors", "net.py", "pictures/00.png"]
)
def test_files_of_no_kind(geed: Geed, name: str) -> None:
    """What geed writes for others or reads as weights and pictures is no document of its own."""
    done = geed("validate", name)
    assert done.exit_code == 2
    assert f"{name} is of no kind that geed checks" in done.stderr


@pytest.mark.usefixtures("saved")
def test_a_group_file_has_its_elements(geed: Geed) -> None:
    """The half turn that exchanges red and blue."""
    done = geed("ls", "groups", "-v", "pinwheel.yaml")
    assert done.exit_code == 0, done.stderr
    assert "r180*bgr" in done.stdout


@pytest.mark.usefixtures("saved")
def test_a_saved_track_is_a_track(geed: Geed) -> None:
    """The same rows from the saved track alone."""
    done = geed("track", "track.json", "--json", "now.json")
    assert done.exit_code == 0, done.stderr
    assert_same(read("track.json")["rows"], read("now.json")["rows"], 1e-9)


@pytest.mark.usefixtures("saved")
def test_saved_results_make_a_track(geed: Geed) -> None:
    """A value with its interval for each step; the steps are in the names of the checkpoints."""
    done = geed("track", "result.json", "other.json", "--json", "now.json")
    assert done.exit_code == 0, done.stderr
    rows = {
        (row["step"], row["metric"], row["group"], row["layer"]): row["value"]
        for row in read("now.json")["rows"]
    }
    for step, name in ((1, "result.json"), (2, "other.json")):
        for entry in read(name)["results"]:
            if entry["status"] == "ok":
                assert rows[step, entry["metric"], entry["group"], entry["layer"]] == entry["value"]


@pytest.mark.usefixtures("saved")
def test_a_track_is_gone_on_with(geed: Geed) -> None:
    """What is in it is not audited again, and a third step comes to the two; where the spec names its code alone."""
    before = read("track.json")
    refused = geed("track", "step_2.safetensors", *TRACK)
    assert (refused.exit_code, read("track.json")) == (2, before)
    assert "which may have changed since: it has no name" in refused.stderr
    spec = Path("net.yaml").read_text(encoding="utf-8")
    named = spec.replace("source: python", "source: python, cache_key: v1")
    Path("net.yaml").write_text(named, encoding="utf-8")
    digests = [sha256(text.encode()).hexdigest() for text in (spec, named)]
    Path("track.json").write_text(
        Path("track.json").read_text(encoding="utf-8").replace(*digests), encoding="utf-8"
    )
    done = geed("track", "step_2.safetensors", *TRACK)
    assert done.exit_code == 0, done.stderr
    assert "1 of 1 checkpoints are in track.json and were not audited again" in " ".join(done.stderr.split())
    assert_same(before["rows"], read("track.json")["rows"], 1e-12)
    weights = load_file("step_2.safetensors")
    save_file(weights | {"fc.bias": weights["fc.bias"] + torch.arange(5)}, "step_3.safetensors")
    done = geed("track", "step_3.safetensors", *TRACK)
    assert done.exit_code == 0, done.stderr
    now = read("track.json")
    assert [record["step"] for record in now["records"]] == [1, 2, 3]
    schemas = [record["result"]["schema"] for record in now["records"]]
    assert schemas == ["geed.result/2"] * 3  # which is what they hold, now that they are written again
    assert_same(before["rows"], [row for row in now["rows"] if row["step"] < 3], 1e-12)


@pytest.mark.usefixtures("saved")
def test_the_same_audit_finds_the_same_again(geed: Geed) -> None:
    """The network, spec, group, set and policy are those of the saved result: so are all its numbers."""
    done = geed(
        *("audit", "net.yaml", "-g", "flip", "-g", "c8", "-g", "pinwheel.yaml", "--set", "weather.yaml"),
        *("--floor", "4", "--twin", "--discover", "permutation", "--phase-correct", *AUDIT),
        *("--policy", "policy.yaml", "--baseline", "other.json", "-o", "now-gate.json", "--json", "now.json"),
    )
    assert done.exit_code == 0, done.stderr
    then, now = read("result.json"), read("now.json")
    for before, after in zip(then["results"], now["results"], strict=True):
        if before["metric"] == "latent.cosine" and before["ci"] is not None:
            width = before["ci"][1] - before["ci"][0]
            assert after.pop("ci") == pytest.approx(before.pop("ci"), abs=0.1 * width)  # Fieller's since
    assert_same(then, now, 1e-6)
    assert_same(read("gate.json"), read("now-gate.json"), 1e-6)
    # a result of each schema in one comparison, either way round, and as each other's baseline
    for pair in (("result.json", "now.json"), ("now.json", "result.json")):
        done = geed("compare", *pair, "--json", f"both-{pair[0]}")
        assert done.exit_code == 0, done.stderr
        lines = read(f"both-{pair[0]}")["lines"]
        moved = [d["value"] for line in lines for d in line["deltas"] if d["value"] is not None]
        assert len(moved) > 20
        assert max(map(abs, moved)) < 1e-6
        done = geed("check", pair[0], "--policy", "policy.yaml", "--baseline", pair[1])
        assert done.exit_code == 0, done.stderr
