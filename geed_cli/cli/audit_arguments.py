"""The one declaration of the options of audits, which commands take by name.

A field is an option: its name, type, default and help. ``geed_cli.cli.command`` makes the parameters of ``audit``,
``compare``, ``track`` and others from it, and hands a command what the user typed as one value.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.choices import (
    By,
    Decode,
    Discover,
    EngineName,
    IntervalMethod,
    IntervalOptions,
    OnBadImage,
    OnNonFinite,
    OnUnsteady,
    WeightsFrom,
)
from geed_cli.cli.completion import offered, written_names
from geed_cli.cli.panels import CONTROLS, DATA, MEASURE, MODEL, RUN
from geed_cli.pipeline.options import (
    ActionOptions,
    ControlOptions,
    DataOptions,
    DeviceName,
    Precision,
    RunOptions,
    UntilOptions,
)

_model = partial(typer.Option, rich_help_panel=MODEL)
_data = partial(typer.Option, rich_help_panel=DATA)
_measure = partial(typer.Option, rich_help_panel=MEASURE)
_controls = partial(typer.Option, rich_help_panel=CONTROLS)
_run = partial(typer.Option, rich_help_panel=RUN)

MODEL_OPTIONS = (
    *("checkpoint", "arch", "num_classes", "key", "strip_prefix", "weights", "spec_dir", "img_size"),
    *("classes", "allow_code", "allow_pickle", "seed"),
)
"""The options that say which network it is."""

OF_CLUSTERS = ("engine", "ray_address", "slurm", "workers", "gpus_per_worker")
"""The options that say which processes do it."""


@dataclass(frozen=True, kw_only=True)
class AuditArguments:
    """What the user typed; every annotated field is an option, and its annotation says what it is.

    Attributes:
        given: the names of the fields that were typed or stood in the environment or a file.
        ambient: those that stood there for any command, and where they cannot act are no mistake of this one.
        typed: the words of that command line, as a result records them.
    """

    group: Annotated[
        list[str] | None,
        _measure(
            "--group",
            "-g",
            metavar="NAME",
            autocompletion=offered.groups,
            help="flip, c4, d8, shift7, rgb, hue8, … (geed ls groups), a product such as 'flip*xshift7', or a "
            "YAML file of generators; repeatable. Default: flip, or none beside --set.",
        ),
    ] = None
    set_: Annotated[
        list[str] | None,
        _measure(
            "--set",
            metavar="SET",
            autocompletion=offered.sets,
            help="A set of transformations that is no group, such as blur:1,2, jpeg:90,50 or a YAML file; "
            "repeatable.",
        ),
    ] = None
    metric: Annotated[
        list[str] | None,
        _measure(
            "--metric",
            metavar="NAME",
            autocompletion=offered.metrics,
            help="Only these measures, names or globs; repeatable. Default: all but those on request "
            "('geed ls metrics'), which a glob that fits takes, too.",
        ),
    ] = None
    layer: Annotated[
        list[str] | None,
        _measure(
            "--layer",
            metavar="NAME",
            autocompletion=written_names.layers,
            help="Layers for channelwise, names or globs; repeatable. Default: the spec's, else the stages.",
        ),
    ] = None
    boundary: Annotated[
        Boundary, _measure(help="What lies outside the frame of rotations other than quarter turns.")
    ] = ActionOptions.boundary
    interpolation: Annotated[Resampling, _measure(help="How those rotations are interpolated.")] = (
        ActionOptions.interpolation
    )
    data: Annotated[
        str | None,
        _data(
            "--data",
            "-d",
            metavar="SOURCE",
            help="Images: a folder, flat or nested; a .zip or .tar of one; a list of paths (.txt, .csv, .parquet); an "
            "array (.npy, .npz); one of these at s3://, gs://, hf:// or https://; wds/SHARDS of WebDataset; "
            "torch/NAME and hfds/NAME, data sets. Default: a small bundled sample.",
        ),
    ] = None
    samples: Annotated[
        int, _data(min=1, help="Audit at most this many different images, drawn at random.")
    ] = DataOptions.samples
    draw_seed: Annotated[
        int, _data(min=0, help="Seed of the draw of images; the same for models that are to be compared.")
    ] = DataOptions.seed
    cluster: Annotated[
        str | None,
        _data(
            metavar="folder|REGEX|FILE.csv",
            autocompletion=offered.one_of("folder"),
            help="Images that belong together, such as frames of a video: those of one folder, of one match of REGEX "
            "in the path, or of one cluster in a table with the columns path and cluster.",
        ),
    ] = DataOptions.cluster
    labels: Annotated[
        str | None,
        _data(
            metavar="folder|data|FILE",
            autocompletion=offered.one_of("folder", "data"),
            help="Classes of the images, for accuracy: 'folder' takes the folder that each lies in, 'data' what a data "
            "set or list says itself; a .csv or .parquet file has the columns path and label (names, numbers of the "
            "outputs from 0, or WordNet ids).",
        ),
    ] = DataOptions.labels
    by: Annotated[
        By | None,
        _data(
            help="Every number of each class of --labels as well; intervals from 20 pictures of a class on."
        ),
    ] = DataOptions.by
    split: Annotated[
        str | None,
        _data(
            metavar="NAME",
            help="Which split of a data set is audited. Default: validation, else test, else the only one.",
        ),
    ] = DataOptions.split
    image_key: Annotated[
        str | None,
        _data(
            metavar="NAME", help="Which column of a data set has the images. Default: the one of that type."
        ),
    ] = DataOptions.image_key
    label_key: Annotated[
        str | None,
        _data(
            metavar="NAME",
            help="Which column '--labels data' reads. Default: the one of class labels.",
        ),
    ] = DataOptions.label_key
    norm_samples: Annotated[
        int | None,
        _data(min=2, help="Take the normaliser M over this many other images instead of the audited ones."),
    ] = None
    image_weights: Annotated[
        str | None,
        _data(
            metavar="balanced|FILE",
            autocompletion=offered.one_of("balanced"),
            help="How much pictures count: 'balanced' makes every class (the folder that a picture lies in) "
            "count alike; a CSV file has the columns path and weight. Default: alike.",
        ),
    ] = None
    until_width: Annotated[
        float | None,
        _data(
            metavar="W",
            min=0.0,
            help="Double the images, from --samples to --max-samples, until the watched intervals are this "
            "narrow.",
        ),
    ] = None
    max_samples: Annotated[
        int | None, _data(min=20, help="Stop at this many images, even if the intervals are still wider.")
    ] = None
    width_of: Annotated[
        str,
        _data(
            metavar="NAME",
            autocompletion=offered.metrics,
            help="Which measures --until-width watches; a name or glob.",
        ),
    ] = UntilOptions.metric
    stop_early: Annotated[
        bool,
        _data(
            "--stop-early",
            help="Of --policy: begin with the images that it requires, and stop before --samples once every rule has "
            "passed or failed.",
        ),
    ] = False
    on_bad_image: Annotated[
        OnBadImage,
        _data(help="'error' ends the run where images are unreadable; 'skip' draws others and counts them."),
    ] = DataOptions.on_bad_image
    follow_links: Annotated[
        bool,
        _data("--follow-links", help="Follow symbolic links in the folder; every file still counts once."),
    ] = False
    decode: Annotated[
        Decode,
        _data(
            help="'fast' resizes large pictures with torch, within two levels of 255; see geed explain decode."
        ),
    ] = DataOptions.decode
    checkpoint: Annotated[
        Path | None, _model(help="Take the weights from this file (.safetensors, .pt, .pth).")
    ] = None
    arch: Annotated[
        str | None,
        _model(
            metavar="NAME",
            autocompletion=offered.architectures,
            help="Architecture of a checkpoint file: a timm name or torchvision:NAME.",
        ),
    ] = None
    num_classes: Annotated[
        int | None,
        _model(
            metavar="N",
            min=1,
            help="Build the network for N classes. Default: its own, or those of the checkpoint's classifier.",
        ),
    ] = None
    classes: Annotated[
        Path | None,
        _model(
            metavar="FILE",
            help="Names of classes, one to a line, which a model of OpenCLIP is to tell apart, as 'a photo of a NAME.'",
        ),
    ] = None
    key: Annotated[
        str | None,
        _model(
            metavar="ENTRY",
            help="The entry of the checkpoint that holds the weights, dotted where nested. Default: the usual ones.",
        ),
    ] = None
    strip_prefix: Annotated[
        list[str] | None,
        _model(
            metavar="PREFIX",
            help="Remove this prefix from the names in the weights file, such as 'module.'; repeatable.",
        ),
    ] = None
    weights: Annotated[
        WeightsFrom,
        _model(help="'random' draws the architecture's initial weights with --seed."),
    ] = "spec"
    spec_dir: Annotated[
        Path | None, _model(help="Folder of specs that is searched before the bundled ones.")
    ] = None
    img_size: Annotated[
        int | None,
        _model(metavar="S", min=1, help="Input side in pixels instead of the model's own."),
    ] = None
    allow_code: Annotated[
        bool, _model("--allow-code", help="Let a spec with 'source: python', or torchhub:, run code.")
    ] = False
    allow_pickle: Annotated[
        bool,
        _model(
            "--allow-pickle",
            help="Let a checkpoint file run code of its own, as whole pickled modules do; only for files you "
            "trust.",
        ),
    ] = False
    confidence: Annotated[float, _measure(help="Confidence of the intervals.")] = IntervalOptions.confidence
    resamples: Annotated[int, _measure(min=100, help="Number of resamples, for bootstrap methods.")] = (
        IntervalOptions.resamples
    )
    ci: Annotated[
        IntervalMethod,
        _measure(help="Interval method; geed explain bca, and so on, has the coverage of each."),
    ] = IntervalOptions.method
    simultaneous: Annotated[
        bool,
        _measure("--simultaneous", help="Widen the intervals so that all of them hold at once (max-t)."),
    ] = False
    floor: Annotated[
        int,
        _controls(
            "--floor",
            metavar="N",
            min=0,
            help="Number of control images, on which null and floor are measured; 0 measures neither.",
        ),
    ] = ControlOptions.probes
    twin: Annotated[
        bool,
        _controls("--twin", help="Also audit the same architecture with random weights, as a control."),
    ] = False
    phase_correct: Annotated[
        bool,
        _controls(
            "--phase-correct", help="Also compare maps about the centre of each layer's own sampling grid."
        ),
    ] = False
    discover: Annotated[
        Discover | None,
        _controls(
            help="Look for a hidden action on channels at every layer: fitted on half of the images, scored on "
            "the other."
        ),
    ] = None
    device: Annotated[DeviceName, _run()] = RunOptions.device
    devices: Annotated[
        str | None,
        _run(
            metavar="N,N|all",
            autocompletion=offered.one_of("all"),
            help="Share the images among several CUDA devices of this machine, given by their numbers.",
        ),
    ] = None
    batch_size: Annotated[
        str | None,
        _run(
            metavar="N|auto",
            autocompletion=offered.one_of("auto"),
            help="Rows in each batch; 'auto' measures which size is fastest and remembers it. Default: 16, on a GPU "
            "64.",
        ),
    ] = None
    precision: Annotated[
        Precision,
        _run(
            help="Floating type of the network; with bf16 and fp16 the table says how far values moved from fp32."
        ),
    ] = RunOptions.precision
    on_nonfinite: Annotated[
        OnNonFinite,
        _run(
            help="'error' ends the run where the network puts out infinities; 'skip' leaves the image out, "
            "counted."
        ),
    ] = RunOptions.on_nonfinite
    on_unsteady: Annotated[
        OnUnsteady,
        _run(
            help="'error' ends the run where a picture, shown again, gives something else; 'report' goes on and says "
            "beside every value how far it moves by itself."
        ),
    ] = RunOptions.on_unsteady
    compile_: Annotated[
        bool,
        _run(
            "--compile",
            help="Compile the network first (torch.compile): takes about a minute, pays off in long runs.",
        ),
    ] = False
    engine: Annotated[
        EngineName,
        _run(
            help="Where images are shown to the network: in this process, by the workers of a Ray cluster (package "
            "ray), which go on where some of them die, or by jobs of Slurm (package submitit), which 'geed audit' "
            "waits for."
        ),
    ] = "local"
    ray_address: Annotated[
        str | None,
        _run(
            metavar="ADDRESS",
            help="Of --engine ray: a cluster that is there, HOST:PORT or auto. Default: one on this machine for this "
            "run.",
        ),
    ] = None
    slurm: Annotated[
        list[str] | None,
        _run(
            metavar="KEY=VALUE",
            help="Of --engine slurm: a parameter of the jobs as submitit calls it, such as partition=gpu, "
            "timeout_min=240, cpus_per_task=4 or mem_gb=16; repeatable. cluster=local has processes of this machine "
            "in place of jobs.",
        ),
    ] = None
    workers: Annotated[
        int | None,
        _run(
            metavar="N",
            min=1,
            help="Of --engine ray: how many workers. Default: one for each core, or for each GPU or share of one with "
            "--gpus-per-worker. Of --engine slurm: how many jobs.",
        ),
    ] = None
    gpus_per_worker: Annotated[
        float,
        _run(
            metavar="F",
            min=0,
            help="GPUs of each worker of --engine ray, such as 1, or 0.5 for half of one, or of each job of --engine "
            "slurm.",
        ),
    ] = 0.0
    cache_dir: Annotated[
        Path | None,
        _run(
            metavar="DIR",
            help="Where rows are kept for later runs; default: GEED_CACHE_DIR, else the system's place for "
            "caches.",
        ),
    ] = None
    no_cache: Annotated[bool, _run("--no-cache", help="Use no rows of earlier runs, and keep none.")] = False
    seed: Annotated[int, typer.Option(min=0, help="Seed of random weights and of resamples.")] = (
        IntervalOptions.seed
    )
    given: frozenset[str] = frozenset()
    ambient: frozenset[str] = frozenset()
    typed: tuple[str, ...] = ()
