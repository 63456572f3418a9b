"""What turns a loaded module into a network to audit: its split, and that it runs.

f = f2 ∘ f1 is split at the site of f1(x), by default what goes into the classifier, which is timm's "pooled
pre-logits". A network without a classifier ends in its features. The spec's words come before the source's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from geed_cli.errors import InputError, is_out_of_memory, nearest, nearest_are, text_of
from geed_cli.input_settings import InputSettings
from geed_cli.models.classifier import Seen, recognised, require_one_call, require_weights, without_weights
from geed_cli.models.code.failure import failure_of
from geed_cli.models.code.other_size import does_not_run
from geed_cli.models.code.own_type import number_of
from geed_cli.models.ending import run_watched
from geed_cli.models.network import OUTPUT, Site, module_of
from geed_cli.models.output import NO_CLASSIFIER, Output, output_of
from geed_cli.models.preprocessing import first_convolution, runs
from geed_cli.models.spec import OWN_CODE, LayoutName, SplitPart

TYPES = re.compile(r"same dtype|scalar type|[Ff]ound dtype|[Ii]nput type .* should be the same")
"""How torch says that the types of two tensors differ."""
PROBES = 2
"""Images that are put through a network when it is loaded: with one alone, an axis of 1 could not be told from it."""


@dataclass(frozen=True)
class Split:
    """The sites of one network; ``classifier`` is None where none is known."""

    features: Site
    classifier: str | None
    output: Output


def leave_out(key: str, reference: str, source: str) -> str:
    """The remedy for a name in a spec that is no module: a spec that has it cannot be inspected either."""
    code = " --allow-code" if source in OWN_CODE else ""
    return f"leave {key} out of the spec; then geed inspect {reference} --layers{code} lists the modules"


def split_network(  # noqa: PLR0913 - what is declared, what the source knows and what was seen, by name
    module: nn.Module,
    classifier: str | None,
    wanted: SplitPart,
    model: str,
    seen: Seen,
    absent: Sequence[str] = (),
    remedy: str = "",
    *,
    known: bool = False,
    layout: LayoutName | None = None,
) -> Split:
    """The split that a spec declares, completed by the network's own.

    Args:
        module: the network.
        classifier: name of the network's own classifier, where its source knows it.
        wanted: the spec's section.
        model: what messages call the network.
        seen: what the network put out when it ran.
        absent: tensors without weights.
        remedy: how to find the names of modules, where that is not ``geed inspect MODEL --layers``.
        known: whether the source knows a network's classifier where it has one, so that none is looked for.
        layout: of dense predictions, where the spec declares it.

    Returns:
        features: the output of the module that the spec names, else what goes into the classifier, else the network's
        output. Where the spec says that there is no classifier, the network's own still marks the end of the features
        if it has no weights.

    Raises:
        InputError: a name that is no module of the network, a classifier that has no weights, or that is not run once
            in evaluation; an output that is not what the spec declares.
    """
    for key, name in (("features", wanted.features), ("classifier", wanted.classifier)):
        if name is not None:
            _require_module(f"split.{key}", name, module, model, remedy)
    headless = wanted.without_classifier
    own = wanted.classifier or classifier
    if own is None and not headless and not known:
        own = recognised(module, seen)
    if own is not None and not headless:
        require_weights(own, absent)
        require_one_call(own, module, seen, model)
    marks = own if not headless or own is None or without_weights(own, absent) else None
    if wanted.features is not None:
        features = Site(wanted.features, "output")
    else:
        features = Site(marks, "input") if marks is not None else OUTPUT
    own = None if headless else own
    without = f"{NO_CLASSIFIER} (split.classifier: null)" if headless else NO_CLASSIFIER
    reason = without if headless or (known and own is None) else None
    output = output_of(seen.values, seen.ending, own, wanted.output, headless=reason, layout=layout)
    if own is not None and own == classifier:  # its source says that these are logits
        output = replace(output, affine=True)
    return Split(features, own, output)


def _require_module(key: str, name: str, module: nn.Module, model: str, remedy: str) -> None:
    names = [each for each, _ in module.named_modules()]
    if module_of(name) not in names:
        raise InputError(
            f"{key} '{name}' is not in {model}",
            expected=f"a module of the network{nearest_are(nearest(name, names))}",
            remedy=remedy or f"geed inspect {model} --layers",
        )


def require_one_tensor(
    module: nn.Module,
    settings: InputSettings,
    model_id: str,
    images: int | None = None,
    *,
    sized: bool = False,
) -> Seen:
    """Put a black and noisy images through the network: it must run at this size and return one tensor.

    There are ``PROBES`` images, or as many as the network takes at once where that is one number alone. ``sized`` says
    that it runs at the size that its source knows, so that another was asked for.

    Raises:
        InputError: it fails, or returns something other than one tensor for the batch.
    """
    size, rows = settings.size, images or PROBES
    pictures = torch.zeros(rows, settings.channels, size, size)
    pictures[1:].normal_(generator=torch.Generator().manual_seed(0))
    try:
        output, ending = run_watched(module, pictures.to(number_of(module)))
    except Exception as error:  # a network may fail in any way on a size that it was not made for
        if is_out_of_memory(error):
            raise
        raise _does_not_run(module, settings, model_id, error, sized=sized) from error
    if not isinstance(output, Tensor) or output.shape[:1] != (rows,):
        what = (
            f"a tensor of shape {tuple(output.shape)} for {rows} images"
            if isinstance(output, Tensor)
            else (f"{type(output).__name__}, not one tensor")
        )
        raise InputError(
            f"{model_id} returns {what}",
            expected="one tensor for a batch of images, whose first axis is the batch",
            remedy="wrap the network in a module that returns the output to be audited",
        )
    if output.layout != torch.strided:
        raise InputError(
            f"{model_id} returns a tensor of layout {str(output.layout).removeprefix('torch.')}",
            expected="a dense tensor",
            remedy="wrap the network in a module that returns the output's to_dense()",
        )
    return Seen(output, ending)


def _does_not_run(
    module: nn.Module, settings: InputSettings, model_id: str, error: Exception, *, sized: bool
) -> InputError:
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
    # the first that is defined need not be the one that sees the picture, so that it is tried
    if first is not None and first.in_channels and runs(module, first.in_channels, settings.size):
        name = first_convolution(module, first.in_channels)
        return InputError(
            f"{model_id} takes {_channels(first.in_channels)}: its first convolution, {name}, has so many",
            expected="a network of RGB pictures, or of luminance alone",
            remedy="build it by code of yours (source: python) that makes its channels of the three of a picture",
        )
    if isinstance(error, RuntimeError) and TYPES.search(text_of(error)):
        return InputError(
            f"{model_id} does not run in float32: {failure_of(module, error)}",
            expected="a network that runs in float32, to which its weights are turned",
            remedy="let its code compute in the type of its weights, such as x.to(self.weight.dtype)",
        )
    found = f"{model_id} does not run on {settings.size}×{settings.size} images: {failure_of(module, error)}"
    expected = f"a network for square images of {_channels(channels)} and that size"
    if sized:
        remedy = "leave out --img-size, or input.size in the spec: the network has a size of its own"
        return InputError(found, expected=expected, remedy=remedy)
    return does_not_run(found, settings.size, lambda size: runs(module, channels, size), expected)


def _channels(count: int) -> str:
    return f"{count} channel{'s' * (count != 1)}"
