"""``geed plan`` as a user runs it."""

import json
from pathlib import Path

import pytest
from support.command import Geed
from support.results import entry_of, small_result

from geed_cli.forecast.planned import Plan
from geed_cli.gate.gate import gate
from geed_cli.gate.policy import read_policy
from geed_cli.result.file import write_result

POLICY = """
version: 1
require: {min_images: 30}
rules:
  - {id: near, metric: latent.l2, group: flip, max: 0.33}
  - {id: lost, metric: latent.l3, max: 0.05}
baseline:
  rules:
    - {id: change, metric: softmax.kl, group: flip, max_increase: 50%}
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three saved results on the same images, and a policy."""
    folder = tmp_path_factory.mktemp("pilots")
    for seed in range(3):
        write_result(small_result(seed), folder / f"run_{seed}.json")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return folder


def test_a_width(geed: Geed, saved: Path, tmp_path: Path) -> None:
    """The answer first; the file has the same numbers; latent.l2 by default, of both groups."""
    target = tmp_path / "plan.json"
    done = geed("plan", saved / "run_0.json", "--width", 0.05, "--json", target)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("About ")
    assert "below 50, ranges hold the number less often than in 90% of cases" in " ".join(done.stdout.split())
    plan = Plan.model_validate(json.loads(target.read_text()))
    assert [(line.metric, line.group) for line in plan.lines] == [("latent.l2", "flip"), ("latent.l2", "c4")]
    entry = entry_of(small_result(0), "latent.l2", "flip")
    assert entry.ci is not None
    byhand = 24 * ((entry.ci[1] - entry.ci[0]) / 0.05) ** 2
    first = plan.lines[0]
    assert first.images == pytest.approx(byhand, abs=1)
    assert first.low is not None
    assert first.high is not None
    assert first.low < byhand < first.high
    most = max(line.high or 0 for line in plan.lines)
    assert f"--samples {-(-most // 10) * 10}" in done.stdout
    assert geed("validate", target).exit_code == 0
    assert "a plan from 24 images" in geed("explain", target).stdout


def test_a_policy_in_agreement_with_its_gate(geed: Geed, saved: Path) -> None:
    """At power 1/2 the numbers are the gate's own forecasts; a rule that matches nothing has a reason."""
    done = geed(
        "plan", saved / "run_0.json", "--policy", saved / "policy.yaml", "--baseline", saved / "run_1.json",
        "--power", 0.5, "--json", "-",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    plan = Plan.model_validate(json.loads(done.stdout))
    near, lost, change = plan.lines
    report = gate({"a": small_result(0)}, read_policy(saved / "policy.yaml"), small_result(1))
    forecasts = {
        outcome.rule: entry.images_to_decide for outcome in report.outcomes for entry in outcome.examined
    }
    assert near.images == forecasts["near"]
    assert change.images == forecasts["change"]
    assert lost.images is None
    assert lost.reason is not None
    assert "no metric matches 'latent.l3'" in lost.reason
    assert plan.least == 30


def test_a_margin(geed: Geed, saved: Path) -> None:
    """As ``compare --margin`` tests it: what is beyond the margin has no number; the correlation is not asked for."""
    words = "plan", saved / "run_2.json", "--margin", "80%", "--baseline", saved / "run_0.json"
    plan = Plan.model_validate(json.loads(geed(*words, "--json", "-").stdout))
    assert "channelwise.correlation" not in {line.metric for line in plan.lines}
    numbers = {(line.metric, line.group, line.layer): line for line in plan.lines}
    block = numbers["channelwise.cosine", "flip", "block1"]
    assert block.images is not None
    assert block.ci is not None
    flips = numbers["prediction.flip_rate", "c4", None]
    assert (flips.images, flips.target) == (None, "within 80%")
    done = geed(*words)
    assert done.exit_code == 0, done.stderr
    assert "within 80% of the baseline" in done.stdout


def test_the_other_views(geed: Geed, saved: Path) -> None:
    """One line of key=value; one statement a line; in full with every reason."""
    words = "plan", saved / "run_0.json", "--policy", saved / "policy.yaml"
    quiet = geed(*words, "-q").stdout
    assert quiet.startswith("geed=plan asked=policy")
    assert len(quiet.splitlines()) == 1
    assert "lost.latent.l3.*=none,none,none" in quiet
    assert "near, latent.l2, flip, now" in geed(*words, "--linear").stdout
    full = " ".join(geed(*words, "-v").stdout.split())
    assert (
        "note: change: softmax.kl under flip: the rule limits a change, and no --baseline was given" in full
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], "a plan for nothing"),
        (["--width", "0.1", "--margin", "5%"], "a plan for --width and --margin"),
        (["--width", "0"], "--width 0"),
        (["--width", "nan"], "--width nan"),
        (["--margin", "5%"], "--margin without --baseline"),
        (["--width", "0.1", "--baseline", "run_1.json"], "--baseline with --width"),
        (["--policy", "policy.yaml", "--metric", "latent.l2"], "--metric with --policy"),
        (["--policy", "policy.yaml", "--power", "1"], "--power 1"),
        (["--width", "0.1", "--metric", "latent.l9"], "there is no metric 'latent.l9'"),
    ],
)
def test_what_is_refused(
    geed: Geed, saved: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], found: str
) -> None:
    """Exit 2, with a way out; where it is a command, that runs."""
    monkeypatch.chdir(saved)
    done = geed("plan", "run_0.json", *words)
    assert done.exit_code == 2
    assert found in done.stderr
    way = done.stderr.partition("try:")[2].strip()
    if way.startswith("geed plan"):
        assert geed(*way.split()[1:]).exit_code == 0


def test_a_guarantee_and_rates_that_were_never_seen(geed: Geed, saved: Path) -> None:
    """Exact limits may reach 0, and rows that are all the same shrink as 1/n: numbers, no error."""
    policy = saved / "exact.yaml"
    policy.write_text(
        "version: 2\nguarantee: exact\nrequire: {min_images: 20}\nrules:\n"
        "  - {id: flips, metric: prediction.flip_rate, max: 0.2}\n"
        "  - {id: kl, metric: softmax.kl, group: flip, max: 0.05}\n",
        encoding="utf-8",
    )
    for guarantee in ("exact", "nominal"):
        policy.write_text(policy.read_text().replace("guarantee: exact", f"guarantee: {guarantee}"))
        for seed in (0, 1):  # of the second no image flips
            done = geed("plan", saved / f"run_{seed}.json", "--policy", policy, "--json", "-")
            assert done.exit_code == 0, done.stderr
            plan = Plan.model_validate(json.loads(done.stdout))
            assert all(line.low is not None for line in plan.lines), plan.lines
