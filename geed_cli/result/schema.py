"""The result of one audit, ``geed.result/2``: what its file holds, and all that tables are drawn from.

``geed.result/1``, of versions before 0.2, is read for ever: it lacks keys, which then have their defaults.

Every number is finite or null. ``per_image`` lists are in the order of ``data.images``, which is all that
comparing, gating and re-rendering need.
"""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from geed_cli.choices import Discover, OutputKind

Schema = Literal["geed.result/1", "geed.result/2"]
"""Those that are read."""
SCHEMA: Literal["geed.result/2"] = "geed.result/2"
"""The one that is written, also of an earlier result that is written again in a track, since it then has these keys."""

Status = Literal["ok", "undefined", "not_applicable"]
Completeness = Literal["complete", "partial"]
GridFault = Literal["off centre", "shift", "axes"]


class Part(BaseModel):
    """Base of every part: frozen, no unknown keys, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Weights(Part):
    """Where the weights came from and what was chosen while loading them."""

    origin: str
    detail: str
    sha256: str | None = Field(description="of the file, where there is one")
    state_sha256: str = Field(description="of the loaded tensors, whatever file they came from")
    notes: tuple[str, ...] = ()
    declared: bool | None = Field(
        None, description="of random weights, whether the spec asks for them, and not --weights random alone"
    )


class Preprocessing(Part):
    """The input that was used; see ``geed_cli.input_settings``."""

    size: int
    resize: int
    crop_pct: float
    crop_mode: str
    interpolation: str
    mean: tuple[float, ...] = Field(
        description="one for each channel that the network is shown: RGB, or luminance"
    )
    std: tuple[float, ...]


class Output(Part):
    """What the network puts out for one image, as predictions are read of it; docs/measures.md explains each kind."""

    kind: OutputKind
    shape: tuple[int, ...]
    probable: bool = Field(description="whether it is probabilities already")
    declared: bool = Field(description="by the spec; otherwise inferred")
    reason: str | None = Field(description="why measures of predictions are not applicable")


class Model(Part):
    """Which network was audited, and how it was split."""

    id: str
    source: str
    arch: str
    weights: Weights
    input: Preprocessing
    parameters: int
    features: str
    classifier: str | None
    output: Output | None = Field(None, description="null where an earlier version did not record it")
    actions: dict[str, dict[str, JsonValue]] = Field({}, description="hidden actions that the spec declares")
    layouts: dict[str, str] = Field({}, description="layouts of layers that the spec declares")
    typed: tuple[str, ...] = Field(
        (),
        description="the words that name it on a command line, options included; empty where it has no name",
    )


class Image(Part):
    """One image: its path below the root, and the hash of the file's bytes."""

    path: str
    sha256: str


class Refused(Part):
    """A file that was found and not used, and why."""

    path: str
    reason: str


class Duplicate(Part):
    """A file that was drawn and holds the picture of another one, which counts for both."""

    path: str
    of: str = Field(description="path of the other")
    same: Literal["bytes", "pixels"] = Field(
        description="what they share; other bytes may decode to the same pixels"
    )


class Clusters(Part):
    """Which of the audited images belong together, so that the clusters are the independent draws."""

    how: str = Field(
        description="as it was declared: folder, a regular expression, a file's name; photograph in the bundled sample"
    )
    names: tuple[str, ...]
    of: tuple[int, ...] = Field(description="of each of data.images: the place of its cluster in names")


