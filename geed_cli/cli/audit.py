"""``geed audit``: measure one model on one set of images and print or save the result."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli import check as gated
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import audit_options, groups_of, on_ray
from geed_cli.cli.command import takes_options
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import OUTPUT, Debug, Json, Linear, ModelName, Quiet, Verbose, parted, view_of
from geed_cli.cli.shards.which import Parts, RowFolder, shard_in
from geed_cli.cli.startup import uncollected
from geed_cli.errors import InputError

PolicyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Judge the result by this policy, as 'geed check' does.", rich_help_panel=OUTPUT
    ),
]

Shown = Annotated[
    int | None,
    typer.Option(
        "--images",
        metavar="N",
        min=1,
        help="Show N pictures of each group on the report page of -o FILE.html, as thumbnails with their top classes.",
        rich_help_panel=OUTPUT,
    ),
]


@guarded
@takes_options()
def audit(  # noqa: PLR0913 - every parameter but one is an option of the command
    model: ModelName = None,
    *,
    arguments: AuditArguments,
    json: Json = None,
    policy: PolicyFile = None,
    baseline: gated.Baseline = None,
    output: gated.Outputs = None,
    images: Shown = None,
    on_undecided: gated.Undecided = "fail",
    output_format: gated.OutputFormat = "text",
    shard: Parts = None,
    rows: RowFolder = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    linear: Linear = False,
    debug: Debug = False,
) -> None:
    """Measure how far MODEL is from being invariant and equivariant under one or more groups.

    Prints what each group amounts to, then latent, softmax, prediction and channelwise G-EED with confidence intervals.

    Example: geed audit efficientnet_lite0 --group flip --group c4 --data photos/ --json result.json
    """
    del debug  # read by the guard
    outputs, pages = parted(output)
    if images is not None and not pages:
        raise InputError(
            "--images without a page to show them on",
            expected="a report page",
            remedy=f"--images {images} -o report.html",
        )
    of_gate = baseline or outputs or arguments.stop_early or (on_undecided, output_format) != ("fail", "text")
    if policy is None and of_gate:
        raise _without_policy()
    view = view_of(verbose=verbose, quiet=quiet, linear=linear)
    options = audit_options(arguments)
    if shard is not None or rows is not None:
        part = _part_of(shard, beside=policy is not None or bool(pages))
        if arguments.engine != "local":
            raise InputError(
                f"--shard together with --engine {arguments.engine}",
                expected="one of them: the workers of a cluster share all of an audit",
                remedy="leave out --shard",
            )
        on_ray(arguments)
        with uncollected():
            from geed_cli.cli.run.model_request import ModelRequest  # noqa: PLC0415 - --help must not import torch
            from geed_cli.cli.shards.making import ShardRequest, run_part  # noqa: PLC0415
            from geed_cli.pipeline.shards.shard import Shard  # noqa: PLC0415

        named = ModelRequest(model, arguments)
        groups = groups_of(arguments)
        run_part(ShardRequest(named, groups, options, Shard(*part), json, rows, arguments.twin), quiet=quiet)
        return
    with uncollected():
        from geed_cli.cli.run.auditing import PageRequest, run_audit  # noqa: PLC0415 - --help must not import torch
        from geed_cli.cli.run.checking import CheckRequest  # noqa: PLC0415
        from geed_cli.cli.run.model_request import ModelRequest  # noqa: PLC0415

    judged = (
        CheckRequest((), policy, baseline, on_undecided, outputs, output_format, view, pages=pages)
        if policy
        else None
    )
    request = ModelRequest(model, arguments)
    run_audit(
        request,
        groups_of(arguments),
        options,
        json,
        judged,
        twin=arguments.twin,
        view=view,
        page=PageRequest(pages, images),
    )


def _part_of(shard: str | None, *, beside: bool) -> tuple[int, int]:
    """Which part is to be made, and of how many.

    Raises:
        InputError: not all that a part needs, or something that it has not.
    """
    if shard is None:
        raise InputError(
            "--rows without --shard", expected="which part of the audit its rows are of", remedy="--shard 1/1"
        )
    if beside:
        raise InputError(
            "--shard together with --policy or -o",
            expected="a part, which has rows and no values yet",
            remedy="judge or show the result that geed merge makes",
        )
    return shard_in(shard)


def _without_policy() -> InputError:
    return InputError(
        "an option of the gate (--baseline, -o, --stop-early, --on-undecided or --output-format) without --policy",
        expected="a policy",
        remedy="--policy geed-policy.yaml",
    )
