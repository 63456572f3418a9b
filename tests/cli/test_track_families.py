"""``geed track`` of several families, each checkpoint named with its network, and what it warns of."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from support.command import Geed
from support.pictures import smooth_pictures

import geed_cli
from geed_cli.cli.run import model_request
from geed_cli.errors import InputError
from geed_cli.pipeline import audit as pipeline
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.tracking.track_file import read_track

pytestmark = pytest.mark.usefixtures("read_in_this_process")

SPEC = """
model: {{source: timm, name: {name}, arguments: {{num_classes: 3}}}}
weights: {{origin: random}}
input: {{size: 32, crop_pct: 1.0, interpolation: bilinear}}
"""
QUICK = ("-d", "pictures", "--floor", "0", "--metric", "latent.l2", "--no-cache", "--samples", "5")
FAMILIES = "cnn=cnn_*/step_*.safetensors:cnn.yaml", "c8=c8/step_*.safetensors:c8.yaml"
NAMES = {"cnn": "test_resnet", "c8": "test_byobnet"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two specs of two architectures, two seeds of the one and one of the other at two steps, and six pictures."""
    folder = tmp_path_factory.mktemp("families")
    for family, name in NAMES.items():
        (folder / f"{family}.yaml").write_text(SPEC.format(name=name))
    for number, run in enumerate(("cnn_1", "cnn_2", "c8")):
        (folder / run).mkdir()
        for step in (0, 10):
            torch.manual_seed(100 * number + step)
            module = timm.create_model(NAMES[run.partition("_")[0]], num_classes=3)
            save_file(module.state_dict(), folder / run / f"step_{step}.safetensors")
    smooth_pictures(folder / "pictures", 6, 32)
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder that a test may change, in which commands run."""
    folder = Path(shutil.copytree(made, tmp_path / "here"))
    monkeypatch.chdir(folder)
    return folder


def test_families_stand_side_by_side_with_the_numbers_of_each_alone(geed: Geed, here: Path) -> None:
    """Each family's rows are those of a track of its own; the population's interval is over its two models."""
    told = geed("track", *FAMILIES, *QUICK, "--json", "t.json")
    assert told.exit_code == 0, told.stderr
    track = read_track(here / "t.json")
    assert track.recipe is None
    assert {label: each.model for label, each in track.recipes.items()} == {
        "cnn": "model cnn.yaml",
        "c8": "model c8.yaml",
    }
    for label, words in (("cnn", "cnn=cnn_*/step_*.safetensors"), ("c8", "c8=c8/step_*.safetensors")):
        alone = geed("track", words, "--model", f"{label}.yaml", *QUICK, "--json", f"{label}.json")
        assert alone.exit_code == 0, alone.stderr
        assert read_track(here / f"{label}.json").rows == tuple(r for r in track.rows if r.label == label)
        # a track of one family is written as it was before there were several
        assert {"recipes", "ready"}.isdisjoint(json.loads((here / f"{label}.json").read_text()))
        assert "ready" not in json.loads((here / f"{label}.json").read_text())["recipe"]
    assert [(row.label, row.step, row.models) for row in track.rows] == [
        ("cnn", 0, 2), ("cnn", 10, 2), ("c8", 0, 1), ("c8", 10, 1),
    ]  # fmt: skip
    lines = told.stdout.splitlines()
    assert lines[lines.index("flip · latent.l2") + 1].split()[:4] == ["step", "run", "models", "latent.l2"]
    csv = geed("track", "t.json", "--csv", "-").stdout
    assert csv.count("flip,latent.l2,,") == 4


@pytest.mark.heavy
def test_families_are_gone_on_from(geed: Geed, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is added to a file of another; what is there is not audited again; the same bytes elsewhere are."""
    first = geed("track", FAMILIES[0], *QUICK, "--json", "t.json")
    assert first.exit_code == 0, first.stderr
    seen = []
    real = pipeline.audit
    monkeypatch.setattr(pipeline, "audit", lambda *words: seen.append(words) or real(*words))
    both = geed("track", *FAMILIES, *QUICK, "--json", "t.json")
    assert both.exit_code == 0, both.stderr
    assert "4 of 6 checkpoints are in t.json and were not audited again" in both.stderr
    assert len(seen) == 2
    again = geed("track", *FAMILIES, *QUICK, "--json", "t.json")
    assert "6 of 6 checkpoints" in again.stderr
    assert again.stdout == both.stdout
    # by another spec the same bytes are another network
    (here / "same.yaml").write_text((here / "cnn.yaml").read_text() + "layers: [layer2]\n")
    more = geed("track", "more=cnn_1/step_0.safetensors:same.yaml", *QUICK, "--json", "t.json")
    assert more.exit_code == 0, more.stderr
    assert len(seen) == 3
    assert set(read_track(here / "t.json").recipes) == {"cnn", "c8", "more"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a=cnn_1/step_*.safetensors:cnn.yaml", "a=c8/step_*.safetensors:c8.yaml"), "'a' has checkpoints of two"),
        ((*FAMILIES, "--model", "cnn.yaml"), "--model cnn.yaml, and every checkpoint is named with a network"),
        ((*FAMILIES, "--arch", "test_byobnet"), "--arch test_byobnet, and every checkpoint"),
        (("cnn=cnn_9/*.pt:cnn.yaml",), "no file matches cnn_9/*.pt"),
        (("cnn=cnn_1/step_5.pt:cnn.yaml",), "there is no file cnn_1/step_5.pt"),
        (("cnn=cnn_1/step_0.safetensors:cnnn.yaml",), "cnnn.yaml"),
        ((FAMILIES[0], "c8/step_0.safetensors"), "do not say which network they belong to"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("here")
def test_what_is_no_family_is_refused(geed: Geed, words: tuple[str, ...], said: str) -> None:
    """Before anything is audited, with what was found."""
    told = geed("track", *words, *QUICK)
    assert told.exit_code == 2, told.stdout
    assert said in " ".join(told.stderr.split())


def test_other_settings_and_an_edited_spec_are_refused(geed: Geed, here: Path) -> None:
    """Of the run whose spec it is; and no family is added with other settings than the rest has."""
    assert geed("track", FAMILIES[1], *QUICK, "--json", "t.json").exit_code == 0
    other = geed("track", FAMILIES[0], *QUICK, "--seed", "3", "--json", "t.json")
    assert other.exit_code == 2
    assert "made with other settings: --seed 0, now 3" in " ".join(other.stderr.split())
    with (here / "c8.yaml").open("a") as spec:
        spec.write("# another\n")
    edited = geed("track", FAMILIES[1], *QUICK, "--json", "t.json")
    assert "the spec's contents" in edited.stderr
    mixed = geed("track", "c8=c8/step_*.safetensors", "--model", "cnn.yaml", *QUICK, "--json", "t.json")
    assert mixed.exit_code == 2
    assert "'c8' in t.json has checkpoints of two networks" in " ".join(mixed.stderr.split())


def options() -> AuditOptions:
    return AuditOptions(data=DataOptions(samples=5), controls=ControlOptions(probes=0), run=RunOptions("cpu"))


@pytest.mark.heavy
def test_python_names_families_and_any_pictures(geed: Geed, here: Path) -> None:
    """The command's rows, of a folder and an archive; pictures in memory as audit takes them, and gone on from."""
    told = geed("track", *FAMILIES, *QUICK, "--json", "t.json")
    assert told.exit_code == 0, told.stderr
    rows = read_track(here / "t.json").rows
    shutil.make_archive("pictures", "zip", "pictures")
    pictures = [Image.open(file).convert("RGB") for file in sorted(Path("pictures").glob("*"))]
    along = dict(word.split("=") for word in FAMILIES)
    for images in ("pictures", "pictures.zip"):
        made = geed_cli.track(along, images=images, metrics="latent.l2", options=options())
        assert made.rows == rows
    # the order of the draw is that of names, which pictures in memory have by their numbers
    few: dict[str, Any] = {
        "images": pictures,
        "metrics": "latent.l2",
        "options": options(),
        "out": "memory.json",
    }
    made = geed_cli.track({"c8": along["c8"]}, **few)
    network = geed_cli.load_model("c8.yaml", checkpoint=Path("c8/step_10.safetensors"))
    alone = geed_cli.audit(
        network, pictures, metrics="latent.l2", options=options(), cache=False, progress=False
    )
    assert made[10]["latent.l2", "flip"].value == alone["latent.l2", "flip"].value
    assert geed_cli.track({"c8": along["c8"]}, **few) == made
    with pytest.raises(InputError, match=r"are not those that memory\.json was made with"):
        geed_cli.track({"c8": along["c8"]}, **few | {"images": pictures[::-1]})


@pytest.mark.usefixtures("here")
def test_pictures_of_the_networks_own_size_are_asked_about() -> None:
    """As audit asks; what was said belongs to the recipe."""
    arrays = np.stack([np.asarray(Image.open(f).convert("RGB")) for f in sorted(Path("pictures").glob("*"))])
    Path("resized.yaml").write_text(
        SPEC.format(name="test_byobnet").replace("crop_pct: 1.0", "crop_pct: 0.8")
    )
    words: dict[str, Any] = {
        "model": "resized.yaml",
        "images": arrays,
        "metrics": "latent.l2",
        "options": options(),
    }
    with pytest.raises(InputError, match="ready=True"):
        geed_cli.track("c8/step_0.safetensors", **words)
    made = geed_cli.track("c8/step_0.safetensors", **words, ready=True, out="t.json")
    assert made.recipe is not None
    assert made.recipe.ready is True
    with pytest.raises(InputError, match="--ready True, now False"):
        geed_cli.track("c8/step_*.safetensors", **words, ready=False, out="t.json")


@pytest.mark.heavy
def test_files_that_are_not_whole_are_left_out(geed: Geed, here: Path) -> None:
    """One that is damaged and one of no bytes; the others stand on the track, which is partial, and the exit code is 2.

    Written anew, the same again makes them alone.
    """
    for step, data in ((20, b"PK\x03\x04nonsense"), (30, b"")):
        (here / "c8" / f"step_{step}.pt").write_bytes(data)
    files = ("c8=c8/*.safetensors:c8.yaml", "c8=c8/*.pt:c8.yaml")
    told = geed("track", *files, *QUICK, "--json", "t.json")
    assert told.exit_code == 2, told.stdout
    said = " ".join(told.stderr.split())
    assert "2 checkpoints could not be read: c8/step_20.pt, c8/step_30.pt" in said
    assert said.count("c8/step_20.pt") == 2
    assert "warning: checkpoints are still to be audited" in told.stdout
    track = read_track(here / "t.json")
    assert (track.status, track.steps) == ("partial", (0, 10))
    for step in (20, 30):
        torch.save(timm.create_model(NAMES["c8"], num_classes=3).state_dict(), here / f"c8/step_{step}.pt")
    again = geed("track", *files, *QUICK, "--json", "t.json")
    assert again.exit_code == 0, again.stderr
    assert "2 of 4 checkpoints are in t.json" in again.stderr
    (here / "c8" / "step_20.pt").write_bytes(b"PK\x03\x04nonsense")
    alone = geed("track", "c8/step_20.pt", "--model", "c8.yaml", *QUICK)
    assert alone.exit_code in {2, 3}
    assert "c8/step_20.pt" in alone.stderr
    assert "could not be read:" not in alone.stderr


def test_a_file_that_is_being_written_is_left_out(
    geed: Geed, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its hash and its weights might be of different bytes."""
    real = model_request.ModelRequest.load

    def writing(request: model_request.ModelRequest, *words: object) -> object:
        network = real(request, *words)  # type: ignore[arg-type]
        if str(request.options.checkpoint) == "c8/step_10.safetensors":
            with (here / "c8/step_10.safetensors").open("ab") as file:
                file.write(b"more")
        return network

    monkeypatch.setattr(model_request.ModelRequest, "load", writing)
    told = geed("track", FAMILIES[1], *QUICK, "--json", "t.json")
    assert told.exit_code == 2
    said = "c8/step_10.safetensors changed while it was read: it is still being written"
    assert said in " ".join(told.stderr.split())
    assert read_track(here / "t.json").steps == (0,)


@pytest.mark.usefixtures("here")
def test_a_glob_of_one_file_is_said(geed: Geed) -> None:
    """On stderr, in Python as a warning; a glob of several says nothing."""
    told = geed("track", "c8=c8/step_1?.safetensors:c8.yaml", *QUICK, "-q")
    assert told.exit_code == 0, told.stderr
    assert "c8=c8/step_1?.safetensors:c8.yaml matches one file, c8/step_10.safetensors" in told.stderr
    assert "matches one file" not in geed("track", FAMILIES[1], *QUICK, "-q").stderr
    with pytest.warns(UserWarning, match="matches one file, c8/step_0"):
        geed_cli.track(
            "c8/step_?.safetensors",
            model="c8.yaml",
            images="pictures",
            metrics="latent.l2",
            options=options(),
        )


def test_results_of_other_data_are_refused_by_name(geed: Geed, here: Path) -> None:
    """The one that is unlike the others is named, wherever it stands; so is one of another model under the label."""
    smooth_pictures(here / "other", 6, 32, 9)
    (here / "audits").mkdir()
    for name, spec, checkpoint, data in (
        ("step_1", "cnn", "cnn_1/step_0", "other"), ("step_2", "cnn", "cnn_1/step_10", "pictures"),
        ("step_3", "cnn", "cnn_2/step_10", "pictures"), ("step_4", "c8", "c8/step_10", "pictures"),
    ):  # fmt: skip
        made = geed(
            "audit", f"{spec}.yaml", "--checkpoint", f"{checkpoint}.safetensors", "-d", data, *QUICK[2:],
            "--json", f"audits/{name}.json",
        )  # fmt: skip
        assert made.exit_code == 0, made.stderr
    told = geed("track", "run=audits/step_[123].json")
    assert told.exit_code == 2
    assert "they differ in images" in " ".join(told.stderr.split())
    assert "leave audits/step_1.json out" in " ".join(told.stderr.split())
    mixed = geed("track", "run=audits/step_[234].json")
    assert "'run' mixes architectures" in mixed.stderr
