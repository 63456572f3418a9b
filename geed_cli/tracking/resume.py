"""Going on from a saved track: what of it still holds, and what new records replace.

A checkpoint is known by its bytes. A track keeps records whose files were not named again, since training scripts
delete old checkpoints; a record goes only where its file now holds something else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from geed_cli.documents.document import printable
from geed_cli.errors import InputError
from geed_cli.result.schema import Result
from geed_cli.tracking.record import IN_MEMORY, Recipe, Record, Track

OF_THE_NETWORK = frozenset({"model", "spec_sha256", "img_size"})
"""Parts of a recipe in which runs with networks of their own may differ."""
RECIPE_NAMES = {"spec_sha256": "the spec's contents", "model": "model", "groups": "--group", "metrics": "--metric",
         "layers": "--layer"}  # fmt: skip
"""How a user knows a recipe's parts; the others are called as their options are."""


def require_same_recipe(
    track: Track, recipe: Recipe | None, path: Path, own: Mapping[str, Recipe] = MappingProxyType({})
) -> None:
    """Refuse to go on with other settings than the track in the file was begun with.

    Args:
        track: what the file holds.
        recipe: of checkpoints without a network of their own; None where there is none to be audited.
        path: the file.
        own: of runs with one, by their labels.
    """
    audited = {record.label for record in track.records if record.source == "checkpoint"}
    pairs = [(track.recipe, recipe)]
    pairs += [(track.recipe_of(label), each) for label, each in own.items() if label in audited]
    for before, now in pairs:
        if differing := _differing(before, now):
            raise other_settings(path, differing)
    # runs may have networks of their own, and nothing else
    before, now = (
        next((each for each in every if each is not None), None)
        for every in ((track.recipe, *track.recipes.values()), (recipe, *own.values()))
    )
    if differing := _differing(before, now, without=OF_THE_NETWORK):
        raise other_settings(path, differing)


def two_networks(label: str, path: Path | None = None) -> InputError:
    """The refusal of one label for checkpoints of two networks."""
    where = "" if path is None else f" in {path}"
    return InputError(
        f"{printable(label)!r}{where} has checkpoints of two networks",
        expected="one network under one label",
        remedy="give each its own label: LABEL=GLOB:SPEC",
    )


def _differing(before: Recipe | None, now: Recipe | None, without: frozenset[str] = frozenset()) -> list[str]:
    """What differs between two recipes, as a user knows it; nothing where there is only one."""
    if before is None or now is None or before == now:
        return []
    old, new = (dict(each) for each in (before, now))
    return [
        f"{RECIPE_NAMES.get(name, '--' + name.replace('_', '-'))} {_shown(old[name])}, now {_shown(new[name])}"
        for name in old
        if old[name] != new[name] and name not in without
    ]


def other_settings(path: Path, differing: Sequence[str]) -> InputError:
    """The refusal to go on from a track whose checkpoints were audited in another way."""
    return InputError(
        f"{path} was made with other settings: {'; '.join(differing)}",
        expected="the settings that the track began with",
        remedy="the same settings, another --json file, or --fresh to begin again in this one",
    )


def known_checkpoints(track: Track, recipe: Recipe | None) -> Mapping[str, Result]:
    """The results that this recipe made on the track, by the sha256 of their checkpoint files."""
    return {
        record.result.model.weights.sha256: record.result
        for record in track.records
        if record.source == "checkpoint"
        and record.result.model.weights.sha256 is not None
        and track.recipe_of(record.label) == recipe
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
