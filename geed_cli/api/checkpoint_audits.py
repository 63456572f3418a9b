"""The checkpoints of a track: where each stands in training, which are known already, and audits of the others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from geed_cli.api.checkpoint_recipe import Audits, CheckpointAudit, Unaudited
from geed_cli.api.named_results import Say
from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.read import read_tensors
from geed_cli.documents.document import unicode_text
from geed_cli.documents.pattern import Pattern
from geed_cli.engine.steady.finding import UnsteadyError
from geed_cli.errors import GeedError, InputError, RunError
from geed_cli.images.memory.prepared import prepared_images
from geed_cli.pipeline import audit as pipeline
from geed_cli.pipeline.draw import holds_same_draw, require_enough
from geed_cli.pipeline.planning import plan_groups
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.schema import Result
from geed_cli.tracking.inputs import Input, natural
from geed_cli.tracking.record import Record
from geed_cli.tracking.steps import (
    UNIT_WORDS,
    Step,
    glued_step,
    no_step,
    step_by_pattern,
    step_in_name,
)

if TYPE_CHECKING:
    from geed_cli.api.checkpoint_recipe import Loaded

Stamp = tuple[int, int]
"""Size of a file, and when it was last written."""
STEP_ENTRIES = ("step", "global_step", "iteration", "epoch")
"""Where training scripts keep the step in a checkpoint, in the order in which they are believed."""


@dataclass(frozen=True)
class Job:
    """A checkpoint to be placed on the track, and the hash of its bytes."""

    input: Input
    step: Step
    sha256: str
    stamp: Stamp


Elsewhere = Callable[[Sequence[Job], TerminalProgress], Iterator[tuple[Job, Result | Unaudited]]]
"""Audits of checkpoints by other processes: each with its job as soon as it ends."""


def jobs_of(
    inputs: Sequence[Input], pattern: Pattern | None, say: Say
) -> tuple[tuple[Job, ...], list[Unaudited]]:
    """Every checkpoint with its step, by label in the order given, then step, then natural order of names.

    Returns:
        these, and the files that cannot be read.

    Raises:
        InputError: a file whose step is nowhere stated.
    """
    labels = list(dict.fromkeys(source.label for source in inputs))

    def place(job: Job) -> tuple[object, ...]:
        return labels.index(job.input.label), job.step.number, natural(job.input.path)

    found = [_job(source, pattern) for source in inputs]
    jobs = sorted((each for each in found if isinstance(each, Job)), key=place)
    _say_doubtful(jobs, say)
    return tuple(jobs), [each for each in found if isinstance(each, Unaudited)]


def _job(source: Input, pattern: Pattern | None) -> Job | Unaudited:
    """A file's place on the track, or why it cannot be read."""
    path = source.path
    try:
        stamp = _stamp(path)
        step = step_by_pattern(path, pattern) if pattern is not None else step_in_name(path)
        contents = read_tensors(path).contents if step is None else None
        sha256 = _sha256(path)
    except (GeedError, OSError) as error:
        if pattern is not None and isinstance(error, InputError):
            raise
        return Unaudited(
            path, error if isinstance(error, GeedError) else _unreadable(path, error), unread=True
        )
    step = step or _step_inside(contents) or glued_step(path)
    if step is None:
        raise no_step(path)
    return Job(source, step, sha256, stamp)


def _stamp(path: Path) -> Stamp:
    """What changes when a file is written to."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _step_inside(contents: object) -> Step | None:
    """The step that the checkpoint itself states, as a whole number or a tensor of one."""
    for name in STEP_ENTRIES:
        value: object = contents.get(name) if isinstance(contents, Mapping) else None
        if isinstance(value, Tensor) and value.numel() == 1 and not value.is_floating_point():
            value = value.item()
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
            return Step(value, f"the checkpoint's entry {name}", UNIT_WORDS[name.removeprefix("global_")])
    return None


def _sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> RunError:
    """The refusal of a file that the system does not give out."""
    return RunError(
        f"checkpoint file {path} cannot be read: {error.strerror or error}",
        expected="a readable checkpoint file",
        remedy="check the path and its permissions",
    )


def _say_doubtful(jobs: Sequence[Job], say: Say) -> None:
    """A number that merely stands in a name may be something else, such as a part of the network's name."""
    doubtful = [job for job in jobs if not job.step.sure]
    if doubtful:
        first = doubtful[0]
        say(
            f"steps taken from {first.step.origin}, such as {first.step.number} in {first.input.path.name}; "
            "--step-regex takes them from elsewhere"
        )


def require_same_images(earlier: Result, audit: CheckpointAudit, track: Path | None) -> None:
    """Refuse to go on where the folder's images are no longer those of the track, or hold something else."""
    asked, data = audit.options.data, earlier.data
    if holds_same_draw(asked, data):
        return
    raise InputError(
        f"the images of {asked.root or data.root} are not those that {track} was made with",
        expected=f"the {data.count} images of {data.root} that its steps were audited on",
        remedy="the same --data, another --json file, or --fresh to begin again in this one",
    )


