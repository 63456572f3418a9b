"""``geed audit``: measure one model on one set of images and print or save the result."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli import audit_options as of
from geed_cli.cli import check as gated
from geed_cli.cli import options as common
from geed_cli.cli.guard import guarded
from geed_cli.cli.startup import uncollected
from geed_cli.errors import InputError
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    ControlOptions,
    DataOptions,
    IntervalOptions,
    RunOptions,
    UntilOptions,
)

PolicyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Judge the result by this policy, as 'geed check' does.",
        rich_help_panel=common.OUTPUT,
    ),
]


def until_options(width: float | None, max_samples: int | None, metric: str) -> UntilOptions | None:
    """The growing run that the options ask for, if any; both of its options are needed.

    Raises:
        InputError: one without the other.
    """
    if width is None and max_samples is None:
        return None
    if width is None or max_samples is None:
        given, missing = (
            ("--max-samples", "--until-width") if width is None else ("--until-width", "--max-samples")
        )
        raise InputError(
            f"{given} without {missing}", expected="both", remedy="--until-width 0.02 --max-samples 1600"
        )
    return UntilOptions(width, max_samples, metric)


@guarded
def audit(  # noqa: PLR0913 - every parameter is an option of the command
    model: common.ModelName = None,
    *,
    group: of.Groups = None,
    set_: of.Sets = None,
    metric: of.Metrics = None,
    layer: of.Layers = None,
    boundary: of.BoundaryName = "disc",
    interpolation: of.Interpolation = "bilinear",
    data: of.Data = None,
    samples: of.Samples = DataOptions.samples,
    draw_seed: of.DrawSeed = 0,
    norm_samples: of.NormSamples = None,
    until_width: of.UntilWidth = None,
    max_samples: of.MaxSamples = None,
    width_of: of.WidthOf = UntilOptions.metric,
    on_bad_image: of.BadImage = "error",
    follow_links: of.FollowLinks = False,
    decode: of.DecodeMode = "exact",
    checkpoint: common.Checkpoint = None,
    arch: common.Arch = None,
    strip_prefix: common.StripPrefix = None,
    weights: common.Weights = "spec",
    spec_dir: common.SpecDir = None,
    img_size: common.ImgSize = None,
    allow_code: common.AllowCode = False,
    allow_pickle: common.AllowPickle = False,
    confidence: of.Confidence = IntervalOptions.confidence,
    resamples: of.Resamples = IntervalOptions.resamples,
    ci: of.Ci = IntervalOptions.method,
    simultaneous: of.Simultaneous = False,
    floor: of.Floor = ControlOptions.probes,
    twin: of.Twin = False,
    phase_correct: of.PhaseCorrect = False,
    discover: of.Discover = None,
    device: of.Device = "auto",
    devices: of.Devices = None,
    batch_size: of.BatchSize = None,
    precision: of.PrecisionName = "fp32",
    on_nonfinite: of.NonFinite = "error",
    compile_: of.Compile = False,
    cache_dir: common.CacheDir = None,
    no_cache: common.NoCache = False,
    seed: common.Seed = 0,
    json: of.Json = None,
    policy: PolicyFile = None,
    baseline: gated.Baseline = None,
    output: gated.Outputs = None,
    on_undecided: gated.Undecided = "fail",
    output_format: gated.OutputFormat = "text",
    quiet: of.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Measure how far MODEL is from being invariant and equivariant under one or more groups.

    Prints a table of latent, softmax, prediction and channelwise G-EED with confidence intervals.

    Example: geed audit efficientnet_lite0 --group flip --group c4 --data photos/ --json result.json
    """
    del debug  # read by the guard
    if policy is None and (baseline or output or (on_undecided, output_format) != ("fail", "text")):
        raise InputError(
            "an option of the gate (--baseline, -o, --on-undecided or --output-format) without --policy",
            expected="a policy",
            remedy="--policy geed-policy.yaml",
        )
    asked = AuditOptions(
        data=DataOptions(data, samples, norm_samples, draw_seed, on_bad_image, follow_links, decode),
        action=ActionOptions(boundary, interpolation),
        interval=IntervalOptions(confidence, resamples, ci, seed, simultaneous),
        run=RunOptions(
            device, of.rows(batch_size), precision, on_nonfinite, compile_, of.devices_in(devices)
        ),
        until=until_options(until_width, max_samples, width_of),
        metrics=tuple(metric or ()),
        layers=tuple(layer or ()),
        sets=tuple(set_ or ()),
        controls=ControlOptions(floor, phase_correct, discover),
        cache=common.kept_in(cache_dir, no_cache=no_cache),
    )
    with uncollected():
        from geed_cli.cli.model_request import ModelRequest  # noqa: PLC0415 - --help must not import torch
        from geed_cli.cli.run_audit import run_audit  # noqa: PLC0415
        from geed_cli.cli.run_check import CheckRequest  # noqa: PLC0415

    request = ModelRequest(
        model,
        checkpoint,
        arch,
        weights,
        seed,
        spec_dir,
        allow_code,
        img_size,
        allow_pickle,
        tuple(strip_prefix or ()),
    )
    judged = (
        CheckRequest((), policy, baseline, on_undecided, tuple(output or ()), output_format)
        if policy
        else None
    )
    default = () if set_ else ("flip",)
    run_audit(request, tuple(group or default), asked, json, judged, twin=twin, quiet=quiet)
