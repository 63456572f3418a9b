"""``geed sweep``: cells, resuming, failing cells, its file, and the commands that read its folder."""

import csv
import hashlib
import io
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from support.command import Geed
from support.figures import text_of
from support.pictures import smooth_pictures

import geed_cli
from geed_cli.api import sweep_cells
from geed_cli.checkpoints.kept import KEPT_FOLDER
from geed_cli.errors import InputError
from geed_cli.images.reader import Folder
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.file import read_result
from geed_cli.sweeps.manifest import Sweep
from geed_cli.sweeps.sweep_folder import read_sweep

pytestmark = pytest.mark.usefixtures("read_in_this_process")

SPEC = """
model: {source: timm, name: test_resnet, arguments: {num_classes: 4}}
weights: {origin: random}
layers: [layer2]
input: {size: 32, crop_pct: 1.0}
"""
QUICK = ("--no-cache", "--floor", "0", "--metric", "latent.l2", "--ci", "corrected-t")
MODELS = ("one=a_0/last.pt:net.yaml", "two=a_1/last.pt:net.yaml", "three=a_2/last.pt:net.yaml")
DATA = ("-d", "rot=rot", "-d", "fashion", "-d", "third=more")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with net.yaml, three checkpoints and three folders of pictures."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "net.yaml").write_text(SPEC)
    for seed in range(3):
        torch.manual_seed(seed)
        (folder / f"a_{seed}").mkdir()
        module = timm.create_model("test_resnet", num_classes=4)
        torch.save(module.state_dict(), folder / f"a_{seed}" / "last.pt")
    for seed, name in enumerate(("rot", "fashion", "more")):
        smooth_pictures(folder / name, 6, 32, seed)
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder that a test may change, in which commands run."""
    folder = Path(shutil.copytree(made, tmp_path / "here"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def sweep(geed: Geed, here: Path) -> Callable[..., str]:
    """``sweep(words…)`` into ``out``; gives stdout."""
    assert Path.cwd() == here

    def go(*words: str, exit_code: int = 0) -> str:
        done = geed("sweep", *words, *QUICK, "--out", "out")
        assert done.exit_code == exit_code, done.stderr
        assert "Traceback" not in done.stderr
        go.said = done.stderr  # type: ignore[attr-defined]
        return done.stdout

    return go


def numbers(folder: Path) -> dict[str, object]:
    """Every result of a sweep by its file, without what differs from run to run: times and the command line."""
    found = {}
    for cell in read_sweep(folder / "sweep.json").cells:
        result = read_result(folder / cell.file).model_dump(mode="json")
        found[cell.file] = {
            name: result[name] for name in ("signature", "model", "data", "results", "groups")
        }
    return found


def test_a_cell_has_the_values_of_an_audit_alone_and_the_table_shows_them(
    sweep: Callable[..., str], geed: Geed, here: Path
) -> None:
    """3 models × 2 data sets: every file's rows are those of ``geed audit``; the table has its six values."""
    page = sweep(*MODELS, *DATA[:4], "--csv", "values.csv")
    assert sorted(numbers(here / "out")) == sorted(
        f"{data}/{model}.json" for data in ("rot", "fashion") for model in ("one", "two", "three")
    )
    alone = geed(
        "audit", "net.yaml", "--checkpoint", "a_1/last.pt", "-d", "fashion", *QUICK, "--json", "alone.json"
    )
    assert alone.exit_code == 0, alone.stderr
    swept = read_result(here / "out/fashion/two.json")
    assert swept.results == read_result(here / "alone.json").results
    rows = list(csv.DictReader(io.StringIO((here / "values.csv").read_text())))
    assert len(rows) == 6
    assert {row["model"] for row in rows if not row["claim"]} == {"one"}
    row = next(row for row in rows if (row["data"], row["model"]) == ("fashion", "two"))
    assert float(row["value"]) == pytest.approx(swept["latent.l2"].value)
    first = read_result(here / "out/fashion/one.json")
    assert float(row["difference"]) == pytest.approx(swept["latent.l2"].value - first["latent.l2"].value)
    assert f"{float(row['value']):.3f}" in page


