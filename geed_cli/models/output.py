"""What a network puts out, as predictions are read of it: class scores, probabilities, labels, scores per pixel, none.

A declaration that what was seen contradicts is an error, and nothing is guessed: what cannot be told is ``none``, with
the reason, and measures of predictions are then not applicable.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from geed_cli.choices import OutputKind
from geed_cli.errors import InputError
from geed_cli.models.ending import Ending, Last
from geed_cli.models.spec import LayoutName

SUM_TOLERANCE = 1e-4
"""Of Σp = 1 in float32, where a softmax over thousands of classes leaves 1e-6; logits miss it by far more."""
NEGATIVE_ROUNDING = 1e-6
"""A probability that is computed as a difference may be that far below 0; it then counts as 0."""
ROUNDINGS = 4
"""In a shorter type each p is rounded relatively, so that Σp is off by about one rounding at most."""


@dataclass(frozen=True)
class Output:
    """The output of a network.

    Attributes:
        kind: how predictions are read of it.
        shape: for one image; of ``dense`` classes × height × width, however they lie in memory.
        probable: whether it is probabilities already, as of ``probabilities``; not put through a softmax or sigmoid.
        affine: whether a linear layer or a convolution ends it, or its source knows it, so that values in [0, 1] are no
            sign of probabilities.
        declared: whether the spec says so.
        precision: of the numbers that the network in float32 puts out.
        reason: of ``none``, one clause.
        channels_last: of ``dense``, whether the network puts out height × width × classes.
    """

    kind: OutputKind
    shape: tuple[int, ...] = ()
    probable: bool = False
    affine: bool = True
    declared: bool = False
    precision: torch.dtype = torch.float32
    reason: str = ""
    channels_last: bool = False

    @property
    def key(self) -> str:
        """Everything that changes a number made of it, as text."""
        return f"{self.kind} {self.probable}{' nhwc' if self.channels_last else ''}"

    def by_pixel(self, z: Tensor) -> Tensor:
        """One flattened output of ``dense`` as classes × height × width."""
        classes, height, width = self.shape
        if self.channels_last:
            return z.reshape(height, width, classes).permute(2, 0, 1)
        return z.reshape(classes, height, width)


NO_CLASSIFIER = "the network has no classifier"
LOGITS, NO_LOGITS = Output("logits"), Output("none", reason=NO_CLASSIFIER)


def output_of(
    seen: Tensor,
    ending: Ending,
    classifier: str | None,
    wanted: OutputKind | None,
    *,
    headless: str | None,
    layout: LayoutName | None = None,
) -> Output:
    """The kind of output that a spec declares, else the one that can be told.

    Args:
        seen: the network's output for a few images, the batch first.
        ending: how it came about.
        classifier: the module that makes it, where one is known.
        wanted: the spec's declaration.
        headless: the reason for ``none`` where it is known that there is no classifier.
        layout: of the axes of ``dense``, where the spec declares it.

    Raises:
        InputError: an output that is no floating-point tensor, or a declaration that the output contradicts.
    """
    if not seen.is_floating_point():
        raise InputError(
            f"the network's output is of type {str(seen.dtype).removeprefix('torch.')}",
            expected="floating-point numbers",
            remedy="let the network return its class scores or features",
        )
    shape = _squeezed(tuple(seen.shape[1:]))
    values = _finite(seen.reshape(len(seen), *shape))
    if wanted is not None:
        output = _declared(wanted, values, ending.last, layout)
    elif headless is not None:
        output = Output("none", shape, reason=headless)
    else:
        output = _inferred(values, ending.last, classifier)
    return replace(output, precision=seen.dtype)


def _finite(values: Tensor) -> Tensor:
    """The rows without NaN or infinity, such as some networks make of a black image; all where none is finite."""
    finite = values.flatten(1).isfinite().all(dim=1)
    return values[finite] if finite.any() else values


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one image's output: (K,) where axes of length 1 follow, as after pooling."""
    return shape[:1] or (1,) if math.prod(shape[1:]) == 1 else shape


