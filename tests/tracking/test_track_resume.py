"""Saved tracks: read back whole, gone on from, written by several at once, and what replaces what."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from filelock import FileLock
from support.results import record_at, result_at

from geed_cli.errors import InputError, RunError
from geed_cli.result.file import write_result
from geed_cli.tracking.record import Recipe, Track
from geed_cli.tracking.resume import known_checkpoints, merged, require_same_recipe
from geed_cli.tracking.shared_file import SharedTrack
from geed_cli.tracking.track import track_of
from geed_cli.tracking.track_file import read_saved, read_track, write_track

RECIPE = Recipe(
    model="arch resnet18", spec_sha256=None, img_size=None, groups=("flip",), boundary="disc",
    interpolation="bilinear", metrics=(), layers=(), samples=200, norm_samples=None, on_bad_image="error",
    draw_seed=0, seed=0, confidence=0.95, resamples=2000, ci="corrected-t", precision="fp32",
)  # fmt: skip


def test_a_track_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Strict JSON, all results in it; nothing else is needed to go on or to draw."""
    track = track_of([record_at(3), record_at(8, 1)], RECIPE, complete=False)
    write_track(track, tmp_path / "t.json")
    assert read_track(tmp_path / "t.json") == track
    assert read_saved(tmp_path / "t.json") == track
    assert "NaN" not in (tmp_path / "t.json").read_text()


def test_a_result_is_no_track(tmp_path: Path) -> None:
    """Both are read where either may stand; a file that is neither says so."""
    write_result(result_at(3), tmp_path / "r.json")
    assert read_saved(tmp_path / "r.json") == result_at(3)
    with pytest.raises(InputError, match="is not a saved track"):
        read_track(tmp_path / "r.json")
    (tmp_path / "x.json").write_text('{"schema": "geed.track/1", "rows": [], "more": 1}')
    with pytest.raises(InputError, match="is not a saved track"):
        read_saved(tmp_path / "x.json")
    (tmp_path / "y.json").write_text("nonsense")
    with pytest.raises(InputError, match="is not a saved result"):
        read_saved(tmp_path / "y.json")


def test_other_settings_are_named() -> None:
    """Every one of them, by its option; saved results alone have no settings to differ in."""
    track = Track.model_validate(track_of([record_at(3)], RECIPE).model_dump(by_alias=True))
    require_same_recipe(track, RECIPE, Path("t.json"))
    require_same_recipe(track, None, Path("t.json"))
    other = RECIPE.model_copy(update={"groups": ("flip", "c4"), "norm_samples": 50})
    with pytest.raises(InputError, match=r"--group flip, now flip, c4; --norm-samples none, now 50"):
        require_same_recipe(track, other, Path("t.json"))


def test_only_audits_of_its_own_recipe_are_reused() -> None:
    """A saved result of the same weights may have been made with other layers."""
    record = record_at(3)
    weights = record.result.model.weights.model_copy(update={"sha256": "a" * 64})
    model = record.result.model.model_copy(update={"weights": weights})
    own = record.model_copy(
        update={"source": "checkpoint", "result": record.result.model_copy(update={"model": model})}
    )
    assert known_checkpoints(track_of([own, record_at(4)], RECIPE), RECIPE) == {"a" * 64: own.result}


def test_what_was_not_named_again_stays() -> None:
    """Training scripts delete old checkpoints; a record goes where its file now holds other weights."""
    old = [record_at(1), record_at(2), record_at(3)]
    retrained = record_at(2, seed=1).model_copy(update={"file": old[1].file})
    moved = record_at(3).model_copy(update={"file": "elsewhere/step_3.json"})
    assert merged(old, [retrained, moved, record_at(4)]) == (old[0], retrained, moved, record_at(4))
    other_run = record_at(1, seed=1)
    assert merged(old[:1], [other_run]) == (old[0], other_run)


def shared(path: Path, *, fresh: bool = False) -> SharedTrack:
    """The file as one of several runs has it, all with one recipe."""
    return SharedTrack(path, lambda track: require_same_recipe(track, RECIPE, path), fresh=fresh)


@pytest.mark.heavy
def test_runs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """Four runs of five steps each: after every write of any run, all that was written before is there."""
    path = tmp_path / "t.json"
    write_track(track_of([record_at(1000)], RECIPE), path)
    start = Barrier(4)

    def run(number: int) -> None:
        file = shared(path)
        assert file.read() is not None
        start.wait()
        for done in range(1, 6):
            records = [record_at(10 * step + number) for step in range(done)]
            track = file.add(records, RECIPE, complete=done == 5)
            assert {record.step for record in records} <= {record.step for record in track.records}

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    steps = sorted(record.step for record in read_track(path).records)
    assert steps == [*sorted(10 * step + number for step in range(5) for number in range(4)), 1000]


@pytest.mark.heavy
def test_commands_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """Two processes with a saved result each."""
    for step in (3, 8):
        write_result(result_at(step), tmp_path / f"step_{step}.json")
    track = [sys.executable, "-m", "geed_cli", "track", "--json", "t.json"]
    runs = [
        subprocess.Popen([*track, f"step_{step}.json"], cwd=tmp_path, stdout=subprocess.DEVNULL)
        for step in (3, 8)
    ]
    assert [run.wait() for run in runs] == [0, 0]
    assert [record.step for record in read_track(tmp_path / "t.json").records] == [3, 8]


def test_another_run_with_other_settings(tmp_path: Path) -> None:
    """It has begun the file since: nothing is mixed, and nothing of it is lost."""
    path = tmp_path / "t.json"
    mine = shared(path)
    assert mine.read() is None
    write_track(track_of([record_at(3)], RECIPE.model_copy(update={"seed": 1})), path)
    with pytest.raises(InputError, match="--seed 1, now 0"):
        mine.add([record_at(8)], RECIPE, complete=False)
    assert [record.step for record in read_track(path).records] == [3]


def test_a_fresh_run_and_another(tmp_path: Path) -> None:
    """What is there goes with the first write, what another run adds after that stays."""
    path = tmp_path / "t.json"
    write_track(track_of([record_at(1)], RECIPE), path)
    mine, other = shared(path, fresh=True), shared(path)
    assert mine.read() is None
    mine.add([record_at(3)], RECIPE, complete=False)
    other.add([record_at(5)], RECIPE, complete=False)
    track = mine.add([record_at(3), record_at(8)], RECIPE, complete=True)
    assert [record.step for record in track.records] == [3, 5, 8]
    assert json.loads(path.read_text())["status"] == "complete"


def test_a_lock_that_is_not_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends with a message, and the file is as it was."""
    monkeypatch.setattr("geed_cli.tracking.shared_file.PATIENCE_S", 0.05)
    path = tmp_path / "t.json"
    with (
        FileLock(tmp_path / ".t.json.lock"),
        pytest.raises(RunError, match="could not be locked: another run has had it"),
    ):
        shared(path).add([record_at(8)], RECIPE, complete=False)
    assert not path.exists()
