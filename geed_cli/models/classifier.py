"""Which module is the classifier: the linear layer or convolution whose output *is* the network's output.

Nothing else is taken for it by itself. A layer inside one of several equal blocks, or inside one that keeps the width,
is none, even at the very end: there the network's output is its features.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from geed_cli.errors import InputError
from geed_cli.models.ending import Ending
from geed_cli.models.network import call_of, module_of

LISTS = (nn.Sequential, nn.ModuleList)


@dataclass(frozen=True)
class Seen:
    """What a network put out for a few images, the batch first, and how that came about."""

    values: Tensor
    ending: Ending


def recognised(module: nn.Module, seen: Seen) -> str | None:
    """The classifier, where there is one that can be told.

    It is named without the number of a call: a head that runs several times has to be named by who means one of them.
    """
    one = seen.values[0]
    if one.numel() != (len(one) if one.dim() else 1):  # a map or a list of tokens
        return None
    for maker in seen.ending.makers:
        name = module_of(maker)
        if isinstance(module.get_submodule(name), nn.Linear | nn.Conv2d):
            return None if _in_a_block(module, name, seen.ending) else name
    return None


def _in_a_block(module: nn.Module, name: str, ending: Ending) -> bool:
    """Whether a part holds the module that keeps the width, or is one of several equal ones in a row that all run."""
    parts = name.split(".")
    for depth in range(1, len(parts)):
        parent, child = ".".join(parts[: depth - 1]), ".".join(parts[:depth])
        if _keeps_width(module.get_submodule(child)):
            return True
        row = module.get_submodule(parent)
        if isinstance(row, LISTS):
            beside = [f"{parent}.{other}".removeprefix(".") for other, _ in row.named_children()]
            form = _form(module.get_submodule(child))
            alike = (other for other in beside if other != child and ending.calls.get(other))
            if any(_form(module.get_submodule(other)) == form for other in alike):
                return True
    return False


def _keeps_width(part: nn.Module) -> bool:
    """Whether several linear layers in it lead from so many numbers to as many, as those of a block do."""
    linear = [each for each in part.modules() if isinstance(each, nn.Linear)]
    return len(linear) > 1 and linear[0].in_features == linear[-1].out_features


def _form(part: nn.Module) -> tuple[type, ...]:
    """What a part is made of: its own type, and those of all that it holds."""
    return tuple(type(each) for each in part.modules())


def require_weights(classifier: str, absent: Sequence[str]) -> None:
    """Refuse a classifier to which one of the ``absent`` tensors belongs: every probability would be NaN."""
    inside = without_weights(classifier, absent)
    if inside:
        raise InputError(
            f"the classifier '{classifier}' has no weights: {', '.join(inside)} are missing from the file",
            expected="weights for the classifier, or a spec that says the network has none",
            remedy="split: {classifier: null} in the spec",
        )


def without_weights(classifier: str, absent: Sequence[str]) -> list[str]:
    """Those of the absent tensors that belong to the classifier."""
    return [name for name in absent if f"{name}.".startswith(f"{module_of(classifier)}.")]


def require_one_call(classifier: str, module: nn.Module, seen: Seen, model: str) -> None:
    """Refuse a classifier that does not run in evaluation, or that runs several times and is not named by its call."""
    name, number = module_of(classifier), call_of(classifier)
    calls = seen.ending.calls.get(name, 0)
    if calls == 0:
        others = recognised(module, seen)
        raise InputError(
            f"the classifier '{classifier}' of {model} does not run in evaluation, so the output is not made by it",
            expected="a module whose output is the network's output, or null",
            remedy=f"split: {{classifier: {others or 'null'}}} in the spec",
        )
    if number is None and calls == 1:
        return
    if any(call in seen.ending.of_part for call in _named(name, calls)):
        raise InputError(
            f"the classifier '{name}' runs {calls} times in one forward pass of {model}, on parts of the batch",
            expected="a module with a row for each image of a batch",
            remedy="split: {output: logits} in the spec, for class scores without a classifier",
        )
    if number is None or number > calls:
        named = " or ".join(_calls(name, calls, seen.ending))
        raise InputError(
            f"the classifier '{name}' runs {calls} time{'s' * (calls != 1)} in one forward pass of {model}",
            expected=f"one of its calls: {named}",
            remedy=f"split: {{classifier: {_best(name, calls, seen.ending)}}} in the spec",
        )


def _calls(name: str, calls: int, ending: Ending) -> Iterator[str]:
    """Every call, and which of them makes the output."""
    for call in _named(name, calls):
        yield call + (" (its output is the network's)" if call in ending.makers else "")


def _named(name: str, calls: int) -> list[str]:
    return [f"{name}#{number}" if calls > 1 else name for number in range(1, calls + 1)]


def _best(name: str, calls: int, ending: Ending) -> str:
    """The call that makes the output, else the last."""
    last = f"{name}#{calls}" if calls > 1 else name
    return next((maker for maker in ending.makers if module_of(maker) == name), last)
