"""Classification networks from torchvision: names, module, preprocessing and published weights.

The library keeps preprocessing with the weights, several to an architecture, and derives some arguments of the
factory from them. Without WEIGHTS in a name the library's default is meant; which one that is, is resolved here, since
it differs between versions. Files are read by this package's own reader, which checks every name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.checkpoints.loading import load_checkpoint
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.checkpoints.unfilled import blank, require_filled
from geed_cli.errors import InputError, did_you_mean, nearest, text_of
from geed_cli.input_settings import InputSettings
from geed_cli.models.sources.architecture import Architecture, Loaded, seeded
from geed_cli.models.sources.download import url_file
from geed_cli.models.sources.timm_names import unknown_network
from geed_cli.models.spec import Argument
from geed_cli.models.stages import default_stages
from geed_cli.runtime.libraries import torchvision

# Published before the layers inside a dense layer got names without a second dot.
DENSENET_NAMES = (
    (
        r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var|num_batches_tracked))$",
        r"\1\2",
    ),
)
# Heads for training only, which the published files hold and the networks drop.
AUXILIARY = {"googlenet": ("aux1.*", "aux2.*"), "inception_v3": ("AuxLogits.*",)}
FIXED_SIZE = ("vit_", "maxvit_")


@dataclass(frozen=True)
class TorchvisionName:
    """A resolved name: the architecture, one entry of its weights, and whether the name said which."""

    arch: str
    weights: torchvision.models.WeightsEnum
    explicit: bool

    @property
    def id(self) -> str:
        """``arch/WEIGHTS``."""
        return f"{self.arch}/{self.weights.name}"


def torchvision_networks() -> list[str]:
    """The names of torchvision's classification networks, sorted."""
    return list(torchvision.models.list_models(module=torchvision.models))


def resolve_torchvision_name(name: str) -> TorchvisionName:
    """What ``NAME`` or ``NAME/WEIGHTS`` stands for.

    Raises:
        InputError: torchvision has no such classification network, or no such weights for it.
    """
    arch, _, tag = name.partition("/")
    if arch not in torchvision_networks():
        raise unknown_network(name, torchvision_networks(), "a classification network of torchvision")
    published = torchvision.models.get_model_weights(arch)
    if not tag or tag == "DEFAULT":
        return TorchvisionName(arch, published.DEFAULT, explicit=False)
    if tag not in published.__members__:
        close = nearest(tag, published.__members__)
        raise InputError(
            f"torchvision has no weights '{tag}' for {arch}",
            expected=f"{did_you_mean(close)}one of {', '.join(entry.name for entry in published)}",
            remedy=f"torchvision:{arch}/{close[0] if close else published.DEFAULT.name}",
        )
    return TorchvisionName(arch, published[tag], explicit=True)


def build_torchvision(
    name: str, arguments: Mapping[str, Argument], size: int | None, seed: int | None
) -> Architecture:
    """Build a torchvision network with random weights; the same seed gives the same ones, and global state stays.

    Args:
        name: ``NAME`` or ``NAME/WEIGHTS``; the weights only say which preprocessing is meant.
        arguments: for torchvision's factory.
        size: input size; None for that of the weights.
        seed: of the random weights; None leaves them undrawn, for a file to fill.

    Raises:
        InputError: an unknown name, or arguments or a size that the network does not take.
    """
    resolved = resolve_torchvision_name(name)
    note = f"preprocessing is that of torchvision's {resolved.id}, its default"
    return _build(resolved, arguments, size, seed, () if resolved.explicit else (note,))


