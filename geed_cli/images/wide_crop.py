"""Square crops larger than a network's input, about the same centre, for rotations that need the surroundings.

A frame is the resized picture, padded to at least S×S as the model pads it. The larger crop keeps the place of the
S×S crop, odd pixel and all, and mirrors the frame where it ends (the edge pixel is not repeated).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image


def wide_crop(frame: Image.Image, size: int, side: int, *, down: bool = False) -> torch.Tensor:
    """The crop of ``side`` whose centre is the centre crop of ``size``: uint8, shape (C, side, side), contiguous.

    Beyond the frame it is mirrored; in a direction in which the frame is too small to be mirrored that far, its
    edge pixels are repeated instead.

    Args:
        frame: mode RGB or L, at least ``size`` in both directions.
        size: S.
        side: larger than S by an even number, so that both squares have one centre; or S.
        down: round the place of a crop that begins at a half pixel down.
    """
    if side < size or (side - size) % 2:
        raise ValueError(f"side {side} must be {size} plus an even number")
    top, left = (
        _start(length, size, down=down) - (side - size) // 2 for length in (frame.height, frame.width)
    )
    # Only the part that is read: a panorama is many times as wide as any crop of it.
    box = (max(left, 0), max(top, 0), min(left + side, frame.width), min(top + side, frame.height))
    pixels = channels_first(frame.crop(box))
    rows = [row - box[1] for row in _places(top, side, frame.height)]
    columns = [column - box[0] for column in _places(left, side, frame.width)]
    return as_tensor(pixels[:, rows][:, :, columns])


def as_tensor(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """The same bytes in a contiguous tensor of shape (C, H, W).

    numpy turns the axes: a torch operation of this size in a decoding thread would leave a pool of OpenMP threads
    behind, and with more of these than cores every operation of the network waits longer for its own.
    """
    return torch.from_numpy(np.array(pixels, order="C"))


def channels_first(picture: Image.Image) -> NDArray[np.uint8]:
    """The pixels of a picture of mode RGB or L, shape (3, H, W) or (1, H, W)."""
    pixels = np.asarray(picture)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def reached(length: int, size: int, side: int, *, down: bool = False) -> int:
    """How many of a crop's ``side`` rows (or columns) show a row of the resized picture in its own place.

    ``length`` is that of the resized picture before padding; ``side`` is S (``size``) or more by an even number.
    """
    start = _start(length, size, down=down) - (side - size) // 2
    return min(start + side, length) - max(start, 0)  # all of it where it is shorter than S


def _start(length: int, size: int, *, down: bool) -> int:
    """Where a centre crop begins: torchvision rounds a half to even, Hugging Face's processors down."""
    return (length - size) // 2 if down else round((length - size) / 2)


def _places(start: int, side: int, length: int) -> list[int]:
    """The rows of a frame of ``length`` that rows start .. start + side − 1 are read from."""
    last = length - 1
    mirrored = max(-start, start + side - 1 - last) <= last
    if not mirrored:
        return [min(max(row, 0), last) for row in range(start, start + side)]
    return [last - abs(last - abs(row)) for row in range(start, start + side)]
