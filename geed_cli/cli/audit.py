"""``geed audit``: measure one model on one set of images and print or save the result."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.algebra.conditions import Boundary, Resampling
from geed_cli.cli import options as common
from geed_cli.cli.guard import guarded
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    DataOptions,
    DeviceName,
    IntervalMethod,
    IntervalOptions,
    OnBadImage,
    Precision,
    RunOptions,
)

Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        "-g",
        metavar="NAME",
        help="flip, vflip, flips, c<n> or d<n>; repeatable. Default: flip.",
        rich_help_panel=common.MEASURE,
        show_default=False,
    ),
]


@guarded
def audit(  # noqa: PLR0913 - every parameter is an option of the command
    model: common.ModelName = None,
    *,
    group: Groups = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only these measures, names or globs; repeatable.",
            rich_help_panel=common.MEASURE,
        ),
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Layers for channelwise, names or globs; repeatable. Default: the spec's, else the stages.",
            rich_help_panel=common.MEASURE,
        ),
    ] = None,
    boundary: Annotated[
        Boundary,
        typer.Option(
            help="Outside the frame of rotations that are no quarter turns.", rich_help_panel=common.MEASURE
        ),
    ] = "disc",
    interpolation: Annotated[
        Resampling, typer.Option(help="Filter of those rotations.", rich_help_panel=common.MEASURE)
    ] = "bilinear",
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            "-d",
            metavar="DIR",
            help="Folder of images, flat or nested. Default: a small bundled sample.",
            rich_help_panel=common.DATA,
        ),
    ] = None,
    samples: Annotated[
        int,
        typer.Option(
            min=1, help="Audit at most so many images, drawn at random.", rich_help_panel=common.DATA
        ),
    ] = 200,
    norm_samples: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Take M over so many further images instead of the audited ones.",
            rich_help_panel=common.DATA,
        ),
    ] = None,
    on_bad_image: Annotated[
        OnBadImage,
        typer.Option(
            help="'error' ends the run at an unreadable image; 'skip' leaves it out and counts it.",
            rich_help_panel=common.DATA,
        ),
    ] = "error",
    checkpoint: common.Checkpoint = None,
    arch: common.Arch = None,
    weights: common.Weights = "spec",
    spec_dir: common.SpecDir = None,
    img_size: common.ImgSize = None,
    allow_code: common.AllowCode = False,
    confidence: Annotated[
        float, typer.Option(help="Coverage of the intervals.", rich_help_panel=common.MEASURE)
    ] = IntervalOptions.confidence,
    resamples: Annotated[
        int,
        typer.Option(
            min=100, help="Bootstrap resamples, for methods that draw any.", rich_help_panel=common.MEASURE
        ),
    ] = IntervalOptions.resamples,
    ci: Annotated[
        IntervalMethod,
        typer.Option(
            help="Interval method; docs/statistics.md has the coverage of each.",
            rich_help_panel=common.MEASURE,
        ),
    ] = IntervalOptions.method,
    device: Annotated[DeviceName, typer.Option(rich_help_panel=common.RUN)] = "auto",
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1, help="Rows of every batch. Default: 8 on a CPU, 64 on a GPU.", rich_help_panel=common.RUN
        ),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="Floating type of the network.", rich_help_panel=common.RUN)
    ] = "fp32",
    seed: common.Seed = 0,
    json: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the result to exactly this file; '-' writes it to stdout in place of the table.",
            rich_help_panel=common.OUTPUT,
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress.", rich_help_panel=common.OUTPUT)
    ] = False,
    debug: common.Debug = False,
) -> None:
    """Measure how far MODEL is from being invariant and equivariant under one or more groups.

    Prints a table of latent, softmax, prediction and channelwise G-EED with confidence intervals.

    Example: geed audit efficientnet_lite0 --group flip --group c4 --data photos/ --json result.json
    """
    del debug  # read by the guard
    asked = AuditOptions(
        data=DataOptions(data, samples, norm_samples, seed, on_bad_image),
        action=ActionOptions(boundary, interpolation),
        interval=IntervalOptions(confidence, resamples, ci, seed),
        run=RunOptions(device, batch_size, precision),
        metrics=tuple(metric or ()),
        layers=tuple(layer or ()),
    )
    from geed_cli.cli.model_request import ModelRequest  # noqa: PLC0415 - --help must not import torch
    from geed_cli.cli.run_audit import run_audit  # noqa: PLC0415

    request = ModelRequest(model, checkpoint, arch, weights, seed, spec_dir, allow_code, img_size)
    run_audit(request, tuple(group or ("flip",)), asked, json, quiet=quiet)
