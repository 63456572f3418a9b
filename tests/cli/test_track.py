"""``geed track`` on checkpoints of a real small training, and on saved results."""

import csv
import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from support.command import Geed
from support.pictures import smooth_pictures
from support.results import save_run
from torch.nn.functional import cross_entropy

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.command import spelled
from geed_cli.result.file import read_result
from geed_cli.tracking.track_file import read_track

pytestmark = pytest.mark.usefixtures("read_in_this_process")

SPEC = """
model: {source: timm, name: test_resnet, arguments: {num_classes: 4}}
weights: {origin: random}
layers: [layer2, layer3]
input: {size: 32, crop_pct: 1.0}
"""
STEPS = (0, 8, 24)


def gratings(count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy waves of 32 pixels in four directions, and which: a task that needs orientation."""
    labels = torch.randint(0, 4, (count,), generator=generator)
    angle, phase = labels * torch.pi / 4, torch.rand(count, generator=generator) * 2 * torch.pi
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    across = x * angle.cos()[:, None, None] + y * angle.sin()[:, None, None]
    waves = torch.sin(0.8 * across + phase[:, None, None])[:, None].expand(-1, 3, -1, -1)
    return waves + 0.3 * torch.randn(count, 3, 32, 32, generator=generator), labels


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with net.yaml and three checkpoints of 24 steps of training, in which the loss halves."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "net.yaml").write_text(SPEC)
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    module = timm.create_model("test_resnet", num_classes=4)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for step in range(max(STEPS) + 1):
        if step in STEPS:
            save_file(module.state_dict(), folder / f"step_{step}.safetensors")
        pictures, labels = gratings(16, generator)
        loss = cross_entropy(module(pictures), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    return folder


@pytest.fixture
def mine(run: Path, tmp_path: Path) -> Path:
    """A copy of the run that a test may change."""
    return Path(shutil.copytree(run, tmp_path / "mine"))


@pytest.fixture
def track(geed: Geed, pictures: Path) -> Callable[..., str]:
    """``track(folder, …)``: its checkpoints under flip; gives stderr."""

    def go(folder: Path, *options: str | Path, exit_code: int = 0) -> str:
        data = () if "-d" in options else ("-d", pictures)
        done = geed("track", folder / "step_*.safetensors", "--model", folder / "net.yaml", *data, *options)
        assert done.exit_code == exit_code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    return go


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The checkpoints that were loaded into a network, as the real loader is asked for them."""
    from geed_cli.cli.run import model_request

    real, seen = model_request.load_model, []

    def load_model(reference: str, checkpoint: Path | None = None, **options: object) -> object:
        seen.append(Path(checkpoint or reference).name)
        return real(reference, checkpoint=checkpoint, **options)

    monkeypatch.setattr(model_request, "load_model", load_model)
    return seen


@pytest.mark.heavy
def test_three_checkpoints_of_a_real_training(
    geed: Geed, track: Callable[..., str], run: Path, pictures: Path, tmp_path: Path
) -> None:
    """Every value is exactly what ``geed audit`` gives for that checkpoint; table files and figures are valid."""
    files = {suffix: tmp_path / f"t.{suffix}" for suffix in ("json", "csv", "png", "svg")}
    said = track(run, "--json", files["json"], "--csv", files["csv"], "--figure", files["png"])
    assert all(f"wrote {files[suffix]}" in said for suffix in ("json", "csv", "png"))
    saved = read_track(files["json"])
    assert saved.status == "complete"
    assert tuple(record.step for record in saved.records) == STEPS
    for record in saved.records:
        target = tmp_path / "one.json"
        one = geed("audit", run / "net.yaml", "--checkpoint", record.file, "-d", pictures, "--json", target)
        assert one.exit_code == 0, one.stderr
        assert read_result(target).results == record.result.results
    values = [row.value for row in saved.rows if row.metric == "latent.l2"]
    assert len(set(values)) == 3
    with files["csv"].open() as stream:
        lines = [line for line in csv.DictReader(stream) if line["metric"] == "latent.l2"]
    assert [(int(line["step"]), float(line["value"])) for line in lines] == list(
        zip(STEPS, values, strict=True)
    )
    with Image.open(files["png"]) as picture:
        picture.load()
        assert picture.format == "PNG"
    drawn = geed("track", files["json"], "--figure", files["svg"])
    assert drawn.exit_code == 0, drawn.stderr
    assert ET.parse(files["svg"]).getroot().tag.endswith("svg")


def test_steps_in_the_output_are_not_recomputed(
    track: Callable[..., str], mine: Path, tmp_path: Path, loads: list[str]
) -> None:
    """Only what is new is loaded; a checkpoint deleted since stays on the track; retrained ones are audited again."""
    target = tmp_path / "t.json"
    narrow = ("--metric", "latent.l2", "--json", target)
    (mine / "step_24.safetensors").rename(mine / "later")
    track(mine, *narrow)
    assert loads == ["step_0.safetensors", "step_8.safetensors"]
    before = read_track(target).records
    (mine / "later").rename(mine / "step_24.safetensors")
    (mine / "step_0.safetensors").unlink()
    said = track(mine, *narrow)
    assert loads[2:] == ["step_24.safetensors"]
    assert "1 of 2 checkpoints are in" in said
    after = read_track(target)
    assert tuple(record.step for record in after.records) == STEPS
    assert after.records[:2] == before
    track(mine, *narrow)
    assert loads[3:] == []
    assert read_track(target) == after
    shutil.copy(mine / "step_24.safetensors", mine / "step_8.safetensors")
    track(mine, *narrow)
    assert loads[3:] == []  # the same bytes as step 24, at another step now
    eighth = next(record for record in read_track(target).records if record.step == 8)
    assert eighth.result == after.records[2].result


@pytest.mark.parametrize("at_once", [pytest.param(True, marks=pytest.mark.heavy), False])
def test_an_interrupted_run_goes_on(
    track: Callable[..., str],
    run: Path,
    tmp_path: Path,
    loads: list[str],
    monkeypatch: pytest.MonkeyPatch,
    at_once: bool,
) -> None:
    """The finished steps are in the file, half an audit is not; the same command ends as an unbroken run does."""
    from geed_cli.pipeline import audit as pipeline

    target, whole, real = tmp_path / "t.json", tmp_path / "whole.json", pipeline.audit

    def interrupted(*arguments: object) -> object:
        if len(loads) == 2 and at_once:
            raise KeyboardInterrupt
        status = "partial" if len(loads) == 2 else "complete"
        return real(*arguments).model_copy(update={"status": status})

    monkeypatch.setattr(pipeline, "audit", interrupted)
    said = track(run, "--json", target, "--metric", "latent.*", exit_code=130)
    assert "interrupted after 1 of 3 audits" in said
    part = read_track(target)
    assert (part.status, [record.step for record in part.records]) == ("partial", [0])
    monkeypatch.setattr(pipeline, "audit", real)
    track(run, "--json", target, "--metric", "latent.*")
    assert loads == ["step_0.safetensors", "step_8.safetensors", "step_8.safetensors", "step_24.safetensors"]
    track(run, "--json", whole, "--metric", "latent.*")
    assert read_track(target).rows == read_track(whole).rows
    assert read_track(target).status == "complete"


def test_other_settings_or_images_are_refused(
    track: Callable[..., str], mine: Path, pictures: Path, tmp_path: Path, loads: list[str]
) -> None:
    """Exit 2 naming them, before anything is loaded, and the file stays; --fresh begins again."""
    target, folder = tmp_path / "t.json", Path(shutil.copytree(pictures, tmp_path / "d"))
    for step in (8, 24):
        (mine / f"step_{step}.safetensors").unlink()
    narrow = ("--metric", "latent.l2", "--json", target)
    track(mine, *narrow, "-d", folder)
    first = target.read_text()
    loads.clear()
    assert "--group flip, now c4" in track(mine, *narrow, "-d", folder, "-g", "c4", exit_code=2)
    shutil.copy(folder / "0001.png", folder / "0002.png")
    assert "are not those that" in track(mine, *narrow, "-d", folder, exit_code=2)
    (mine / "net.yaml").write_text(SPEC.replace("layer2, ", ""))
    assert "the spec's contents" in track(mine, *narrow, "-d", folder, exit_code=2)
    assert (loads, target.read_text()) == ([], first)
    track(mine, *narrow, "-d", folder, "-g", "c4", "--fresh")
    assert [group.name for group in read_track(target).records[0].result.groups] == ["c4"]


OWN_CODE = """
from torch import nn

def build():
    convolution = nn.Conv2d(3, 4, 3)
    return nn.Sequential(convolution, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
"""
OWN_SPEC = """
model: {source: python, name: "tracked_code:build"}
weights: {origin: random}
layers: ["0"]
input: {size: 16, crop_pct: 1.0, interpolation: bilinear, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
"""


def test_code_without_a_name_is_not_gone_on_from(
    geed: Geed, pictures: Path, tmp_path: Path, loads: list[str]
) -> None:
    """Equal weights do not say that the code is the same: refused, until the spec names the code."""
    spec, target = tmp_path / "own.yaml", tmp_path / "t.json"
    (tmp_path / "tracked_code.py").write_text(OWN_CODE)
    spec.write_text(OWN_SPEC)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Flatten(),
        torch.nn.Linear(4, 3),
    )
    for step in (1, 2):
        save_file(module.state_dict(), tmp_path / f"step_{step}.safetensors")
    command = ("track", tmp_path / "step_*.safetensors", "--model", spec, "--allow-code", "-d", pictures)
    command += ("--metric", "latent.l2", "--json", target)  # type: ignore[assignment]
    first = geed(*command)
    assert first.exit_code == 0, first.stderr
    assert f"{spec} gives its code no name (model.cache_key), so no later run can go on" in oneline(
        first.stderr
    )
    held = target.read_text()
    loads.clear()
    refused = geed(*command)
    assert (refused.exit_code, loads, target.read_text()) == (2, [], held)
    assert f"was made by the code of {spec} (source: python), which may have changed since" in refused.stderr
    assert f"add cache_key: v1 under model in {spec}, and --fresh" in refused.stderr
    spec.write_text(OWN_SPEC.replace(':build"', ':build", cache_key: v1'))
    named = geed(*command, "--fresh")
    assert (named.exit_code, "gives its code no name" in named.stderr) == (0, False), named.stderr
    loads.clear()
    again = geed(*command)
    assert (again.exit_code, loads) == (0, []), again.stderr
    assert "2 of 2 checkpoints are in" in again.stderr
    spec.write_text(OWN_SPEC.replace(':build"', ':build", cache_key: v2'))
    other = geed(*command)
    assert other.exit_code == 2
    assert "the spec's contents" in other.stderr


