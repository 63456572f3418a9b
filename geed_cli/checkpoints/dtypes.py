"""What a tensor read from a file must be before it may become a weight, and its conversion to the network's type.

Plain, dense, real, and no larger than the bytes behind it: strides let a 1.5 kB file describe 10^12 elements.
Floating types convert into each other, which is noted. Loading would also turn integers, booleans and 8-bit floats
into floats without a word; those are codes that need a scale, not weights, and are refused.
"""

from collections import Counter
from collections.abc import Mapping

import torch
from torch import Tensor

from geed_cli.checkpoints.formats import shown
from geed_cli.errors import InputError
from geed_cli.phrases import counted

PLAIN_TENSORS = "plain dense tensors of real numbers"
FLOATS = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})


def plain_tensor(name: str, value: Tensor, record_sizes: frozenset[int] | None) -> Tensor:
    """The tensor without gradient or attributes, once it is known to be plain.

    Args:
        name: its name in the file.
        value: what was read.
        record_sizes: byte counts that the file's data records have; None where the container has no records.

    Returns:
        A detached tensor on the same bytes.

    Raises:
        InputError: a subclass, sparse, quantised, nested, complex, without data, or larger than its bytes.
    """
    if type(value) not in {Tensor, torch.nn.Parameter}:
        raise _refused(name, f"a {shown(type(value).__name__)}", PLAIN_TENSORS)
    kind = _special_kind(value)
    if kind is not None:
        raise _refused(name, kind, PLAIN_TENSORS)
    tensor = Tensor.detach(value)
    held = tensor.untyped_storage().nbytes()
    claimed = tensor.numel() * tensor.element_size()
    if claimed > held:
        raise _refused(
            name, f"{claimed} bytes of elements on {held} bytes of data", "no more elements than data"
        )
    if record_sizes is not None and held not in record_sizes:
        raise _refused(
            name, f"on {held} bytes, a size that no data record has", "data records that fit their tensors"
        )
    return tensor


def _special_kind(value: Tensor) -> str | None:
    kinds = {
        "sparse": value.layout is not torch.strided,
        "nested": value.is_nested,
        "quantised": value.is_quantized,
        "without data (device meta)": value.device.type != "cpu",
        "complex": value.dtype.is_complex,
    }
    return next((kind for kind, applies in kinds.items() if applies), None)


def _refused(name: str, what: str, expected: str) -> InputError:
    return InputError(
        f"tensor {shown(name)} is {what}",
        expected=expected,
        remedy="if you trust the file, convert this tensor to a plain one and save again",
    )


def convert_types(
    expected: Mapping[str, Tensor], pairs: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Every paired tensor in the type of its counterpart, known to be finite in it.

    Args:
        expected: the network's tensors by name.
        pairs: the file's tensors by the network's names, of equal shapes.

    Returns:
        The converted tensors, and a note for each kind of conversion.

    Raises:
        InputError: types that do not convert, or numbers that are not finite.
    """
    state = {name: _converted(name, value, expected[name].dtype) for name, value in pairs.items()}
    changes = Counter((value.dtype, expected[name].dtype) for name, value in pairs.items())
    notes = tuple(
        f"{counted(count, 'tensor')} converted from {_short(old)} to {_short(new)}"
        for (old, new), count in changes.items()
        if old != new
    )
    return state, notes


def _converted(name: str, value: Tensor, dtype: torch.dtype) -> Tensor:
    if value.dtype != dtype and not {value.dtype, dtype} <= FLOATS:
        raise InputError(
            f"tensor {shown(name)} is {_short(value.dtype)} in the file and {_short(dtype)} in the network",
            expected="floating-point weights (float16, bfloat16, float32 or float64), or the same type",
            remedy="give the checkpoint from before quantisation",
        )
    converted = value.to(dtype)
    require_finite({name: converted})
    return converted


def require_finite(state: Mapping[str, Tensor]) -> None:
    """Refuse weights that are not numbers, with an ``InputError``."""
    for name, value in state.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise InputError(
                f"tensor {shown(name)} has values that are not finite in {_short(value.dtype)} (NaN or infinity)",
                expected="finite weights",
                remedy="take a checkpoint from before training diverged",
            )


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
