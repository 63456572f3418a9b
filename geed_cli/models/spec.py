"""The schema of a model spec: which network, which weights, where f = f2 ∘ f1 is split, which layers are measured.

The keys are those of the YAML files in ``model_specs/``. Everything is strict and frozen: an unknown key or a value
of another type is an error, because a setting that is silently ignored makes an audit of something else.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from geed_cli.checkpoints.rules import KeyRules, Match
from geed_cli.choices import OutputKind
from geed_cli.documents.document import printable
from geed_cli.documents.pattern import compiled
from geed_cli.documents.validation import StrictPart
from geed_cli.input_settings import CropMode, Interpolation
from geed_cli.models.spec_actions import Action

Argument = bool | int | float | str
Name = Annotated[str, Field(min_length=1, max_length=300)]
SourceName = Literal["timm", "torchvision", "transformers", "open_clip", "torchhub", "python"]
OWN_CODE: frozenset[SourceName] = frozenset({"python", "torchhub"})
"""Sources whose code may change while no version of a library does."""
LayoutName = Literal["nchw", "nhwc", "tokens"]
"""How a layer's output lies in memory: B×C×H×W, B×H×W×C, B×tokens×C."""
Channels = Literal[1, 3]
"""Luminance or RGB."""
Positive = Annotated[float, Field(gt=0)]


class ModelPart(StrictPart):
    """The architecture.

    Attributes:
        source: who builds it; ``python`` imports the user's own code and needs --allow-code.
        name: the source's name for it: ``resnet50.a1_in1k``, ``hf-hub:org/name`` or ``local-dir:PATH`` (timm),
            ``resnet50/IMAGENET1K_V1`` (torchvision), ``org/name`` or ``local-dir:PATH`` (transformers),
            ``ViT-B-16/openai`` (open_clip), ``owner/name:entry`` (torchhub), ``module:callable`` (python); a repository
            may be followed by ``@revision``.
        arguments: plain values handed to the factory, such as ``num_classes``.
        cache_key: what the user calls code that no library has a version of, to be called otherwise once it does
            something else: equal weights do not say that the code is the same.
        classes: of ``open_clip``: a file of class names, one to a line, which make logits of the image embedding.
    """

    source: SourceName
    name: Name
    arguments: dict[Name, Argument] = Field({})
    cache_key: Name | None = None
    classes: Annotated[str, Field(min_length=1, max_length=4096)] | None = None

    @model_validator(mode="after")
    def _of_open_clip(self) -> "ModelPart":
        if self.classes is not None and self.source != "open_clip":
            raise ValueError(
                f"classes with source {self.source}, which has its own; expected source: open_clip, or none"
            )
        return self

    @model_validator(mode="after")
    def _names_own_code(self) -> "ModelPart":
        if self.cache_key is not None and self.source not in OWN_CODE:
            raise ValueError(
                f"cache_key with source {self.source}, whose code has a version; expected source: "
                f"{' or '.join(sorted(OWN_CODE))}, or none"
            )
        return self

    @property
    def is_unnamed_code(self) -> bool:
        """Whether nothing says which code it is."""
        return self.source in OWN_CODE and self.cache_key is None


