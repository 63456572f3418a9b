"""``geed compare`` as a user runs it."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from support.command import Geed
from support.results import result_at, small_result

from geed_cli.result.file import write_result


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six saved results of one recipe, on the same images."""
    folder = tmp_path_factory.mktemp("saved")
    for seed in range(6):
        write_result(small_result(seed), folder / f"run_{seed}.json")
    return folder


def test_two_saved_results(geed: Geed, saved: Path, tmp_path: Path) -> None:
    """Table on stdout, JSON and CSV in exactly the files named, all with the same numbers."""
    targets = tmp_path / "c.json", tmp_path / "c.csv"
    done = geed(
        "compare", saved / "run_0.json", saved / "run_1.json", "--json", targets[0], "--csv", targets[1]
    )
    assert done.exit_code == 0, done.stderr
    assert "run_1 against run_0" in done.stdout
    assert "paired" in done.stdout
    content = json.loads(targets[0].read_text())
    assert content["schema"] == "geed.comparison/1"
    rows = list(csv.DictReader(io.StringIO(targets[1].read_text())))
    assert len(rows) == 2 * len(content["lines"])
    line = content["lines"][0]
    assert float(rows[1]["difference"]) == line["deltas"][0]["value"]
    assert rows[0]["verdict"] == ""


def test_populations(geed: Geed, saved: Path) -> None:
    """LABEL=GLOB: intervals over models, with the within-model uncertainty beside them."""
    done = geed("compare", f"a={saved}/run_[012].json", f"b={saved}/run_[345].json", "--metric", "latent.*")
    assert done.exit_code == 0, done.stderr
    assert "population of 3" in done.stdout
    assert "softmax" not in done.stdout
    done = geed(
        "compare", f"a={saved}/run_[012].json", f"b={saved}/run_[345].json", "--metric", "latent.*", "-v"
    )
    assert done.exit_code == 0, done.stderr
    assert "within ±" in done.stdout
    assert "over models and images (t)" in done.stdout


def test_views(geed: Geed, saved: Path, tmp_path: Path) -> None:
    """The files are the same whatever is shown; one line has the answer alone."""
    pair = ("compare", saved / "run_0.json", saved / "run_1.json")
    written = []
    for view in ((), ("-v",), ("-q",), ("--linear",)):
        targets = tmp_path / "c.json", tmp_path / "c.csv"
        done = geed(*pair, "--json", targets[0], "--csv", targets[1], *view)
        assert done.exit_code == 0, done.stderr
        written.append([target.read_text() for target in targets])
        assert ("geed=compare reference=run_0 " in done.stdout) == (view == ("-q",))
    assert all(each == written[0] for each in written)
    assert geed(*pair, "-q").stdout.count("\n") == 1
    assert geed(*pair, "-q", "--linear").exit_code == 2


