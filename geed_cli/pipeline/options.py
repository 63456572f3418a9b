"""Everything that an audit can be told, with its defaults; the command line and the Python API share it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.choices import (
    By,
    Decode,
    Discover,
    IntervalOptions,
    OnBadImage,
    OnNonFinite,
    OnUnsteady,
    check_choice,
    check_whole,
)
from geed_cli.documents.document import printable
from geed_cli.errors import InputError, meant
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.source_labels import DATA

if TYPE_CHECKING:  # what options can do without: torch, and documents
    from geed_cli.gate.given import PolicyLike
    from geed_cli.images.source import ImageSet
    from geed_cli.result.schema import Result

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["fp32", "fp64", "bf16", "fp16"]
ExactPrecision = Literal["fp32", "fp64"]
"""The types in which rounding is small enough to test theorems."""
REDUCED: tuple[Precision, ...] = ("bf16", "fp16")
"""The types whose deviation from fp32 is measured beside every value."""
BatchSize = int | Literal["auto"]


@dataclass(frozen=True)
class DataOptions:
    """Which images are audited.

    Attributes:
        root: text as ``--data`` takes it, a path, or what ``images_of`` made of pictures; None is the bundled sample.
        samples: at most so many, drawn at random with ``seed``.
        norm_samples: so many further images for the normaliser M, none of them audited; None takes M over the
            audited images themselves.
        seed: of the draw.
        on_bad_image: whether an unreadable image ends the run or is left out and counted.
        follow_links: whether symbolic links in the folder are followed.
        image_weights: how much each audited image counts: None alike, ``balanced`` every class, or a CSV file.
        decode: ``fast`` resizes pictures with torch in place of Pillow, within two levels of 255 (docs/performance.md).
        cluster: which images belong together and are drawn together: ``folder``, a regular expression that finds the
            cluster in a path, or a .csv file with the columns path and cluster; None draws every image by itself.
        labels: the class of each image: ``folder``, ``data`` for what the source itself says, or a .csv or .parquet
            file with the columns path and label; None measures no accuracy.
        by: ``class`` gives every number of each class of the labels as well.
        split: of a data set; None is its validation split, else its test split, else its only one.
        image_key: the column of a data set's rows that has the pictures; None finds it by its type.
        label_key: the column that ``labels="data"`` reads, likewise.
    """

    root: "str | Path | ImageSet | None" = None
    samples: int = 200
    norm_samples: int | None = None
    seed: int = 0
    on_bad_image: OnBadImage = "error"
    follow_links: bool = False
    decode: Decode = "exact"
    image_weights: str | None = None
    cluster: str | None = None
    labels: str | None = None
    by: By | None = None
    split: str | None = None
    image_key: str | None = None
    label_key: str | None = None

    def __post_init__(self) -> None:
        if self.image_weights is not None and self.norm_samples is not None:
            raise InputError(
                "--image-weights together with --norm-samples",
                expected="a normaliser over the audited images, with their weights",
                remedy="leave out --norm-samples",
            )
        if self.label_key is not None and self.labels != DATA:
            raise InputError(
                f"--label-key {printable(self.label_key)} without --labels {DATA}",
                expected="labels that are read of a column",
                remedy=f"add --labels {DATA}, or leave out --label-key",
            )
        check_whole("--samples", self.samples)
        check_whole("--draw-seed", self.seed)
        if self.norm_samples is not None:
            check_whole("--norm-samples", self.norm_samples)
        check_choice("--decode", self.decode, get_args(Decode))
        if self.by is not None:
            check_choice("--by", self.by, get_args(By))
        if self.by is not None and self.labels is None:
            raise InputError(
                f"--by {self.by} without --labels",
                expected="the class of each picture",
                remedy="--labels folder, or a table with the columns path and label",
            )
        check_choice("--on-bad-image", self.on_bad_image, get_args(OnBadImage))

    @property
    def place(self) -> PlaceOptions:
        """How ``root`` is read."""
        return PlaceOptions(self.follow_links, self.split, self.image_key, self.label_key)


@dataclass(frozen=True)
class ActionOptions:
    """How rotations that are no quarter turns resample."""

    boundary: Boundary = "disc"
    interpolation: Resampling = "bilinear"

    def __post_init__(self) -> None:
        check_choice("--boundary", self.boundary, get_args(Boundary))
        check_choice("--interpolation", self.interpolation, get_args(Resampling))


@dataclass(frozen=True)
class UntilOptions:
    """Adding images until intervals are narrow enough.

    Attributes:
        width: high − low that every watched interval must not exceed.
        max_samples: images at which the run ends anyway; the first look has ``DataOptions.samples``.
        metric: name or glob of the watched measures.
    """

    width: float
    max_samples: int
    metric: str = "latent.l2"


@dataclass(frozen=True)
class UntilDecided:
    """Adding images until every rule of a policy has passed or failed; at the latest ``DataOptions.samples``.

    Attributes:
        policy: the path of its file, what such a file says as a mapping, or a ``Policy``.
        baseline: the result that changes are measured from, over all images that the run may come to.
    """

    policy: "PolicyLike"
    baseline: "Result | None" = None


@dataclass(frozen=True)
class RunOptions:
    """Where and how the network runs.

    Attributes:
        device: ``auto`` takes CUDA, then MPS, then the CPU.
        batch_size: rows B of every batch; None takes 16 on a CPU and 64 on a GPU, ``auto`` measures which is fastest.
        precision: floating type of the network; inputs are made and values are reduced in float32 or float64.
        on_nonfinite: whether an image for which the network puts out infinities or NaN ends the run, or is left
            out and counted among the refused.
        compile: whether the network is compiled by ``torch.compile``.
        channels_last: whether pictures, weights and maps lie channels last in memory; with a batch size of ``auto``
            it is measured, unless a network is the user's own module.
        devices: several devices that share the images, instead of ``device``: CUDA numbers such as ``0`` or
            ``cuda:0``, ``all`` of them, or ``cpu``, once for each worker. ``Progress.stopping`` is then asked from
            their threads.
    """

    device: DeviceName = "auto"
    batch_size: BatchSize | None = None
    precision: Precision = "fp32"
    on_nonfinite: OnNonFinite = "error"
    compile: bool = False
    devices: tuple[str, ...] = ()
    on_unsteady: OnUnsteady = "error"
    channels_last: bool = True

    def __post_init__(self) -> None:
        check_choice("--device", self.device, get_args(DeviceName))
        _check_devices(self.device, self.devices)
        if self.compile and self.shared:
            raise _not_shared("--compile", "torch does not compile in several threads at once", self)
        if self.batch_size not in (None, "auto"):
            check_whole("--batch-size", self.batch_size)
        if isinstance(self.batch_size, int) and self.batch_size < 1:
            raise InputError(
                f"a batch size of {self.batch_size}", expected="at least 1, or auto", remedy="--batch-size 8"
            )
        check_choice("--precision", self.precision, get_args(Precision))
        check_choice("--on-nonfinite", self.on_nonfinite, get_args(OnNonFinite))
        check_choice("--on-unsteady", self.on_unsteady, get_args(OnUnsteady))

    @property
    def reduced(self) -> bool:
        """Whether the network runs in fewer digits than float32 has."""
        return self.precision in REDUCED

    @property
    def shared(self) -> bool:
        """Whether several devices may share the images; how many ``all`` are is not known yet."""
        return len(self.devices) > 1 or self.devices == ("all",)


def _check_devices(device: DeviceName, devices: tuple[str, ...]) -> None:
    """Refuse names that are none, and devices that are not of the kind asked for beside them.

    Raises:
        InputError: naming the option.
    """
    for name in devices:
        if not re.fullmatch(r"(cuda:)?[0-9]{1,4}|cpu", name) and devices != ("all",):
            raise InputError(
                f"device {name!r} among several",
                expected=f"{meant(name, ('all', 'cpu'))}the numbers of CUDA devices, cpu, or 'all' alone",
                remedy="--devices 0,1",
            )
        if device not in {"auto", "cpu" if name == "cpu" else "cuda"}:
            raise InputError(
                f"--device {device} together with --devices {','.join(devices)}",
                expected="one of them",
                remedy="leave out --device",
            )


def _not_shared(option: str, why: str, run: RunOptions) -> InputError:
    return InputError(
        f"{option} together with --devices {','.join(run.devices)}",
        expected=f"one device: {why}",
        remedy=f"{option} with --devices 0, or with --device",
    )


@dataclass(frozen=True)
class ControlOptions:
    """What is measured beside the values, so that they can be read.

    Attributes:
        probes: images on which null and floor are measured; 0 leaves both out.
        phase_correct: whether layers are also compared about the centre of their own sampling grid.
        discover: which hidden actions are looked for at every layer; None looks for none.
    """

    probes: int = 16
    phase_correct: bool = False
    discover: Discover | None = None

    def __post_init__(self) -> None:
        check_whole("--floor", self.probes)
        if self.discover is not None:
            check_choice("--discover", self.discover, get_args(Discover))


@dataclass(frozen=True)
class AuditOptions:
    """One audit, apart from the model and the groups.

    Attributes:
        until: add images until intervals are narrow enough, or a policy is decided; None audits ``data.samples``.
        metrics: names or globs of measures; empty is all that are not on request alone.
        layers: names or globs of modules; empty is the spec's layers or the network's stages.
        sets: transformation sets that are no group, such as ``blur:1,2``.
        controls: what is measured beside the values.
        cache: folder of the rows of earlier runs; None neither reads nor keeps any.
        unreadable: layers that turned out unreadable while the run went on, each with the reason.
    """

    data: DataOptions = DataOptions()
    action: ActionOptions = ActionOptions()
    interval: IntervalOptions = field(default_factory=IntervalOptions)
    run: RunOptions = RunOptions()
    until: UntilOptions | UntilDecided | None = None
    metrics: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    controls: ControlOptions = ControlOptions()
    cache: Path | None = None
    unreadable: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        parts = (DataOptions, ActionOptions, IntervalOptions, RunOptions, ControlOptions)
        for name, kind in zip(("data", "action", "interval", "run", "controls"), parts, strict=True):
            _require_kind(name, getattr(self, name), kind)
        if self.until is not None:
            _require_kind("until", self.until, UntilOptions, UntilDecided)
        if self.controls.discover is not None and self.run.shared:
            raise _not_shared(
                "--discover", "a hidden action is summed over the images in their order", self.run
            )


def _require_kind(name: str, part: object, kind: type, *others: type) -> None:
    """Refuse what is no such part, such as a mapping of its fields."""
    if not isinstance(part, (kind, *others)):
        fields = ", ".join(f"{key}=…" for key in part) if isinstance(part, Mapping) else "…"
        raise InputError(
            f"an object of type {type(part).__name__} as {name} of AuditOptions",
            expected=f"{kind.__name__}",
            remedy=f"AuditOptions({name}={kind.__name__}({fields}))",
        )
