"""Going on from a saved track: what of it still holds, and what new records replace.

A checkpoint is known by its bytes. A track keeps records whose files were not named again, since training scripts
delete old checkpoints; a record goes only where its file now holds something else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from geed_cli.errors import InputError
from geed_cli.result.schema import Result
from geed_cli.tracking.record import IN_MEMORY, Recipe, Record, Track

RECIPE_NAMES = {"spec_sha256": "the spec's contents", "model": "model", "groups": "--group", "metrics": "--metric",
         "layers": "--layer"}  # fmt: skip
"""How a user knows a recipe's parts; the others are called as their options are."""


def require_same_recipe(track: Track, recipe: Recipe | None, path: Path) -> None:
    """Refuse to go on with other settings than the track in the file was begun with.

    The recipe is None where no checkpoint is to be audited.
    """
    if track.recipe is None or recipe is None or track.recipe == recipe:
        return
    before, now = track.recipe.model_dump(), recipe.model_dump()
    raise other_settings(
        path,
        [
            f"{RECIPE_NAMES.get(name, '--' + name.replace('_', '-'))} {_shown(before[name])}, now {_shown(now[name])}"
            for name in before
            if before[name] != now[name]
        ],
    )


def other_settings(path: Path, differing: Sequence[str]) -> InputError:
    """The refusal to go on from a track whose checkpoints were audited in another way."""
    return InputError(
        f"{path} was made with other settings: {'; '.join(differing)}",
        expected="the settings that the track began with",
        remedy="the same settings, another --json file, or --fresh to begin again in this one",
    )


def known_checkpoints(track: Track) -> Mapping[str, Result]:
    """The results that this track's recipe made, by the sha256 of their checkpoint files."""
    return {
        record.result.model.weights.sha256: record.result
        for record in track.records
        if record.source == "checkpoint" and record.result.model.weights.sha256 is not None
    }


def merged(old: Sequence[Record], new: Sequence[Record]) -> tuple[Record, ...]:
    """The new records, and the old ones that none of them replaces.

    A record is replaced by one of the same file, or of the same weights at its step, under its label.
    """
    files = {_file(record) for record in new}
    places = {_place(record) for record in new}
    kept = [record for record in old if _file(record) not in files and _place(record) not in places]
    return (*kept, *new)


def _file(record: Record) -> tuple[str, str]:
    named = record.file.startswith(IN_MEMORY)
    return record.label, record.file if named else str(Path(record.file).absolute())


def _place(record: Record) -> tuple[str, int, str]:
    return record.label, record.step, record.result.model.weights.state_sha256


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
