"""``geed_cli.plan``: the numbers of the command, and its refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command import Geed, options_of
from support.gate import result, spread

import geed_cli as geed_in_python
from geed_cli import InputError
from geed_cli.api import make_plan as face
from geed_cli.api.parameters import OF_RESULTS
from geed_cli.result.file import read_result, to_strict_json, write_result

L2 = ("latent.l2", "flip", None)
KL = ("softmax.kl", "flip", None)
POLICY = {"version": 2, "rules": [{"metric": "softmax.kl", "max": 0.19}]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pilot, a baseline over the same images, and a policy; the working folder."""
    for name, seed in (("last", 0), ("pilot", 1)):
        rows = {L2: np.abs(spread(0.3, 0.05, 60, seed)), KL: spread(0.2, 0.05, 60, seed)}
        write_result(result(rows), tmp_path / f"{name}.json")
    (tmp_path / "policy.yaml").write_text("version: 2\nrules: [{metric: softmax.kl, max: 0.19}]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        (["--width", "0.02"], {"width": 0.02}),
        (["--width", "0.02", "--metric", "softmax.*"], {"width": 0.02, "metrics": "softmax.*"}),
        (
            ["--margin", "5%", "--margin", "softmax.kl=0.01", "--baseline", "last.json"],
            {"margins": ["5%", "softmax.kl=0.01"], "baseline": "last.json"},
        ),
        (["--policy", "policy.yaml", "--power", "0.9"], {"policy": "policy.yaml", "power": 0.9}),
    ],
)
def test_the_numbers_of_the_command(
    geed: Geed, folder: Path, words: list[str], parameters: dict[str, Any]
) -> None:
    """Of a file and of a result in memory, digit for digit."""
    told = geed("plan", "pilot.json", *words, "--json", "-")
    assert told.exit_code == 0, told.stderr
    assert to_strict_json(geed_in_python.plan("pilot.json", **parameters)) == told.stdout
    if "baseline" in parameters:
        parameters = parameters | {"baseline": read_result(folder / "last.json")}
    assert (
        to_strict_json(geed_in_python.plan(read_result(folder / "pilot.json"), **parameters)) == told.stdout
    )


def test_a_policy_in_memory(folder: Path) -> None:
    """The plan of its file."""
    of_file = geed_in_python.plan(folder / "pilot.json", policy=folder / "policy.yaml")
    made = geed_in_python.plan(folder / "pilot.json", policy=POLICY)
    assert made == of_file.model_copy(update={"target": "policy"})


@pytest.mark.parametrize(
    ("pilot", "parameters", "found"),
    [
        ("pilot.json", {}, "a plan for nothing"),
        ("pilot.json", {"width": 0.1, "policy": POLICY}, "a plan for --width and --policy"),
        ("pilot.json", {"margins": "5%"}, "--margin without --baseline"),
        ("pilot.json", {"width": 0.1, "baseline": "last.json"}, "--baseline with --width"),
        ("pilot.json", {"policy": POLICY, "metrics": "latent.l2"}, "--metric with --policy"),
        ("pilot.json", {"policy": POLICY, "power": 1.0}, "--power 1"),
        ("pilot.json", {"width": 0.0}, "--width 0"),
        ("pilot.json", {"width": 0.1, "metrics": ["latent.l9"]}, "there is no metric 'latent.l9'"),
        ("none.json", {"width": 0.1}, "there is no file none.json"),
        (None, {"width": 0.1}, "an object of type NoneType in the place of a result"),
    ],
)
def test_refusals(folder: Path, pilot: object, parameters: dict[str, Any], found: str) -> None:
    """Those of the command; options stand beside their names in Python."""
    assert folder.exists()
    with pytest.raises(InputError, match=found) as refused:
        geed_in_python.plan(pilot, **parameters)  # type: ignore[arg-type]
    for option, python in face.OPTIONS.items():
        named = option in str(refused.value).replace("\n", " ").split(" ")
        assert not named or f"{option} is {python}" in refused.value.__notes__[0]


def test_the_way_out_of_no_question_runs(folder: Path) -> None:
    """As it is printed for a result in memory."""
    pilot = read_result(folder / "pilot.json")
    with pytest.raises(InputError) as refused:
        geed_in_python.plan(pilot)
    made = eval(refused.value.remedy, {"geed": geed_in_python, "result": pilot})
    assert made == geed_in_python.plan(pilot, width=0.02)


def test_every_option_has_its_name_in_python() -> None:
    """Of those of the command; the others are of the terminal."""
    options = options_of("plan", "json")
    assert options == set(face.OPTIONS) - set(OF_RESULTS)
