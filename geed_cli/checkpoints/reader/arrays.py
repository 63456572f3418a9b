"""NumPy arrays of a file's pickle, read without NumPy: their bytes, with the shape and type that the file states.

Beside tensors they are no weights, and are left out like any other object. In a file without a tensor they are its
weights. Arrays of anything but plain numbers in the machine's byte order hold nothing.
"""

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from geed_cli.checkpoints.reader.stand_ins import StandIn

DTYPES = {
    "f2": torch.float16, "f4": torch.float32, "f8": torch.float64, "b1": torch.bool, "u1": torch.uint8,
    "i1": torch.int8, "i2": torch.int16, "i4": torch.int32, "i8": torch.int64,
}  # fmt: skip
"""By what ``numpy.dtype`` is called with in a pickle."""
ORDERS = frozenset("<|=")
"""Byte orders of the machines that torch runs on: little-endian, or of single bytes."""
DEEPEST = 3
"""Levels of mappings that are looked into, as for entries."""


class ArrayType(StandIn):
    """In place of a ``numpy.dtype``: keeps what it is called, and its byte order.

    Attributes:
        code: such as ``f4``; empty for any other type.
        order: of its bytes, as NumPy writes it.
    """

    def __init__(self, *arguments: object) -> None:
        code = arguments[0] if arguments else ""
        self.code = code if isinstance(code, str) and code in DTYPES else ""
        self.order = ""

    def __setstate__(self, state: object) -> None:
        """(version, byte order, …)."""
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else ""
        self.order = order if isinstance(order, str) else ""


class Array(StandIn):
    """In place of a ``numpy.ndarray``, which a pickle first makes empty and then gives its state.

    Attributes:
        tensor: its numbers; None where they are no plain numbers.
    """

    def __init__(self, *_arguments: object) -> None:
        self.tensor: Tensor | None = None

    def __setstate__(self, state: object) -> None:
        """(version, shape, type, whether in Fortran's order, bytes)."""
        if not isinstance(state, tuple) or len(state) != 5:
            return
        _, shape, kind, fortran, data = state
        sizes = shape if isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape) else None
        if sizes is None or type(kind) is not ArrayType or type(data) is not bytes:
            return
        if not kind.code or kind.order not in ORDERS:
            return
        dtype = DTYPES[kind.code]
        if not data or len(data) != math.prod(sizes) * dtype.itemsize:
            return
        numbers = torch.frombuffer(bytearray(data), dtype=dtype)
        last_first = numbers.reshape(sizes[::-1]).permute(*range(len(sizes))[::-1]) if fortran else numbers
        self.tensor = last_first.reshape(sizes).contiguous()


def array_stand_ins() -> Iterator[tuple[type[StandIn], str]]:
    """Pairs of a stand-in and the dotted name for which it stands, as ``safe_globals`` of torch takes them."""
    for core in ("numpy.core", "numpy._core"):  # before and from NumPy 2.0
        yield Array, f"{core}.multiarray._reconstruct"
    yield Array, "numpy.ndarray"
    yield ArrayType, "numpy.dtype"


def with_arrays_as_tensors(contents: object) -> tuple[object, tuple[str, ...]]:
    """What a file holds, its arrays as tensors if it has no tensor of its own, and then a note."""
    values = list(_values(contents, DEEPEST))
    if any(isinstance(value, Tensor) for value in values):
        return contents, ()
    if not any(isinstance(value, Array) and value.tensor is not None for value in values):
        return contents, ()
    return _converted(contents, DEEPEST), ("the weights are NumPy arrays",)


def _values(contents: object, levels: int) -> Iterator[object]:
    for value in contents.values() if isinstance(contents, Mapping) else ():
        yield value
        if levels:
            yield from _values(value, levels - 1)


def _converted(contents: object, levels: int) -> object:
    if isinstance(contents, Array):
        return contents if contents.tensor is None else contents.tensor
    if not isinstance(contents, Mapping) or levels < 0:
        return contents
    return {name: _converted(value, levels - 1) for name, value in contents.items()}
