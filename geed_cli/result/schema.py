"""The result of one audit, ``geed.result/2``: what its file holds, and all that tables are drawn from.

``geed.result/1``, of versions before 0.2, is read for ever: it lacks keys, which then have their defaults.

Every number is finite or null. ``per_image`` lists are in the order of ``data.images``, which is all that
comparing, gating and re-rendering need.
"""

from typing import Literal, get_args

from pydantic import Field, JsonValue, field_validator

from geed_cli.choices import Discover, Identity, ImageSource, OutputKind, Plot, SumsBy
from geed_cli.result.by_element import ByElement
from geed_cli.result.by_name import row_at, rows_at
from geed_cli.result.digest import digest_of
from geed_cli.result.frames import Columns, Rows
from geed_cli.result.part import Part, Told, in_line, with_limits
from geed_cli.result.presented import Figure, Presented, drawing

Schema = Literal["geed.result/1", "geed.result/2"]
"""Those that are read."""
SCHEMA: Literal["geed.result/2"] = "geed.result/2"
"""The one that is written, also of an earlier result that is written again in a track, since it then has these keys."""

Status = Literal["ok", "undefined", "not_applicable"]
Completeness = Literal["complete", "partial"]
GridFault = Literal["off centre", "shift", "axes"]
AccuracyMetric = Literal["accuracy", "worst_case", "balanced_accuracy", "calibration_error"]


class Weights(Part):
    """Where the weights came from and what was chosen while loading them."""

    origin: str = Field(description="pretrained, file, package or random")
    detail: str = Field(
        description="where exactly: address, repository and file, path, package, or the seed of random ones"
    )
    sha256: str | None = Field(description="of the file, where there is one")
    state_sha256: str = Field(description="of the loaded tensors, whatever file they came from")
    notes: tuple[str, ...] = Field((), description="every choice made while loading them, one sentence each")
    declared: bool | None = Field(
        None, description="of random weights, whether the spec asks for them, and not --weights random alone"
    )


class Preprocessing(Part):
    """The input that was used; see ``geed_cli.input_settings``."""

    size: int = Field(description="side of the square input, pixels")
    resize: int = Field(
        description="what the shorter side is resized to before the crop, of squash both, of border the longer; pixels"
    )
    crop_pct: float = Field(description="size / resize")
    crop_mode: str = Field(
        description="center crops the middle, center-down too, from a half pixel rounded down; squash ignores the "
        "aspect ratio before it; border pads what is short"
    )
    interpolation: str = Field(
        description="the filter that resizes: nearest, bilinear, bicubic, lanczos, box or hamming"
    )
    mean: tuple[float, ...] = Field(
        description="one for each channel that the network is shown: RGB, or luminance"
    )
    std: tuple[float, ...] = Field(
        description="of values in [0, 1], divided by after the mean is subtracted; as many numbers as mean has"
    )


class Output(Part):
    """What the network puts out for one image, as predictions are read of it; docs/measures.md explains each kind."""

    kind: OutputKind = Field(description="how predictions are read of it; none where they are not")
    shape: tuple[int, ...] = Field(description="for one image; of dense, classes, height and width")
    probable: bool = Field(description="whether it is probabilities already")
    declared: bool = Field(description="by the spec; otherwise inferred")
    reason: str | None = Field(description="why measures of predictions are not applicable")


class Model(Part):
    """Which network was audited, and how it was split."""

    id: str = Field(description="its canonical name, such as timm/resnet50.a1_in1k")
    source: str = Field(
        description="what built it: timm, torchvision, transformers, open_clip, torchhub or python"
    )
    arch: str = Field(description="the source's name of its architecture")
    weights: Weights
    input: Preprocessing
    parameters: int = Field(
        description="how many numbers its parameters hold, those left at random values not counted"
    )
    features: str = Field(description="where f1(x) is read: input or output, and of which module")
    classifier: str | None = Field(
        description="the module that makes the predictions; null where none is known"
    )
    output: Output | None = Field(None, description="null where an earlier version did not record it")
    actions: dict[str, dict[str, JsonValue]] = Field({}, description="hidden actions that the spec declares")
    layouts: dict[str, str] = Field({}, description="layouts of layers that the spec declares")
    typed: tuple[str, ...] = Field(
        (),
        description="the words that name it on a command line, options included; empty where it has no name",
    )