def test_models_given_directly_are_audited_on_the_same_images(
    geed: Geed, pictures: Path, tmp_path: Path
) -> None:
    """Two specs: audited now, paired; the same as saving and comparing."""
    specs = []
    for name in ("one", "two"):
        spec = tmp_path / f"{name}.yaml"
        size = "{size: 32, crop_pct: 1.0, interpolation: bilinear}"
        arch = {"one": "test_resnet", "two": "resnet10t"}[name]
        spec.write_text(
            f"model: {{source: timm, name: {arch}}}\nweights: {{origin: random}}\ninput: {size}\n"
        )
        specs.append(spec)
    common = ["-d", pictures, "--metric", "latent.l2"]
    direct = geed("compare", *specs, *common, "--json", "-")
    assert direct.exit_code == 0, direct.stderr
    for spec in specs:
        assert geed("audit", spec, *common, "--json", tmp_path / f"{spec.stem}.json").exit_code == 0
    later = geed("compare", tmp_path / "one.json", tmp_path / "two.json", "--json", "-")
    mixed = geed("compare", specs[0], tmp_path / "two.json", *common, "--json", "-")
    values = [json.loads(done.stdout)["lines"][0]["deltas"][0]["value"] for done in (direct, later, mixed)]
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    assert values[0] == pytest.approx(values[2], rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run_0.json"], "one subject"),
        (["run_0.json", "run_0.json"], "two subjects are called 'run_0'"),
        (["run_0.json", "missing.json"], "there is no file missing.json"),
        (["run_0.json", "b=nothing_*.json"], "no file matches 'nothing_*.json'"),
        (["run_0.json", "run_1.json", "--json", "-", "--csv", "-"], "one of them on stdout"),
        (["run_0.json", "run_1.json", "--confidence", "2"], "confidence 2"),
        (["a=run_[012].json", "b=run_[345].json", "--confidence", "2"], "confidence 2"),
        (["run_0.json", "some_model", "--confidence", "2"], "confidence 2"),  # before a model is looked for
        (["run_0.json", "run_1.json", "--ci", "bac"], "'bac' is not one of"),
        (["run_0.json", "run_1.json", "--ci", "bounded"], "--ci bounded for latent.l2"),
        (["a=run_[01].json", "b=run_[23].json", "--simultaneous"], "--simultaneous with populations"),
    ],
)
def test_refusals(
    geed: Geed, saved: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    """Exit 2 with one message."""
    monkeypatch.chdir(saved)
    done = geed("compare", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_mismatches_are_refused_unless_allowed(geed: Geed, saved: Path, tmp_path: Path) -> None:
    """Other images: exit 2 naming it; with --allow-mismatch a table with a warning and no claims."""
    write_result(small_result(0, 23), tmp_path / "other.json")
    refused = geed("compare", saved / "run_0.json", tmp_path / "other.json")
    assert refused.exit_code == 2
    assert "they differ in images: 24 (" in refused.stderr
    shown = geed("compare", saved / "run_0.json", tmp_path / "other.json", "--allow-mismatch")
    assert shown.exit_code == 0, shown.stderr
    assert "warning: not comparable in images" in shown.stdout
    assert "Features not compared." in shown.stdout
    assert not re.search("further|nearer to", shown.stdout.partition("warning:")[0])


def test_results_of_a_method_that_is_gone_are_read(geed: Geed, tmp_path: Path) -> None:
    """``jackknife-t`` was an option once: saved results are compared, tracked and judged by what is there now."""
    for seed in (0, 1):
        result = small_result(seed)
        settings = result.settings.model_copy(update={"ci": "jackknife-t"})
        write_result(result.model_copy(update={"settings": settings}), tmp_path / f"step_{seed}.json")
    files = tmp_path / "step_0.json", tmp_path / "step_1.json"
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\nrules: [{metric: latent.l2, max: 1000}]\n")
    for command in (["compare", *files], ["track", *files], ["check", *files, "--policy", policy]):
        done = geed(*command)
        assert done.exit_code == 0, done.stderr
    refused = geed("compare", *files, "--ci", "jackknife-t")
    assert refused.exit_code == 2
    assert "corrected-t" in refused.stderr


def test_a_population_of_several_architectures(
    geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused; each way out of the message works, and what is shown anyway has a warning."""
    monkeypatch.chdir(tmp_path)
    for seed, arch in ((0, "resnet18"), (1, "resnet18"), (2, "resnet50")):
        write_result(result_at(1, seed, arch), Path(f"{arch}_{seed}.json"))
    mixed = ("compare", "all=resnet*.json", "one=resnet18_0.json")
    refused = geed(*mixed)
    assert refused.exit_code == 2
    found = "a population mixes architectures under 'all': resnet18 and resnet50"
    assert found in " ".join(refused.stderr.split())
    own = geed("compare", "a=resnet18_*.json", "b=resnet50_2.json")
    assert own.exit_code == 0, own.stderr
    shown = geed(*mixed, "--allow-mismatch")
    assert shown.exit_code == 0, shown.stderr
    warning = "warning: not comparable in architectures under 'all': resnet18 and resnet50"
    assert warning in " ".join(shown.stdout.split())


def test_runs_are_paired(geed: Geed, saved: Path, tmp_path: Path) -> None:
    """--pair-runs by the files' names, here in two folders; refused with what it does not fit."""
    for folder, seeds in (("cnn", (0, 1, 2)), ("c8", (3, 4, 5))):
        (tmp_path / folder).mkdir()
        for run, seed in enumerate(seeds):
            (tmp_path / folder / f"seed{run}.json").write_bytes((saved / f"run_{seed}.json").read_bytes())
    words = "compare", f"cnn={tmp_path}/cnn/*.json", f"c8={tmp_path}/c8/*.json", "--metric", "latent.l2"
    paired, apart = (
        json.loads(geed(*words, *more, "--json", "-").stdout) for more in (("--pair-runs", r"seed(\d)"), ())
    )
    deltas = [each["lines"][0]["deltas"][0] for each in (paired, apart)]
    assert deltas[0]["value"] == pytest.approx(deltas[1]["value"])
    assert deltas[0]["ci"] != deltas[1]["ci"]
    for bad, found in ((r"run(\d)", "does not match"), (r"(\w", "no regular expression")):
        done = geed(*words, "--pair-runs", bad)
        assert done.exit_code == 2
        assert found in done.stderr
    alone = geed("compare", saved / "run_0.json", saved / "run_1.json", "--pair-runs", r"_(\d)")
    assert alone.exit_code == 2
    assert "which is one model" in alone.stderr


@pytest.mark.heavy
def test_a_margin(geed: Geed, saved: Path) -> None:
    """On the page, in one line, line by line and in the files; refused where it is none."""
    words = "compare", saved / "run_0.json", saved / "run_2.json", "--margin", "80%"
    page = geed(*words).stdout
    assert "margin 80%: two one-sided tests, 5% (Holm)" in page
    assert "within margin" in page
    assert "Layers: 3 within the margin" in " ".join(page.split())
    assert ".claim=within-the-margin" in geed(*words, "-q").stdout
    assert "claim within margin" in geed(*words, "--linear").stdout
    assert "p, margin" in " ".join(geed(*words, "-v").stdout.split())
    rows = list(csv.DictReader(io.StringIO(geed(*words, "--csv", "-").stdout)))
    assert {row["within_margin"] for row in rows} == {"", "True", "False"}
    refused = geed(*words[:3], "--margin", "0.5")
    assert refused.exit_code == 2
    assert "in the unit of no measure" in refused.stderr


def test_the_same_file_twice(geed: Geed, saved: Path) -> None:
    """Identical, and nothing is open."""
    page = " ".join(geed("compare", saved / "run_0.json", f"again={saved / 'run_0.json'}").stdout.split())
    assert "Identical. Every row is the same as that of run_0." in page
    assert "next: nothing is open: the rows are the same" in page


def test_a_comparison_of_parts(geed: Geed, saved: Path) -> None:
    """Raw is further or nearer, M larger or smaller; the difference is that of the raw means."""
    words = [word for name in ("latent.l2.M", "latent.l2.raw") for word in ("--metric", name)]
    done = geed("compare", saved / "run_0.json", saved / "run_1.json", *words)
    assert done.exit_code == 0, done.stderr
    rows = {row.split()[0]: row for row in done.stdout.splitlines() if row.strip().startswith("latent.")}
    assert set(rows) == {"latent.l2.M", "latent.l2.raw"}
    assert rows["latent.l2.M"].rstrip().endswith("larger")
    assert rows["latent.l2.raw"].rstrip().endswith("further")
    refused = geed("audit", "efficientnet_lite0", "--metric", "latent.l2.raw")
    assert refused.exit_code == 2