@pytest.mark.heavy
def test_each_picture_is_decoded_once_for_all_networks_that_see_the_same_pixels(
    sweep: Callable[..., str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three models × two data sets of six pictures: twelve decodings; one of another size decodes its own."""
    decoded: list[str] = []
    real = Folder.picture

    def counted(folder: Folder, name: str, least: object = None) -> object:
        decoded.append(name)
        return real(folder, name, least)  # type: ignore[arg-type]

    monkeypatch.setattr(Folder, "picture", counted)
    sweep(*MODELS, *DATA[:4])
    assert len(decoded) == 12
    decoded.clear()
    (here / "larger.yaml").write_text(SPEC.replace("size: 32", "size: 40"))
    sweep(*MODELS, "large=a_0/last.pt:larger.yaml", *DATA[:4], "--fresh")
    assert len(decoded) == 24


def test_weights_in_a_package_are_hashed_as_files_are(
    sweep: Callable[..., str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec that names them says nothing of their bytes; changed ones are another recipe."""
    (here / "weightspack").mkdir()
    (here / "weightspack" / "__init__.py").touch()
    shutil.copy(here / "a_0/last.pt", here / "weightspack" / "last.pt")
    monkeypatch.syspath_prepend(here)
    packed = "{origin: package, package: weightspack, path: last.pt}"
    (here / "packed.yaml").write_text(SPEC.replace("{origin: random}", packed))
    sweep("packed=packed.yaml", *DATA[:2])
    member = read_sweep(here / "out/sweep.json").models[0].members[0]
    assert hashlib.sha256((here / "a_0/last.pt").read_bytes()).hexdigest() in member.sha256.values()
    sweep("packed=packed.yaml", *DATA[:2])
    assert "1 of 1 cell are in out" in sweep.said  # type: ignore[attr-defined]
    shutil.copy(here / "a_1/last.pt", here / "weightspack" / "last.pt")
    sweep("packed=packed.yaml", *DATA[:2], exit_code=2)
    assert "the files of packed" in " ".join(sweep.said.split())  # type: ignore[attr-defined]


@pytest.mark.parametrize("python", [False, True])
def test_weights_are_converted_once(geed: Geed, here: Path, python: bool) -> None:
    """What a cache keeps of a pickled checkpoint serves the next sweep, too."""
    words = {"one": "a_0/last.pt:net.yaml"}
    plain = AuditOptions(cache=Path("cache"), data=DataOptions(samples=5), run=RunOptions("cpu"))
    for out in ("first", "second"):
        if python:
            geed_cli.sweep(words, ["rot"], out=out, metrics="latent.l2", options=plain)
        else:
            done = geed(
                "sweep", f"one={words['one']}", "-d", "rot", "--metric", "latent.l2", "--samples", "5",
                "--cache-dir", "cache", "--out", out,
            )  # fmt: skip
            assert done.exit_code == 0, done.stderr
    kept = [path for path in (here / "cache" / KEPT_FOLDER).rglob("*") if path.is_file()]
    assert kept


@pytest.mark.heavy
def test_differences_are_corrected_over_the_data_set_as_compare_does(
    sweep: Callable[..., str], geed: Geed, here: Path
) -> None:
    """The p-values are those of ``geed compare`` on the folder, whose table is that of one measure, too."""
    sweep(*MODELS, *DATA[:4])
    done = geed("compare", "out/:rot", "--metric", "latent.l2", "--ci", "corrected-t", "--json", "c.json")
    assert done.exit_code == 0, done.stderr
    deltas = json.loads((here / "c.json").read_text())["lines"][0]["deltas"]
    values = [value for value in read_sweep(here / "out/sweep.json").values if value.data == "rot"]
    assert [value.p_holm for value in values[1:]] == [delta["p_holm"] for delta in deltas]


@pytest.mark.heavy
def test_interrupted_anywhere_and_resumed_gives_the_same_files(
    sweep: Callable[..., str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after every cell in turn, nine cells of 3 × 3 end as those of one run; none is audited twice."""
    sweep(*MODELS, *DATA)
    whole = numbers(here / "out")
    shutil.rmtree(here / "out")
    monkeypatch.setattr(sweep_cells, "TOGETHER", 1)
    write, written = geed_cli.api.make_sweep.write_result, []

    def write_and_stop(result: object, path: Path) -> None:
        write(result, path)
        written.append(path)
        raise KeyboardInterrupt

    monkeypatch.setattr("geed_cli.api.make_sweep.write_result", write_and_stop)
    for _ in whole:
        sweep(*MODELS, *DATA, exit_code=130)
    assert len(set(written)) == len(written) == len(whole) == 9
    sweep(*MODELS, *DATA)
    assert numbers(here / "out") == whole


def started(out: Path, **streams: int) -> "subprocess.Popen[str]":
    """The same sweep in a process of its own, which takes SIGINT as one on a terminal does."""
    # a shell that starts something in the background has it ignore SIGINT, and so whatever that starts
    code = (
        "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "runpy.run_module('geed_cli', run_name='__main__')"
    )
    words = [sys.executable, "-c", code, "sweep", *MODELS, *DATA, *QUICK, "--out", out.name]
    return subprocess.Popen(words, cwd=out.parent, text=True, **streams)


def results_in(out: Path) -> set[Path]:
    """The files of cells that are there."""
    return set(out.glob("*/*.json"))


def until_there(process: "subprocess.Popen[str]", out: Path, count: int) -> None:
    """Wait until so many files of cells are there, or the process has ended."""
    while process.poll() is None and len(results_in(out)) < count:
        time.sleep(0.002)


@pytest.mark.heavy
def test_killed_at_random_points_and_resumed_gives_the_same_files(
    sweep: Callable[..., str], here: Path
) -> None:
    """``kill -9`` a moment after some file, and again, until a run is done: no part of a file is ever left."""
    sweep(*MODELS, *DATA)
    whole, out, chance = numbers(here / "out"), here / "out", random.Random(20)
    shutil.rmtree(out)
    kills = 0
    while True:
        before = results_in(out)
        process = started(out, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until_there(process, out, len(before) + chance.randint(1, 3))
        time.sleep(chance.random() * 0.05)
        process.kill()
        if process.wait() == 0:
            break
        kills += 1
        for path in results_in(out):
            read_result(path)
        assert results_in(out) >= before
    assert kills >= 3
    assert numbers(out) == whole
    assert {path.relative_to(out).as_posix() for path in results_in(out)} == set(whole)
    sweep(*MODELS, *DATA)
    assert "9 of 9 cells are in out and were not audited again" in sweep.said  # type: ignore[attr-defined]


@pytest.mark.heavy
def test_ctrl_c_keeps_the_finished_cells(sweep: Callable[..., str], here: Path) -> None:
    """SIGINT to the process: exit 130, what was finished is there and said, and the same again makes the rest alone."""
    sweep(*MODELS, *DATA)
    whole, out = numbers(here / "out"), here / "out"
    shutil.rmtree(out)
    process = started(out, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until_there(process, out, 2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    kept = results_in(out)
    assert 2 <= len(kept) < 9
    assert f"interrupted after {len(kept)} of 9 cells: the same again goes on from out" in said
    assert "Traceback" not in said
    times = {path: path.stat().st_mtime_ns for path in kept}
    sweep(*MODELS, *DATA)
    assert f"{len(kept)} of 9 cells are in out and were not audited again" in sweep.said  # type: ignore[attr-defined]
    assert {path: path.stat().st_mtime_ns for path in kept} == times
    assert numbers(out) == whole


@pytest.mark.parametrize("change", ["settings", "model", "data", "manifest"])
def test_another_recipe_is_refused_and_fresh_replaces_it(
    sweep: Callable[..., str], here: Path, change: str
) -> None:
    """Another option, weights, pictures, or nothing that says how files were made: no old file is taken for new."""
    sweep(MODELS[0], *DATA[:2])
    more: tuple[str, ...] = ()
    if change == "settings":
        more = ("--samples", "5")
    elif change == "model":
        shutil.copy(here / "a_1/last.pt", here / "a_0/last.pt")
    elif change == "data":
        shutil.copy(here / "fashion/0000.png", here / "rot/0000.png")
    else:
        (here / "out/sweep.json").unlink()
    before = (here / "out/rot/one.json").read_bytes()
    sweep(MODELS[0], *DATA[:2], *more, exit_code=2)
    said = {
        "settings": "data.samples 200, now 5",
        "model": "the files of one, or the source of rot, are others",
        "data": "the images of rot are not those",
        "manifest": "nothing says how it was made",
    }
    assert said[change] in sweep.said  # type: ignore[attr-defined]
    assert (here / "out/rot/one.json").read_bytes() == before
    sweep(MODELS[0], *DATA[:2], *more, "--fresh")
    assert (here / "out/rot/one.json").read_bytes() != before


@pytest.mark.heavy
def test_models_and_data_are_added_to_a_sweep(sweep: Callable[..., str], here: Path) -> None:
    """What is there is kept, whatever is named now."""
    sweep(MODELS[0], *DATA[:2])
    kept = (here / "out/rot/one.json").read_bytes()
    sweep(*MODELS[1:], *DATA[:4])
    sweep(*MODELS[:2], *DATA[:4])
    assert "3 of 4 cells are in out and were not audited again" in sweep.said  # type: ignore[attr-defined]
    assert (here / "out/rot/one.json").read_bytes() == kept
    sweep(MODELS[1], *DATA[:4], "--fresh")
    sweep(*MODELS[:2], *DATA[:4])
    assert "4 of 4 cells are in out and were not audited again" in sweep.said  # type: ignore[attr-defined]


def test_a_failing_cell_is_reported_and_the_others_go_on(sweep: Callable[..., str], here: Path) -> None:
    """A checkpoint of other shapes: its cells fail, in the manifest and at the end; exit 3, put right it is 0."""
    torch.save({"fc.weight": torch.zeros(2, 2)}, here / "a_1/last.pt")
    page = sweep(*MODELS, *DATA[:4], exit_code=3)
    swept = read_sweep(here / "out/sweep.json")
    assert [cell.model for cell in swept.failed] == ["two", "two"]
    assert swept.status == "partial"
    assert "2 cells failed:" in page
    assert "two on rot: " in " ".join(page.split())
    assert "two is not compared" in page
    assert sum(cell.status == "done" for cell in swept.cells) == 4
    sweep(MODELS[1], *DATA[:2], exit_code=2)
    shutil.copy(here / "a_0/last.pt", here / "a_1/last.pt")
    sweep(*MODELS, *DATA[:4])


def test_a_population_has_its_label_and_a_file_for_each_member(
    sweep: Callable[..., str], geed: Geed, here: Path
) -> None:
    """A glob is one row; ``report`` and ``compare`` read the folder."""
    page = sweep(MODELS[0], "many=a_[12]/last.pt:net.yaml", "-d", "rot")
    assert "many is a population of 2 models" in page
    files = sorted(path.name for path in (here / "out/rot/many").iterdir())
    assert files == ["a_1-last.json", "a_2-last.json"]
    for words in (
        ("compare", "out"),
        ("report", "out", "-o", "r.html"),
    ):
        done = geed(*words)
        assert done.exit_code == 0, done.stderr


def test_a_page_of_the_sweep(sweep: Callable[..., str], geed: Geed, here: Path) -> None:
    """``-o`` writes it; report makes the same of the folder, its manifest and the page; other endings are refused."""
    sweep(*MODELS[:2], *DATA[:4], "-o", "page.html")
    page = (here / "page.html").read_text()
    assert '<section id="sweep"' in page
    for named in ("out", "out/sweep.json", "page.html"):
        done = geed("report", named, "-o", "again.html")
        assert done.exit_code == 0, done.stderr
        assert (here / "again.html").read_text() == page
    assert geed_cli.load(here / "page.html") == read_sweep(here / "out/sweep.json")
    shutil.rmtree("out")
    refused = geed("sweep", *MODELS[:1], *DATA[:2], "--out", "out", "-o", "page.pdf")
    assert refused.exit_code == 2
    assert "-o page.pdf is no report page" in refused.stderr
    assert not Path("out").exists()


def test_track_reads_the_steps_of_a_sweep(sweep: Callable[..., str], geed: Geed, here: Path) -> None:
    """Checkpoints whose names have steps: a value for each, under the model's label."""
    for step in (1, 2):
        shutil.copy(here / f"a_{step}/last.pt", here / f"step_{step}.pt")
    sweep("run=step_*.pt:net.yaml", "-d", "rot")
    done = geed("track", "out", "--json", "track.json")
    assert done.exit_code == 0, done.stderr
    records = json.loads((here / "track.json").read_text())["records"]
    assert [(record["label"], record["step"]) for record in records] == [("run", 1), ("run", 2)]


@pytest.mark.heavy
def test_a_file_says_the_same_and_its_resolved_form_is_the_same_sweep(
    geed: Geed, here: Path, sweep: Callable[..., str]
) -> None:
    """Models, data and options in YAML; the form beside the results, run again, audits nothing."""
    (here / "s.yaml").write_text(
        "models: {one: 'a_0/last.pt:net.yaml', many: 'a_[12]/last.pt:net.yaml'}\ndata: {rot: rot}\nout: filed\n"
        "group: c4\nmetric: [latent.l2]\nfloor: 0\nci: corrected-t\nno-cache: true\n"
    )
    done = geed("sweep", "s.yaml")
    assert done.exit_code == 0, done.stderr
    again = geed("sweep", "filed/sweep.yaml")
    assert again.exit_code == 0, again.stderr
    assert "3 of 3 cells are in filed and were not audited again" in again.stderr
    assert again.stdout == done.stdout
    sweep("one=a_0/last.pt:net.yaml", "many=a_[12]/last.pt:net.yaml", "-d", "rot", "-g", "c4")
    assert numbers(here / "out") == numbers(here / "filed")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("modles: {a: b}", "did you mean models or"),
        ("models: {a: b}\nsample: 5", "did you mean samples or"),
        ("models: {a: b}\nsamples: 0", "'samples' is 0"),
        ("models: {a: b}\nci: boca", "did you mean bca"),
        ("models: {a: b}\nallow-code: true", "--allow-code in a file"),
        ("models: {}", "'models'"),
    ],
)
def test_a_file_with_a_mistake_is_refused(geed: Geed, here: Path, text: str, said: str) -> None:
    (here / "s.yaml").write_text(text)
    done = geed("sweep", "s.yaml", "--out", "out")
    assert done.exit_code == 2
    assert said in done.stderr
    assert "s.yaml" in done.stderr
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("one=a_0/last.pt:net.yaml", "One=a_1/last.pt:net.yaml"), "two labels of model"),
        (("a_*/last.pt:net.yaml",), "without a label"),
        (("x=b_*/last.pt:net.yaml",), "no file matches b_*/last.pt"),
        (("x=gone.pt:net.yaml",), "there is no file gone.pt"),
        ((MODELS[0], "-d", "a=rot", "-d", "a=fashion"), "two labels of data"),
        ((MODELS[0], "-d", "nowhere"), "nowhere"),
        ((MODELS[0], "-g", "c44x"), "c44x"),
    ],
)
def test_what_cannot_be_a_sweep_is_refused_before_any_audit(
    sweep: Callable[..., str], here: Path, words: tuple[str, ...], said: str
) -> None:
    sweep(*words, exit_code=2)
    assert said in sweep.said  # type: ignore[attr-defined]
    assert not (here / "out").exists()


