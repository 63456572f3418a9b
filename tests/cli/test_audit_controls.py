"""``geed audit`` with sets, controls, discovery and group files, as a user runs it; what is saved is read again."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
import timm
import torch
from rich.console import Console
from safetensors.torch import save_file
from support.command import Geed

from geed_cli.choices import View
from geed_cli.report.audit_page import print_result
from geed_cli.result.file import read_result, write_result
from geed_cli.result.schema import Result

pytestmark = pytest.mark.usefixtures("read_in_this_process")

SPEC = """
model: {source: timm, name: test_resnet}
weights: {origin: random}
layers: [layer1, layer2]
input: {size: 32, crop_pct: 0.8}
"""
QUARTERS = "name: quarters\ngenerators:\n  - turn: 90\n"
SET = (
    "name: weather\nmembers:\n  - {{transform: adjust_brightness, brightness_factor: {factor}, name: dusk}}\n"
)
EVERYTHING = (
    "-g", "flip", "-g", "c8", "--set", "gamma:0.5,2", "--floor", "3", "--twin", "--phase-correct",
    "--discover", "permutation", "--boundary", "context",
)  # fmt: skip


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("specs") / "tiny.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def audited(geed: Geed, *arguments: object) -> tuple[Result, str]:
    """The result that a command saves in the working folder, and its table."""
    done = geed("audit", *arguments, "--json", "r.json", "-v")
    assert done.exit_code == 0, done.stderr
    return read_result(Path("r.json")), done.stdout


def values(result: Result) -> dict[tuple[str, str, str | None], float | None]:
    return {(entry.metric, entry.group, entry.layer): entry.value for entry in result.results}


def test_everything_at_once(geed: Geed, spec: Path, pictures: Path) -> None:
    """All of it is in the JSON and in the table, and the file says the same when it is read and shown again."""
    result, table = audited(geed, spec, "-d", pictures, *EVERYTHING, "--samples", "6")
    settings = result.settings
    assert (settings.probes, settings.phase_correct, settings.discover) == (3, True, "permutation")
    assert settings.twin == "seed 1", "the spec's own weights are random with seed 0"
    assert [(g.name, g.kind, g.order, g.boundary) for g in result.groups] == [
        ("flip", "group", 2, None),
        ("c8", "group", 8, "context"),
        ("gamma:0.5,2", "set", 3, None),
    ]
    # of 32 + 14 pixels around the crop, pictures of 40 reach eight on every side
    assert result.data.made_up == pytest.approx(1 - (40**2 - 32**2) / (46**2 - 32**2))
    assert {(a.group, a.layer) for a in result.hidden_actions} == {
        (group, layer) for group in ("flip", "c8") for layer in ("layer1", "layer2")
    }
    assert {phase.group for phase in result.grid_phase} == {"flip", "c8"}
    for entry in result.results:
        if entry.value is None:
            continue
        assert "twin" in entry.controls
        assert ("floor" in entry.controls) == (entry.group == "c8")
        assert ("null" in entry.controls) == entry.metric.startswith("channelwise")
    assert {(e.group, e.layer) for e in result.results if "phase_corrected" in e.controls} == {
        (phase.group, phase.layer) for phase in result.grid_phase if phase.offset not in {None, (0.0, 0.0)}
    }
    for text in (
        "gamma:0.5,2 · 3 members: e, gamma0.5, gamma2 · not a group: f̂ is the set's mean",
        "c8 · 8 elements: e, r45, r90, r135, r180, r225, r270, r315 · resampled: bilinear, boundary context",
        "hidden permutation at",
        "of the surroundings that boundary context reads were mirrored",
        "sampling grid off centre at this input size",
    ):
        assert text in " ".join(table.split()), text
    again = StringIO()
    print_result(
        read_result(Path("r.json")),
        Console(file=again, width=100, markup=False, highlight=False),
        View(verbose=True),
    )
    assert [line.rstrip() for line in again.getvalue().splitlines()] == table.splitlines()
    write_result(result, Path("copy.json"))
    assert Path("copy.json").read_bytes() == Path("r.json").read_bytes()


@pytest.mark.heavy
def test_saved_controls_are_compared_and_checked_without_torch(
    geed: Geed, spec: Path, enough_pictures: Path
) -> None:
    """``compare`` and ``check`` take results with sets, hidden actions and grid phases, on any laptop."""
    # twenty images, so that there are intervals to check
    everything = ["c3" if word == "c8" else word for word in EVERYTHING]
    audited(
        geed, spec, "-d", enough_pictures, *everything, "-g", "c2", "--samples", "20", "--layer", "layer1"
    )
    Path("one.json").write_bytes(Path("r.json").read_bytes())
    Path("r.json").write_text(Path("r.json").read_text().replace("random-seed-0", "random-seed-9"))
    Path("p.yaml").write_text("version: 1\nrules: [{id: l2, metric: latent.l2, max: 50}]\n")
    for arguments in (["compare", "one.json", "r.json"], ["check", "r.json", "--policy", "p.yaml"]):
        code = (
            "import sys\nfrom geed_cli.cli.app import app\n"
            f"try: app({arguments!r})\nexcept SystemExit as leave: print('code', leave.code or 0)\n"
            "print('torch' in sys.modules)"
        )
        path = str(Path(__file__).parents[2])
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            check=True,
        )
        assert done.stdout.splitlines()[-2:] == ["code 0", "False"], done.stdout + done.stderr
        if arguments[0] == "compare":
            assert "gamma:0.5,2" in done.stdout


def test_sets_of_one_name_that_differ_are_not_compared(geed: Geed, spec: Path, pictures: Path) -> None:
    """The refusal names the groups; the same file twice is compared."""
    for name, factor in (("a", 0.5), ("b", 0.8), ("c", 0.5)):
        Path("set.yaml").write_text(SET.format(factor=factor))
        result, _ = audited(geed, spec, "-d", pictures, "--set", "set.yaml")
        assert [group.name for group in result.groups] == ["weather"], "--set alone audits no group"
        Path("r.json").rename(f"{name}.json")
    refused = geed("compare", "a.json", "b.json")
    assert refused.exit_code == 2
    assert "cannot be compared: they differ in groups: weather" in " ".join(refused.stderr.split())
    assert geed("compare", "a.json", "c.json").exit_code == 0
    assert read_result(Path("a.json")).signature == read_result(Path("c.json")).signature
    assert read_result(Path("a.json")).signature != read_result(Path("b.json")).signature


def test_groups_of_one_name_that_differ_are_not_compared(geed: Geed, spec: Path, pictures: Path) -> None:
    """Two files that call C4 and C2 the same; the same elements from other generators are compared."""
    for name, turns in (("a", (90,)), ("b", (180,)), ("c", (180, 270))):
        lines = "".join(f"  - turn: {turn}\n" for turn in turns)
        Path("group.yaml").write_text(f"name: turns\ngenerators:\n{lines}")
        audited(geed, spec, "-d", pictures, "-g", "group.yaml", "--samples", "4", "--metric", "latent.l2")
        Path("r.json").rename(f"{name}.json")
    refused = geed("compare", "a.json", "b.json")
    assert refused.exit_code == 2
    assert "they differ in elements: turns of 4" in " ".join(refused.stderr.split())
    assert geed("compare", "a.json", "c.json").exit_code == 0


def test_products_and_files_are_groups(geed: Geed, spec: Path, pictures: Path) -> None:
    """A file of generators is its catalogue twin, also as a factor; all in one run."""
    Path("quarters.yaml").write_text(QUARTERS)
    names = ("c4", "quarters.yaml", "c4*invert", "quarters.yaml*invert", "flip*xshift2")
    options = [part for name in names for part in ("-g", name)]
    result, table = audited(geed, spec, "-d", pictures, "--samples", "3", *options)
    assert [(g.name, g.order) for g in result.groups] == [
        ("c4", 4), ("quarters", 4), ("c4*invert", 8), ("quarters*invert", 8), ("flip*xshift2", 4)
    ]  # fmt: skip
    found = values(result)
    for (metric, group, layer), value in found.items():
        if group.startswith("quarters"):
            assert value == found[metric, group.replace("quarters", "c4"), layer]
    assert "quarters*invert · 8 elements" in table


def test_a_floor_of_nothing(geed: Geed, spec: Path, pictures: Path) -> None:
    """--floor 0 leaves null and floor out and changes no value; --floor above --samples takes all there are."""
    some, _ = audited(geed, spec, "-d", pictures, "-g", "c8", "--samples", "4", "--floor", "99")
    none, table = audited(geed, spec, "-d", pictures, "-g", "c8", "--samples", "4", "--floor", "0")
    # float32 batches are cut at other places
    assert values(some) == pytest.approx(values(none), abs=1e-6)
    assert all({"floor"} <= entry.controls.keys() for entry in some.results if entry.value is not None)
    assert not any({"floor", "null"} & entry.controls.keys() for entry in none.results)
    assert " floor " not in table


@pytest.mark.heavy
def test_twins(geed: Geed, pictures: Path) -> None:
    """Of a spec, a timm name, a checkpoint with --arch: random weights of seed 0; of random weights the next seed."""
    module = timm.create_model("test_resnet", num_classes=1000)
    torch.manual_seed(7)
    state = {
        name: torch.randn_like(t) * 0.1 if t.is_floating_point() else t
        for name, t in module.state_dict().items()
    }
    state |= {name: t.abs() + 1 for name, t in state.items() if name.endswith("running_var")}
    save_file(state, "weights.safetensors")
    common = ("-d", pictures, "--samples", "4", "--img-size", "32", "--metric", "latent.l2")

    def alone(seed: int) -> float | None:
        result, _ = audited(geed, "timm:test_resnet", "--weights", "random", "--seed", seed, *common)
        return result.results[0].value

    for arguments, seed in (
        (("--checkpoint", "weights.safetensors", "--arch", "test_resnet"), 0),
        (("weights.safetensors", "--arch", "test_resnet"), 0),
        (("timm:test_resnet", "--checkpoint", "weights.safetensors"), 0),
        (("timm:test_resnet", "--weights", "random"), 1),
        (("timm:test_resnet", "--weights", "random", "--seed", "3"), 4),
    ):
        result, table = audited(geed, *arguments, "--twin", *common)
        assert result.settings.twin == f"seed {seed}"
        assert result.results[0].controls["twin"] == alone(seed) != result.results[0].value
        assert " twin " in table


def test_a_twin_of_random_weights_in_a_spec(geed: Geed, spec: Path, pictures: Path) -> None:
    """A spec that has random weights itself: its twin must not be the same network."""
    result, _ = audited(geed, spec, "--twin", "-d", pictures, "--samples", "4", "--metric", "latent.l2")
    assert result.results[0].controls["twin"] != result.results[0].value


ERRORS = {
    "unknown set": (("--set", "blurr:1,2"), "there is no transformation set 'blurr'"),
    "a set without values": (("--set", "blur"), "there is no transformation set 'blur'"),
    "a wrong value": (("--set", "jpeg:900"), "'900' is not a value of jpeg"),
    "nothing changes": (("--set", "brightness:1"), "is the identity"),
    "no set file": (("--set", "nowhere.yaml"), "nowhere.yaml"),
    "too wide a blur": (("--set", "blur:40"), "blur40 cannot be applied to 32 × 32 pixels"),
    "unknown factor": (("-g", "flip*c0x"), "there is no group 'c0x'"),
    "not closed": (("-g", "c4*xshift7"), "is not closed"),
    "shared elements": (("-g", "c4*c2"), "only 4 different ones"),
    "no group file": (("-g", "no/such.yaml"), "such.yaml"),
    "no generators": (("-g", "empty.yaml"), "generators"),
    "two of one name": (("-g", "quarters.yaml", "-g", "other.yaml"), "are called 'quarters'"),
    "discover what": (("--discover", "matrices"), "discover"),
    "discover and grow": (
        ("--discover", "linear", "--until-width", "0.1", "--max-samples", "20"),
        "--until-width together with --discover",
    ),
    "a negative floor": (("--floor", "-1"), "floor"),
    "boundary": (("--boundary", "contexts"), "boundary"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_refusals(geed: Geed, here: Path, spec: Path, pictures: Path, case: str) -> None:
    """Exit code 2, one message on stderr that says what was wrong, nothing on stdout, nothing written."""
    (here / "quarters.yaml").write_text(QUARTERS)
    (here / "other.yaml").write_text(QUARTERS.replace("90", "180"))
    (here / "empty.yaml").write_text("name: empty\ngenerators: []\n")
    arguments, message = ERRORS[case]
    done = geed("audit", spec, "-d", pictures, *arguments, "--json", here / "r.json")
    assert done.exit_code == 2, done.stderr
    assert message in " ".join(done.stderr.split())
    assert done.stderr.lower().count("error:") + done.stderr.count("─ Error ─") == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (here / "r.json").exists()


def test_json_to_stdout_names_the_kind(geed: Geed, spec: Path, pictures: Path) -> None:
    """A program that reads the JSON sees that a set is none of the groups."""
    done = geed("audit", spec, "-d", pictures, "--set", "jpeg:50", "--samples", "2", "--json", "-")
    (group,) = json.loads(done.stdout)["groups"]
    assert (group["kind"], group["calls"]) == ("set", ["identity", "jpeg(quality=50)"])
