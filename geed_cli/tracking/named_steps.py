"""Steps of saved tracks as other commands name them: ``FILE@STEP``, of one run among several ``FILE:RUN@STEP``.

STEP is ``first``, ``last`` or a number; FILE is a track, its page, or a glob of either. What exists as a file is a
file, whatever signs its name has.
"""

import glob
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geed_cli.choices import PAGE_SUFFIXES
from geed_cli.documents.document import printable, unicode_text
from geed_cli.errors import InputError, meant, no_such_file
from geed_cli.phrases import shell_joined, some
from geed_cli.result.schema import Result
from geed_cli.tracking.columns import labels_of
from geed_cli.tracking.inputs import natural
from geed_cli.tracking.record import Record, Track
from geed_cli.tracking.track_file import read_saved

FIRST, LAST = "first", "last"
MOST_STEPS = 3
"""Steps that a refusal names, the nearest first."""
_NAMED = re.compile(
    rf"(?P<files>.+(?:\.json|(?i:{'|'.join(map(re.escape, PAGE_SUFFIXES))})))(?::(?P<run>.+))?@(?P<step>[^@/\\]*)"
)


@dataclass(frozen=True)
class StepOfRun:
    """The results of one run at one step.

    Attributes:
        label: ``track@200``; of several runs in one file ``cnn@200``.
        word: what names it alone: ``track.json@200``, ``track.json:cnn@200``.
        file: the track.
        results: by the names of their checkpoints, behind the track's.
    """

    label: str
    word: str
    file: Path
    results: dict[str, Result]


def names_step(text: str) -> bool:
    """Whether a word names a step of a track, and no file."""
    return not os.path.lexists(text) and _NAMED.fullmatch(text) is not None


def step_exists(text: str) -> bool:
    """Whether the track is there whose step a word names."""
    return names_step(text) and os.path.exists(_found(text)["files"])


def tracks_named(text: str) -> tuple[Path, ...]:
    """The files behind a word that names a step, in natural order; the word itself where it names none.

    Raises:
        InputError: no such file, or a glob without a match.
    """
    if not names_step(text):
        return (Path(text),)
    files = _found(text)["files"]
    if not glob.has_magic(files) or Path(files).exists():
        if not Path(files).exists():
            raise no_such_file(Path(files), files)
        return (Path(files),)
    paths = sorted(map(Path, glob.glob(files, recursive=True)), key=natural)
    if not paths:
        raise InputError(
            f"no file matches {files}",
            expected="a glob that matches saved tracks",
            remedy="check the pattern",
        )
    return tuple(paths)


def steps_named(text: str) -> tuple[StepOfRun, ...]:
    """What a word that names a step stands for: each run of each track at that step.

    Raises:
        InputError: no such track, run or step.
    """
    found = _found(text)
    return tuple(step for path in tracks_named(text) for step in _of_track(path, found["run"], found["step"]))


def results_named(text: str) -> dict[str, Result]:
    """The results that a word which names a step stands for, by name: one run of each track.

    Raises:
        InputError: as ``steps_named``, or a track of several runs of which none was named.
    """
    results: dict[str, Result] = {}
    for path in tracks_named(text):
        steps = _of_track(path, _found(text)["run"], _found(text)["step"])
        if len(steps) > 1:
            runs = [step.label.rpartition("@")[0] for step in steps]
            word = _found(text)["step"]
            raise InputError(
                f"{path} holds {len(runs)} runs: {some([printable(run) for run in runs])}",
                expected="one of them",
                remedy=shell_joined([f"{path}:{runs[0]}@{word}"]),
            )
        results |= steps[0].results
    return results


def _found(text: str) -> "re.Match[str]":
    """The parts of a word that names a step."""
    found = _NAMED.fullmatch(text)
    assert found is not None, "asked of what names_step says yes to"
    return found


def _of_track(path: Path, run: str | None, word: str) -> list[StepOfRun]:
    """The runs of one track at the step; only the named run where there is one."""
    track = read_saved(path)
    if not isinstance(track, Track):
        raise InputError(
            f"{path} is a saved result, which has no steps",
            expected="a track before @",
            remedy=shell_joined([str(path)]),
        )
    runs = labels_of(track)
    if run is not None and run not in runs:
        raise InputError(
            f"{path} has no run {printable(run)!r}",
            expected=f"{meant(run, runs)}one of {some([printable(each) for each in runs])}",
            remedy=shell_joined([f"{path}:{runs[0]}@{word}"]),
        )
    chosen = runs if run is None else (run,)
    return [_at(track, path, label, word, alone=len(runs) == 1) for label in chosen]


def _at(track: Track, path: Path, run: str, word: str, *, alone: bool) -> StepOfRun:
    """One run at the step."""
    steps = sorted({record.step for record in track.records if record.label == run})
    step = _step(steps, word)
    if step is None:
        raise _no_step(path, None if alone else run, word, steps)
    records = [record for record in track.records if (record.label, record.step) == (run, step)]
    for record in records:
        _require_rows(record, path)
    results = {f"{path}@{step}, {record.file}": record.result for record in records}
    label, whole = (unicode_text(path.stem), str(path)) if alone else (run, f"{path}:{run}")
    return StepOfRun(f"{label}@{step}", f"{whole}@{step}", path, results)


def _require_rows(record: Record, path: Path) -> None:
    """Refuse a result whose rows somebody has taken out: geed writes them, and what reads a step needs them."""
    values = [entry for entry in record.result.results if entry.value is not None]
    if values and all(entry.per_image is None for entry in values):
        raise InputError(
            f"step {record.step} of {path} has values without the rows of the images that they were made of",
            expected="per_image in its entries, as geed writes it",
            remedy=f"audit {printable(record.file)} again: geed track … --json FILE, or geed audit … --json FILE",
        )


def _step(steps: Sequence[int], word: str) -> int | None:
    """The step that a word means; None where the run has none such."""
    if word in (FIRST, LAST):
        return steps[0] if word == FIRST else steps[-1]
    number = int(word) if re.fullmatch(r"[0-9]{1,15}", word) else None
    return number if number in steps else None


def _no_step(path: Path, run: str | None, word: str, steps: Sequence[int]) -> InputError:
    """The refusal, with the nearest steps first; of what is no number the words that there are."""
    number = int(word) if re.fullmatch(r"[0-9]{1,15}", word) else None
    near = list(steps) if number is None else sorted(steps, key=lambda step: (abs(step - number), step))
    more = f" and {len(near) - MOST_STEPS} more" if len(near) > MOST_STEPS else ""
    which = f"{', '.join(map(str, near[:MOST_STEPS]))}{more}"
    offered = f"{FIRST}, {LAST}, or " if number is None else ""
    order = ", nearest first:" if number is not None and len(near) > 1 else ""
    named = f"{path}:{run}" if run is not None else str(path)
    return InputError(
        f"{path} has no step {printable(word)!r}" + (f" of {printable(run)}" if run is not None else ""),
        expected=f"{offered}one of its steps{order} {which}",
        remedy=shell_joined([f"{named}@{near[0]}"]),
    )