def oneline(text: str) -> str:
    """A message that the console has broken into lines."""
    return " ".join(text.split())


@pytest.mark.heavy
def test_controls_of_a_track(
    geed: Geed, track: Callable[..., str], run: Path, pictures: Path, tmp_path: Path
) -> None:
    """--twin and --floor are those of ``geed audit``, shown in the table; no track goes on with others."""
    target, alone = tmp_path / "t.json", tmp_path / "one.json"
    options = ("--metric", "latent.l2", "-g", "c8", "--samples", "6", "--twin", "--floor", "3")
    track(run, *options, "--json", target)
    records = read_track(target).records
    checkpoint = ("--checkpoint", records[-1].file, "-d", pictures)
    assert geed("audit", run / "net.yaml", *checkpoint, *options, "--json", alone).exit_code == 0
    result = records[-1].result
    assert (result.settings.probes, result.results) == (3, read_result(alone).results)
    twins = {entry.controls["twin"] for record in records for entry in record.result.results}
    assert len(twins) == 1
    shown = geed("track", target)
    (line,) = [line for line in shown.stdout.splitlines() if line.split()[:1] == ["twin"]]
    assert float(line.split()[1]) == pytest.approx(twins.pop(), rel=0.01)
    other = ("--metric", "latent.l2", "-g", "c8", "--samples", "6", "--json", target)
    said = track(run, *other, "--floor", "3", exit_code=2)
    assert "was made with other settings: --twin True, now False" in " ".join(said.split())
    assert "--floor 3, now 4" in " ".join(track(run, *other, "--twin", "--floor", "4", exit_code=2).split())
    assert "--group c8, now c8, blur:1" in track(
        run, *options, "--set", "blur:1", "--json", target, exit_code=2
    )


