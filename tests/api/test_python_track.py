"""``geed_cli.track``: results by step, files and checkpoints, as the command has them, and its refusals."""

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.command import Geed, options_of
from support.pictures import smooth_pictures
from support.results import result_at, save_run

import geed_cli as geed_in_python
from geed_cli import AuditOptions, DataOptions, InputError, RunOptions
from geed_cli.api import track as face
from geed_cli.pipeline import audit as pipeline
from geed_cli.pipeline import options as audit_options
from geed_cli.pipeline.options import UntilOptions
from geed_cli.result.file import write_result
from geed_cli.tracking.track_file import read_track

pytestmark = pytest.mark.usefixtures("read_in_this_process")

CODE = """
import torch
from torch import nn

class Net(nn.Sequential):
    def forward(self, x):
        return super().forward(x + NOISE)

def build():
    return Net(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
"""
SPEC = """
model: {source: python, name: "CODE:build", cache_key: v1}
weights: {origin: random}
layers: ["0"]
split: {features: "3", classifier: "4"}
input: {size: 16, crop_pct: 1.0, interpolation: bilinear, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
"""


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two checkpoints, specs of a steady and an unsteady network of that code, and pictures."""
    tmp_path = tmp_path_factory.mktemp("run")
    for name, noise in (("steady", "0"), ("unsteady", "torch.rand(())")):
        (tmp_path / f"api_track_{name}.py").write_text(CODE.replace("NOISE", noise))
        (tmp_path / f"{name}.yaml").write_text(SPEC.replace("CODE", f"api_track_{name}"))
    for step in (1, 2):
        torch.manual_seed(step)
        state = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3)).state_dict()
        head = {f"4.{name}": value for name, value in torch.nn.Linear(4, 3).state_dict().items()}
        save_file({**state, **head}, tmp_path / f"step_{step}.safetensors")
    smooth_pictures(tmp_path / "pictures", 5, 20)
    return tmp_path


@pytest.fixture
def run(made_once: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder as the working folder."""
    monkeypatch.chdir(made_once)
    return made_once


def test_results_by_step(geed: Geed, tmp_path: Path) -> None:
    """Rows of the command, of results in memory and of files; a path among them is read."""
    save_run(tmp_path / "a", (1, 10))
    told = geed("track", f"{tmp_path}/a/*.json", "--json", tmp_path / "t.json")
    assert told.exit_code == 0, told.stderr
    saved = read_track(tmp_path / "t.json")
    in_memory = geed_in_python.track({1: result_at(1), np.int64(10): result_at(10)})
    assert in_memory.rows == saved.rows
    assert [record.file for record in in_memory.records] == ["in memory, step 1", "in memory, step 10"]
    assert geed_in_python.track(f"{tmp_path}/a/*.json") == saved
    assert geed_in_python.track([tmp_path / "a" / f"run0_step_{step}.json" for step in (1, 10)]) == saved
    assert geed_in_python.track(tmp_path / "t.json") == saved
    assert geed_in_python.track(saved) == saved
    both = geed_in_python.track({"one": saved, "two": [tmp_path / "t.json"]})
    assert [(record.label, record.step) for record in both.records] == [
        ("one", 1),
        ("one", 10),
        ("two", 1),
        ("two", 10),
    ]
    mixed = geed_in_python.track({1: tmp_path / "a" / "run0_step_1.json", 10: result_at(10)})
    assert mixed.rows == saved.rows


def test_labels_and_populations(geed: Geed, tmp_path: Path) -> None:
    """A mapping of runs, several results of one step, and parts that were asked for."""
    for seed in (0, 1):
        save_run(tmp_path / "a", (1, 10), seed)
    save_run(tmp_path / "b", (1, 10), seed=2)
    words = (f"cnn={tmp_path}/a/*.json", f"c8={tmp_path}/b/*.json", "--metric", "latent.l2", "--metric")
    told = geed("track", *words, "latent.l2.raw", "--pair-runs", r"run(\d)", "--json", tmp_path / "t.json")
    assert told.exit_code == 0, told.stderr
    saved = read_track(tmp_path / "t.json")
    assert any(row.metric == "latent.l2.raw" for row in saved.rows)
    parameters: dict[str, Any] = {"metrics": ["latent.l2", "latent.l2.raw"], "pair_runs": r"run(\d)"}
    of_files = geed_in_python.track(
        {"cnn": f"{tmp_path}/a/*.json", "c8": [f"{tmp_path}/b/*.json"]}, **parameters
    )
    assert of_files == saved
    steps = {step: [result_at(step, 0), result_at(step, 1)] for step in (1, 10)}
    alone = {step: [result_at(step, 2)] for step in (1, 10)}
    made = geed_in_python.track({"cnn": steps, "c8": alone}, **parameters | {"pair_runs": r"result (\d+)"})
    assert made.rows == saved.rows
    assert [record.file for record in made.records][:2] == [
        "in memory, step 1, result 1",
        "in memory, step 1, result 2",
    ]
    assert str(made).partition("geed track")[0] == str(saved).partition("geed track")[0]
    with pytest.raises(InputError, match=r"does not match in memory, step 1, result 1"):
        geed_in_python.track({"cnn": steps}, **parameters)
    assert {row.models for row in made.rows} == {1, 2}


