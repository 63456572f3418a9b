"""``geed_cli.check``: the report of the command, policies from files and in memory, and its refusals."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from support.command import Geed, options_of
from support.gate import result, spread
from support.networks import MEAN, STD
from support.pictures import smooth_pictures
from torch import nn

import geed_cli as geed_in_python
from geed_cli import InputError
from geed_cli.api import judge as face
from geed_cli.api.parameters import OF_RESULTS
from geed_cli.gate.given import policy_from
from geed_cli.gate.outcome import GateReport
from geed_cli.gate.policy import Policy, read_policy
from geed_cli.result.file import read_result, to_strict_json, write_result
from geed_cli.result.schema import Result
from geed_cli.verdict.policy_check import next_step

KL = ("softmax.kl", "flip", None)
POLICY = {
    "version": 2,
    "rules": [{"id": "kl", "metric": "softmax.kl", "max": 0.25}],
    "baseline": {"rules": [{"id": "worse", "metric": "softmax.kl", "max_increase": "5%"}]},
}
VALUES = {"version": 2, "rules": POLICY["rules"]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release, the last one, a bad one, one that is not decided, and a policy; the working folder."""
    last = spread(0.2, 0.05)
    write_result(result({KL: last}), tmp_path / "last.json")
    write_result(result({KL: last * 1.01}), tmp_path / "good.json")
    write_result(result({KL: last * 1.5}), tmp_path / "bad.json")
    write_result(result({KL: last * 1.05 + spread(0, 0.01, seed=1)}), tmp_path / "close.json")
    (tmp_path / "policy.yaml").write_text(json.dumps(POLICY))
    (tmp_path / "values.yaml").write_text(json.dumps(VALUES))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "words", "parameters", "verdict", "code"),
    [
        ("good", ["--baseline", "last.json"], {"baseline": "last.json"}, "pass", 0),
        ("bad", ["--baseline", "last.json"], {"baseline": Path("last.json")}, "fail", 1),
        ("close", ["--baseline", "last.json"], {"baseline": "last.json"}, "undecided", 1),
        (
            "close",
            ["--baseline", "last.json", "--on-undecided", "pass"],
            {"baseline": "last.json", "on_undecided": "pass"},
            "undecided",
            0,
        ),
        ("good", [], {}, "error", 2),
        (
            "good",
            ["--baseline", "last.json", "--cluster", r"(\d)\.png"],
            {"baseline": "last.json", "cluster": r"(\d)\.png"},
            "undecided",
            1,
        ),
    ],
)
def test_the_report_of_the_command(
    geed: Geed, folder: Path, name: str, words: list[str], parameters: dict[str, Any], verdict: str, code: int
) -> None:
    """Of files and of results in memory; the verdict and the exit code of the command."""
    told = geed("check", f"{name}.json", "--policy", "policy.yaml", *words, "-o", "report.json")
    assert told.exit_code == code, told.stderr
    made = geed_in_python.check(f"{name}.json", "policy.yaml", **parameters)
    assert (made.verdict, made.exit_code) == (verdict, code)
    assert to_strict_json(made) == (folder / "report.json").read_text()
    if "baseline" in parameters:
        parameters = parameters | {"baseline": read_result(folder / "last.json")}
    assert geed_in_python.check(read_result(folder / f"{name}.json"), "policy.yaml", **parameters) == made


def test_a_policy_in_memory(folder: Path) -> None:
    """What a file says, as a mapping and as a policy; reports call it policy."""
    last, good = (read_result(folder / f"{name}.json") for name in ("last", "good"))
    of_file = geed_in_python.check(good, folder / "policy.yaml", baseline=last)
    for policy in (POLICY, {**POLICY, "rules": tuple(POLICY["rules"])}):  # type: ignore[arg-type]
        made = geed_in_python.check(good, policy, baseline=last)
        assert made == of_file.model_copy(update={"policy": "policy"})
    policy = read_policy(folder / "policy.yaml")
    assert isinstance(policy, Policy)
    assert geed_in_python.check(good, policy, baseline=last) == of_file


def test_labels(geed: Geed, folder: Path) -> None:
    """A mapping's own, else the model's id, with the file where several are of one model."""
    told = geed("check", "good.json", "bad.json", "--policy", "values.yaml", "-o", "report.json")
    assert told.exit_code == 1, told.stderr
    assert (
        to_strict_json(geed_in_python.check(["good.json", "bad.json"], "values.yaml"))
        == (folder / "report.json").read_text()
    )
    good, bad = (read_result(folder / f"{name}.json") for name in ("good", "bad"))
    made = geed_in_python.check({"good": good, "bad": "bad.json"}, "values.yaml")
    assert [model.label for model in made.models] == ["good", "bad"]
    with pytest.raises(InputError, match="two results of net") as refused:
        geed_in_python.check([good, bad], "values.yaml")
    way = 'geed.check({"before": result, "after": other}, policy)'
    assert way in refused.value.remedy
    names = {"geed": geed_in_python, "result": good, "other": bad, "policy": "values.yaml"}
    assert [model.label for model in eval(way, names).models] == ["before", "after"]