def test_sets_and_the_way_to_run_reach_the_audits(
    track: Callable[..., str], mine: Path, tmp_path: Path
) -> None:
    """--set alone audits no group; --simultaneous and --decode are in the results, and hold for going on."""
    for step in (8, 24):
        (mine / f"step_{step}.safetensors").unlink()
    target = tmp_path / "t.json"
    options = ("--metric", "latent.*", "--samples", "6", "--set", "blur:1,2", "--json", target)
    track(mine, *options, "--simultaneous", "--decode", "fast")
    (record,) = read_track(target).records
    assert [group.name for group in record.result.groups] == ["blur:1,2"]
    assert (record.result.settings.simultaneous, record.result.settings.decode) == (True, "fast-2")
    assert read_track(target).recipe.groups == ("blur:1,2",)
    assert "decoding fast-2, now exact; --simultaneous True, now False" in " ".join(
        track(mine, *options, exit_code=2).split()
    )


def test_prefixes_and_pickles_of_checkpoints(geed: Geed, run: Path, pictures: Path, tmp_path: Path) -> None:
    """--strip-prefix and --allow-pickle are needed where ``geed audit`` needs them, and act alike."""
    state = load_file(run / "step_24.safetensors")
    save_file({f"module.{name}": value for name, value in state.items()}, tmp_path / "step_1.safetensors")
    module = timm.create_model("test_resnet", num_classes=4)
    module.load_state_dict(state)
    torch.save(module, tmp_path / "step_2.pt")
    common = (
        "--model",
        run / "net.yaml",
        "-d",
        pictures,
        "--samples",
        "6",
        "--metric",
        "latent.l2",
        "--json",
    )
    target = tmp_path / "t.json"
    for file, option in (
        ("step_1.safetensors", ("--strip-prefix", "module.")),
        ("step_2.pt", ("--allow-pickle",)),
    ):
        refused = geed("track", tmp_path / file, *common, target)
        assert refused.exit_code == 2
        assert option[0] in refused.stderr
        done = geed("track", tmp_path / file, *common, target, *option)
        assert done.exit_code == 0, done.stderr
    one, two = read_track(target).records
    assert [entry.value for entry in one.result.results] == [entry.value for entry in two.result.results]