def test_a_file_is_gone_on_from(geed: Geed, tmp_path: Path) -> None:
    """Steps are added and replaced, whatever the working folder; the command shows it."""
    target = tmp_path / "t.json"
    assert len(geed_in_python.track({1: result_at(1)}, out=target).records) == 1
    added = geed_in_python.track({10: result_at(10)}, out=target)
    assert (read_track(target), [record.step for record in added.records]) == (added, [1, 10])
    replaced = geed_in_python.track({10: result_at(10, 1)}, out=target)
    assert [record.result for record in replaced.records] == [result_at(1), result_at(10, 1)]
    told = geed("track", target)
    assert told.exit_code == 0, told.stderr
    assert "2 steps" in told.stdout


def test_checkpoints(
    geed: Geed, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is the audit of the command, and is not audited again."""
    words = ("--model", "steady.yaml", "--allow-code", "-d", "pictures", "-g", "c4", "--metric", "latent.*")
    told = geed("track", "step_*.safetensors", *words, "--json", "told.json", "-q")
    assert told.exit_code == 0, told.stderr
    parameters: dict[str, Any] = {
        "model": "steady.yaml",
        "images": "pictures",
        "groups": "c4",
        "metrics": "latent.*",
        "options": AuditOptions(run=RunOptions("cpu")),
        "allow_code": True,
        "out": "made.json",
    }
    made = geed_in_python.track("step_*.safetensors", **parameters)
    saved = read_track(run / "told.json")
    assert (made.rows, made.recipe) == (saved.rows, saved.recipe)
    assert read_track(run / "made.json") == made
    assert made.records[0].result.model.typed == (
        "steady.yaml",
        "--checkpoint",
        "step_1.safetensors",
        "--allow-code",
    )

    def never(*_: object) -> None:
        raise AssertionError("it was audited again")

    monkeypatch.setattr(pipeline, "audit", never)
    capsys.readouterr()
    assert geed_in_python.track(["step_1.safetensors", "step_2.safetensors"], **parameters) == made
    assert "2 of 2 checkpoints are in made.json" in capsys.readouterr().err
    with pytest.raises(InputError, match="made with other settings: --group c4, now flip") as refused:
        geed_in_python.track("step_*.safetensors", **parameters | {"groups": "flip"})
    assert "--group is groups=…, --json is out=…, --fresh is Path(out).unlink()" in refused.value.__notes__[0]
    Path("made.json").unlink()  # as the note says
    monkeypatch.undo()
    monkeypatch.chdir(run)
    other = geed_in_python.track("step_*.safetensors", **parameters | {"groups": "flip"})
    assert [group.name for group in other.records[0].result.groups] == ["flip"]


def test_an_interrupt_stays_an_interrupt(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The finished steps are in the file; it is a KeyboardInterrupt of Python."""
    real, seen = pipeline.audit, []

    def interrupted(*arguments: object) -> object:
        seen.append(arguments)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "audit", interrupted)
    parameters: dict[str, Any] = {"model": "steady.yaml", "images": "pictures", "metrics": "latent.l2"}
    with pytest.raises(KeyboardInterrupt):
        geed_in_python.track("step_*.safetensors", **parameters, allow_code=True, out="t.json")
    assert "interrupted after 1 of 2 audits: the same again goes on from t.json" in capsys.readouterr().err
    part = read_track(run / "t.json")
    assert (part.status, [record.step for record in part.records]) == ("partial", [1])