class WeightsPart(StrictPart):
    """Where the weights come from and how the file's names become the network's.

    Attributes:
        origin: ``pretrained`` by the source, a local ``file``, a file inside an installed ``package``, ``random``.
        path: the file; for ``package`` inside the package.
        package: import name of the package.
        obtain: for ``file``: where a user gets it, shown when it is not there.
        key: which entry of the checkpoint holds the weights.
        strip_prefix: prefixes taken off the file's names.
        rename: regular expression → replacement, over whole names.
        match: pair tensors by ``name``, or by ``order`` where every shape agrees.
        missing: globs, the only names that may be absent from the file.
        unexpected: globs, the only names in the file that may be left over.
    """

    origin: Literal["pretrained", "file", "package", "random"]
    path: Name | None = None
    package: Name | None = None
    obtain: str | None = None
    key: Name = "auto"
    strip_prefix: tuple[Name, ...] = ()
    rename: dict[str, str] = Field({})
    match: Match = "name"
    missing: tuple[Name, ...] = ()
    unexpected: tuple[Name, ...] = ()

    @field_validator("rename")
    @classmethod
    def _compiles(cls, rename: dict[str, str]) -> dict[str, str]:
        for pattern in rename:
            try:
                compiled(pattern)
            except ValueError as error:
                raise ValueError(
                    f"'{printable(pattern)}' is not a regular expression that geed runs: {error}"
                ) from error
        return rename

    @model_validator(mode="after")
    def _says_where(self) -> "WeightsPart":
        required = {"file": {"path"}, "package": {"path", "package"}}.get(self.origin, set())
        given = {key for key in ("path", "package") if getattr(self, key) is not None}
        if given != required:
            wanted = " and ".join(sorted(required)) or "neither path nor package"
            raise ValueError(
                f"origin {self.origin} with {' and '.join(sorted(given)) or 'no path'}; expected {wanted}"
            )
        return self

    @property
    def rules(self) -> KeyRules:
        """The declarations about names, as the checkpoint reader takes them."""
        return KeyRules(
            self.key, self.strip_prefix, tuple(self.rename.items()), self.match, self.missing, self.unexpected
        )


class SplitPart(StrictPart):
    """f = f2 ∘ f1. A key that is left out means the network's own default.

    Attributes:
        features: module whose output, flattened, is f1(x).
        classifier: module that makes the predictions, ``fc#2`` a call of one that runs several times; null where the
            network has none, so that its output is f1(x).
        output: what the network puts out, as predictions are read of it.
    """

    features: str | None = None
    classifier: Name | None = None
    output: OutputKind | None = None

    @property
    def without_classifier(self) -> bool:
        """Whether the spec says ``classifier: null``."""
        return "classifier" in self.model_fields_set and self.classifier is None


class InputPart(StrictPart):
    """Preprocessing; what is left out is the model's own. See ``InputSettings`` for the meanings.

    ``channels`` is 1 for a network that is shown luminance; left out, it is found out.
    """

    size: Annotated[int, Field(ge=1, le=4096)] | None = None
    crop_pct: Annotated[float, Field(ge=0.05, le=1)] | None = None
    interpolation: Interpolation | None = None
    channels: Channels | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[Positive, ...] | None = None
    crop_mode: CropMode | None = None

    @field_validator("mean", "std")
    @classmethod
    def _of_channels(cls, values: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if values is not None and len(values) not in {1, 3}:
            raise ValueError(f"{len(values)} values; expected one for each of 3 channels, or 1 for all")
        return values


class TokensPart(StrictPart):
    """How the tokens of a layer lie on the picture, for a network whose modules do not say.

    Attributes:
        grid: height and width, in tokens; the tokens are in row order.
        prefix: tokens that precede the grid's, such as a class token.
    """

    grid: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
    prefix: Annotated[int, Field(ge=0)] = 0


class ModelSpec(StrictPart):
    """One spec file; the attributes are its sections."""

    model: ModelPart
    weights: WeightsPart
    split: SplitPart = SplitPart()
    layers: tuple[Name, ...] = ()
    actions: dict[Name, Action] = Field({})
    layouts: dict[Name, LayoutName] = Field({})
    tokens: dict[Name, TokensPart] = Field({})
    input: InputPart = InputPart()

    @field_validator("actions")
    @classmethod
    def _fit_their_sites(cls, actions: dict[str, Action]) -> dict[str, Action]:
        """Probabilities may be permuted but not mixed: softmax commutes with permutations alone."""
        if "logits" in actions and actions["logits"].has_matrices:
            raise ValueError(
                "matrices on the logits do not act on probabilities; expected a permutation of classes"
            )
        return actions

    @model_validator(mode="after")
    def _logits_by_pixel(self) -> "ModelSpec":
        """A layout of ``logits`` is that of scores per pixel, which have to be declared too."""
        layout = self.layouts.get("logits")
        if layout is not None and self.split.output != "dense":
            raise ValueError(
                "layouts.logits is for scores of classes per pixel; expected split.output: dense beside it, or "
                "logit[s] for a layer of that name"
            )
        if layout == "tokens":
            raise ValueError("layouts.logits is tokens; expected nchw or nhwc")
        return self
