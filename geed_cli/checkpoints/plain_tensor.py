"""What a value read from a file must be before it may become a weight.

A plain, dense, real tensor that is no larger than the bytes behind it: strides let a 1.5 kB file describe
10^12 elements. Attributes that a pickle hung on a tensor are dropped, since they could stand in for its
methods.
"""

import torch
from torch import Tensor

from geed_cli.checkpoints.text import shown
from geed_cli.errors import InputError

PLAIN = "plain dense tensors of real numbers"
RESAVE = "if you trust the file, convert this tensor to a plain one and save again"


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
        raise _refused(name, f"a {shown(type(value).__name__)}", PLAIN)
    kind = _special_kind(value)
    if kind is not None:
        raise _refused(name, kind, PLAIN)
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
    return InputError(f"tensor {shown(name)} is {what}", expected=expected, remedy=RESAVE)
