"""The work of ``geed track``: read, reuse, audit what is left, save after every step, show.

Torch is imported only where a checkpoint was named.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from geed_cli.cli.audit_request import refuse
from geed_cli.cli.command import declared
from geed_cli.cli.guard import INTERRUPTED
from geed_cli.cli.run.track_recipe import TrackRequest, recipe_of, require_same_controls
from geed_cli.cli.startup import uncollected
from geed_cli.errors import GeedError, InputError
from geed_cli.measures.catalogue import select_measures
from geed_cli.report.console import message_console, result_console
from geed_cli.report.track_figure import check_figure, draw_track
from geed_cli.report.track_table import print_track, to_csv
from geed_cli.result.file import check_writable, require_distinct, write_atomically
from geed_cli.tracking.columns import columns_of
from geed_cli.tracking.inputs import Input, expand
from geed_cli.tracking.record import Recipe, Record, Track
from geed_cli.tracking.resume import known_checkpoints, merged, require_same_recipe
from geed_cli.tracking.saved import saved_records
from geed_cli.tracking.steps import step_pattern
from geed_cli.tracking.track import require_one_track, track_of
from geed_cli.tracking.track_file import read_track, to_json, write_track

STDOUT = Path("-")
OF_TRACKS = {"metric", "layer"}
"""The options that act on saved results, too: they choose what is shown."""


def run_track(request: TrackRequest) -> None:
    """Make, save and show a track; everything that can be refused cheaply is refused first."""
    _check(request)
    inputs = expand(request.files)
    checkpoints = [one for one in inputs if not one.saved]
    if not checkpoints:
        _refuse_options_of_audits(request)
    asked = recipe_of(request) if checkpoints else None
    before = _before(request, asked)
    recipe = asked or (before.recipe if before else None)
    pattern = step_pattern(request.step_regex)
    new = [record for one in inputs if one.saved for record in saved_records(one, pattern)]
    old = before.records if before else ()
    if known := merged(old, new):
        require_one_track(known)

    def save(done: Sequence[Record], *, complete: bool = False) -> Track:
        track = track_of(merged(old, [*new, *done]), recipe, complete=complete)
        if request.json is not None and request.json != STDOUT:
            write_track(track, request.json)
        return track

    if not checkpoints:
        _show(save([], complete=True), request)
        return
    done = _audited(checkpoints, before, request, save)
    _show(save(done, complete=True), request)


def _refuse_options_of_audits(request: TrackRequest) -> None:
    where, remedy = "saved results and tracks", "leave it out, or name checkpoints to audit"
    if request.model is not None:
        raise InputError(f"--model cannot act on {where}", expected="checkpoints beside it", remedy=remedy)
    refuse(request.asked, {option.name for option in declared()} - OF_TRACKS, where, remedy)


def _check(request: TrackRequest) -> None:
    if request.fresh and (request.json is None or request.json == STDOUT):
        raise InputError(
            "--fresh without --json FILE",
            expected="the file to begin again in",
            remedy="--json track.json --fresh",
        )
    for target in (request.json, request.csv, request.figure):
        if target is not None and (target != STDOUT or target is request.figure):
            check_writable(target)
    if request.json == STDOUT and request.csv == STDOUT:
        raise InputError("--json - and --csv -", expected="one of them on stdout", remedy="name a file")
    if request.figure is not None:
        check_figure(request.figure)
    require_distinct((request.json, request.csv, request.figure))
    select_measures(request.options.metrics)


def _before(request: TrackRequest, recipe: Recipe | None) -> Track | None:
    """The track that --json already holds."""
    path = request.json
    if path is None or path == STDOUT or request.fresh or not path.exists():
        return None
    track = read_track(path)
    require_same_recipe(track, recipe, path)
    if recipe is not None:
        require_same_controls(track, request.asked, path)
    return track


def _audited(
    checkpoints: Sequence[Input],
    before: Track | None,
    request: TrackRequest,
    save: Callable[[Sequence[Record]], Track],
) -> list[Record]:
    """A record for each checkpoint; reused ones first, then one audit after the other, saved at once."""
    with uncollected():
        from geed_cli.cli.run.tracked_checkpoints import (  # noqa: PLC0415 - torch
            audits,
            jobs_of,
            require_same_images,
            reused,
        )

    known = known_checkpoints(before) if before else {}
    jobs = jobs_of(checkpoints, step_pattern(request.step_regex))
    done = [reused(job, known[job.sha256]) for job in jobs if job.sha256 in known]
    left = [job for job in jobs if job.sha256 not in known]
    console = message_console()
    if done:
        require_same_images(done[0], request)
        console.print(
            f"{len(done)} of {len(jobs)} checkpoints are in {request.json} and were not audited again"
        )
    began = len(done)
    try:
        for record in audits(left, request):
            done.append(record)
            save(done)
    except KeyboardInterrupt:
        where = f": the same command goes on from {request.json}" if request.json else ": nothing was written"
        console.print(f"interrupted after {len(done) - began} of {len(left)} audits{where}")
        raise typer.Exit(INTERRUPTED) from None
    except GeedError:
        if request.json is not None and len(done) > began:
            console.print(f"{len(done) - began} finished audits are in {request.json}")
        raise
    return done


def _show(track: Track, request: TrackRequest) -> None:
    """Files first: whoever reads stdout may have gone."""
    columns = columns_of(track, request.options.metrics, request.options.layers)
    if request.csv is not None and request.csv != STDOUT:
        write_atomically(to_csv(track), request.csv)
    if request.figure is not None:
        write_atomically(draw_track(track, columns, request.figure.suffix), request.figure)
    for target in (request.json, request.csv, request.figure):
        if target is not None and target != STDOUT:
            message_console().print(f"wrote {target}")
    if request.json == STDOUT:
        sys.stdout.write(to_json(track))
    elif request.csv == STDOUT:
        sys.stdout.write(to_csv(track))
    else:
        print_track(track, columns, result_console())