class Data(Part):
    """Which images were audited. ``found`` = audited + normaliser only + duplicates + refused + not drawn."""

    root: str
    bundled_sample: bool
    found: int
    count: int
    not_drawn: int
    sha256: str = Field(description="of the audited images' hashes, in order")
    seed: int
    images: tuple[Image, ...]
    normaliser_images: tuple[Image, ...] = Field((), description="empty: the audited images themselves")
    refused: tuple[Refused, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    redrawn: int = Field(0, description="images that were drawn in place of duplicates and unreadable files")
    weighted_by: str | None = Field(
        None, description="balanced, or the name of the CSV file; null: images count alike"
    )
    weights: tuple[float, ...] = Field(
        (),
        description="how much each audited image counts, in the order of images, with mean 1; empty: alike",
    )
    clusters: Clusters | None = Field(None, description="null where every image is drawn by itself")
    made_up: float | None = Field(
        None, description="part of the surroundings that boundary context reads and the pictures do not reach"
    )


class Group(Part):
    """One group, or set of transformations that is no group, and the conditions of its action."""

    name: str
    kind: Literal["group", "set"] = "group"
    order: int
    elements: tuple[str, ...]
    calls: tuple[str, ...] = Field((), description="of a set: what each member does, in full")
    exact: bool
    boundary: str | None
    interpolation: str | None


class Looks(Part):
    """A run that added images until intervals were narrow enough.

    Attributes:
        sizes: images at each planned look.
        used: looks taken; the run ended at ``sizes[used − 1]``.
        confidence: of the intervals at that look, so that the plan as a whole keeps ``Settings.confidence``.
        width: what was asked for.
        metric: name or glob of the watched measures.
    """

    sizes: tuple[int, ...]
    used: int
    confidence: float
    width: float
    metric: str


class Settings(Part):
    """Everything else that was asked for."""

    samples: int
    norm_samples: int | None
    confidence: float
    resamples: int
    ci: str
    simultaneous: bool = False
    looks: Looks | None = None
    seed: int
    decode: str = "exact"
    precision: str
    precision_probes: int = Field(0, description="images on which a reduced precision was set against fp32")
    compiled: bool = False
    batch_size: int
    device: str
    threads: int
    measures: tuple[str, ...]
    layers: tuple[str, ...]
    probes: int = Field(0, description="images on which null and floor were measured")
    phase_correct: bool = False
    twin: str | None = Field(None, description="weights of the random twin that was audited beside")
    discover: str | None = None


class PerImage(Part):
    """The rows behind one value, in the order of the images; null where a row is undefined.

    ``normaliser`` is each image's mean distance (or cosine) to the other normaliser images, whose mean is M.
    """

    value: tuple[float | None, ...]
    normaliser: tuple[float, ...] | None = None


class ToAnother(Part):
    """How far the transformed image is on the way to being another image: 0 unchanged, 1 another image.

    The mean of ``per_image``, over M for features, over the mean of ``null`` for layers; docs/measures.md has both.
    """

    value: float | None
    ci: tuple[float, float] | None
    per_image: tuple[float | None, ...] | None = Field(
        description="each image's numerator, in the order of data.images; null where it is undefined"
    )
    null: tuple[tuple[int, int, float], ...] = Field(
        (),
        description="of layers: each comparison with another image, the places of both in data.images and 1 plus its "
        "deviation",
    )
    twin: float | None = Field(None, description="the random twin's own value on this scale")
    twin_ci: tuple[float, float] | None = Field(
        None,
        description="its confidence limits; null where withheld, and where an earlier version wrote the result",
    )
    notes: tuple[str, ...] = Field((), description="why the value or its interval is missing or unusual")


class Entry(Part):
    """One measure for one group, at one layer where the measure is layerwise.

    ``controls`` are in the value's own unit; docs/controls.md explains each. ``fourier`` are the pairs (a_j, b_j) of
    the per-element profile over the powers of the group's first element, frequency j from 0.
    """

    metric: str
    group: str
    layer: str | None
    status: Status
    value: float | None
    ci: tuple[float, float] | None
    raw: float | None
    normaliser: float | None
    controls: dict[str, float] = {}
    twin_ci: tuple[float, float] | None = Field(
        None, description="confidence limits of the control twin, made of the twin's own rows"
    )
    per_element: dict[str, float | None] = {}
    per_element_ci: dict[str, tuple[float, float] | None] = Field(
        {},
        description="confidence limits of per_element, each by itself; null where one is withheld, empty where ci is",
    )
    fourier: tuple[tuple[float, float], ...] | None = None
    per_image: PerImage | None = None
    to_another: ToAnother | None = Field(
        None,
        description="the value on the scale from 0, unchanged, to 1, another image; null where that is not defined, "
        "and in results before geed.result/2",
    )
    notes: tuple[str, ...] = ()


class GridPhase(Part):
    """Whether a layer's sampling grid is mapped onto itself by a group, at this input size."""

    group: str
    layer: str
    kind: GridFault = Field(
        "off centre",
        description="what the group lacks: a grid about the middle, whole pixels, or rows and columns treated alike",
    )
    reason: str = Field(description="which module breaks it first, and how")
    offset: tuple[float, float] | None = Field(
        description="of the grid's centre, down and right, in layer pixels"
    )
    clean_size: int | None = Field(
        description="the next larger input size at which no audited layer is broken"
    )


class HiddenAction(Part):
    """What ``--discover`` found for one group at one layer; docs/discovery.md explains each number."""

    group: str
    layer: str
    method: Discover
    variant: str
    verdict: str
    reason: str
    explained: dict[str, float]
    before: dict[str, float | None]
    after: dict[str, float | None]
    unmoved: dict[str, float | None]
    null: dict[str, float | None]
    defect: float | None
    fitted: int
    scored: int
    maps: dict[str, tuple[int, ...]] = Field({}, description="the permutation found for each element")
    notes: tuple[str, ...] = ()


class TopClasses(Part):
    """The class that a classifier puts first for every picture under every element of a group: arg max p(gx)."""

    group: str
    classes: dict[str, tuple[int, ...]] = Field(
        description="by element, the place of the class for each of data.images"
    )
    probabilities: dict[str, tuple[float, ...]] = Field(
        description="by element, its probability, to four decimals"
    )


class NotOneFunction(Part):
    """That the network is no function of one image, in a run that was told to go on; docs/controls.md."""

    site: str = Field(description="the first that moved, in order of execution")
    movement: float = Field(description="of it between two showings of a picture, over its largest magnitude")
    reasons: tuple[str, ...] = Field((), description="what was seen of the cause")
    sentence: str


class Environment(Part):
    """Versions and the machine."""

    geed: str
    python: str
    torch: str
    timm: str
    torchvision: str
    platform: str
    device: str


class Timing(Part):
    """Seconds. Decoding overlaps the forward passes, so the parts need not add up to the total.

    ``forward_s`` and ``measure_s`` are the mean over the devices that shared the images.
    """

    decode_s: float
    forward_s: float
    measure_s: float
    statistics_s: float
    total_s: float
    cached: int = Field(0, description="images of which every row was known from earlier runs")
    images_per_s: float


class Result(Part):
    """One audit."""

    schema_: Literal["geed.result/2"] = Field(SCHEMA, alias="schema")
    status: Completeness
    signature: str
    model: Model
    data: Data
    groups: tuple[Group, ...]
    settings: Settings
    results: tuple[Entry, ...]
    grid_phase: tuple[GridPhase, ...] = ()
    unsteady: NotOneFunction | None = Field(
        None, description="only of a network that showed the same picture two things"
    )
    hidden_actions: tuple[HiddenAction, ...] = ()
    top_classes: tuple[TopClasses, ...] = Field(
        (),
        description="for each group that a classifier was shown, where a measure of predictions was asked for",
    )
    class_names: dict[int, str] = Field(
        {}, description="of the classes in top_classes by place, where they are ImageNet's"
    )
    command: tuple[str, ...] = Field(
        (), description="the command line that made the result, as it was typed; empty from Python"
    )
    environment: Environment
    timing: Timing

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    @field_validator("schema_", mode="before")
    @classmethod
    def _read_as_written(cls, schema: object) -> object:
        return SCHEMA if schema in get_args(Schema) else schema
