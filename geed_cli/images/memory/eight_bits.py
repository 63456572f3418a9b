"""From the values of one picture to 8 bits, or a refusal that says what the values look like.

Bytes are taken as they are. Floats are in [0, 1] and become round(255 x), k/255 becoming k. What only looks like either
is refused, since a network would be shown other pictures than were meant and its values would still look sound.
"""

import numpy as np
from numpy.typing import NDArray

from geed_cli.errors import InputError
from geed_cli.images.picture import ImageRefused

LEVELS = 255
COARSE = 1 / 512
"""A float type whose spacing below 1 is at least this does not hold k/255 apart from what lies between."""
SINGLE = float(np.finfo(np.float32).eps)
"""What float64 may be off by, since most such values were float32 before."""
OVERSHOOT = 0.25
"""How far beyond [0, 1] bicubic resizing may leave floats."""
EXPECTED = "bytes in [0, 255] (uint8), or floats in [0, 1]"


def require_type(dtype: str, what: str) -> None:
    """Refuse a type whose values have no agreed meaning.

    Args:
        dtype: its name in numpy or torch, such as ``torch.int64``.
        what: how messages call the pictures.

    Raises:
        InputError: neither bytes nor floats.
    """
    name = dtype.removeprefix("torch.")
    if name == "uint8" or name.startswith(("float", "bfloat")):
        return
    remedy = "images.astype('uint8'), or images.to(torch.uint8), if the values are 0 to 255"
    if name.startswith("bool"):
        remedy = "255 * images.astype('uint8'), or 255 * images.to(torch.uint8)"
    elif name == "uint16":
        remedy = "(images / 257).round().astype('uint8'), if the values are 0 to 65535"
    elif name.startswith("complex"):
        remedy = "pictures, such as images.real if that is where they are"
    raise InputError(f"{what} of type {name}", expected=EXPECTED, remedy=remedy)


def to_bytes(values: NDArray[np.generic], spacing: float, where: str) -> tuple[NDArray[np.uint8], bool]:
    """The picture in bytes, and whether anything was rounded for that.

    Args:
        values: of one picture, uint8 or floats.
        spacing: of the floats' own type below 1, its machine epsilon.
        where: how messages call the picture.

    Raises:
        ImageRefused: values that are not finite.
        InputError: values that are not what ``EXPECTED`` says, so that those of other pictures are not, either.
    """
    if values.dtype == np.uint8:
        if values.max() == 1:
            raise InputError(
                f"{where} has bytes of 0 and 1 alone",
                expected=EXPECTED,
                remedy="255 * images if they are masks; floats in [0, 1] before they were made bytes; or Pillow's "
                "image, if a picture is that dark",
            )
        return values.astype(np.uint8, copy=False), False
    spacing = max(spacing, SINGLE)
    floats = values.astype(np.float64)
    if not np.isfinite(floats).all():
        raise ImageRefused("values that are not finite (NaN or infinity)")
    _require_range(float(floats.min()), float(floats.max()), 2 * spacing, where)
    scaled = floats * LEVELS
    levels = np.rint(scaled).clip(0, LEVELS)
    rounded = spacing >= COARSE or bool((np.abs(scaled - levels) > 2 * LEVELS * spacing).any())
    return levels.astype(np.uint8), rounded


def _require_range(low: float, high: float, tolerance: float, where: str) -> None:
    """Refuse floats that are not in [0, 1], or fill too little of it.

    Raises:
        InputError: naming what they look like.
    """
    found = f"{where} has floats from {low:.3g} to {high:.3g}"
    if low >= -tolerance and high <= 1 + tolerance:
        if 0 < high <= 1.5 / LEVELS:
            raise InputError(
                f"{found}, as after two divisions by 255",
                expected=EXPECTED,
                remedy="255 * images, or leave out one division; Pillow's image, if a picture is that dark",
            )
        return
    if low >= -OVERSHOOT and high <= 1 + OVERSHOOT:
        why = "a little beyond [0, 1], as bicubic resizing leaves them"
        remedy = "images.clip(0, 1); or pictures before Normalize, if they are normalised"
    elif low < -tolerance:
        why = "which are normalised"
        remedy = "pictures before Normalize, or images * std + mean: the network's own mean and std come after G acts"
        if low >= -1 - tolerance and high <= 1 + tolerance:
            remedy = (
                "pictures before Normalize, or images / 2 + 0.5 if they were moved from [0, 1] to [-1, 1]"
            )
    elif high <= LEVELS + tolerance * LEVELS:
        why, remedy = "as of bytes", "images / 255, or images.to(torch.uint8) of whole numbers"
    else:
        why, remedy = "as of more than 8 bits", "divide by the largest value that a pixel can have"
    raise InputError(f"{found}, {why}", expected=EXPECTED, remedy=remedy)
