"""``track.json@last``: what of a track other commands read, and what is a file all the same."""

import json
from pathlib import Path

import pytest
from support.command import Geed
from support.results import record_at, result_at
from support.ways_out import remedy_of

import geed_cli
from geed_cli.errors import InputError
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.result.file import to_strict_json, write_result
from geed_cli.tracking.named_steps import names_step
from geed_cli.tracking.track import track_of
from geed_cli.tracking.track_file import write_track

STEPS = (0, 100, 200, 900)


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run; two runs in one file; three files of one recipe; and the results behind them by themselves."""
    folder = tmp_path_factory.mktemp("tracks")
    write_track(track_of([record_at(step, step // 100 % 3) for step in STEPS], None), folder / "one.json")
    both = [record_at(0), record_at(200, 1), record_at(0, 2, "c8"), record_at(300, 1, "c8")]
    write_track(track_of(both, None), folder / "both.json")
    for seed in range(3):
        write_track(track_of([record_at(0, seed), record_at(50, seed)], None), folder / f"seed_{seed}.json")
        write_result(result_at(50, seed), folder / f"result_{seed}.json")
    for step in STEPS:
        write_result(result_at(step, step // 100 % 3), folder / f"at_{step}.json")
    return folder


@pytest.mark.parametrize(("word", "step"), [("first", 0), ("100", 100), ("last", 900), ("00200", 200)])
def test_a_step_is_the_result_that_it_was_made_of(geed: Geed, tracks: Path, word: str, step: int) -> None:
    """Every number of the comparison, on the command line and in Python, is that of the saved results."""
    one = tracks / "one.json"
    told = geed("compare", f"a={one}@{word}", f"b={one}@200", "--json", "-")
    files = geed("compare", f"a={tracks}/at_{step}.json", f"b={tracks}/at_200.json", "--json", "-")
    assert (told.exit_code, told.stdout) == (0, files.stdout), told.stderr
    made = geed_cli.compare({"a": f"{one}@{word}", "b": Path(f"{one}@200")})
    assert to_strict_json(made) == files.stdout


def test_steps_are_called_by_their_track_or_their_run(geed: Geed, tracks: Path) -> None:
    """Without a label ``last`` has the number of its step; of several runs in one file each is a subject."""
    labels = {
        ("one.json@0", "one.json@last"): ["one@0", "one@900"],
        ("both.json@last",): ["cnn@200", "c8@300"],
        ("both.json:c8@0", "both.json:cnn@first"): ["c8@0", "cnn@0"],
    }
    for words, called in labels.items():
        told = geed("compare", *(tracks / word for word in words), "--json", "-")
        assert told.exit_code == 0, told.stderr
        assert [subject["label"] for subject in json.loads(told.stdout)["subjects"]] == called
        made = geed_cli.compare([str(tracks / word) for word in words])
        assert [subject.label for subject in made.subjects] == called


def test_several_tracks_of_one_label_are_a_population(geed: Geed, tracks: Path) -> None:
    """As the results behind them are; runs are found in the names of the tracks."""
    words = f"a={tracks}/seed_*.json@0", f"b={tracks}/seed_*.json@last"
    told = geed("compare", *words, "--json", "-")
    files = geed("compare", f"a={tracks}/result_*.json", f"b={tracks}/result_*.json", "--json", "-")
    assert told.exit_code == 0, told.stderr
    assert json.loads(told.stdout)["lines"] == json.loads(files.stdout)["lines"]
    assert [len(subject["models"]) for subject in json.loads(told.stdout)["subjects"]] == [3, 3]
    paired = geed("compare", *words, "--pair-runs", r"seed_(\d)", "-q")
    assert paired.exit_code == 0, paired.stderr
    listed = geed_cli.compare(
        {side: [f"{tracks}/seed_{n}.json@{side}" for n in range(3)] for side in ("first", "last")}
    )
    assert [len(subject.models) for subject in listed.subjects] == [3, 3]


def test_a_population_in_one_track(geed: Geed, tmp_path: Path) -> None:
    """The files of one label and step stand for themselves in check, and together in compare."""
    write_track(track_of([record_at(7, seed) for seed in range(3)], None), tmp_path / "t.json")
    told = geed("compare", f"a={tmp_path}/t.json@7", f"b={tmp_path}/t.json@7", "--json", "-")
    assert [len(subject["models"]) for subject in json.loads(told.stdout)["subjects"]] == [3, 3]
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 2\nrequire: {min_images: 10}\nrules:\n- {metric: latent.l2, group: flip, max: 9}\n"
    )
    judged = geed("check", tmp_path / "t.json@7", "--policy", policy, "-o", tmp_path / "gate.json")
    assert judged.exit_code == 0, judged.stdout
    report = geed_cli.check(f"{tmp_path}/t.json@7", policy)
    assert (tmp_path / "gate.json").read_text() == to_strict_json(report)
    assert len({outcome.model for outcome in report.outcomes}) == 3
    assert all(f"run{seed}/step_7.json" in judged.stdout for seed in range(3))
    with pytest.raises(InputError, match="stands for 3 results"):
        geed_cli.plan(f"{tmp_path}/t.json@7", width=0.1)


def test_gates_plans_and_pages_of_a_step(geed: Geed, tracks: Path, tmp_path: Path) -> None:
    """The same words as of the saved result."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 2\nrequire: {min_images: 10}\n"
        "baseline: {rules: [{id: worse, metric: latent.l2, group: flip, max_increase: 9}]}\n"
    )
    judged = geed("check", tracks / "one.json@last", "--policy", policy, "--baseline", tracks / "one.json@0")
    assert judged.exit_code == 0, judged.stdout
    report = geed_cli.check(f"{tracks}/one.json@last", policy, baseline=f"{tracks}/one.json@0")
    assert report.verdict == "pass"
    planned = geed("plan", tracks / "one.json@100", "--width", "0.1", "--json", "-")
    assert planned.stdout == geed("plan", tracks / "at_100.json", "--width", "0.1", "--json", "-").stdout
    page = geed("report", f"before={tracks}/one.json@0", tracks / "one.json@900", "-o", tmp_path / "p.html")
    assert page.exit_code == 0, page.stderr
    assert list(geed_cli.load(tmp_path / "p.html")) == ["before", "one@900"]


