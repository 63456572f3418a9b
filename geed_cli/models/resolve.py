"""What turns a loaded module into a network to audit: its split, its preprocessing, and that it runs.

f = f2 ∘ f1 is split at the site of f1(x), by default what goes into the classifier, which is timm's "pooled
pre-logits". A network without a classifier ends in its features. The spec's words come before the source's.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from geed_cli.errors import InputError, nearest, nearest_are
from geed_cli.input_settings import InputSettings
from geed_cli.models.network import OUTPUT, Site, module_of
from geed_cli.models.spec import InputPart, SplitPart

DEFAULT_CROP_PCT = 0.875
"""That of the ImageNet evaluation protocol, where neither the model's code nor the spec has one."""


@dataclass(frozen=True)
class Split:
    """The sites of one network; ``classifier`` is None where its output is not logits."""

    features: Site
    classifier: str | None


def split_network(module: nn.Module, classifier: str | None, wanted: SplitPart, model: str) -> Split:
    """The split that a spec declares, completed by the network's own.

    Args:
        module: the network.
        classifier: name of the network's own classifier, if it has one.
        wanted: the spec's section.
        model: what messages call the network.

    Returns:
        features: the output of the module that the spec names, else the input of the classifier, else the
        network's output.

    Raises:
        InputError: a name that is no module of the network.
    """
    names = [name for name, _ in module.named_modules()]
    for key, name in (("features", wanted.features), ("classifier", wanted.classifier)):
        if name is not None and module_of(name) not in names:
            raise _unknown_module(f"split.{key}", name, names, model)
    own = wanted.classifier or classifier
    if wanted.features is not None:
        features = Site(wanted.features, "output")
    else:
        features = Site(own, "input") if own is not None else OUTPUT
    return Split(features, None if wanted.without_classifier else own)


def _unknown_module(key: str, name: str, names: list[str], model: str) -> InputError:
    return InputError(
        f"{key} '{name}' is not in {model}",
        expected=f"a module of the network{nearest_are(nearest(name, names))}",
        remedy=f"geed inspect {model} --layers",
    )


def input_settings(own: InputSettings | None, wanted: InputPart, size: int | None) -> InputSettings:
    """The model's own preprocessing, overridden by what the spec says; a spec's ``crop_pct`` holds at any size.

    Args:
        own: the model's own, already at ``size``; None where the source knows none.
        wanted: the spec's section.
        size: the input size asked for; None for the model's own.

    Raises:
        InputError: the source knows no preprocessing and the spec leaves out size, mean or std.
    """
    own = own or _from_spec_alone(wanted, size)
    crop = wanted.crop_pct
    return replace(
        own,
        resize=own.resize if crop is None else InputSettings.resize_for(own.size, crop),
        interpolation=wanted.interpolation or own.interpolation,
        mean=wanted.mean or own.mean,
        std=wanted.std or own.std,
        crop_mode=wanted.crop_mode or own.crop_mode,
    )


def _from_spec_alone(wanted: InputPart, size: int | None) -> InputSettings:
    if size is None or wanted.mean is None or wanted.std is None:
        raise InputError(
            "the spec leaves out input.size, input.mean or input.std, and the model's code knows none",
            expected="input: {size: …, mean: [r, g, b], std: [r, g, b]}",
            remedy="add them to the spec; mean and std belong to pixel values in [0, 1]",
        )
    resize = InputSettings.resize_for(size, wanted.crop_pct or DEFAULT_CROP_PCT)
    return InputSettings(size, resize, "bilinear", wanted.mean, wanted.std)


def require_classifier(split: Split, absent: tuple[str, ...]) -> None:
    """Refuse a classifier to which one of the ``absent`` tensors belongs: every probability would be NaN."""
    classifier = module_of(split.classifier or "")
    inside = [name for name in absent if classifier and f"{name}.".startswith(f"{classifier}.")]
    if inside:
        raise InputError(
            f"the classifier '{split.classifier}' has no weights: {', '.join(inside)} are missing from the file",
            expected="weights for the classifier, or a spec that says the network has none",
            remedy="split: {classifier: null} in the spec",
        )


def require_one_tensor(module: nn.Module, settings: InputSettings, model_id: str) -> None:
    """Put one black image through the network: it must run at this size and return one tensor.

    Raises:
        InputError: it fails, or returns something other than one tensor for the batch.
    """
    try:
        with torch.inference_mode():
            output = module(torch.zeros(1, 3, settings.size, settings.size))
    except Exception as error:  # a network may fail in any way on a size that it was not made for
        raise InputError(
            f"{model_id} does not run on {settings.size}×{settings.size} images: {error}",
            expected="a network for square RGB images of that size",
            remedy="leave out --img-size, or correct input.size in the spec",
        ) from error
    if not isinstance(output, Tensor) or output.shape[0] != 1:
        raise InputError(
            f"{model_id} returns {type(output).__name__}, not one tensor",
            expected="one tensor for a batch of images",
            remedy="wrap the network in a module that returns the output to be audited",
        )