class Image(Part):
    """One image: its name, and the hash by which it is known."""

    path: str = Field(
        description="below data.root, with / between its parts; of a list as it names it; of an array its index"
    )
    sha256: str = Field(
        description="of the file's bytes; of arrays and in memory of the text (width, height), a space, and the RGB "
        "pixels by rows"
    )


class Refused(Part):
    """A file that was found and not used, and why."""

    path: str = Field(description="as of an image")
    reason: str = Field(description="why it was not used, in words")


class Duplicate(Part):
    """A file that was drawn and holds the picture of another one, which counts for both."""

    path: str = Field(description="as of an image")
    of: str = Field(description="path of the other")
    same: Identity = Field(description="what they share; other bytes may decode to the same pixels")


class Clusters(Part):
    """Which of the audited images belong together, so that the clusters are the independent draws."""

    how: str = Field(
        description="as it was declared: folder, a regular expression, a file's name; photograph in the bundled sample"
    )
    names: tuple[str, ...] = Field(description="of the clusters, each once")
    of: tuple[int, ...] = Field(description="of each of data.images: the place of its cluster in names")


class Labels(Part):
    """The class of each audited image, as it was given: docs/labels.md."""

    how: str = Field(
        description="folder, data where the source has them itself, or the name of the file that has them"
    )
    of: tuple[int, ...] = Field(
        description="of each of data.images: the place of its class among the network's outputs"
    )


class Data(Part):
    """Which images were audited. ``found`` = audited + normaliser only + duplicates + refused + not drawn."""

    root: str = Field(
        description="the folder or file, as --data named it, or: bundled sample; of another source what it is"
    )
    source: ImageSource = Field(
        "folder",
        description="where the images are: in a folder, the files of a list, an archive, an array's file, the folder "
        "of a bucket, shards of WebDataset (wds), a data set of torchvision (torch) or of Hugging Face (hfds), files "
        "that were named one by one in Python, or in no file",
    )
    split: str | None = Field(None, description="which split of a data set it is; null where there are none")
    image_key: str | None = Field(
        None, description="the column with the images that was named; null: none was"
    )
    label_key: str | None = Field(
        None, description="the column with the labels that was named; null: none was"
    )
    revision: str | None = Field(
        None,
        description="which state of that source it was: a commit or fingerprint of it; null: hashes alone say",
    )
    bundled_sample: bool = Field(description="whether the images are those that geed brings along")
    found: int = Field(description="entries of the folder, or of another source, of whatever became of them")
    count: int = Field(description="audited images")
    not_drawn: int = Field(
        description="images that were found and not needed; of a partial run, also those that were not reached"
    )
    sha256: str = Field(description="of the audited images' hashes, in order")
    seed: int = Field(description="of the draw of images")
    images: tuple[Image, ...] = Field(description="the audited ones, in the order of every per_image list")
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
    labels: Labels | None = Field(None, description="null where no labels were given")
    notes: tuple[str, ...] = Field((), description="how images came that 8 bits do not hold, a sentence each")
    made_up: float | None = Field(
        None, description="part of the surroundings that boundary context reads and the pictures do not reach"
    )


class Group(Part):
    """One group, or set of transformations that is no group, and the conditions of its action."""

    name: str = Field(description="as -g takes it, such as c4; of a set, as --set does")
    kind: Literal["group", "set"] = Field(
        "group", description="a set of transformations has neither products nor inverses"
    )
    order: int = Field(description="number of elements, e included")
    elements: tuple[str, ...] = Field(description="their names, e first")
    calls: tuple[str, ...] = Field((), description="of a set: what each member does, in full")
    exact: bool = Field(description="whether no element resamples a picture; false of sets")
    boundary: str | None = Field(
        description="disc, zero, reflect or context, for elements that resample; null where none does, and of sets"
    )
    interpolation: str | None = Field(
        description="bilinear or bicubic, of those elements; null where boundary is"
    )


