"""The work of ``geed audit``: load, audit with progress, print, save, and judge where a policy was given."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from geed_cli.api.audit import audit
from geed_cli.choices import View
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import on_ray
from geed_cli.cli.clusters.on_cluster import audit_on_cluster, cluster_of
from geed_cli.cli.run.checking import CheckRequest, Judge, prepare
from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.cli.run.outputs import STDOUT, Output, check_outputs, hand_over
from geed_cli.cli.run.pages import check_pages, pages_to_write
from geed_cli.errors import INTERRUPTED, InputError
from geed_cli.measures.catalogue import require_guaranteed, select_measures
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import listed, require_enough
from geed_cli.pipeline.gallery.make_gallery import GalleryOptions, make_gallery
from geed_cli.pipeline.options import AuditOptions, UntilDecided
from geed_cli.pipeline.planning import plan_groups
from geed_cli.pipeline.reuse.converted_weights import kept_weights
from geed_cli.pipeline.until import check_until
from geed_cli.report.audit_page import print_result
from geed_cli.report.console import message_console, result_console, write
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.file import json_pieces, require_distinct
from geed_cli.result.gallery import Gallery
from geed_cli.result.schema import Result
from geed_cli.statistics.methods import check_options


@dataclass(frozen=True)
class PageRequest:
    """The report pages that were asked for, and how many pictures of each group are shown on them."""

    files: tuple[Path, ...] = ()
    images: int | None = None


def run_audit(
    request: ModelRequest,
    groups: tuple[str, ...],
    options: AuditOptions,
    json: Path | None,
    judged: CheckRequest | None = None,
    *,
    twin: bool = False,
    view: View,
    page: PageRequest,
) -> None:
    """Audit, show and judge; everything that can be refused cheaply is refused before weights are loaded.

    Raises:
        typer.Exit: 130 where the run was interrupted, else the gate's own code where it is not 0.
    """
    judge = _prepare_gate(judged, json) if judged is not None else None
    if judge is not None and request.options.stop_early:
        options = replace(options, until=UntilDecided(judge.policy, judge.baseline))
    check_outputs(json)
    read = (judged.policy, judged.baseline) if judged else ()
    named = [Path(text) for text in (request.model, *groups, *options.sets) if text and Path(text).suffix]
    require_distinct([json, *page.files], [*read, request.options.checkpoint, *named])
    check_pages(page.files)
    plan_groups(groups, options)
    elsewhere = _elsewhere(request.options, options)
    require_guaranteed(options.interval.method, select_measures(options.metrics))
    check_until(options)
    check_options(options.interval.method, options.interval.confidence, options.interval.resamples)
    options = replace(options, data=listed(options.data))
    require_enough(options.data)
    with TerminalProgress(message_console(), quiet=view.quiet) as progress:
        progress.step(f"loading {request.model or request.options.checkpoint}")
        network = request.load(kept_weights(options.cache, progress))
        if twin:
            progress.step("building the random twin")
        beside = request.twin(network).load() if twin else None
        made = (
            audit(
                network,
                groups=groups,
                twin=beside or False,
                cache=options.cache is not None,
                options=options,
                progress=progress,
            )
            if elsewhere is None
            else elsewhere(request, network, beside, groups, options, progress)
        )
        result = made.model_copy(update={"command": request.options.typed})

    pictures = functools.cache(lambda: _gallery(result, network, groups, options, page.images, view))
    outputs: list[Output] = [(json, lambda: json_pieces(result))]
    if judge is None:  # else the gate's verdicts are on the page, too
        outputs += pages_to_write(
            page.files, lambda: PageContents({result.model.arch: result}, gallery=pictures())
        )
    hand_over(outputs, lambda: print_result(result, result_console(), view))
    if result.status == "partial":
        raise typer.Exit(INTERRUPTED)
    if judge is None:
        return
    if not view.quiet:
        write("", result_console())
    if code := judge({result.model.id: result}, pictures):
        raise typer.Exit(code)


def _gallery(
    result: Result,
    network: Network,
    groups: tuple[str, ...],
    options: AuditOptions,
    count: int | None,
    view: View,
) -> Gallery | None:
    """So many pictures of each group, from where the audit has them; made for a page, when the result is saved."""
    if count is None:
        return None
    shown = GalleryOptions(
        count,
        follow_links=options.data.follow_links,
        groups=groups,
        sets=options.sets,
        device=options.run.device,
    )
    with TerminalProgress(message_console(), quiet=view.quiet) as progress:
        progress.step("showing pictures again")
        return make_gallery(result, network, shown)


def _prepare_gate(request: CheckRequest, json: Path | None) -> Judge:
    """Read policy and baseline before the audit; the report needs stdout for itself."""
    if json == STDOUT:
        raise InputError(
            "--json - together with --policy", expected="stdout for the report", remedy="--json result.json"
        )
    return prepare(request, [json] if json is not None else [])


def _elsewhere(asked: AuditArguments, options: AuditOptions) -> Callable[..., Result] | None:
    """What has other processes do the audit; None where this one does it.

    Raises:
        InputError: an option that cannot be.
    """
    if asked.engine == "slurm":
        from geed_cli.cli.clusters.by_jobs import audit_by_jobs, slurm_of  # noqa: PLC0415 - where it is asked for

        return functools.partial(audit_by_jobs, slurm=slurm_of(asked, options))
    return functools.partial(audit_on_cluster, cluster=cluster_of(asked, options)) if on_ray(asked) else None
