"""``geed track``: one recipe along training, as a table, a file and a figure."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli import audit_options as of
from geed_cli.cli import options as common
from geed_cli.cli.guard import guarded
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    DataOptions,
    IntervalOptions,
    RunOptions,
)

Checkpoints = Annotated[
    list[str],
    typer.Argument(
        metavar="CKPT...",
        help="Checkpoint files, saved results or tracks (.json), or quoted globs of them. LABEL=GLOB names a run; "
        "files of one label and step are a population.",
        show_default=False,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="The network of the checkpoints: a spec or a model as for 'geed audit'; its weights are replaced.",
        rich_help_panel=common.MODEL,
    ),
]
StepRegex = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help=r"Finds the step in each path with its one group, such as 'it(\d+)'. Default: the number after step, "
        "iter, epoch or ckpt in the name, else its last number, else an entry of the checkpoint.",
        rich_help_panel=common.DATA,
    ),
]
Json = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Save the track to this file after every step, and go on from it: steps in it are not audited again. "
        "'-' writes it to stdout in place of the table.",
        rich_help_panel=common.OUTPUT,
    ),
]
Csv = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write every value as CSV; '-' writes it to stdout in place of the table.",
        rich_help_panel=common.OUTPUT,
    ),
]
Figure = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Draw values against steps with their intervals; .png or .svg. Needs the extra 'plot'.",
        rich_help_panel=common.OUTPUT,
    ),
]
Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh", help="Start over, and replace what --json FILE holds.", rich_help_panel=common.OUTPUT
    ),
]


@guarded
def track(  # noqa: PLR0913 - every parameter is an option of the command
    checkpoints: Checkpoints,
    *,
    arch: common.Arch = None,
    model: Model = None,
    step_regex: StepRegex = None,
    group: of.Groups = None,
    metric: of.Metrics = None,
    layer: of.Layers = None,
    boundary: of.BoundaryName = "disc",
    interpolation: of.Interpolation = "bilinear",
    data: of.Data = None,
    samples: of.Samples = DataOptions.samples,
    draw_seed: of.DrawSeed = 0,
    norm_samples: of.NormSamples = None,
    on_bad_image: of.BadImage = "error",
    follow_links: of.FollowLinks = False,
    spec_dir: common.SpecDir = None,
    img_size: common.ImgSize = None,
    allow_code: common.AllowCode = False,
    confidence: of.Confidence = IntervalOptions.confidence,
    resamples: of.Resamples = IntervalOptions.resamples,
    ci: of.Ci = IntervalOptions.method,
    device: of.Device = "auto",
    devices: of.Devices = None,
    batch_size: of.BatchSize = None,
    precision: of.PrecisionName = "fp32",
    cache_dir: common.CacheDir = None,
    no_cache: common.NoCache = False,
    seed: common.Seed = 0,
    json: Json = None,
    csv: Csv = None,
    figure: Figure = None,
    fresh: Fresh = False,
    quiet: of.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Follow one recipe along training: a value with its interval for every checkpoint.

    Checkpoints are audited as 'geed audit' would, with --arch or --model; saved results are taken as they are.
    --metric and --layer also choose what is shown: by default four values that say most.

    Example: geed track 'runs/step_*.pt' --arch resnet18 -g c8 -d photos/ --json track.json --figure track.svg
    """
    del debug  # read by the guard
    from geed_cli.cli.run_track import TrackRequest, run_track  # noqa: PLC0415 - --help stays light

    asked = AuditOptions(
        data=DataOptions(data, samples, norm_samples, draw_seed, on_bad_image, follow_links),
        action=ActionOptions(boundary, interpolation),
        interval=IntervalOptions(confidence, resamples, ci, seed),
        run=RunOptions(device, of.rows(batch_size), precision, devices=of.devices_in(devices)),
        metrics=tuple(metric or ()),
        layers=tuple(layer or ()),
        cache=common.kept_in(cache_dir, no_cache=no_cache),
    )
    run_track(
        TrackRequest(
            files=tuple(checkpoints),
            groups=tuple(group or ("flip",)),
            options=asked,
            model=model,
            arch=arch,
            spec_dir=spec_dir,
            img_size=img_size,
            allow_code=allow_code,
            step_regex=step_regex,
            json=json,
            csv=csv,
            figure=figure,
            fresh=fresh,
            quiet=quiet,
        )
    )