def _inferred(values: Tensor, last: Last, classifier: str | None) -> Output:
    shape = tuple(values.shape[1:])
    why = _why_no_scores(shape)
    if why is None and are_distributions(values, 1):
        return Output("probabilities", shape, probable=True)
    if why is None and last in ("sigmoid", "softmax"):
        why = (
            "it ends in a sigmoid; for independent labels declare split: {output: sigmoid}"
            if last == "sigmoid"
            else "it ends in a softmax over something other than classes"
        )
    if why is None and classifier is None:
        why = (
            "no classifier was recognised, since no single linear layer makes the output; if it is class scores, "
            "declare split: {output: logits}"
        )
    if why is not None:
        return Output("none", shape, reason=why)
    return Output("logits", shape, affine=last in ("affine", "log_softmax"))


def _why_no_scores(shape: tuple[int, ...]) -> str | None:
    """Why an output of that shape is no scores of classes."""
    text = "×".join(map(str, shape))
    if 0 in shape:
        return f"the output is empty, {text} numbers for each image"
    if shape == (1,):
        return "the output is one number for each image; for the logit of a label declare split: {output: sigmoid}"
    if len(shape) == 2:
        return f"the output is {text} for each image, as of tokens that are not pooled"
    if len(shape) == 3 and (layouts := _dense_layouts(shape)):
        declared = f"split: {{output: dense}}{_and_layout(layouts)}"
        return f"the output is {text} for each image; for classes of each pixel declare {declared}"
    return None if len(shape) == 1 else f"the output is {text} for each image"


def _dense_layouts(shape: tuple[int, ...]) -> tuple[LayoutName, ...]:
    """How an output may be classes of each pixel: height and width of what a square picture becomes are equal."""
    if len(shape) != 3:
        return ()
    first, second, third = shape
    fitting: tuple[tuple[LayoutName, bool], ...] = (
        ("nchw", second == third > 0 and first > 1),
        ("nhwc", first == second > 0 and third > 1),
    )
    return tuple(name for name, fits in fitting if fits)


def _and_layout(layouts: Sequence[LayoutName]) -> str:
    """What a spec has to say beside ``output: dense``: nothing where the classes come first beyond doubt."""
    return "" if layouts == ("nchw",) else f" and {_as_declared(layouts)}"


def _as_declared(layouts: Sequence[LayoutName]) -> str:
    return f"layouts: {{logits: {layouts[0]}}}" + "".join(f", or {other}" for other in layouts[1:])


def _declared(wanted: OutputKind, values: Tensor, last: Last, layout: LayoutName | None) -> Output:
    if wanted == "none":
        shape = tuple(values.shape[1:])
        return Output("none", shape, declared=True, reason="the spec declares no predictions, output: none")
    last_axis = False
    if wanted == "dense":
        last_axis = _dense_layout(values, layout) == "nhwc"
        values = values.movedim(-1, 1) if last_axis else values
    shape = tuple(values.shape[1:])
    distributed = are_distributions(values, 1)
    fault = _contradicts(wanted, values, last)
    if fault is not None:
        raise contradiction(wanted, fault, *_fitting(values, last))
    probable = last == "sigmoid" if wanted == "sigmoid" else distributed
    affine = last in ("affine", "log_softmax")
    return Output(wanted, shape, probable, affine, declared=True, channels_last=last_axis)


def _dense_layout(values: Tensor, layout: LayoutName | None) -> LayoutName:
    """The declared layout of scores per pixel, else the one that can be told.

    Raises:
        InputError: the output has no such axes, or several readings.
    """
    shape = tuple(values.shape[1:])
    text, fitting = f"{'×'.join(map(str, shape))} for each image", _dense_layouts(shape)
    if not fitting:
        why = "not classes × height × width of 2 classes or more, with height and width equal"
        raise contradiction("dense", f"it is {text}, {why}", *_fitting(values, "other"))
    if layout is None and fitting == ("nchw",):
        return "nchw"
    if layout in fitting:
        return layout
    if layout is not None:
        raise InputError(
            f"the spec declares {layout} for logits, and the network's output is {text}, whose height and width "
            "would then differ",
            expected="height and width of one length, as of what a square picture becomes",
            remedy=f"layouts: {{logits: {fitting[0]}}} in the spec",
        )
    why = "the classes seem to come last" if len(fitting) == 1 else "which axis is the classes does not show"
    raise InputError(
        f"the network's output is {text}: {why}",
        expected="classes × height × width, or a declaration",
        remedy=f"{_as_declared(fitting)}, in the spec",
    )


