"""Saved tracks: read back whole, gone on from, and what replaces what."""

from pathlib import Path

import pytest
from support.results import record_at, result_at

from geed_cli.errors import InputError
from geed_cli.result.file import write_result
from geed_cli.tracking.record import Recipe, Track
from geed_cli.tracking.resume import known_checkpoints, merged, require_same_recipe
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
    assert known_checkpoints(track_of([own, record_at(4)], RECIPE)) == {"a" * 64: own.result}


def test_what_was_not_named_again_stays() -> None:
    """Training scripts delete old checkpoints; a record goes where its file now holds other weights."""
    old = [record_at(1), record_at(2), record_at(3)]
    retrained = record_at(2, seed=1).model_copy(update={"file": old[1].file})
    moved = record_at(3).model_copy(update={"file": "elsewhere/step_3.json"})
    assert merged(old, [retrained, moved, record_at(4)]) == (old[0], retrained, moved, record_at(4))
    other_run = record_at(1, seed=1)
    assert merged(old[:1], [other_run]) == (old[0], other_run)