def test_a_page_of_a_track_has_steps_too(geed: Geed, tracks: Path, tmp_path: Path) -> None:
    """The track inside it is read."""
    track = geed_cli.load(tracks / "one.json")
    (tmp_path / "t.html").write_text(report_page(PageContents(track=track)))
    told = geed("compare", f"a={tmp_path}/t.html@0", f"b={tmp_path}/t.html@last", "--json", "-")
    files = geed("compare", f"a={tracks}/one.json@0", f"b={tracks}/one.json@last", "--json", "-")
    assert (told.exit_code, told.stdout) == (0, files.stdout), told.stderr


def test_files_with_such_names_stay_files(geed: Geed, tmp_path: Path) -> None:
    """A file is a file, whatever signs its name has; so are models of a hub at a revision no steps."""
    for name in ("odd@3.json", "odd.json@3", "lr=1@last.json"):
        write_result(result_at(3), tmp_path / name)
    told = geed("compare", tmp_path / "odd@3.json", f"b={tmp_path}/odd.json@3", tmp_path / "lr=1@last.json")
    assert told.exit_code == 0, told.stderr
    (tmp_path / "lr=1").mkdir()
    write_track(track_of([record_at(3)], None), tmp_path / "lr=1" / "t@2.json")
    told = geed("compare", tmp_path / "odd@3.json", tmp_path / "lr=1" / "t@2.json@last", "-q")
    assert told.exit_code == 0, told.stderr
    assert not any(map(names_step, ("hf-hub:timm/x@1.json", "a@b/x.json", "x.json", "x.pt@3", "x@3.json")))