def _contradicts(wanted: OutputKind, values: Tensor, last: Last) -> str | None:
    """Why an output cannot be what was declared; of ``dense`` the shape has been looked at."""
    shape = tuple(values.shape[1:])
    if wanted == "dense":
        return None
    if len(shape) != 1 or 0 in shape:
        return f"it is {'×'.join(map(str, shape))} for each image, not one row of numbers"
    if shape == (1,) and wanted != "sigmoid":
        return "it is one number for each image"
    distributed = are_distributions(values, 1)
    if wanted == "probabilities":
        return None if distributed else NOT_DISTRIBUTIONS
    if distributed and last != "sigmoid":
        return ALL_DISTRIBUTIONS
    return ENDS_IN_SIGMOID if wanted == "logits" and last == "sigmoid" else None


def _fitting(values: Tensor, last: Last) -> tuple[OutputKind, str]:
    """The kind that an output could be declared to be, and what has to be said beside it."""
    shape = tuple(values.shape[1:])
    if layouts := _dense_layouts(shape):
        return "dense", _and_layout(layouts)
    if len(shape) > 1 or 0 in shape:
        return "none", ""
    if shape == (1,) or last == "sigmoid":
        return "sigmoid", ""
    return "probabilities" if are_distributions(values, 1) else "logits", ""


ALL_DISTRIBUTIONS = "all its rows are non-negative and sum to 1, as probabilities do"
ENDS_IN_SIGMOID = "it ends in a sigmoid"
NOT_DISTRIBUTIONS = "a row is negative somewhere or does not sum to 1"
ALL_IN_UNIT = "every value seen lies in [0, 1], as probabilities do, and no linear layer makes it"


def contradiction(
    wanted: OutputKind, fault: str, better: OutputKind, beside: str = "", *, where: str = ""
) -> InputError:
    """The refusal of an output that is not what it was declared, or taken, to be.

    ``better`` is the kind that it could be, with what the spec then has to say ``beside`` it.
    """
    name, meaning = MEANINGS[wanted]
    return InputError(
        f"the network's output{where} is not {name}: {fault}",
        expected=meaning,
        remedy=f"split: {{output: {better}}}{beside} in the spec",
    )


MEANINGS: dict[OutputKind, tuple[str, str]] = {
    "logits": ("logits", "two or more scores of classes for each image, before any softmax"),
    "probabilities": ("probabilities", "two or more numbers for each image, ≥ 0, with the sum 1"),
    "sigmoid": ("logits of labels", "the logits of independent labels, or a sigmoid as the last operation"),
    "dense": (
        "scores of classes per pixel",
        "classes × height × width for each image, before any softmax or after",
    ),
    "none": ("without predictions", "anything"),
}
"""What each kind is called, and what it has to be."""


def are_distributions(values: Tensor, axis: int, *precisions: torch.dtype) -> bool:
    """Whether all are non-negative and sum to 1 along the axis, as far as numbers of those precisions do."""
    if values.shape[axis] < 2:
        return False
    rounding = ROUNDINGS * max(torch.finfo(each).eps for each in (*precisions, values.dtype))
    off = (values.double().sum(dim=axis) - 1).abs()
    return bool((values >= -NEGATIVE_ROUNDING).all() and (off <= max(SUM_TOLERANCE, rounding)).all())


def in_unit(values: Tensor) -> bool:
    """Whether every value lies in [0, 1]."""
    return bool(((values >= 0) & (values <= 1)).all())
