"""The work of ``geed track``: read, reuse, audit what is left, save after every step, show.

Torch is imported only where a checkpoint was named.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geed_cli.api.checkpoint_recipe import Audits, unaudited
from geed_cli.api.track import Interrupted, TrackOptions, follow, inputs_of, models_of
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import on_ray, refuse
from geed_cli.cli.command import declared, spelled
from geed_cli.cli.run.outputs import STDOUT, Output, check_outputs, hand_over
from geed_cli.cli.run.pages import check_pages, pages_to_write
from geed_cli.cli.run.track_recipe import TrackRequest, audits_of
from geed_cli.cli.startup import uncollected
from geed_cli.errors import INTERRUPTED, InputError
from geed_cli.measures.catalogue import require_guaranteed, select_measures
from geed_cli.phrases import shell_joined
from geed_cli.report.console import message_console, result_console
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.report.track_page import print_track, to_csv
from geed_cli.result.file import require_distinct
from geed_cli.tracking.columns import Column, columns_of, labels_of
from geed_cli.tracking.inputs import lone_globs
from geed_cli.tracking.record import Track
from geed_cli.tracking.track_file import to_json

if TYPE_CHECKING:
    from geed_cli.api.checkpoint_audits import Elsewhere
    from geed_cli.report.figures.sheet import Sheet

OPTIONS_OF_TRACKS = {"metric", "layer", "cluster"}
"""The options that act on saved results, too: they choose what is shown, and what is drawn."""


def run_track(request: TrackRequest) -> None:
    """Make, save and show a track; everything that can be refused cheaply is refused first."""
    _check(request)
    inputs = inputs_of(request.files)
    for lone in lone_globs(request.files):
        message_console().print(lone)
    models = models_of(inputs)
    if not models:
        _refuse_options_of_audits(request)
    options = TrackOptions(
        None if request.json == STDOUT else request.json,
        request.fresh,
        request.step_regex,
        request.pair_runs,
        request.asked.cluster,
        request.shown,
    )
    audits = audits_of(request, models)
    progress = TerminalProgress(message_console(), quiet=request.view.quiet)
    try:
        made = follow(
            inputs,
            options,
            audits,
            progress=progress,
            importing=uncollected,
            elsewhere=_elsewhere(request, audits),
        )
    except Interrupted:
        raise typer.Exit(INTERRUPTED) from None
    _show(made.track, request)
    if made.failed:
        raise unaudited(made.failed)


def _elsewhere(request: TrackRequest, audits: Audits) -> "Elsewhere | None":
    """What has the workers of a cluster make the audits; None where this process makes them.

    Raises:
        InputError: an option that workers have not.
    """
    if not (on_ray(request.asked) and audits):
        return None
    from geed_cli.cli.clusters.track_on_cluster import track_on_cluster  # noqa: PLC0415 - torch

    return track_on_cluster(request, audits)


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
    request.figure.check()
    check_pages(request.pages)
    require_distinct((request.json, request.csv, request.figure.path, *request.pages))
    require_guaranteed(request.options.interval.method, select_measures(request.options.metrics))


def _show(track: Track, request: TrackRequest) -> None:
    """Show the track, whose own file is written by now, and write the others."""

    def columns() -> tuple[Column, ...]:
        return columns_of(track, request.shown, request.options.layers)

    def shown() -> tuple[Column, ...]:
        options, everything = request.options, ("*",)
        asked = request.shown or options.layers or not request.view.verbose
        return columns() if asked else columns_of(track, everything)

    def sheet() -> "Sheet":
        """What --figure draws."""
        from geed_cli.report.figures.track_figure import track_sheet  # noqa: PLC0415 - where it is asked for

        return track_sheet(track, columns(), share_y=request.figure.share_y)

    outputs: list[Output] = [(request.csv, lambda: to_csv(track))]
    if request.json == STDOUT:
        outputs.append((STDOUT, lambda: to_json(track)))
    elif request.json is not None:
        message_console().print(f"wrote {request.json}")
    outputs += request.figure.outputs(sheet)
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