class Looks(Part):
    """A run that added images until intervals were narrow enough, or a policy was decided."""

    sizes: tuple[int, ...] = Field(description="images at each planned look")
    used: int = Field(description="looks taken; the run ended at sizes[used − 1]")
    confidence: float = Field(
        description="of the intervals at that look, so that the plan as a whole keeps settings.confidence"
    )
    width: float | None = Field(
        description="what was asked for, high − low, in the measure's own unit; null: that a policy be decided"
    )
    metric: str | None = Field(description="name or glob of the measures that were watched; null of a policy")


class Settings(Part):
    """Everything else that was asked for."""

    samples: int = Field(
        description="at most so many images were to be audited; of a run that grew until a width, at its first look"
    )
    norm_samples: int | None = Field(
        description="further images for the normaliser M; null: M is taken over the audited ones"
    )
    confidence: float = Field(
        description="of the intervals, in (0, 1); of a growing run, that of the plan as a whole"
    )
    resamples: int = Field(description="bootstrap resamples, where the interval method draws any")
    ci: str = Field(description="the interval method")
    simultaneous: bool = Field(
        False, description="whether all intervals hold together with that confidence, and not each by itself"
    )
    looks: Looks | None = None
    seed: int = Field(description="of the bootstrap resamples")
    decode: str = Field(
        "exact",
        description="how pictures became pixels: exact, resized with Pillow; fast-2, with torch, within two levels of "
        "255; fast, by 0.1.0, which reduced large JPEGs while they were decoded",
    )
    precision: str = Field(description="floating type in which the network ran: fp32, fp64, bf16 or fp16")
    precision_probes: int = Field(0, description="images on which a reduced precision was set against fp32")
    compiled: bool = Field(False, description="whether torch.compile compiled the network")
    batch_size: int = Field(description="rows of a batch that the network was shown, on the first device")
    channels_last: bool = Field(
        True, description="whether pictures, weights and maps lay channels last in memory, or contiguous"
    )
    device: str = Field(
        description="where it ran, such as cpu or cuda:0; several that shared the images are parted by commas"
    )
    threads: int = Field(description="of torch on a CPU")
    measures: tuple[str, ...] = Field(description="names of the measures of the run")
    layers: tuple[str, ...] = Field(description="dotted names of the audited layers, in network order")
    probes: int = Field(0, description="images on which null and floor were measured")
    phase_correct: bool = Field(
        False, description="whether layers were also compared about the centre of their own sampling grid"
    )
    twin: str | None = Field(None, description="weights of the random twin that was audited beside")
    discover: str | None = Field(
        None,
        description="the kind of hidden action that was looked for, permutation or linear; null: none was",
    )


class PerImage(Part):
    """The rows behind one value, in the order of the images; null where a row is undefined.

    ``normaliser`` is each image's mean distance (or cosine) to the other normaliser images, whose mean is M.
    """

    value: tuple[float | None, ...] = Field(
        description="each image's mean of m over G, raw; for latent measures M divides their mean"
    )
    normaliser: tuple[float, ...] | None = Field(
        None,
        description="each image's mean distance (or cosine) to the other normaliser images; null without an M",
    )


class ToAnother(Part):
    """How far the transformed image is on the way to being another image: 0 unchanged, 1 another image.

    The mean of ``per_image``, over M for features, over the mean of ``null`` for layers; docs/measures.md has both.
    """

    value: float | None = Field(
        description="0 unchanged, 1 another image; it may be larger; null where undefined"
    )
    ci: tuple[float, float] | None = Field(description="its confidence limits; null where withheld")
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


class Entry(Told):
    """One measure for one group, at one layer where the measure is layerwise.

    ``controls`` are in the value's own unit; docs/controls.md explains each. ``fourier`` are the pairs (a_j, b_j) of
    the per-element profile over the powers of the group's first element, frequency j from 0.
    """

    metric: str = Field(description="name of the measure")
    group: str = Field(description="name of the group or set")
    layer: str | None = Field(description="dotted name of the layer; null where the measure is not layerwise")
    status: Status = Field(
        description="undefined: the value has no meaning here, such as M = 0; not_applicable: it cannot be taken"
    )
    value: float | None = Field(
        description="raw, or raw / normaliser where there is one; null where undefined or not applicable"
    )
    ci: tuple[float, float] | None = Field(description="its confidence limits; null where withheld")
    raw: float | None = Field(
        description="the mean of per_image.value, by data.weights where images have some, before M divides it"
    )
    normaliser: float | None = Field(description="M; null for measures without one")
    controls: dict[str, float] = Field(
        {}, description="by name, those that were measured, in the value's own unit"
    )
    twin_ci: tuple[float, float] | None = Field(
        None, description="confidence limits of the control twin, made of the twin's own rows"
    )
    per_element: ByElement[float | None] = Field(
        {}, description="by element, the mean of m over images, before M divides it; null where it has none"
    )
    per_element_ci: ByElement[tuple[float, float] | None] = Field(
        {},
        description="confidence limits of per_element, each by itself; null where one is withheld, empty where ci is",
    )
    fourier: tuple[tuple[float, float], ...] | None = Field(
        None, description="pairs (a_j, b_j) of per_element by frequency; null for sets and below three powers"
    )
    per_image: PerImage | None = None
    to_another: ToAnother | None = Field(
        None,
        description="the value on the scale from 0, unchanged, to 1, another image; null where that is not defined, "
        "and in results before geed.result/2",
    )
    notes: tuple[str, ...] = Field((), description="what limits the value, or why there is none")

    def __repr__(self) -> str:
        known = with_limits(self.value, self.ci) if self.status == "ok" else self.status.replace("_", " ")
        return in_line("Entry", self.metric, self.group, self.layer, known)


class GridPhase(Part):
    """Whether a layer's sampling grid is mapped onto itself by a group, at this input size."""

    group: str = Field(description="name of the group")
    layer: str = Field(description="dotted name of the layer")
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

    group: str = Field(description="name of the group")
    layer: str = Field(description="dotted name of the layer")
    method: Discover = Field(description="what was asked for")
    variant: str = Field(description="what was fitted: permutation, or of linear maps ridge or procrustes")
    verdict: str = Field(description="what was found, in words")
    reason: str = Field(description="the numbers that decided it, in words")
    explained: dict[str, float] = Field(
        description="by candidate (unmoved, before, after), the part explained κ: 0 as good as another image, 1 perfect"
    )
    before: dict[str, float | None] = Field(
        description="by element but e, deviation of f(gx) from g·f(x) on the scored images, −1 perfect"
    )
    after: dict[str, float | None] = Field(
        description="by element but e, deviation of f(gx) from ρ_g(g·f(x)), maps of channels applied"
    )
    unmoved: dict[str, float | None] = Field(description="by element but e, deviation of f(gx) from f(x)")
    null: dict[str, float | None] = Field(
        description="by element but e, deviation of f(gx) from another image's ρ_g(g·f(x')), ρ_g fitted to such pairs"
    )
    defect: float | None = Field(
        description="how far the found maps are from composing as the group does: 0 they do; null: nothing to compose"
    )
    fitted: int = Field(description="images on which the maps were fitted")
    scored: int = Field(description="other images, on which the deviations were taken")
    maps: dict[str, tuple[int, ...]] = Field({}, description="the permutation found for each element")
    notes: tuple[str, ...] = Field((), description="what limits the finding")


class TopClasses(Part):
    """The class that a classifier puts first for every picture under every element of a group: arg max p(gx)."""

    group: str = Field(description="name of the group or set")
    classes: dict[str, tuple[int, ...]] = Field(
        description="by element, the place of the class for each of data.images"
    )
    probabilities: dict[str, tuple[float, ...]] = Field(
        description="by element, its probability, to four decimals"
    )