def test_a_data_set_of_several_has_to_be_named(sweep: Callable[..., str], geed: Geed) -> None:
    """The refusal's way out is the command that works."""
    sweep(*MODELS[:2], *DATA[:4])
    done = geed("compare", "out")
    assert done.exit_code == 2
    assert "try:      out/:rot" in done.stderr
    assert geed("compare", "out/:rot").exit_code == 0
    assert "did you mean rot?" in geed("compare", "out/:rto").stderr


def test_python_makes_the_same_sweep(sweep: Callable[..., str]) -> None:
    """``geed.sweep``: the cells of the command, found again, and shown as its table."""
    options = geed_cli.AuditOptions(
        metrics=("latent.l2",),
        interval=geed_cli.IntervalOptions(method="corrected-t"),
        controls=geed_cli.ControlOptions(probes=0),
    )
    page = sweep("one=a_0/last.pt:net.yaml", "-d", "rot=rot")
    made = geed_cli.sweep({"one": "a_0/last.pt:net.yaml"}, {"rot": "rot"}, out="out", options=options)
    assert isinstance(made, Sweep)
    assert made.table().splitlines()[0] == page.splitlines()[0]
    assert made.to_records()[0]["model"] == "one"
    with pytest.raises(InputError, match="in the place of models"):
        geed_cli.sweep(torch.nn.Identity(), out="out")  # type: ignore[arg-type]


