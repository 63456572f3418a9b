"""A module that is in memory already: what its class and its own description say of it.

timm's networks describe themselves, torchvision's are known by their classes, those of transformers and open_clip
state their size, and the latter their preprocessing. Of any other module nothing is known but that it is one.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from geed_cli.input_settings import InputSettings
from geed_cli.models.sources.architecture import Architecture
from geed_cli.models.sources.from_timm import describe_timm
from geed_cli.models.sources.from_torchvision import describe_torchvision
from geed_cli.models.sources.from_transformers import describe_transformers
from geed_cli.models.sources.timm_names import TimmName
from geed_cli.runtime.libraries import torchvision

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET = InputSettings(224, 256, "bilinear", IMAGENET_MEAN, IMAGENET_STD)
"""torchvision's preset for networks of ImageNet."""
INCEPTION = InputSettings(299, 342, "bilinear", IMAGENET_MEAN, IMAGENET_STD)
PRESET_NOTE = (
    "preprocessing is torchvision's preset for ImageNet, {size} of {resize} pixels; preprocess= says another"
)


def in_memory(module: nn.Module, name: str | None, size: int | None) -> Architecture:
    """What can be told of a module.

    Args:
        module: in evaluation mode.
        name: what the user calls it; None for its own name.
        size: of its pictures; None for its own.

    Raises:
        InputError: a network of timm that takes no square pictures.
    """
    if library_of(module) == "timm" and _config(module):
        resolved = _timm_name(module)
        return describe_timm(resolved, module, size or _built_size(module))
    if isinstance(module, _torchvision_classes()):
        settings = torchvision_preset(module, size)
        note = PRESET_NOTE.format(size=settings.size, resize=settings.resize)
        described = describe_torchvision(name or type(module).__name__.lower(), module, settings)
        return replace(described, notes=(note,))
    own = name or type(module).__name__
    if library_of(module) == "transformers" and hasattr(module, "config"):
        scores = type(module).__name__.endswith("ForImageClassification")
        return replace(describe_transformers(module, module.config, scores=scores), name=own)
    stated = stated_input(module, size)
    return Architecture(
        "python", own, None, module, stated, classifier=None, layers=(), finds_classifier=True
    )


def library_of(module: nn.Module) -> str:
    """The package of the module's own class."""
    return type(module).__module__.partition(".")[0]


def _config(module: nn.Module) -> Mapping[str, Any]:
    """The description of a network by timm; empty where there is none."""
    described = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None) or {}
    return described if isinstance(described, Mapping) else vars(described)


def _timm_name(module: nn.Module) -> TimmName:
    config = _config(module)
    arch = str(config.get("architecture") or type(module).__name__.lower())
    return TimmName(arch, arch, config.get("tag") or None, None, fixed_size=False)


def _built_size(module: nn.Module) -> int | None:
    """The side that a network of patches was built for; None where it takes any."""
    config = _config(module)
    built = getattr(getattr(module, "patch_embed", None), "img_size", None)
    if not config.get("fixed_input_size") or not built:
        return None
    return int(built[0] if isinstance(built, tuple | list) else built)


def _torchvision_classes() -> tuple[type[nn.Module], ...]:
    """The classes of torchvision's classification networks."""
    models = vars(torchvision.models).values()
    return tuple(each for each in models if isinstance(each, type) and issubclass(each, nn.Module))


def torchvision_preset(module: nn.Module, size: int | None) -> InputSettings:
    """The preset of torchvision for ImageNet, at the module's own size or another one, in the same ratio."""
    own = INCEPTION if isinstance(module, torchvision.models.Inception3) else IMAGENET
    side = size or _side(getattr(module, "image_size", None)) or own.size
    return InputSettings(side, side * own.resize // own.size, own.interpolation, own.mean, own.std)


def stated_input(module: nn.Module, size: int | None) -> InputSettings | None:
    """The preprocessing that a module states itself: timm's description, or open_clip's; None where it does not."""
    if _config(module).get("mean"):
        return describe_timm(_timm_name(module), module, size or _built_size(module)).input
    stated = getattr(module, "preprocess_cfg", None)
    if not isinstance(stated, Mapping) or not {"size", "mean", "std"} <= stated.keys():
        return None
    side = size or _side(stated["size"])
    modes = {"shortest": "center", "longest": "border", "squash": "squash"}
    mode = modes.get(str(stated.get("resize_mode", "shortest")))
    if side is None or mode is None:
        return None
    filter_ = (
        "bilinear" if stated.get("interpolation") == "random" else stated.get("interpolation", "bicubic")
    )
    return InputSettings(side, side, filter_, tuple(stated["mean"]), tuple(stated["std"]), mode)  # type: ignore[arg-type]


def stated_size(module: nn.Module) -> int | None:
    """The side of the pictures that a module's own configuration states; None where it states none."""
    config = getattr(module, "config", None)
    for holder in (config, getattr(config, "vision_config", None), module):
        side = _side(getattr(holder, "image_size", None))
        if side is not None:
            return side
    return None


def _side(value: object) -> int | None:
    """A side of square pictures; None of any other shape, or of nothing."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list) and value and len(set(value)) == 1:
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