class Accuracy(Part):
    """What labels say of a classifier's top classes under one group; docs/labels.md defines each."""

    metric: AccuracyMetric = Field(description="its name")
    group: str = Field(description="name of the group or set")
    value: float | None = Field(
        description="of the pictures as they are; of worst_case over the whole orbit; null where undefined"
    )
    ci: tuple[float, float] | None = Field(description="its confidence limits; null where withheld")
    per_element: ByElement[float | None] = Field(
        {}, description="by element, e included, the same of the pictures under it; empty of worst_case"
    )
    per_element_ci: ByElement[tuple[float, float] | None] = Field(
        {}, description="confidence limits of per_element, each by itself; null where one is withheld"
    )
    change: ByElement[float | None] = Field(
        {}, description="of accuracy, by element but e: per_element less value, over the same pictures"
    )
    change_ci: ByElement[tuple[float, float] | None] = Field(
        {},
        description="paired confidence limits of change, which hold for all elements of the group together; null where "
        "withheld",
    )
    notes: tuple[str, ...] = Field((), description="why the value or its interval is missing or unusual")

    def __repr__(self) -> str:
        return in_line("Accuracy", self.metric, self.group, with_limits(self.value, self.ci))


class ClassEntry(Part):
    """One number over the images of one class, M being that of all images; docs/labels.md."""

    label: int = Field(description="the place of the class among the network's outputs")
    images: int = Field(description="audited images of the class")
    metric: str = Field(description="name of the measure, or accuracy or worst_case")
    group: str = Field(description="name of the group or set")
    layer: str | None = Field(description="as of an entry")
    value: float | None = Field(description="over the images of the class; null where undefined")
    ci: tuple[float, float] | None = Field(
        description="its confidence limits, for this class by itself; null where withheld, as of fewer than 20 images"
    )
    joint_ci: tuple[float, float] | None = Field(
        description="limits that hold for all classes of the number that have some together, for what is said of the "
        "furthest class"
    )
    notes: tuple[str, ...] = Field((), description="why the value or its interval is missing or unusual")

    def __repr__(self) -> str:
        where = f"class {self.label}", self.metric, self.group, self.layer
        return in_line("ClassEntry", *where, with_limits(self.value, self.ci))


class NotOneFunction(Part):
    """That the network is no function of one image, in a run that was told to go on; docs/controls.md."""

    site: str = Field(description="the first that moved, in order of execution")
    movement: float = Field(description="of it between two showings of a picture, over its largest magnitude")
    reasons: tuple[str, ...] = Field((), description="what was seen of the cause")
    sentence: str = Field(description="the finding in words")


class ClusterRun(Part):
    """What became of the workers of a cluster, of all audits that they ran together; of Slurm a worker is a job."""

    engine: Literal["ray", "slurm"] = Field(description="what started the workers")
    images: int = Field(description="images that were measured in this run")
    lost: int = Field(
        description="images that were given up, since no worker survived them; none under Slurm"
    )
    workers: int = Field(
        description="workers that came, those in place of others as well; jobs that were submitted"
    )
    deaths: int = Field(description="workers that ended over work; jobs that ended without doing theirs")
    retries: int = Field(
        description="tasks that were done anew after that; none under Slurm, which queues what it preempts by itself"
    )
    cuts: int = Field(description="tasks that were cut in halves to find an image that ends workers")
    copies: int = Field(description="tasks that were begun a second time, since the first took long")
    duplicates: int = Field(description="tasks that were done more often than needed")


class Environment(Part):
    """Versions and the machine."""

    geed: str = Field(description="version of geed")
    python: str = Field(description="version of Python")
    torch: str = Field(description="version of torch")
    timm: str = Field(description="version of timm")
    torchvision: str = Field(description="version of torchvision")
    platform: str = Field(description="operating system, its version and the machine's architecture")
    device: str = Field(description="kind of the first device, and its model where the system says it")
    map_sums: SumsBy | None = Field(
        None,
        description="who summed maps: kernel, the library that is compiled at installation, or torch; null where it "
        "was not recorded",
    )
    cluster: ClusterRun | None = Field(
        None, description="what became of the workers of a cluster; null where none ran"
    )


class Timing(Part):
    """Seconds. Decoding overlaps the forward passes, so the parts need not add up to the total.

    ``forward_s`` and ``measure_s`` are the mean over the devices that shared the images.
    """

    decode_s: float = Field(description="seconds that the network waited for decoded images")
    forward_s: float = Field(description="seconds of forward passes")
    measure_s: float = Field(description="seconds in which activations were reduced to numbers")
    statistics_s: float = Field(description="seconds in which values and intervals were made of the rows")
    total_s: float = Field(description="seconds from the start of the session to its result")
    cached: int = Field(0, description="images of which every row was known from earlier runs")
    images_per_s: float = Field(
        description="images that the network was shown, over the seconds of waiting, passes and measuring"
    )


class Result(Presented):
    """One audit."""

    schema_: Literal["geed.result/2"] = Field(
        SCHEMA,
        alias="schema",
        description="the version of this format; geed.result/1, of before 0.2, is read as well",
    )
    status: Completeness = Field(
        description="partial where the run was interrupted, so that fewer images were audited than asked for"
    )
    signature: str = Field(description="all that two results must share to be compared, in one line")
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
        {}, description="of the classes in top_classes and data.labels by place, where they are known"
    )
    accuracy: tuple[Accuracy, ...] = Field(
        (), description="of labelled images, for each group in top_classes; empty without labels"
    )
    by_class: tuple[ClassEntry, ...] = Field(
        (), description="of labelled images, every number of each class; empty where it was not asked for"
    )
    command: tuple[str, ...] = Field(
        (),
        description="the command line that made the result, as it was typed, with options from files as words; "
        "empty from Python",
    )
    environment: Environment
    timing: Timing

    model_config = Part.model_config | {"populate_by_name": True}

    @field_validator("schema_", mode="before")
    @classmethod
    def _read_as_written(cls, schema: object) -> object:
        return SCHEMA if schema in get_args(Schema) else schema

    @property
    def digest(self) -> str:
        """SHA-256 over everything but environment, timing, the command line, and batch size, device and threads.

        It is not in the file: ``geed validate`` computes it of what is there.
        """
        return digest_of(self)

    def __getitem__(self, key: str | tuple[str | None, ...]) -> Entry:
        """The entry of a measure, group and layer, ``result[metric, group, layer]``.

        The layer is left out of measures of the whole network, and any name where only one entry fits the others.

        Raises:
            NoEntryError: a ``KeyError`` and ``InputError``: there is none, or several; it lists what there is.
        """
        return row_at(self.results, KEYS, key, "result")

    def __contains__(self, key: object) -> bool:
        return bool(rows_at(self.results, KEYS, key))

    def __repr__(self) -> str:
        images = f"{self.data.count} image{'s' * (self.data.count != 1)}"
        groups = ", ".join(group.name for group in self.groups)
        partial = "partial" if self.status == "partial" else None
        return in_line(
            "Result", f"{self.model.arch}:", f"{groups};", f"{images}, {len(self.results)} entries", partial
        )

    def rows_and_columns(self) -> tuple[Columns, Rows]:
        """A row for each entry."""
        from geed_cli.result.entry_rows import COLUMNS, entry_rows  # noqa: PLC0415 - what reading does not need

        return COLUMNS, entry_rows(self)

    def plot(self, kind: Plot = "depth", group: str | None = None) -> Figure:
        """One of the figures of ``geed report --plot``, which shows itself in a notebook and has ``save``.

        Args:
            kind: depth, polar, elements, images or layers.
            group: of which; None is the first that the figure can be drawn of.

        Raises:
            InputError: no such figure or group, or nothing to draw.
        """
        figure: Figure = drawing().figure_of(self, kind, group)
        return figure


KEYS = ("metric", "group", "layer")
"""The names of an entry, in the order of a key."""
