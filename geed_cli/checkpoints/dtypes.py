"""Converting paired tensors to the network's own types, where that changes no meaning.

Floating types convert into each other and this is noted. Loading would also turn integers, booleans and
8-bit floats into floats without a word; those are codes that need a scale, not weights, and are refused.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from geed_cli.checkpoints.text import counted, shown
from geed_cli.errors import InputError

FLOATS = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})


@dataclass(frozen=True)
class Converted:
    """Tensors in the network's types.

    Attributes:
        state: by the network's names.
        notes: how many tensors were converted from which type to which.
    """

    state: dict[str, Tensor]
    notes: tuple[str, ...]


def convert_types(expected: Mapping[str, Tensor], pairs: Mapping[str, Tensor]) -> Converted:
    """Every paired tensor in the type of its counterpart, known to be finite in it.

    Args:
        expected: the network's tensors by name.
        pairs: the file's tensors by the network's names, of equal shapes.

    Returns:
        The converted tensors and a note for each conversion.

    Raises:
        InputError: types that do not convert, or numbers that are not finite.
    """
    state = {name: _converted(name, value, expected[name].dtype) for name, value in pairs.items()}
    changes = Counter(
        (value.dtype, expected[name].dtype)
        for name, value in pairs.items()
        if value.dtype != expected[name].dtype
    )
    notes = tuple(
        f"{counted(count, 'tensor')} converted from {_short(old)} to {_short(new)}"
        for (old, new), count in changes.items()
    )
    return Converted(state, notes)


def _converted(name: str, value: Tensor, dtype: torch.dtype) -> Tensor:
    if value.dtype != dtype and not {value.dtype, dtype} <= FLOATS:
        raise InputError(
            f"tensor {shown(name)} is {_short(value.dtype)} in the file and {_short(dtype)} in the network",
            expected="floating-point weights (float16, bfloat16, float32 or float64), or the same type",
            remedy="give the checkpoint from before quantisation",
        )
    converted = value.to(dtype)
    if dtype.is_floating_point and not bool(torch.isfinite(converted).all()):
        raise InputError(
            f"tensor {shown(name)} has values that are not finite in {_short(dtype)} (NaN or infinity)",
            expected="finite weights",
            remedy="take a checkpoint from before training diverged",
        )
    return converted


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
