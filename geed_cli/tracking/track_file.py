"""Reading and writing tracks, and the records that a track takes from saved results and other tracks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from geed_cli.documents.document import printable
from geed_cli.documents.pattern import Pattern
from geed_cli.errors import InputError
from geed_cli.result.embedded import is_page, page_file
from geed_cli.result.file import first_fault, json_text, read_strict_json, result_of, write_atomically
from geed_cli.result.schema import Result
from geed_cli.tracking.inputs import Input
from geed_cli.tracking.record import SCHEMA, Failure, Record, Track
from geed_cli.tracking.steps import Step, glued_step, no_step, step_by_pattern, step_in_name


def to_json(track: Track) -> str:
    """The track as strict JSON on one line: it holds every image's rows, and is written after every step."""
    return json_text(track)


def write_track(track: Track, path: Path) -> None:
    """Write exactly that file, whole or not at all."""
    write_atomically(to_json(track), path)


def read_track(path: Path) -> Track:
    """A saved track.

    Raises:
        InputError: missing, not JSON, another schema, or broken.
    """
    content = read_strict_json(path)
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        raise _not_a_track(path, f"its schema is {printable(str(schema), 60)}")
    return _track_in(path, content)


def read_saved(path: Path) -> Result | Track:
    """A saved result or a saved track, whichever the file is, or the page holds.

    Raises:
        InputError: neither.
    """
    content = page_file(path) if is_page(path) else read_strict_json(path)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return result_of(content, path)
    return _track_in(path, content)


def _track_in(path: Path, content: object) -> Track:
    try:
        return Track.model_validate(content)
    except ValidationError as error:
        raise _not_a_track(path, first_fault(error)) from error


@dataclass(frozen=True)
class OnTrack:
    """What comes onto a track: audits at their steps, and what could not be done at others."""

    records: tuple[Record, ...] = ()
    failures: tuple[Failure, ...] = ()

    @staticmethod
    def together(each: Iterable["OnTrack"]) -> "OnTrack":
        """All of several, in their order."""
        parts = tuple(each)
        return OnTrack(
            tuple(record for part in parts for record in part.records),
            tuple(failure for part in parts for failure in part.failures),
        )


def saved_on_track(source: Input, pattern: Pattern | None) -> OnTrack:
    """The record of a saved result, or all that a saved track has, whose steps are known already.

    Raises:
        InputError: the file is neither, or a result's step is nowhere stated.
    """
    saved = read_saved(source.path)
    if isinstance(saved, Track):
        return on_track(saved, source.label)
    step = step_by_pattern(source.path, pattern) if pattern else _step(source.path, saved)
    record = Record(
        label=source.label or saved.model.arch,
        step=step.number,
        step_from=step.origin,
        unit=step.unit,
        file=str(source.path),
        source="result",
        result=saved,
    )
    return OnTrack((record,))


def on_track(track: Track, label: str | None) -> OnTrack:
    """All that a track has, under its labels where there is no other, for another track."""
    # audited under that track's recipe, which need not be this one's: never reused for a checkpoint
    taken = {"source": "result"}
    return OnTrack(
        tuple(record.model_copy(update=taken | {"label": label or record.label}) for record in track.records),
        tuple(failure.model_copy(update={"label": label or failure.label}) for failure in track.failures),
    )


def _step(path: Path, result: Result) -> Step:
    """From the result's own name, else from that of the checkpoint it was made from; a sure place goes first."""
    weights = result.model.weights
    names = [path] + ([Path(weights.detail)] if weights.origin == "file" else [])
    ways: tuple[Callable[[Path], Step | None], ...] = (step_in_name, glued_step)
    steps = [step for way in ways for name in names if (step := way(name)) is not None]
    if not steps:
        raise no_step(path)
    return next((step for step in steps if step.sure), steps[0])


def _not_a_track(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is not a saved track: {why}",
        expected=f"a file written by `geed track … --json FILE` (schema {SCHEMA})",
        remedy="choose another file, or --fresh to replace it",
    )
