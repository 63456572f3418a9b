"""The work of ``geed track``: read, reuse, audit what is left, save after every step, show.

Torch is imported only where a checkpoint was named.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import refuse
from geed_cli.cli.command import declared, spelled
from geed_cli.cli.run.outputs import STDOUT, Output, check_outputs, hand_over
from geed_cli.cli.run.pages import check_pages, pages_to_write
from geed_cli.cli.run.track_recipe import (
    TrackRequest,
    recipe_of,
    require_named_code,
    require_same_controls,
    unnamed_code,
)
from geed_cli.cli.startup import uncollected
from geed_cli.comparison.pairing import pair_pattern, run_of
from geed_cli.errors import INTERRUPTED, GeedError, InputError
from geed_cli.measures.catalogue import require_guaranteed, select_measures
from geed_cli.phrases import shell_joined
from geed_cli.report.console import message_console, result_console
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.track_figure import check_figure, draw_track
from geed_cli.report.track_page import print_track, to_csv
from geed_cli.result.clusters import read_clustering, with_clusters
from geed_cli.result.file import check_writable, require_distinct
from geed_cli.tracking.columns import Column, columns_of, labels_of
from geed_cli.tracking.inputs import Input, expand
from geed_cli.tracking.record import Recipe, Record, Track
from geed_cli.tracking.resume import known_checkpoints, merged, require_same_recipe
from geed_cli.tracking.shared_file import SharedTrack
from geed_cli.tracking.steps import step_pattern
from geed_cli.tracking.track import require_one_track, track_of
from geed_cli.tracking.track_file import saved_records, to_json

OPTIONS_OF_TRACKS = {"metric", "layer", "cluster"}
"""The options that act on saved results, too: they choose what is shown, and what is drawn."""


def run_track(request: TrackRequest) -> None:
    """Make, save and show a track; everything that can be refused cheaply is refused first."""
    _check(request)
    inputs = expand(request.files)
    _require_runs(inputs, request.pair_runs)
    checkpoints = [each for each in inputs if not each.saved]
    if not checkpoints:
        _refuse_options_of_audits(request)
    asked = recipe_of(request) if checkpoints else None
    shared = _shared(request, asked)
    before = shared.read() if shared is not None else None
    pattern = step_pattern(request.step_regex)
    new = [record for each in inputs if each.saved for record in saved_records(each, pattern)]
    if request.asked.cluster is not None:
        clustering = read_clustering(request.asked.cluster)
        new = [each.model_copy(update={"result": with_clusters(each.result, clustering)}) for each in new]
    if already := merged(before.records if before else (), new):
        require_one_track(already)

    def save(done: Sequence[Record]) -> None:
        if shared is not None:
            shared.add([*new, *done], asked, complete=False)

    done, failed = _audited(checkpoints, before, request, save) if checkpoints else ([], [])
    records = [*new, *done]
    if failed and not records:
        raise _unaudited(failed)
    complete = not failed
    _show(
        track_of(records, asked, complete=complete, pair_runs=request.pair_runs, parts=request.shown)
        if shared is None
        else shared.add(records, asked, complete=complete),
        request,
    )
    if failed:
        raise _unaudited(failed)


def _require_runs(inputs: Sequence[Input], pair_runs: str | None) -> None:
    """Refuse a --pair-runs that does not find the run of every file."""
    runs = pair_pattern(pair_runs)
    for each in inputs:
        if runs is not None:
            run_of(str(each.path), runs)


def _refuse_options_of_audits(request: TrackRequest) -> None:
    where, otherwise = "saved results and tracks", "name checkpoints to audit"
    if request.model is not None:
        raise InputError(
            f"--model cannot act on {where}",
            expected="checkpoints beside it",
            remedy=f"leave out --model, or {otherwise}",
        )
    refuse(request.asked, {option.name for option in declared()} - OPTIONS_OF_TRACKS, where, otherwise)


def _check(request: TrackRequest) -> None:
    if request.fresh and (request.json is None or request.json == STDOUT):
        raise InputError(
            "--fresh without --json FILE",
            expected="the file to begin again in",
            remedy="--json track.json --fresh",
        )
    check_outputs(request.json, request.csv)
    if request.figure is not None:
        check_writable(request.figure)
        check_figure(request.figure)
    check_pages(request.pages)
    require_distinct((request.json, request.csv, request.figure, *request.pages))
    require_guaranteed(request.options.interval.method, select_measures(request.options.metrics))


def _shared(request: TrackRequest, recipe: Recipe | None) -> SharedTrack | None:
    """The file of --json, if it is one."""
    path = request.json
    if path is None or path == STDOUT:
        return None

    unnamed = None if recipe is None else unnamed_code(request)
    if unnamed is not None:
        message_console().print(
            f"{unnamed} gives its code no name (model.cache_key), so no later run can go on from {path}"
        )

    def check(track: Track) -> None:
        require_same_recipe(track, recipe, path)
        require_named_code(track, unnamed, path)
        if recipe is not None:
            require_same_controls(track, request.asked, path)

    return SharedTrack(path, check, fresh=request.fresh, pair_runs=request.pair_runs, parts=request.shown)


def _audited(
    checkpoints: Sequence[Input],
    before: Track | None,
    request: TrackRequest,
    save: Callable[[Sequence[Record]], None],
) -> tuple[list[Record], list[str]]:
    """A record for each checkpoint; reused ones first, then one audit after the other, saved at once.

    Returns:
        the records, and the names of the checkpoints that have none.
    """
    with uncollected():
        from geed_cli.cli.run.tracked_checkpoints import (  # noqa: PLC0415 - torch
            Unaudited,
            audits,
            jobs_of,
            record_of,
            require_same_images,
        )

    results = known_checkpoints(before) if before else {}
    jobs = jobs_of(checkpoints, step_pattern(request.step_regex))
    done = [record_of(job, results[job.sha256]) for job in jobs if job.sha256 in results]
    left = [job for job in jobs if job.sha256 not in results]
    console = message_console()
    if done:
        require_same_images(done[0].result, request)
        console.print(
            f"{len(done)} of {len(jobs)} checkpoints are in {request.json} and were not audited again"
        )
    reused, failed = len(done), []
    try:
        for record in audits(left, request):
            if isinstance(record, Unaudited):
                console.print(f"{record.path}: {record.error.found}")
                failed.append(str(record.path))
            else:
                done.append(record)
                save(done)
    except KeyboardInterrupt:
        where = f": the same command goes on from {request.json}" if request.json else ": nothing was written"
        console.print(f"interrupted after {len(done) - reused} of {len(left)} audits{where}")
        raise typer.Exit(INTERRUPTED) from None
    except GeedError:
        if request.json is not None and len(done) > reused:
            console.print(f"{len(done) - reused} finished audits are in {request.json}")
        raise
    return done, failed


def _unaudited(failed: Sequence[str]) -> InputError:
    return InputError(
        f"{len(failed)} checkpoint{'s' * (len(failed) != 1)} could not be audited, being no function of one image: "
        f"{', '.join(failed)}",
        expected="the same numbers for a picture, whatever stands beside it and whatever came before",
        remedy="leave them out, or --on-unsteady report, which says how far values move by themselves",
    )


def _show(track: Track, request: TrackRequest) -> None:
    """Show the track, whose own file is written by now, and write the others."""
    figure = request.figure

    def columns() -> tuple[Column, ...]:
        return columns_of(track, request.shown, request.options.layers)

    def shown() -> tuple[Column, ...]:
        options, everything = request.options, ("*",)
        asked = request.shown or options.layers or not request.view.verbose
        return columns() if asked else columns_of(track, everything)

    outputs: list[Output] = [(request.csv, lambda: to_csv(track))]
    if request.json == STDOUT:
        outputs.append((STDOUT, lambda: to_json(track)))
    elif request.json is not None:
        message_console().print(f"wrote {request.json}")
    if figure is not None:
        outputs.append((figure, lambda: draw_track(track, columns(), figure.suffix)))
    outputs += pages_to_write(request.pages, lambda: PageContents(track=track))
    compare = _comparing_its_ends(track, request.asked)
    hand_over(outputs, lambda: print_track(track, shown(), result_console(), request.view, compare=compare))


def _comparing_its_ends(track: Track, asked: AuditArguments) -> str:
    """The command that compares the first step with the last: of one run, with one file at each step.

    Saved results are named as they are, checkpoints with the options of this command. Those of a --model have none:
    comparisons name a spec's weights in the spec.
    """
    records = sorted(track.records, key=lambda record: record.step)
    files = [records[0].file, records[-1].file]
    alone = len({record.step for record in records}) == len(records) and len(labels_of(track)) == 1
    saved = [Path(file).suffix == ".json" for file in files]
    if not alone or not all(Path(file).exists() for file in files):
        return ""
    if all(saved):
        if Path(files[0]).stem == Path(files[1]).stem:
            files = [f"first={files[0]}", f"last={files[1]}"]
        return f"geed compare {shell_joined(files)}"
    if not any(saved) and asked.arch is not None:
        return f"geed compare {shell_joined([*files, *spelled(asked)])}"
    return ""
