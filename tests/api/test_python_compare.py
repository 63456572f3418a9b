"""``geed_cli.compare``: the numbers of the command, of results in memory and of files, and its refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command import Geed, options_of
from support.gate import result, spread

import geed_cli as geed_in_python
from geed_cli import InputError, IntervalOptions
from geed_cli.api import compare as face
from geed_cli.api.parameters import OF_RESULTS
from geed_cli.cli.command import declared
from geed_cli.cli.run.comparing import OPTIONS_OF_COMPARISONS
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.result.file import read_result, to_strict_json, write_result
from geed_cli.result.schema import Result

KL = ("softmax.kl", "flip", None)
COSINE = ("channelwise.cosine", "flip", "layer1")


def of_run(seed: int, count: int = 40, arch: str = "net") -> Result:
    """A result of two measures, of weights of its own."""
    rows = {KL: spread(0.2 + 0.01 * seed, 0.05, count, seed), COSINE: spread(-0.8, 0.05, count, seed)}
    made = result(rows, arch)
    weights = made.model.weights.model_copy(update={"state_sha256": f"{seed:064}"})
    return made.model_copy(update={"model": made.model.model_copy(update={"weights": weights})})


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six results of one recipe over the same images."""
    folder = tmp_path_factory.mktemp("saved")
    for seed in range(6):
        write_result(of_run(seed), folder / f"run_{seed}.json")
    return folder


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        ([], {}),
        (["--metric", "softmax.kl"], {"metrics": "softmax.kl"}),
        (
            ["--metric", "channelwise.*", "--layer", "layer*"],
            {"metrics": ["channelwise.*"], "layers": "layer*"},
        ),
        (["--margin", "5%", "--margin", "softmax.kl=0.01"], {"margins": ["5%", "softmax.kl=0.01"]}),
        (
            ["--ci", "bca", "--confidence", "0.9", "--resamples", "100", "--seed", "3"],
            {"interval": IntervalOptions(0.9, 100, "bca", 3)},
        ),
        (["--cluster", r"(\d)\.png"], {"cluster": r"(\d)\.png"}),
    ],
)
def test_the_numbers_of_the_command(
    geed: Geed, saved: Path, words: list[str], parameters: dict[str, Any]
) -> None:
    """Of files by their paths and of results in memory, digit for digit."""
    files = [saved / f"run_{seed}.json" for seed in range(3)]
    told = geed("compare", *files, *words, "--json", "-")
    assert told.exit_code == 0, told.stderr
    for subjects in (
        files,
        [str(file) for file in files],
        {file.stem: read_result(file) for file in files},
        {file.stem: file for file in files},
        f"{saved}/run_[012].json",
    ):
        assert to_strict_json(geed_in_python.compare(subjects, **parameters)) == told.stdout


def test_populations(geed: Geed, saved: Path) -> None:
    """A list, a mapping by name and a glob are the same population; runs are paired by the names that there are."""
    told = geed("compare", f"a={saved}/run_[012].json", f"b={saved}/run_[345].json", "--json", "-")
    runs = {label: [of_run(seed) for seed in seeds] for label, seeds in (("a", (0, 1, 2)), ("b", (3, 4, 5)))}
    files = {"a": [saved / f"run_{seed}.json" for seed in (0, 1, 2)], "b": f"{saved}/run_[345].json"}
    for subjects in (runs, files):
        assert to_strict_json(geed_in_python.compare(subjects)) == told.stdout
    named = {
        label: {f"{label}_{number}": each for number, each in enumerate(results)}
        for label, results in runs.items()
    }
    paired = geed_in_python.compare(named, pair_runs=r"_(\d)")
    differences = [
        runs["b"][run].results[0].value - runs["a"][run].results[0].value  # type: ignore[operator]
        for run in range(3)
    ]
    assert paired.lines[0].deltas[0].value == pytest.approx(np.mean(differences), rel=1e-12)
    assert paired.lines[0].deltas[0].ci != geed_in_python.compare(named).lines[0].deltas[0].ci
    with pytest.raises(InputError, match="whose results have no names") as refused:
        geed_in_python.compare(runs, pair_runs=r"_(\d)")
    assert refused.value.__notes__ == ["  in Python: --pair-runs is pair_runs=…"]


def test_copies_count_once_and_are_said() -> None:
    """A population of three results of two sets of weights is one of two."""
    first, second = of_run(0), of_run(1)
    with pytest.warns(UserWarning, match=r"a: 3 results of 2 different weights, which count once"):
        made = geed_in_python.compare({"a": [first, first, second], "b": [of_run(2), of_run(3)]})
    assert [len(subject.models) for subject in made.subjects] == [2, 2]
    assert made == geed_in_python.compare({"a": [first, second], "b": [of_run(2), of_run(3)]})


def test_labels_of_a_list(saved: Path) -> None:
    """Names of files and of networks, and of the results in a page."""
    page = saved / "page.html"
    page.write_text(report_page(PageContents({"x": of_run(0), "y": of_run(1)})), encoding="utf-8")
    labels = [
        [subject.label for subject in geed_in_python.compare(subjects).subjects]
        for subjects in (
            [of_run(0, arch="one"), of_run(1, arch="two")],
            [of_run(0, arch="one"), saved / "run_1.json", page],
            [[of_run(0), of_run(1)], saved / "run_1.json"],
            str(page),
        )
    ]
    assert labels == [["one", "two"], ["one", "run_1", "x", "y"], ["net", "run_1"], ["x", "y"]]


