"""The work of ``geed sweep``: read, audit what is left, save every cell, show the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geed_cli.api.make_sweep import SweepAudit, finished, run_sweep
from geed_cli.api.sweep_values import SHOWN
from geed_cli.api.swept_models import data_in, models_in, named_in
from geed_cli.api.track import Interrupted
from geed_cli.choices import View
from geed_cli.cli.audit_arguments import MODEL_OPTIONS, AuditArguments
from geed_cli.cli.audit_request import audit_options, groups_of, on_ray, refuse
from geed_cli.cli.command import declared
from geed_cli.cli.run.figures import AskedFigure
from geed_cli.cli.run.labels import split_label
from geed_cli.cli.run.outputs import Output, check_outputs, hand_over
from geed_cli.cli.run.pages import check_pages, pages_to_write
from geed_cli.cli.run.sweep_file import Words, sweep_document, sweep_in, written
from geed_cli.cli.startup import uncollected
from geed_cli.errors import COULD_NOT_RUN, INTERRUPTED, WRONG_INPUT, InputError
from geed_cli.measures.catalogue import audited_for, require_guaranteed, select_measures
from geed_cli.phrases import shell_joined
from geed_cli.pipeline.options import AuditOptions
from geed_cli.report.console import message_console, result_console
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.sweep_page import print_sweep, to_csv
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.file import json_text, require_distinct
from geed_cli.sweeps.manifest import MANIFEST, Member, Sweep
from geed_cli.sweeps.sweep_folder import is_sweep, sweep_folder

if TYPE_CHECKING:
    from geed_cli.api.checkpoint_recipe import Loaded
    from geed_cli.cli.clusters.sweep_on_cluster import SweepOnCluster
    from geed_cli.cli.run.model_request import ModelRequest
    from geed_cli.report.figures.sheet import Sheet


@dataclass(frozen=True)
class SweepRequest:
    """The command line; see ``geed_cli.cli.sweep``."""

    words: tuple[str, ...]
    sources: tuple[str, ...]
    asked: AuditArguments
    out: Path | None = None
    json: Path | None = None
    csv: Path | None = None
    figure: AskedFigure = AskedFigure()  # noqa: RUF009 - it is frozen
    pages: tuple[Path, ...] = ()
    fresh: bool = False
    view: View = field(default_factory=View)


def run(request: SweepRequest) -> None:
    """Carry out, save and show a sweep; everything that can be refused cheaply is refused first."""
    if len(request.words) == 1 and is_sweep(request.words[0]):
        show_again(request, request.words[0])
        return
    models, data, out, asked = _read(request)
    if out is None:
        raise InputError(
            "a sweep without --out",
            expected="the folder of its results",
            remedy=shell_joined(["geed", "sweep", *request.words, "--out", "sweep"]),
        )
    _check_outputs(request, out)
    options = audit_options(asked)
    shown = options.metrics or SHOWN
    options = replace(options, metrics=audited_for(options.metrics))
    require_guaranteed(options.interval.method, select_measures(options.metrics))
    swept, sources = models_in(models, asked.spec_dir), data_in(data)
    resolved = written(
        {model.label: [member.text for member in model.members] for model in swept},
        {each.label: each.source for each in sources if each.source is not None},
        groups_of(asked),
        asked,
        out,
    )
    progress = TerminalProgress(message_console(), quiet=request.view.quiet)
    load = _loader(asked, options, progress)
    audit = SweepAudit(load, groups_of(asked), options, shown, _of_models(asked), typed=asked.typed)
    if on_ray(asked):
        audit = replace(audit, elsewhere=_on_cluster(asked, options))
    try:
        made = run_sweep(
            swept,
            sources,
            audit,
            out,
            fresh=request.fresh,
            progress=progress,
            importing=uncollected,
            resolved=resolved,
        )
    except Interrupted:
        raise typer.Exit(INTERRUPTED) from None
    message_console().print(f"wrote {out / MANIFEST}")
    _show(made, request, out)
    if made.failed:
        raise typer.Exit(_exit_code(made))


def _check_outputs(request: SweepRequest, folder: Path) -> None:
    """Refuse outputs that cannot be written, or that would replace each other or the sweep's own file."""
    check_outputs(request.json, request.csv)
    request.figure.check()
    check_pages(request.pages)
    files = request.json, request.csv, request.figure.path, *request.pages
    require_distinct(files, [folder / MANIFEST])


def show_again(request: SweepRequest, folder: str) -> None:
    """Show a sweep as its folder holds it; of measures that are named, from the results in it.

    Raises:
        InputError: options of audits, or one data set of several.
    """
    refuse(
        request.asked,
        {option.name for option in declared()} - {"metric"},
        "a finished sweep",
        "name its models",
    )
    beside = {"--data": request.sources, "--out": request.out, "--fresh": request.fresh}
    for option, given in beside.items():
        if given:
            raise InputError(
                f"{option} cannot act on a finished sweep",
                expected="the folder alone, or the models that are to be audited",
                remedy=f"leave out {option}",
            )
    path = sweep_folder(folder)
    _check_outputs(request, path)
    _show(finished(path, tuple(request.asked.metric or ()), message_console().print), request, path)


def _read(request: SweepRequest) -> tuple[Words, Words, Path | None, AuditArguments]:
    """Models, data, folder and options, of the command line or of a file."""
    document = sweep_document(request.words)
    if document is None:
        return _labelled(request.words), _labelled(request.sources), request.out, request.asked
    file = sweep_in(document, request.asked)
    data = _labelled(request.sources) or file.data
    return file.models, data, request.out or file.out, file.asked


def _labelled(words: Sequence[str]) -> Words:
    """Labels, and what stands behind them."""
    return [split_label(word) for word in words]


def _loader(
    asked: AuditArguments, of_audits: AuditOptions, progress: TerminalProgress
) -> "Callable[[Member], Loaded]":
    """What loads a member, with the options of files for checkpoint files alone; converted weights are kept."""

    def load(member: Member) -> "Loaded":
        from geed_cli.pipeline.reuse.converted_weights import kept_weights  # noqa: PLC0415 - torch

        request = _request(asked, member)
        network = request.load(kept_weights(of_audits.cache, progress))
        return network, request.twin(network).load() if asked.twin else None

    return load


def _request(asked: AuditArguments, member: Member) -> "ModelRequest":
    """What loads a member, with the options of files for checkpoint files alone."""
    from geed_cli.cli.run.model_request import NO_FILE, ModelRequest  # noqa: PLC0415 - torch

    named = named_in(member.text)
    options = asked if named.checkpoint is not None else replace(asked, **NO_FILE)
    if named.reference is not None:
        options = replace(options, arch=None, checkpoint=named.checkpoint)
    return ModelRequest(named.reference or str(named.checkpoint), options)


def _on_cluster(asked: AuditArguments, options: AuditOptions) -> "SweepOnCluster":
    """What audits the cells by the workers of a cluster."""
    with uncollected():
        from geed_cli.cli.clusters.on_cluster import cluster_of  # noqa: PLC0415 - torch
        from geed_cli.cli.clusters.sweep_on_cluster import SweepOnCluster  # noqa: PLC0415

    request_of = partial(_request, asked)
    return SweepOnCluster(cluster_of(asked, options), request_of, groups_of(asked), options, asked.typed)


def _of_models(asked: AuditArguments) -> dict[str, object]:
    """The options that say which networks are meant, where they are not as usual."""
    usual = {each.name: each.default for each in fields(asked)}
    names = {*MODEL_OPTIONS, "twin"} - {"allow_code", "checkpoint", "spec_dir"}
    return {name: getattr(asked, name) for name in sorted(names) if getattr(asked, name) != usual[name]}


def _show(made: Sweep, request: SweepRequest, out: Path) -> None:
    def sheet() -> "Sheet":
        """What --figure draws."""
        from geed_cli.report.figures.sweep_figure import sweep_sheet  # noqa: PLC0415 - where it is asked for

        return sweep_sheet(made, share_y=request.figure.share_y)

    outputs: list[Output] = [
        (request.json, lambda: json_text(made, indent=1)),
        (request.csv, lambda: to_csv(made)),
        *request.figure.outputs(sheet),
        *pages_to_write(request.pages, lambda: PageContents(sweep=made)),
    ]
    hand_over(outputs, lambda: print_sweep(made, result_console(), request.view, _next(made, out)))


def _next(made: Sweep, out: Path) -> str:
    """What to do next: a command, or to run the same again."""
    if made.failed:
        return "put right what failed and run the same again, which audits those cells alone"
    data, models = made.data[0].label, {cell.model for cell in made.cells}
    subject = f"{out}/:{data}" if len(made.data) > 1 else str(out)
    words = ["compare", subject] if len(models) > 1 else ["report", subject, "-o", "report.html"]
    return f"{shell_joined(['geed', *words])} shows every measure and layer"


def _exit_code(made: Sweep) -> int:
    """2 where every cell failed by what it was given, else 3."""
    wrong = all(cell.status == "failed" and cell.wrong_input for cell in made.cells)
    return WRONG_INPUT if wrong else COULD_NOT_RUN