@pytest.mark.parametrize(
    ("word", "found", "expected", "way"),
    [
        (
            "one.json@210",
            "has no step '210'",
            "one of its steps, nearest first: 200, 100, 0 and 1 more",
            "one.json@200",
        ),
        ("one.json@lst", "has no step 'lst'", "expected: first, last, or one of its steps", "one.json@0"),
        ("one.json@", "has no step ''", "first, last, or one of its steps 0, 100", "one.json@0"),
        (
            "both.json@200",
            "has no step '200' of c8",
            "one of its steps, nearest first: 300, 0",
            "both.json:c8@300",
        ),
        ("both.json:c9@0", "has no run 'c9'", "did you mean c8?", "both.json:cnn@0"),
        ("x=both.json@0", "holds 2 runs: cnn, c8", "one of them", "both.json:cnn@0"),
        ("at_0.json@3", "is a saved result, which has no steps", "a track before @", "at_0.json"),
        ("one.json", "is a saved track, and no result", "FILE@last", "one.json@last"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    geed: Geed, tracks: Path, monkeypatch: pytest.MonkeyPatch, word: str, found: str, expected: str, way: str
) -> None:
    """With the nearest steps, and a word that works in its place; Python says the same."""
    monkeypatch.chdir(tracks)
    told = geed("compare", word, "at_100.json")
    assert told.exit_code == 2
    said = " ".join(told.stderr.split())
    assert found in said
    assert expected in said
    assert remedy_of(told) == way
    again = geed("compare", f"x={way}", "at_100.json")
    assert again.exit_code == 0, again.stderr
    subjects = {"x": word.removeprefix("x=")} if "=" in word or word == "one.json" else [word]
    with pytest.raises(InputError, match=found.replace("'", ".")):
        geed_cli.compare(subjects if isinstance(subjects, dict) else [*subjects, "at_100.json"])


def test_missing_tracks_and_outputs_over_them(
    geed: Geed, tracks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A track that is not there has its neighbours named; one that is read is not written over."""
    monkeypatch.chdir(tracks)
    assert "nearest are one.json" in geed("compare", "onee.json@0", "at_0.json").stderr
    assert "no file matches" in geed("compare", "nothing_*.json@0", "at_0.json").stderr
    policy = tracks / "p.yaml"
    policy.write_text(
        "version: 2\nrequire: {min_images: 10}\nrules:\n- {metric: latent.l2, group: flip, max: 9}\n"
    )
    for words in (
        ("compare", "a=one.json@0", "b=one.json@last", "--json", "one.json"),
        ("check", "one.json@0", "--policy", policy, "-o", "one.json"),
        ("plan", "one.json@0", "--width", "0.1", "--json", "one.json"),
    ):
        told = geed(*words)
        assert told.exit_code == 2, told.stdout
        assert "one.json" in told.stderr
    assert len(geed_cli.load("one.json").records) == len(STEPS)  # type: ignore[union-attr, arg-type]
    double = geed("compare", "one.json@900", "one.json@last")
    assert "two subjects are called 'one@900'" in double.stderr
    assert remedy_of(double) == "geed compare before=one.json@900 after=one.json@900"
    assert geed(*remedy_of(double).split()[1:]).exit_code == 0


def test_steps_without_rows_are_refused(geed: Geed, tmp_path: Path) -> None:
    """A track from which somebody took the rows has nothing to compare, and says what would have."""
    record = record_at(3)
    bare = tuple(entry.model_copy(update={"per_image": None}) for entry in record.result.results)
    record = record.model_copy(update={"result": record.result.model_copy(update={"results": bare})})
    write_track(track_of([record, record_at(5, 1)], None), tmp_path / "t.json")
    told = geed("compare", f"{tmp_path}/t.json@3", f"{tmp_path}/t.json@5")
    assert told.exit_code == 2
    assert "step 3 of" in told.stderr
    assert "without the rows" in " ".join(told.stderr.split())
    assert "audit run0/step_3.json again" in " ".join(told.stderr.split())