@pytest.mark.heavy
def test_a_sweep_is_drawn_from_its_run_and_from_its_folder(
    sweep: Callable[..., str], geed: Geed, here: Path
) -> None:
    """The same page and the same bytes, where neither models nor pictures are there any more; and other measures."""
    (here / "net.yaml").write_text(SPEC.replace("[layer2]", "[layer1, layer2]"))
    page = sweep(*MODELS[:2], *DATA[:4], "--metric", "channelwise.cosine", "--figure", "run.svg")
    made = read_sweep(here / "out/sweep.json")
    places = [(v.data, v.model, v.metric, v.layer) for v in made.values]
    assert len(places) == len(set(places)) == 2 * 2 * 3
    for value in made.values:
        result = read_result(here / "out" / value.data / f"{value.model}.json")
        assert value.value == pytest.approx(result[value.metric, value.group, value.layer].value)
    assert "flip · channelwise.cosine at layer2" in page
    assert "other layers are shown by -v" in page
    for gone in ("net.yaml", "rot", "fashion", "a_0", "a_1"):
        shutil.rmtree(here / gone) if (here / gone).is_dir() else (here / gone).unlink()
    again = geed("sweep", "out", "--figure", "again.svg")
    assert (again.exit_code, again.stdout) == (0, page), again.stderr
    assert (here / "again.svg").read_bytes() == (here / "run.svg").read_bytes()
    drawn = text_of((here / "run.svg").read_bytes())
    for part in ("latent.l2", "channelwise.cosine", "under flip on rot", "layer1", "one", "two", "fashion"):
        assert part in drawn
    one = geed("sweep", "out", "--metric", "latent.l2", "--figure", "one.pdf", "-v")
    assert one.exit_code == 0, one.stderr
    assert "channelwise" not in one.stdout
    assert "caption: Values of latent.l2 under flip on rot and fashion." in one.stderr
    assert "flip · channelwise.cosine at layer1" in geed("sweep", "out", "-v").stdout
    figure = made.plot("channelwise.cosine", share_y=True)
    assert "latent.l2" not in text_of(figure.svg.encode())