def test_a_checkpoint_that_cannot_be_audited(run: Path) -> None:
    """Beside others the track is partial, with a warning; alone it is refused; the way out that is named runs."""
    parameters: dict[str, Any] = {"images": "pictures", "metrics": "latent.l2", "allow_code": True}
    write_result(
        geed_in_python.track("step_1.safetensors", model="steady.yaml", **parameters).records[0].result,
        run / "step_0.json",
    )
    with pytest.warns(UserWarning, match="1 checkpoint could not be audited, being no function of one image"):
        made = geed_in_python.track(
            ["step_0.json", "step_2.safetensors"], model="unsteady.yaml", **parameters
        )
    assert (made.status, [record.step for record in made.records]) == ("partial", [0])
    with pytest.raises(InputError, match="1 checkpoint could not be audited") as refused:
        geed_in_python.track("step_2.safetensors", model="unsteady.yaml", **parameters)
    assert (
        "--on-unsteady is options=AuditOptions(run=RunOptions(on_unsteady=…))" in refused.value.__notes__[0]
    )
    reported = AuditOptions(run=RunOptions(on_unsteady="report"))
    made = geed_in_python.track("step_2.safetensors", model="unsteady.yaml", options=reported, **parameters)
    assert made.records[0].result.unsteady is not None


@pytest.mark.parametrize(
    ("along", "parameters", "found"),
    [
        ({}, {}, "nothing in the place of a track"),
        ([], {}, "nothing in the place of a track"),
        (3, {}, "an object of type int in the place of a track"),
        ([result_at], {}, "an object of type function in the place of a track"),
        ({1.5: "step_0.json"}, {}, "1.5 in the place of a step"),
        ({-1: "step_0.json"}, {}, "-1 in the place of a step"),
        ({True: "step_0.json"}, {}, "True in the place of a step"),
        ({"a": "step_0.json", 2: "step_0.json"}, {}, "'a' in the place of a step"),
        ({1: 2}, {}, "an object of type int in the place of a result"),
        ("none_*.json", {}, "no file matches none_"),
        ("step_1.safetensors", {}, "do not say which network they belong to"),
        ("step_1.safetensors", {"model": "steady.yaml"}, "would import the Python module"),
        (
            {1: "step_0.json"},
            {"model": "steady.yaml", "images": "pictures"},
            "model, images cannot act on saved",
        ),
        ("step_0.json", {"allow_code": True}, "allow_code cannot act on saved"),
        ("step_0.json", {"pair_runs": "(x)"}, r"--pair-runs '\(x\)' does not match step_0"),
        ("step_0.json", {"step_regex": "x"}, "--step-regex 'x' has 0 groups"),
        ("step_0.json", {"out": "none/t.json"}, "cannot write none"),
        (
            "step_1.safetensors",
            {"model": "steady.yaml", "options": AuditOptions(until=UntilOptions(0.1, 100))},
            "options.until on a track",
        ),
        (
            "step_1.safetensors",
            {
                "model": "steady.yaml",
                "options": AuditOptions(data=DataOptions(samples=3)),
                "metrics": "latent.l3",
            },
            "there is no metric 'latent.l3'",
        ),
    ],
)
def test_refusals(run: Path, along: object, parameters: dict[str, Any], found: str) -> None:
    """Each says what was found; options of the command line stand beside their names in Python."""
    write_result(result_at(0), run / "step_0.json")
    with pytest.raises(InputError, match=found) as refused:
        geed_in_python.track(along, **parameters)  # type: ignore[arg-type]
    for option, python in face.OPTIONS.items():
        named = option in str(refused.value).replace("\n", " ").split(" ")
        assert not named or f"{option} is {python}" in refused.value.__notes__[0]


def test_results_that_cannot_stand_on_one_track() -> None:
    """As of the command."""
    other = result_at(2).model_copy(update={"status": "partial"})
    with pytest.raises(InputError, match="in memory, step 1 and in memory, step 2 cannot stand on one track"):
        geed_in_python.track({1: result_at(1), 2: other})
    with pytest.raises(InputError, match="'SmallConvNet' mixes architectures"):
        geed_in_python.track({1: result_at(1), 2: result_at(2, arch="Other")})


def test_every_option_has_its_name_in_python() -> None:
    """Of those of the command; the others are of the terminal. What is named is there."""
    options = options_of("track", "csv", "figure", "output", "share_y")
    assert options <= set(face.OPTIONS)
    parameters = set(inspect.signature(geed_in_python.track).parameters)
    parts = {field.name: field for field in fields(AuditOptions)}
    for text in face.OPTIONS.values():
        named = re.fullmatch(r"(\w+)=.*", text)
        assert named is None or named[1] in parameters, text
        part = re.fullmatch(r"options=AuditOptions\((\w+)=(?:(\w+)\((\w+)=…\)|…)\)", text)
        assert part is not None or not text.startswith("options"), text
        if part is not None:
            assert part[1] in parts, text
            assert part[2] is None or part[3] in {
                each.name for each in fields(getattr(audit_options, part[2]))
            }, text
