"""``geed compare``: two or more models or saved results side by side, differences with evidence."""

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

Subjects = Annotated[
    list[str],
    typer.Argument(
        metavar="A B...",
        help="Saved results (.json), models as for 'geed audit', or LABEL=GLOB of saved results: a population "
        "of checkpoints of one recipe. The first is the reference.",
        show_default=False,
    ),
]


@guarded
def compare(  # noqa: PLR0913 - every parameter is an option of the command
    subjects: Subjects,
    *,
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
    weights: common.Weights = "spec",
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
    allow_mismatch: Annotated[
        bool,
        typer.Option("--allow-mismatch", help="Show results that are not comparable, with a warning."),
    ] = False,
    json: of.Json = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the table as CSV; '-' writes it to stdout in place of the table.",
            rich_help_panel=common.OUTPUT,
        ),
    ] = None,
    quiet: of.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Compare models or saved results with the first of them, paired over the same images.

    Saved results are compared as they are; the audit options apply to models that are audited now. A line is marked
    where it differs after Holm's correction over the whole table.

    Example: geed compare r50.json dino.json          geed compare cnn='runs/cnn_*.json' c8='runs/c8_*.json'
    """
    del debug  # read by the guard
    from geed_cli.cli.run_compare import CompareRequest, run_compare  # noqa: PLC0415 - --help stays light

    asked = AuditOptions(
        data=DataOptions(data, samples, norm_samples, draw_seed, on_bad_image, follow_links),
        action=ActionOptions(boundary, interpolation),
        interval=IntervalOptions(confidence, resamples, ci, seed),
        run=RunOptions(device, of.rows(batch_size), precision, devices=of.devices_in(devices)),
        metrics=tuple(metric or ()),
        layers=tuple(layer or ()),
        cache=common.kept_in(cache_dir, no_cache=no_cache),
    )
    run_compare(
        CompareRequest(
            subjects=tuple(subjects),
            groups=tuple(group or ("flip",)),
            options=asked,
            weights=weights,
            spec_dir=spec_dir,
            img_size=img_size,
            allow_code=allow_code,
            allow_mismatch=allow_mismatch,
            json=json,
            csv=csv,
            quiet=quiet,
        )
    )
