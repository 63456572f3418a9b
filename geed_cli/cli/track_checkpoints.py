"""Auditing the checkpoints of a track: which are known already, and the audits of the others."""

from collections.abc import Iterator, Sequence

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.cli.model_request import ModelRequest
from geed_cli.cli.progress import TerminalProgress
from geed_cli.cli.track_jobs import Job
from geed_cli.cli.track_request import TrackRequest
from geed_cli.comparison.track_schema import Record
from geed_cli.errors import InputError
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.groups import plan_groups
from geed_cli.pipeline.images import draw
from geed_cli.report.console import message_console
from geed_cli.result.schema import Result


def reused(job: Job, known: Record) -> Record:
    """An earlier record of the same bytes at the place where the job has them now."""
    return _record(job, known.result)


def require_same_images(known: Record, request: TrackRequest) -> None:
    """Refuse to go on where the folder's images are no longer those of the track.

    Args:
        known: a record that is to be reused.
        request: names the folder.

    Raises:
        InputError: another draw, or other contents of an image.
    """
    drawn, data = draw(request.options.data), known.result.data
    paths = drawn.audited.paths + (drawn.normaliser.paths if drawn.normaliser else ())
    refused = {image.path for image in data.refused}
    before = [(image.path, image.sha256) for image in (*data.images, *data.normaliser_images)]
    names = [path for path in paths if path not in refused]
    if names == [path for path, _ in before]:
        folder = drawn.audited.folder
        if all(file_sha256(folder / path) == sha256 for path, sha256 in before):
            return
    raise InputError(
        f"the images of {drawn.audited.root} are not those that {request.json} was made with",
        expected=f"the {data.count} images of {data.root} that its steps were audited on",
        remedy="the same --data, another --json file, or --fresh to begin again in this one",
    )


def audits(jobs: Sequence[Job], request: TrackRequest) -> Iterator[Record]:
    """A record for each job, one audit after the other; cheap refusals come before any weights are loaded.

    Raises:
        KeyboardInterrupt: the run was asked to stop; the audit that this cut short makes no record, since its
            images are not those of the others.
    """
    if not jobs:
        return
    plan_groups(request.groups, request.options)
    draw(request.options.data)
    console = message_console()
    with TerminalProgress(console, quiet=request.quiet) as progress:
        found: dict[str, Result] = {}
        for number, job in enumerate(jobs, start=1):
            if job.sha256 not in found:
                progress.step(f"loading {job.input.path.name}")
                network = _request(job, request).load()
                found[job.sha256] = audit(network, request.groups, request.options, progress)
            if found[job.sha256].status == "partial" or progress.stopping():
                raise KeyboardInterrupt
            if not request.quiet:
                console.print(
                    f"{number}/{len(jobs)} done: {job.input.path}, {job.step.unit} {job.step.number}"
                )
            yield _record(job, found[job.sha256])


def _request(job: Job, request: TrackRequest) -> ModelRequest:
    return ModelRequest(
        request.model,
        job.input.path,
        request.arch,
        seed=request.options.interval.seed,
        spec_dir=request.spec_dir,
        allow_code=request.allow_code,
        img_size=request.img_size,
    )


def _record(job: Job, result: Result) -> Record:
    return Record(
        label=job.input.label or result.model.arch,
        step=job.step.number,
        step_from=job.step.origin,
        unit=job.step.unit,
        file=str(job.input.path),
        source="checkpoint",
        result=result,
    )
