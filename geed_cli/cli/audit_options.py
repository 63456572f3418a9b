"""Options of every command that audits: groups, measures, data, intervals, running."""

from pathlib import Path
from typing import Annotated

import typer

from geed_cli.algebra.conditions import Boundary, Resampling
from geed_cli.cli.options import CONTROLS, DATA, MEASURE, OUTPUT, RUN
from geed_cli.errors import InputError
from geed_cli.pipeline.options import BatchSize as BatchRows
from geed_cli.pipeline.options import (
    Decode,
    DeviceName,
    ExactPrecision,
    IntervalMethod,
    OnBadImage,
    OnNonFinite,
    Precision,
)
from geed_cli.pipeline.options import Discover as DiscoverKind

Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        "-g",
        metavar="NAME",
        help="flip, c4, d8, shift7, rgb, hue8, … (geed ls groups), a product such as 'flip*xshift7', or a YAML "
        "file of generators; repeatable. Default: flip, or none beside --set.",
        rich_help_panel=MEASURE,
        show_default=False,
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SET",
        help="A set of transformations that is no group, such as blur:1,2, jpeg:90,50 or a YAML file; repeatable.",
        rich_help_panel=MEASURE,
        show_default=False,
    ),
]
Floor = Annotated[
    int,
    typer.Option(
        "--floor",
        metavar="N",
        min=0,
        help="Number of control images, on which null and floor are measured; 0 measures neither.",
        rich_help_panel=CONTROLS,
    ),
]
Twin = Annotated[
    bool,
    typer.Option(
        "--twin",
        help="Also audit the same architecture with random weights, as a control.",
        rich_help_panel=CONTROLS,
    ),
]
PhaseCorrect = Annotated[
    bool,
    typer.Option(
        "--phase-correct",
        help="Also compare maps about the centre of each layer's own sampling grid.",
        rich_help_panel=CONTROLS,
    ),
]
Discover = Annotated[
    DiscoverKind | None,
    typer.Option(
        help="Look for a hidden action on channels at every layer: fitted on half of the images, scored on the other.",
        rich_help_panel=CONTROLS,
        show_default=False,
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        metavar="NAME",
        help="Only these measures, names or globs; repeatable.",
        rich_help_panel=MEASURE,
    ),
]
Layers = Annotated[
    list[str] | None,
    typer.Option(
        "--layer",
        metavar="NAME",
        help="Layers for channelwise, names or globs; repeatable. Default: the spec's, else the stages.",
        rich_help_panel=MEASURE,
    ),
]
BoundaryName = Annotated[
    Boundary,
    typer.Option(
        help="What lies outside the frame of rotations other than quarter turns.", rich_help_panel=MEASURE
    ),
]
Interpolation = Annotated[
    Resampling, typer.Option(help="How those rotations are interpolated.", rich_help_panel=MEASURE)
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        "-d",
        metavar="DIR",
        help="Folder of images, flat or nested. Default: a small bundled sample.",
        rich_help_panel=DATA,
    ),
]
Samples = Annotated[
    int, typer.Option(min=1, help="Audit at most this many images, drawn at random.", rich_help_panel=DATA)
]
DrawSeed = Annotated[
    int,
    typer.Option(
        min=0,
        help="Seed of the draw of images; the same for models that are to be compared.",
        rich_help_panel=DATA,
    ),
]
NormSamples = Annotated[
    int | None,
    typer.Option(
        min=2,
        help="Take the normaliser M over this many other images instead of the audited ones.",
        rich_help_panel=DATA,
    ),
]
BadImage = Annotated[
    OnBadImage,
    typer.Option(
        help="'error' ends the run at an unreadable image; 'skip' leaves it out and counts it.",
        rich_help_panel=DATA,
    ),
]
FollowLinks = Annotated[
    bool,
    typer.Option(
        "--follow-links",
        help="Follow symbolic links in the folder; every file still counts once.",
        rich_help_panel=DATA,
    ),
]
DecodeMode = Annotated[
    Decode,
    typer.Option(
        help="'fast' reduces large JPEGs while they are decoded, within the bound of docs/performance.md.",
        rich_help_panel=DATA,
    ),
]
Confidence = Annotated[float, typer.Option(help="Confidence of the intervals.", rich_help_panel=MEASURE)]
Resamples = Annotated[
    int,
    typer.Option(min=100, help="Number of resamples, for bootstrap methods.", rich_help_panel=MEASURE),
]
Ci = Annotated[
    IntervalMethod,
    typer.Option(
        help="Interval method; docs/statistics.md has the coverage of each.", rich_help_panel=MEASURE
    ),
]
Simultaneous = Annotated[
    bool,
    typer.Option(
        "--simultaneous",
        help="Widen the intervals so that all of them hold at once (max-t).",
        rich_help_panel=MEASURE,
    ),
]
UntilWidth = Annotated[
    float | None,
    typer.Option(
        metavar="W",
        min=0.0,
        help="Double the images, from --samples to --max-samples, until the watched intervals are this narrow.",
        rich_help_panel=DATA,
    ),
]
MaxSamples = Annotated[
    int | None,
    typer.Option(
        min=20, help="Stop at this many images, even if the intervals are still wider.", rich_help_panel=DATA
    ),
]
WidthOf = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="Which measures --until-width watches; a name or glob.", rich_help_panel=DATA
    ),
]
Device = Annotated[DeviceName, typer.Option(rich_help_panel=RUN)]
Devices = Annotated[
    str | None,
    typer.Option(
        metavar="N,N|all",
        help="Share the images among several CUDA devices of this machine, given by their numbers.",
        rich_help_panel=RUN,
        show_default=False,
    ),
]
BatchSize = Annotated[
    str | None,
    typer.Option(
        metavar="N|auto",
        help="Rows in each batch; 'auto' measures which size is fastest and remembers it. Default: 16, on a GPU 64.",
        rich_help_panel=RUN,
        show_default=False,
    ),
]
PrecisionName = Annotated[
    Precision,
    typer.Option(
        help="Floating type of the network; with bf16 and fp16 the table says how far values moved from fp32.",
        rich_help_panel=RUN,
    ),
]
ExactPrecisionName = Annotated[
    ExactPrecision, typer.Option(help="Floating type of the network.", rich_help_panel=RUN)
]
Compile = Annotated[
    bool,
    typer.Option(
        "--compile",
        help="Compile the network first (torch.compile): takes about a minute, pays off in long runs.",
        rich_help_panel=RUN,
    ),
]
NonFinite = Annotated[
    OnNonFinite,
    typer.Option(
        help="'error' ends the run if the network's output is not finite; 'skip' leaves the image out and counts it.",
        rich_help_panel=RUN,
    ),
]
Json = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the result to exactly this file; '-' writes it to stdout in place of the table.",
        rich_help_panel=OUTPUT,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.", rich_help_panel=OUTPUT)]


def devices_in(text: str | None) -> tuple[str, ...]:
    """The value of --devices as names, which ``RunOptions`` checks."""
    return () if text is None else tuple(name.strip() for name in text.split(","))


def rows(text: str | None) -> BatchRows | None:
    """The value of --batch-size.

    Raises:
        InputError: neither a whole number nor ``auto``.
    """
    if text is None:
        return None
    if text == "auto":
        return "auto"
    try:
        return int(text)
    except ValueError:
        raise InputError(
            f"a batch size of {text!r}", expected="a whole number, or auto", remedy="--batch-size 8"
        ) from None