@pytest.mark.parametrize(
    ("results", "policy", "parameters", "found"),
    [
        ([], "values.yaml", {}, "no result to be judged"),
        ({}, "values.yaml", {}, "no result to be judged"),
        (["good.json", "good.json"], "values.yaml", {}, "good.json is given twice"),
        ("none.json", "values.yaml", {}, "there is no file none.json"),
        (3, "values.yaml", {}, "an object of type int in the place of a result"),
        ([3], "values.yaml", {}, "an object of type int in the place of a result"),
        ("resnet50", "values.yaml", {}, "'resnet50' is no saved result"),
        ("good.json", "none.yaml", {}, "there is no file none.yaml"),
        ("good.json", 3, {}, "an object of type int in the place of a policy"),
        ("good.json", {"version": 2, "rules": {1, 2}}, {}, "a policy with what no file of one can say"),
        ("good.json", {"version": 2}, {}, "policy: a policy without rules"),
        ("good.json", {"version": 2, "rule": []}, {}, "policy: unknown key 'rule'"),
        (
            "good.json",
            {"version": 2, "rules": [{"metric": "softmax.kl"}]},
            {},
            r"policy: 'rules\.0': no limit",
        ),
        ("good.json", {"version": 2, "rules": [{"metric": "softmax.kl", "max": "1"}]}, {}, "is '1'"),
        (
            "good.json",
            VALUES,
            {"baseline": "last.json"},
            "--baseline last.json, and policy has no rule about",
        ),
        ("good.json", VALUES, {"on_undecided": "skip"}, "--on-undecided 'skip'"),
        ("good.json", VALUES, {"cluster": "(x"}, r"--cluster \(x"),
    ],
)
def test_refusals(
    folder: Path, results: object, policy: object, parameters: dict[str, Any], found: str
) -> None:
    """Each says what was found; lines are those of files alone."""
    assert folder.exists()
    with pytest.raises(InputError, match=found) as refused:
        geed_in_python.check(results, policy, **parameters)  # type: ignore[arg-type]
    assert "edit line" not in refused.value.remedy
    for option, python in face.OPTIONS.items():
        named = option in str(refused.value).replace("\n", " ").split(" ")
        assert not named or f"{option} is {python}" in refused.value.__notes__[0]


def test_the_proposed_policy_is_one(folder: Path) -> None:
    """As the refusal prints it."""
    with pytest.raises(InputError) as refused:
        geed_in_python.check("good.json", 3)  # type: ignore[arg-type]
    proposed = json.loads(refused.value.remedy)
    assert (
        geed_in_python.check(folder / "good.json", proposed).exit_code == 2
    )  # of a result without latent.l2
    assert [rule.id for rule in policy_from(proposed).rules] == ["rules[0]"]


def test_every_option_has_its_name_in_python() -> None:
    """Of those of the command; the others are of the terminal."""
    options = options_of("check", "output", "output_format")
    assert options == set(face.OPTIONS) - set(OF_RESULTS)


class Exact(nn.Module):
    """Features that no order of the pixels changes, and layers that move with them: 1 × 1 convolutions and a mean."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.conv = nn.Conv2d(3, 6, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits."""
        return self.fc(torch.flatten(self.pool(torch.relu(self.conv(x))), 1))


def test_a_gate_on_an_exactly_invariant_network_says_what_decides(tmp_path: Path) -> None:
    """latent.l2 has no interval at any number of images; what the page names decides, of values and of increases."""
    smooth_pictures(tmp_path, 50, 8)
    found = []
    for seed in (0, 1):
        network = geed_in_python.wrap(
            Exact(seed).double(),
            size=8,
            mean=MEAN,
            std=STD,
            features="pool",
            classifier="fc",
            layers=["conv"],
        )
        found.append(geed_in_python.audit(network, tmp_path, samples=50, cache=False, progress=False))
    ours, theirs = found
    for kind, baseline in (("max", None), ("max_increase", theirs)):

        def judged(
            metric: str, limit: float, kind: str = kind, baseline: Result | None = baseline
        ) -> GateReport:
            rules = [{"metric": metric, "group": "flip", kind: limit}]
            policy = {
                "version": 2,
                **({"rules": rules} if baseline is None else {"baseline": {"rules": rules}}),
            }
            return geed_in_python.check(ours, policy, baseline=baseline)

        report = judged("latent.l2", 0.1)
        assert report.verdict == "undecided"
        named = re.findall(r"limit a measure that has bounds: (\S+) or (\S+) of layers", next_step(report))
        assert [name for pair in named for name in pair] == ["prediction.flip_rate", "channelwise.cosine"]
        assert judged(named[0][0], 0.2).verdict == "pass"
        assert judged(named[0][1], -0.5 if baseline is None else 0.5).verdict == "pass"