@pytest.mark.parametrize(
    ("subjects", "parameters", "found"),
    [
        ([], {}, "no subject"),
        ("run_0.json", {}, "one subject"),
        ({"a": "run_0.json"}, {}, "one subject"),
        (["run_0.json", "run_0.json"], {}, "two subjects are called 'run_0'"),
        ([of_run(0), of_run(1)], {}, "two subjects are called 'net'"),
        (["run_0.json", "missing.json"], {}, "there is no file missing.json"),
        (["run_0.json", "resnet50"], {}, "'resnet50' is no saved result"),
        ({"a": "run_0.json", "b": "nothing_*.json"}, {}, "no file matches 'nothing_.*json'"),
        ({"a": "run_0.json", "b": []}, {}, "no result under 'b'"),
        (["run_0.json", []], {}, "an empty list among the subjects"),
        (["run_0.json", np.zeros(3)], {}, "an object of type ndarray in the place of a result"),
        ({"a": "run_0.json", "b": None}, {}, "an object of type NoneType in the place of a result"),
        (3, {}, "an object of type int in the place of a result"),
        ({"a": "page.html", "b": "run_1.json"}, {}, "page.html holds 2 results: x, y"),
        (["run_0.json", "run_1.json"], {"metrics": "softmax.k"}, "there is no metric 'softmax.k'"),
        (["run_0.json", "run_1.json"], {"layers": "layer2"}, "no layer of these results matches layer2"),
        (["run_0.json", "run_1.json"], {"margins": "0.1"}, "--margin 0.1 is in the unit of no measure"),
        (["run_0.json", "run_1.json"], {"pair_runs": "(a)"}, "with run_0, which is one model"),
        (["run_0.json", "run_1.json"], {"cluster": "(x"}, r"--cluster \(x"),
        (["run_0.json", "run_1.json"], {"interval": IntervalOptions(2.0)}, "confidence 2"),
    ],
)
def test_refusals(
    saved: Path, monkeypatch: pytest.MonkeyPatch, subjects: object, parameters: dict[str, Any], found: str
) -> None:
    """Each says what was found; options of the command line stand beside their names in Python."""
    monkeypatch.chdir(saved)
    Path("page.html").write_text(
        report_page(PageContents({"x": of_run(0), "y": of_run(1)})), encoding="utf-8"
    )
    with pytest.raises(InputError, match=found) as refused:
        geed_in_python.compare(subjects, **parameters)  # type: ignore[arg-type]
    for option, python in face.OPTIONS.items():
        named = option in str(refused.value).replace("\n", " ").split(" ")
        assert not named or f"{option} is {python}" in refused.value.__notes__[0]


def test_the_ways_out_run(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the refusals propose, as they print it."""
    monkeypatch.chdir(saved)
    Path("page.html").write_text(
        report_page(PageContents({"x": of_run(0), "y": of_run(1)})), encoding="utf-8"
    )
    names = {"geed": geed_in_python, "result": of_run(0), "other": of_run(1)}
    refusals: list[tuple[Any, str]] = [
        ("run_0.json", 'geed.compare({"ours": result, "theirs": other})'),
        ([of_run(0), of_run(1)], 'geed.compare({"before": result, "after": other})'),
        ({"a": "page.html", "b": "run_1.json"}, "geed.compare(['page.html'])"),
    ]
    for subjects, way in refusals:
        with pytest.raises(InputError) as refused:
            geed_in_python.compare(subjects)
        assert way in refused.value.remedy
        assert len(eval(way, names).subjects) == 2


def test_mismatches_are_refused_unless_allowed() -> None:
    """The refusal of the command, with the parameter's name; allowed, there are no claims."""
    pair = {"a": of_run(0), "b": of_run(1, count=30)}
    with pytest.raises(InputError, match="they differ in images: 40") as refused:
        geed_in_python.compare(pair)
    assert refused.value.__notes__ == ["  in Python: --allow-mismatch is allow_mismatch=True"]
    shown = geed_in_python.compare(pair, allow_mismatch=True)
    assert shown.mismatches
    assert {delta.verdict for line in shown.lines for delta in line.deltas} == {"incomparable"}
    mixed = {"a": [of_run(0), of_run(1, arch="other")], "b": of_run(2)}
    with pytest.raises(
        InputError, match="a population mixes architectures under 'a': net and other"
    ) as refused:
        geed_in_python.compare(mixed)
    assert 'LABEL=GLOB is {"label": [results]}' in refused.value.__notes__[0]
    assert geed_in_python.compare(mixed, allow_mismatch=True).subjects[0].models == ("net", "other")


def test_every_option_has_its_name_in_python() -> None:
    """Of those that act on saved results; the others are of audits, files and the terminal."""
    audits = {option.name for option in declared()} - OPTIONS_OF_COMPARISONS
    options = options_of("compare", "json", "csv", "figure", "share_y", "output", *audits)
    assert options == {name for name in face.OPTIONS if name.startswith("--")} - set(OF_RESULTS)