def audits(
    jobs: Sequence[Job], by_model: Audits, progress: TerminalProgress, elsewhere: Elsewhere | None = None
) -> Iterator[tuple[Job, Record | Unaudited]]:
    """A record for each job, one audit after the other; cheap refusals come before any weights are loaded.

    With ``elsewhere`` other processes make the audits, and records come as these end.

    A checkpoint whose network is no function of one image makes none, and one whose file cannot be read as a whole, or
    changes meanwhile; the others go on.

    Raises:
        KeyboardInterrupt: the run was asked to stop; the audit that this cut short makes no record, since its
            images are not those of the others.
    """
    if not jobs:
        return
    any_of_them = by_model[jobs[0].input.model]
    plan_groups(any_of_them.groups, any_of_them.options)
    require_enough(any_of_them.options.data)
    with progress:
        made = (
            _one_by_one(jobs, by_model, progress) if elsewhere is None else _alike(jobs, elsewhere, progress)
        )
        for number, (job, result) in enumerate(made, start=1):
            if isinstance(result, Unaudited):
                yield job, replace(result, path=job.input.path)
                continue
            if result.status == "partial" or progress.stopping():
                raise KeyboardInterrupt
            progress.finished(
                f"{number}/{len(jobs)} done: {job.input.path}, {job.step.unit} {job.step.number}"
            )
            yield job, record_of(job, result)


def _one_by_one(
    jobs: Sequence[Job], by_model: Audits, progress: TerminalProgress
) -> Iterator[tuple[Job, Result | Unaudited]]:
    """What comes of each job in this process; files of the same bytes are audited once."""
    results: dict[tuple[str | None, str], Result | Unaudited] = {}
    for number, job in enumerate(jobs, start=1):
        key = job.input.model, job.sha256
        if key not in results:
            progress.part(f"{number} of {len(jobs)}")
            results[key] = _audit(job, by_model[job.input.model], progress)
        yield job, results[key]


def _alike(
    jobs: Sequence[Job], elsewhere: Elsewhere, progress: TerminalProgress
) -> Iterator[tuple[Job, Result | Unaudited]]:
    """The same of other processes, as they end."""
    alike: dict[tuple[str | None, str], list[Job]] = {}
    for job in jobs:
        alike.setdefault((job.input.model, job.sha256), []).append(job)
    for first, result in elsewhere([same[0] for same in alike.values()], progress):
        for job in alike[first.input.model, first.sha256]:
            yield job, result


def loaded(job: Job, audit: CheckpointAudit, progress: TerminalProgress) -> "Loaded | Unaudited":
    """The network of a checkpoint, and its twin; or why its file has none.

    Raises:
        GeedError: the file is whole, and is none of that network.
    """
    path = job.input.path
    progress.step(f"loading {path.name}")
    try:
        found = audit.load(path)
    except GeedError:
        if (error := _changed(job) or _damage(path)) is None:
            raise
        return Unaudited(path, error, unread=True)
    error = _changed(job)
    return found if error is None else Unaudited(path, error, unread=True)


def _audit(job: Job, audit: CheckpointAudit, progress: TerminalProgress) -> Result | Unaudited:
    """The audit of one checkpoint, or why there is none."""
    path = job.input.path
    found = loaded(job, audit, progress)
    if isinstance(found, Unaudited):
        return found
    network, twin = found
    data = audit.options.data
    root, settings = prepared_images(data.root, network.input, audit.ready, data.place)
    network, twin = replace(network, input=settings), twin and replace(twin, input=settings)
    try:
        made = pipeline.audit(
            network, audit.groups, replace(audit.options, data=replace(data, root=root)), progress, twin
        )
    except UnsteadyError as unsteady:
        return Unaudited(path, unsteady)
    return made.model_copy(update={"command": audit.typed})


def _changed(job: Job) -> GeedError | None:
    """That the file is being written: its hash, and what was loaded, may be of different bytes."""
    path = job.input.path
    try:
        if _stamp(path) == job.stamp:
            return None
    except OSError as error:
        return _unreadable(path, error)
    return RunError(
        f"checkpoint file {path} changed while it was read: it is still being written",
        expected="a file that is whole",
        remedy="run the same again when it is",
    )


def _damage(path: Path) -> GeedError | None:
    """What is wrong with a file that cannot be read, whatever network it is for; None of one that can.

    A file whose name alone is refused is whole.
    """
    if unicode_text(str(path)) != str(path):
        return None
    try:
        read_tensors(path)
    except GeedError as error:
        return error
    return None


def record_of(job: Job, result: Result) -> Record:
    """The audit of a job's checkpoint at its place on the track."""
    return Record(
        label=job.input.label or result.model.arch,
        step=job.step.number,
        step_from=job.step.origin,
        unit=job.step.unit,
        file=str(job.input.path),
        source="checkpoint",
        result=result,
    )
