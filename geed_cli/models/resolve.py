"""What turns a loaded module into a network to audit: its split, and that it runs.

f = f2 ∘ f1 is split at the site of f1(x), by default what goes into the classifier, which is timm's "pooled
pre-logits". A network without a classifier ends in its features. The spec's words come before the source's.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from geed_cli.errors import InputError, nearest, nearest_are
from geed_cli.input_settings import InputSettings
from geed_cli.models.network import OUTPUT, Site, module_of
from geed_cli.models.preprocessing import first_convolution, runs
from geed_cli.models.spec import SplitPart


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
            output = module(torch.zeros(1, settings.channels, settings.size, settings.size))
    except Exception as error:  # a network may fail in any way on a size that it was not made for
        raise _does_not_run(module, settings, model_id, error) from error
    if not isinstance(output, Tensor) or output.shape[0] != 1:
        raise InputError(
            f"{model_id} returns {type(output).__name__}, not one tensor",
            expected="one tensor for a batch of images",
            remedy="wrap the network in a module that returns the output to be audited",
        )


def _does_not_run(module: nn.Module, settings: InputSettings, model_id: str, error: Exception) -> InputError:
    """Why a network fails on a picture: another number of channels, as far as that can be told, or another size."""
    channels = settings.channels
    other = 4 - channels  # 1 and 3 are what pictures can be shown as
    if runs(module, other, settings.size):
        return InputError(
            f"{model_id} takes pictures of {_channels(other)}, not of {_channels(channels)}",
            expected="input.channels as the network takes them",
            remedy=f"input: {{channels: {other}}} in the spec",
        )
    first = next((part for part in module.modules() if isinstance(part, nn.Conv2d)), None)
    if first is not None and first.in_channels not in {0, 1, 3}:  # 0: it is not known before the first batch
        name = first_convolution(module, first.in_channels)
        return InputError(
            f"{model_id} takes {_channels(first.in_channels)}: its first convolution, {name}, has so many",
            expected="a network of RGB pictures, or of luminance alone",
            remedy="build it by code of yours (source: python) that makes its channels of the three of a picture",
        )
    return InputError(
        f"{model_id} does not run on {settings.size}×{settings.size} images: {error}",
        expected=f"a network for square images of {_channels(channels)} and that size",
        remedy="leave out --img-size, or correct input.size in the spec",
    )


def _channels(count: int) -> str:
    return f"{count} channel{'s' * (count != 1)}"