def build_pretrained_torchvision(
    name: str, arguments: Mapping[str, Argument], size: int | None, kept: KeptWeights | None = None
) -> tuple[Architecture, Loaded]:
    """Build a torchvision network with its published weights; arguments as for ``build_torchvision``.

    Raises:
        InputError: as ``build_torchvision``; or the file does not fit.
        RunError: the weights cannot be downloaded.
    """
    resolved = resolve_torchvision_name(name)
    published = url_file(resolved.weights.url, f"torchvision:{resolved.id}")
    note = f"{resolved.id} is torchvision's default for {resolved.arch}"
    architecture = _build(resolved, arguments, size, None, () if resolved.explicit else (note,))
    blank(architecture.module)
    record = load_checkpoint(architecture.module, published.path, architecture.rules, kept=kept)
    require_filled(architecture.module, published.path, missing=())
    return architecture, Loaded(published.origin, record.sha256, record.notes)


def _build(
    name: TorchvisionName,
    arguments: Mapping[str, Argument],
    size: int | None,
    seed: int | None,
    notes: tuple[str, ...],
) -> Architecture:
    settings = _input(name, size)
    module = _create(name, _settings_of_weights(name) | dict(arguments), seed)
    return replace(
        describe_torchvision(name.arch, module, settings),
        tag=name.weights.name,
        rules=KeyRules(
            rename=DENSENET_NAMES if name.arch.startswith("densenet") else (),
            unexpected=AUXILIARY.get(name.arch, ()),
        ),
        notes=notes,
    )


def describe_torchvision(arch: str, module: nn.Module, settings: InputSettings) -> Architecture:
    """What is known of a classification network that torchvision has built: its classifier, layers and tokens."""
    linear = [part for part, child in module.named_modules() if isinstance(child, nn.Linear)]
    convolutions = [part for part, child in module.named_modules() if isinstance(child, nn.Conv2d)]
    classifier = (linear or convolutions)[-1]  # SqueezeNet classifies with a convolution
    return Architecture(
        source="torchvision",
        name=arch,
        tag=None,
        module=module,
        input=settings,
        classifier=classifier,
        layers=_layers(module, classifier),
        channels_last=isinstance(module, torchvision.models.SwinTransformer),
        prefix_tokens=1 if isinstance(module, torchvision.models.VisionTransformer) else 0,
    )


def _layers(module: nn.Module, classifier: str) -> tuple[str, ...]:
    stages = default_stages(module, classifier)
    # Swin's features alternate: patch embedding, stage, patch merging, stage, ...
    return stages[1::2] if isinstance(module, torchvision.models.SwinTransformer) else stages


def _settings_of_weights(name: TorchvisionName) -> dict[str, Any]:
    """Factory arguments that torchvision derives from the weights, and that a bare factory would miss."""
    if name.arch in AUXILIARY:
        # The initialisation is the architecture's own; leaving the argument out only warns.
        return {"aux_logits": False, "transform_input": True, "init_weights": True}
    if name.arch.startswith("vit_"):
        return {"image_size": name.weights.meta["min_size"][0]}
    return {}


def _create(name: TorchvisionName, settings: Mapping[str, Any], seed: int | None) -> nn.Module:
    try:
        with seeded(seed):
            module: nn.Module = torchvision.models.get_model(name.arch, weights=None, **settings)
    except Exception as error:  # arguments reach all kinds of code
        given = ", ".join(f"{key}={value}" for key, value in settings.items())
        raise InputError(
            f"torchvision cannot build {name.arch} with {given}: {text_of(error)}",
            expected="arguments, and a size, that the factory takes",
            remedy="leave out --img-size and model.arguments, or correct them",
        ) from error
    return module


def _input(name: TorchvisionName, size: int | None) -> InputSettings:
    transforms = name.weights.transforms()
    crop, resize = transforms.crop_size[0], transforms.resize_size[0]
    if size is not None and size != crop and name.arch.startswith(FIXED_SIZE):
        raise InputError(
            f"torchvision's {name.arch} takes {crop}×{crop} inputs, not {size}×{size}",
            expected=f"size {crop}: this network's position weights fix it",
            remedy="leave out --img-size, or use the network of that kind from timm",
        )
    side = crop if size is None else size
    return InputSettings(
        size=side,
        resize=side * resize // crop,  # the weights' own ratio, in whole pixels
        interpolation=transforms.interpolation.value,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )
