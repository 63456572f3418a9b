"""From one array or tensor to one picture; arrays are never copied as a whole."""

from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from geed_cli.images.memory.eight_bits import to_bytes
from geed_cli.images.memory.layout import Layout
from geed_cli.images.picture import Size

AS_THEY_ARE = (torch.uint8, torch.float16, torch.float32, torch.float64)
"""Types of torch that numpy has, too."""


def is_array(thing: object) -> TypeGuard[Any]:
    """Whether something has a shape, a type and items as numpy's and torch's arrays do."""
    return (
        not isinstance(thing, type)
        and isinstance(getattr(thing, "shape", None), tuple)
        and all(hasattr(thing, name) for name in ("dtype", "__getitem__", "__len__"))
        and getattr(thing, "dtype", None) != np.dtype(object)
    )


def kind_of(array: object) -> str:
    """Tensor or array, as messages call it."""
    return "tensor" if isinstance(array, torch.Tensor) else "array"


def as_numpy(array: object) -> tuple[NDArray[np.generic], float]:
    """The values of an array on any device, and the machine epsilon of its type; 0 of bytes."""
    if not isinstance(array, torch.Tensor):
        values = np.asarray(array)
        return values, float(np.finfo(values.dtype).eps) if values.dtype.kind == "f" else 0.0
    spacing = torch.finfo(array.dtype).eps if array.dtype.is_floating_point else 0.0
    here = array.detach().cpu()
    return (here if here.dtype in AS_THEY_ARE else here.float()).numpy(), spacing


def size_of(shape: tuple[int, ...], layout: Layout) -> Size:
    """Width and height of a picture of that shape, which may have further axes before its own."""
    height, width = shape[-3:-1] if layout == "HWC" else shape[-2:]
    return width, height


def picture_of(array: object, layout: Layout, where: str) -> tuple[Image.Image, bool]:
    """The RGB picture of an array of that layout, and whether values were rounded to 8 bits.

    Raises:
        ImageRefused: values that are not finite.
        InputError: values that are no picture's.
    """
    values, rounded = to_bytes(*as_numpy(array), where)
    if layout == "CHW":
        values = values.transpose(1, 2, 0)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    return Image.fromarray(np.ascontiguousarray(values)).convert("RGB"), rounded