FINISHED = (
    (["-d", "rot"], "--data cannot act on a finished sweep"),
    (["--out", "other"], "--out cannot act on a finished sweep"),
    (["--fresh"], "--fresh cannot act on a finished sweep"),
    (["-g", "c4"], "--group cannot act on a finished sweep"),
    (["--metric", "softmax.k"], "there is no metric"),
    (["--figure", "f.gif"], "a figure f.gif of no known kind"),
    (["--figure", "out/sweep.json.svg/f.svg"], "cannot write"),
    (["--share-y"], "--share-y without --figure"),
    (["--metric", "softmax.kl"], "no result in out has a value of softmax.kl"),
    (["--metric", "latent.l2", "--metric", "softmax.kl"], "no result in out has a value of softmax.kl"),
)


def test_what_a_finished_sweep_cannot_do_is_refused(
    sweep: Callable[..., str], geed: Geed, here: Path
) -> None:
    """With exit code 2, and nothing in the folder changes; a measure is audited by the command of the refusal."""
    sweep(MODELS[0], *DATA[:2])
    before = {path: path.read_bytes() for path in (here / "out").rglob("*.json")}
    for words, said in FINISHED:
        done = geed("sweep", "out", *words)
        assert (done.exit_code, done.stdout) == (2, ""), done.stderr
        assert said in done.stderr
    whole = geed("sweep", "out/:rot")
    assert whole.exit_code == 2
    assert "try:      geed sweep out\n" in whole.stderr
    manifest = json.loads((here / "out/sweep.json").read_text())
    (here / "odd").mkdir()
    (here / "odd/sweep.json").write_text(json.dumps(manifest | {"settings": {}}))
    assert geed("sweep", "odd").exit_code == 0
    odd = geed("sweep", "odd", "--metric", "latent.l2")
    assert (odd.exit_code, odd.stdout) == (2, "")
    assert "does not say how intervals are made" in odd.stderr
    assert before == {path: path.read_bytes() for path in (here / "out").rglob("*.json")}
    command = re.search(r"try: +geed (.*), which audits all cells anew", done.stderr)
    assert command is not None
    again = geed(*command[1].split())
    assert again.exit_code == 0, again.stderr
    assert "softmax.kl" in again.stdout