def test_steps_come_from_the_checkpoint_or_a_pattern(
    geed: Geed, run: Path, pictures: Path, tmp_path: Path
) -> None:
    """A name without a number: the entry global_step; --step-regex goes before everything."""
    torch.save({"model": load_file(run / "step_24.safetensors"), "global_step": 24}, tmp_path / "last.pt")
    common = (
        "--model",
        run / "net.yaml",
        "-d",
        pictures,
        "--metric",
        "latent.l2",
        "--json",
        tmp_path / "t.json",
    )
    done = geed("track", tmp_path / "last.pt", *common)
    assert done.exit_code == 0, done.stderr
    (record,) = read_track(tmp_path / "t.json").records
    assert (record.step, record.step_from) == (24, "the checkpoint's entry global_step")
    shutil.copy(run / "step_24.safetensors", tmp_path / "run7_step_24.safetensors")
    done = geed(
        "track", tmp_path / "run7_step_24.safetensors", *common, "--step-regex", r"run(\d+)", "--fresh"
    )
    assert done.exit_code == 0, done.stderr
    assert [record.step for record in read_track(tmp_path / "t.json").records] == [7]


def test_runs_are_paired_across_steps(geed: Geed, tmp_path: Path) -> None:
    """Two seeds at two steps: over the models, or run by run; a pattern that finds no run is refused at once."""
    for seed in (0, 1):
        save_run(tmp_path / "cnn", (3, 10), seed)
    files = f"cnn={tmp_path}/cnn/*.json"
    target = tmp_path / "track.json"
    assert "over the models" in " ".join(geed("track", files).stdout.split())
    page = geed("track", files, "--pair-runs", r"run(\d+)_step", "--json", target).stdout
    assert "paired over the runs" in " ".join(page.split())
    assert read_track(target).pair_runs == r"run(\d+)_step"
    refused = geed("track", files, "--pair-runs", r"seed(\d)")
    assert refused.exit_code == 2
    assert "does not match" in refused.stderr


