"""Where each checkpoint of a track stands in training: its step, its label, and the bytes that it is known by."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.read import read_tensors
from geed_cli.comparison.track_inputs import Input, natural
from geed_cli.comparison.track_steps import (
    WORDS,
    Step,
    glued_step,
    no_step,
    step_by_pattern,
    step_in_name,
)
from geed_cli.errors import RunError
from geed_cli.report.console import message_console

ENTRIES = ("step", "global_step", "iteration", "epoch")
"""Where training scripts keep the step in a checkpoint, in the order in which they are believed."""


@dataclass(frozen=True)
class Job:
    """A checkpoint to be placed on the track.

    Attributes:
        input: the file and its label.
        step: where it stands in training.
        sha256: of its bytes.
    """

    input: Input
    step: Step
    sha256: str


def jobs_of(inputs: Sequence[Input], pattern: re.Pattern[str] | None) -> tuple[Job, ...]:
    """Every checkpoint with its step, by label in the order given, then step, then natural order of names.

    Args:
        inputs: checkpoint files.
        pattern: of ``--step-regex``.

    Raises:
        InputError: a file whose step is nowhere stated, or whose contents cannot be trusted.
        RunError: a file that cannot be read.
    """
    labels = list(dict.fromkeys(one.label for one in inputs))

    def place(job: Job) -> tuple[object, ...]:
        return labels.index(job.input.label), job.step.number, natural(job.input.path)

    jobs = sorted((Job(one, _step(one.path, pattern), _sha256(one.path)) for one in inputs), key=place)
    _say_doubtful(jobs)
    return tuple(jobs)


def _step(path: Path, pattern: re.Pattern[str] | None) -> Step:
    if pattern is not None:
        return step_by_pattern(path, pattern)
    step = step_in_name(path) or _step_inside(path) or glued_step(path)
    if step is None:
        raise no_step(path)
    return step


def _step_inside(path: Path) -> Step | None:
    """The step that the checkpoint itself states, as a whole number or a tensor of one."""
    contents = read_tensors(path).contents
    for name in ENTRIES:
        value = contents.get(name) if isinstance(contents, Mapping) else None
        if isinstance(value, Tensor) and value.numel() == 1 and not value.is_floating_point():
            value = value.item()
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
            return Step(value, f"the checkpoint's entry {name}", WORDS[name.removeprefix("global_")])
    return None


def _sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise RunError(
            f"checkpoint file {path} cannot be read: {error.strerror or error}",
            expected="a readable checkpoint file",
            remedy="check the path and its permissions",
        ) from error


def _say_doubtful(jobs: Sequence[Job]) -> None:
    """A number that merely stands in a name may be something else, such as a part of the network's name."""
    doubtful = [job for job in jobs if not job.step.sure]
    if doubtful:
        first = doubtful[0]
        message_console().print(
            f"steps taken from {first.step.origin}, such as {first.step.number} in {first.input.path.name}; "
            "--step-regex takes them from elsewhere"
        )
