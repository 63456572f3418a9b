"""Records of a track that come from saved results and saved tracks."""

import re
from collections.abc import Callable
from pathlib import Path

from geed_cli.result.schema import Result
from geed_cli.tracking.inputs import Input
from geed_cli.tracking.record import Record, Track
from geed_cli.tracking.steps import Step, glued_step, no_step, step_by_pattern, step_in_name
from geed_cli.tracking.track_file import read_saved


def saved_records(one: Input, pattern: re.Pattern[str] | None) -> tuple[Record, ...]:
    """The record of a saved result, or all records of a saved track, whose steps are known already.

    Raises:
        InputError: the file is neither, or a result's step is nowhere stated.
    """
    found = read_saved(one.path)
    if isinstance(found, Track):
        # audited under that track's recipe, which need not be this one's: never reused for a checkpoint
        taken = {"source": "result"}
        return tuple(
            record.model_copy(update=taken | {"label": one.label or record.label}) for record in found.records
        )
    step = step_by_pattern(one.path, pattern) if pattern else _step(one.path, found)
    record = Record(
        label=one.label or found.model.arch,
        step=step.number,
        step_from=step.origin,
        unit=step.unit,
        file=str(one.path),
        source="result",
        result=found,
    )
    return (record,)


def _step(path: Path, result: Result) -> Step:
    """From the result's own name, else from that of the checkpoint it was made from; a sure place goes first."""
    weights = result.model.weights
    names = [path] + ([Path(weights.detail)] if weights.origin == "file" else [])
    ways: tuple[Callable[[Path], Step | None], ...] = (step_in_name, glued_step)
    found = [step for way in ways for name in names if (step := way(name)) is not None]
    if not found:
        raise no_step(path)
    return next((step for step in found if step.sure), found[0])