def test_saved_results_make_populations(geed: Geed, tmp_path: Path) -> None:
    """LABEL=GLOB over runs: files of one step are one population, and --csv - is CSV alone."""
    for seed in (0, 1):
        save_run(tmp_path / "cnn", (3, 10), seed)
    save_run(tmp_path / "c8", (3,), 2)
    done = geed("track", f"cnn={tmp_path}/cnn/*.json", f"c8={tmp_path}/c8/*", "--csv", "-", "-q")
    assert done.exit_code == 0, done.stderr
    lines = [line for line in csv.DictReader(done.stdout.splitlines()) if line["metric"] == "latent.l2"]
    places = [(line["group"], line["label"], line["step"], line["models"], line["over"]) for line in lines]
    assert places[:3] == [
        ("flip", "cnn", "3", "2", "models"), ("flip", "cnn", "10", "2", "models"), ("flip", "c8", "3", "1", "images"),
    ]  # fmt: skip


def test_the_next_step_runs_as_it_is_printed(
    geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the saved results of one run the ends are compared, also where both have one name."""
    monkeypatch.chdir(tmp_path)
    save_run(Path("a"), (1,))
    save_run(Path("a"), (2,), seed=1)
    for step, source in (("1", "a/run0_step_1.json"), ("2", "a/run1_step_2.json")):
        Path(f"step_{step}").mkdir()
        Path(f"step_{step}/r.json").write_bytes(Path(source).read_bytes())
    for files, command in (
        (["a/*.json"], "geed compare a/run0_step_1.json a/run1_step_2.json"),
        (["step_1/r.json", "step_2/r.json"], "geed compare first=step_1/r.json last=step_2/r.json"),
    ):
        done = geed("track", *files)
        assert done.exit_code == 0, done.stderr
        last = done.stdout.splitlines()[-1]
        assert last == f"next: pair its ends in every number: {command}"
        assert geed(*command.split()[1:]).exit_code == 0
    two = geed("track", "x=step_1/r.json", "y=step_2/r.json")
    assert two.exit_code == 0
    assert two.stdout.splitlines()[-1] == "next: geed compare FIRST LAST pairs layers and predictions, too"


def test_options_are_spelled_as_they_were_given() -> None:
    """For the command that a track of checkpoints ends with: those that were given, each as often, and no other."""
    given = frozenset({"group", "arch", "samples", "twin", "data", "metric"})
    asked = AuditArguments(
        group=["flip", "c4"], arch="resnet18", samples=20, twin=True, data=Path("my photos"), metric=["soft*"],
        given=given,
    )  # fmt: skip
    words = spelled(asked)
    pairs = {("--group", "flip"), ("--group", "c4"), ("--arch", "resnet18"), ("--samples", "20"),
             ("--data", "my photos"), ("--metric", "soft*")}  # fmt: skip
    short = {"-g": "--group", "-d": "--data", "-n": "--samples"}
    plain = [short.get(word, word) for word in words if word != "--twin"]
    assert set(zip(plain[::2], plain[1::2], strict=True)) == pairs
    assert words.count("--twin") == 1


def test_views_of_a_track(geed: Geed, tmp_path: Path) -> None:
    """One line, one statement a row, every value; the files are the same."""
    save_run(tmp_path, (1, 2))
    written = []
    for view in ((), ("-q",), ("-v",), ("--linear",)):
        done = geed("track", f"{tmp_path}/*.json", "--csv", tmp_path / "t.csv", *view)
        assert done.exit_code == 0, done.stderr
        written.append((tmp_path / "t.csv").read_text())
        assert done.stdout.startswith("geed=track ") == (view == ("-q",))
        assert ("channelwise.correlation" in done.stdout) == (view == ("-v",))
        assert ("step 2, latent.l2 " in done.stdout) == (view == ("--linear",))
    assert all(each == written[0] for each in written)


@pytest.mark.heavy
def test_saved_results_need_no_torch(tmp_path: Path) -> None:
    """Table, JSON, CSV and figure of saved results and of the track made from them, in a fresh process."""
    save_run(tmp_path, (3, 10))
    commands = [
        ["track", f"{tmp_path}/run0_*.json", "--json", f"{tmp_path}/t.json", "--csv", f"{tmp_path}/t.csv"],
        ["track", f"{tmp_path}/t.json", "--figure", f"{tmp_path}/t.svg"],
    ]
    code = (
        "import sys\n"
        "from geed_cli.cli.app import app\n"
        f"for command in {commands!r}:\n"
        "    try: app(command)\n"
        "    except SystemExit as leave: assert not leave.code, leave.code\n"
        "print('heavy:', [m for m in ('torch', 'timm', 'torchvision') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"
    assert json.loads((tmp_path / "t.json").read_text())["schema"] == "geed.track/1"
    ET.parse(tmp_path / "t.svg")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere_1.safetensors"], 2, "there is no file nowhere_1.safetensors"),
        (["{run}/step_*.safetensors"], 2, "do not say which network"),
        (["{run}/step_*.safetensors", "--arch", "resnet18", "--model", "resnet18"], 2, "one network for all"),
        (["{run}/step_*.safetensors", "--arch", "test_vit"], 2, "step_0.safetensors"),
        (["{saved}/run0_*.json", "{saved}/none.json"], 2, "no training step is known"),
        (["{saved}/run*.json"], 2, "mixes architectures"),
        (["{saved}/run0_*.json", "--metric", "latent.l3"], 2, "there is no metric"),
        (["{saved}/run0_*.json", "--layer", "layer9"], 2, "no layer 'layer9'"),
        (["{saved}/run0_*.json", "--step-regex", "x"], 2, "has 0 groups"),
        (["{saved}/run0_*.json", "--figure", "f.gif"], 2, "ends in .svg, .pdf or .png"),
        (["{saved}/run0_*.json", "--share-y"], 2, "--share-y without --figure"),
        (["{saved}/run0_*.json", "--figure", "no/such/folder/f.pdf"], 2, "cannot write"),
        (["{saved}/run0_*.json", "--json", "no/such/folder/t.json"], 2, "cannot write"),
        (["{saved}/run0_*.json", "--json", "-", "--csv", "-"], 2, "one of them on stdout"),
        (["{saved}/run0_*.json", "--json", "{saved}/run0_step_3.json"], 2, "is not a saved track"),
    ],
)
def test_refusals(
    geed: Geed, run: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    """One message with what was found, the right exit code, nothing on stdout."""
    saved = save_run(tmp_path / "saved", (3, 10))
    if "run*" in arguments[0]:
        save_run(saved, (4,), 1, arch="other")
        arguments = [f"one={arguments[0]}"]
    if "none" in arguments[-1]:
        content = json.loads((saved / "run0_step_3.json").read_text())
        content["model"]["weights"]["detail"] = "last.safetensors"
        (saved / "none.json").write_text(json.dumps(content))
    done = geed("track", *(text.format(run=run, saved=saved) for text in arguments), "-q")
    assert done.exit_code == code, done.stderr
    assert message in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_copies_and_unreadable_pictures_are_part_of_a_track(geed: Geed, mine: Path, tmp_path: Path) -> None:
    """A second run knows the draw again, with its copies and refused files; a changed picture makes another."""
    folder = smooth_pictures(tmp_path / "pictures", 8, 32)
    for name in ("0001", "0005"):
        (folder / f"again-{name}.png").write_bytes((folder / f"{name}.png").read_bytes())
        Image.open(folder / f"{name}.png").save(folder / f"{name}.bmp")
    whole = (folder / "0003.png").read_bytes()
    (folder / "0003.png").write_bytes(whole[:90])
    target = tmp_path / "track.json"
    command = ("track", mine / "step_*.safetensors", "--model", mine / "net.yaml", "-d", folder, "--samples", "6",
               "--on-bad-image", "skip", "--metric", "latent.l2", "--json", target)  # fmt: skip
    assert geed(*command).exit_code == 0
    data = [record.result.data for record in read_track(target).records]
    assert len(data) == len(STEPS)
    assert data == data[:1] * len(STEPS)
    assert data[0].count == 6
    again = geed(*command)
    assert again.exit_code == 0, again.stderr
    assert f"{len(STEPS)} of {len(STEPS)} checkpoints are in" in again.stderr
    (folder / data[0].images[0].path).write_bytes(whole)
    changed = geed(*command)
    assert changed.exit_code == 2
    assert "are not those that" in changed.stderr
