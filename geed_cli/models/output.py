"""What a network puts out, as predictions are read of it: class scores, probabilities, labels, scores per pixel, none.

A declaration that what was seen contradicts is an error, and nothing is guessed: what cannot be told is ``none``, with
the reason, and measures of predictions are then not applicable.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from geed_cli.choices import OutputKind
from geed_cli.errors import InputError
from geed_cli.models.ending import Ending, Last

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
        shape: for one image.
        probable: whether it is probabilities already, as of ``probabilities``; not put through a softmax or sigmoid.
        affine: whether a linear layer or a convolution ends it, or its source knows it, so that values in [0, 1] are no
            sign of probabilities.
        declared: whether the spec says so.
        precision: of the numbers that the network in float32 puts out.
        reason: of ``none``, one clause.
    """

    kind: OutputKind
    shape: tuple[int, ...] = ()
    probable: bool = False
    affine: bool = True
    declared: bool = False
    precision: torch.dtype = torch.float32
    reason: str = ""

    @property
    def key(self) -> str:
        """Everything that changes a number made of it, as text."""
        return f"{self.kind} {self.probable}"


NO_CLASSIFIER = "the network has no classifier"
LOGITS, NO_LOGITS = Output("logits"), Output("none", reason=NO_CLASSIFIER)


def output_of(
    seen: Tensor, ending: Ending, classifier: str | None, wanted: OutputKind | None, *, headless: str | None
) -> Output:
    """The kind of output that a spec declares, else the one that can be told.

    Args:
        seen: the network's output for a few images, the batch first.
        ending: how it came about.
        classifier: the module that makes it, where one is known.
        wanted: the spec's declaration.
        headless: the reason for ``none`` where it is known that there is no classifier.

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
        output = _declared(wanted, values, ending.last)
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
    if shape == (1,):
        return "the output is one number for each image; for the logit of a label declare split: {output: sigmoid}"
    if len(shape) == 2:
        return f"the output is {text} for each image, as of tokens that are not pooled"
    if len(shape) == 3:
        return (
            f"the output is {text} for each image; for classes of each pixel declare split: {{output: dense}}"
        )
    return None if len(shape) == 1 else f"the output is {text} for each image"


def _declared(wanted: OutputKind, values: Tensor, last: Last) -> Output:
    shape = tuple(values.shape[1:])
    if wanted == "none":
        return Output("none", shape, declared=True, reason="the spec declares no predictions, output: none")
    fitting, distributed = _fitting(values, last), are_distributions(values, 1)
    fault = _misshapen(wanted, shape)
    if fault is None and wanted == "probabilities" and not distributed:
        fault = NOT_DISTRIBUTIONS
    if fault is None and wanted in ("logits", "sigmoid") and fitting == "probabilities":
        fault = ALL_DISTRIBUTIONS
    if fault is None and wanted == "logits" and fitting == "sigmoid":
        fault = ENDS_IN_SIGMOID
    if fault is not None:
        raise contradiction(wanted, fault, fitting)
    probable = last == "sigmoid" if wanted == "sigmoid" else distributed
    return Output(wanted, shape, probable, last in ("affine", "log_softmax"), declared=True)


def _fitting(values: Tensor, last: Last) -> OutputKind:
    """The kind that an output could be declared to be."""
    shape = tuple(values.shape[1:])
    if len(shape) == 3 and shape[0] > 1 and shape[1] == shape[2]:
        return "dense"
    if len(shape) > 1:
        return "none"
    if shape == (1,) or last == "sigmoid":
        return "sigmoid"
    return "probabilities" if are_distributions(values, 1) else "logits"


ALL_DISTRIBUTIONS = "all its rows are non-negative and sum to 1, as probabilities do"
ENDS_IN_SIGMOID = "it ends in a sigmoid"
NOT_DISTRIBUTIONS = "a row is negative somewhere or does not sum to 1"
ALL_IN_UNIT = "every value seen lies in [0, 1], as probabilities do, and no linear layer makes it"


def _misshapen(wanted: OutputKind, shape: tuple[int, ...]) -> str | None:
    """Why an output of that shape cannot be what was declared."""
    text = "×".join(map(str, shape))
    if wanted == "dense" and (len(shape) != 3 or shape[0] < 2):
        return f"it is {text} for each image, not classes × height × width of 2 classes or more"
    if wanted == "dense" and shape[1] != shape[2]:
        return (
            f"it is {text} for each image, and height and width of a square picture are equal: axis 1 has to be the "
            "classes"
        )
    if wanted != "dense" and len(shape) != 1:
        return f"it is {text} for each image, not one row of numbers"
    return "it is one number for each image" if shape == (1,) and wanted != "sigmoid" else None


def contradiction(wanted: OutputKind, fault: str, better: OutputKind, where: str = "") -> InputError:
    """The refusal of an output that is not what it was declared, or taken, to be."""
    name, meaning = MEANINGS[wanted]
    return InputError(
        f"the network's output{where} is not {name}: {fault}",
        expected=meaning,
        remedy=f"split: {{output: {better}}} in the spec",
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
