"""Reading maps between pixels, by four neighbours along each axis, with one of two kernels.

``keys_kernel`` at a = −1/2 reproduces quadratics (IEEE ASSP 29, 1981, eq. 15). torch's ``grid_sample`` fixes a = −3/4,
which does not even reproduce straight lines: on a smooth wave its rotations are twice as far from the truth as bilinear
ones, so a better filter would raise the floor instead of lowering it.

``smooth_kernel`` reproduces them too and has a second derivative everywhere, which that of Keys has not at a pixel.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Kernel = Callable[[Tensor], Tensor]
"""From a distance ≥ 0 to the weight of a pixel."""


def sample(maps: Tensor, rows: Tensor, columns: Tensor, boundary: str, kernel: Kernel) -> Tensor:
    """Values of maps (..., H, W) at fractional rows and columns, float64, shape (H', W'); shape (..., H', W').

    Positions are in pixels, 0 the centre of the first row. Pixels outside the frame read 0, the nearest border pixel
    (``disc`` and ``context``), or mirrored ones.
    """
    height, width = maps.shape[-2:]
    flat = maps.reshape(-1, height * width)
    total = torch.zeros(len(flat), rows.numel(), dtype=maps.dtype, device=maps.device)
    for row, row_weight in _taps(rows, height, boundary, kernel):
        for column, column_weight in _taps(columns, width, boundary, kernel):
            index = (row * width + column).flatten().to(maps.device)
            weight = (row_weight * column_weight).flatten().to(maps.dtype).to(maps.device)
            total += flat[:, index] * weight
    return total.reshape(*maps.shape[:-2], *rows.shape)


def _taps(positions: Tensor, size: int, boundary: str, kernel: Kernel) -> list[tuple[Tensor, Tensor]]:
    """The four nearest pixels along one axis with their weights; a pixel outside reads by the boundary."""
    base = positions.floor()
    taps = []
    for offset in (-1, 0, 1, 2):
        pixel = base + offset
        weight = kernel((positions - pixel).abs())
        if boundary == "zero":
            weight = weight * ((pixel >= 0) & (pixel < size))
        elif boundary == "reflect":
            # mirrored about the outer edges −1/2 and size − 1/2: period 2·size
            folded = pixel.remainder(2 * size)
            pixel = torch.minimum(folded, 2 * size - 1 - folded)
        taps.append((pixel.clamp(0, size - 1).long(), weight))
    return taps


def keys_kernel(distance: Tensor) -> Tensor:
    """Weight of a pixel at that distance ≥ 0: piecewise cubic, 1 at 0, 0 at 1 and from 2 on."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, 0.0))


def smooth_kernel(distance: Tensor) -> Tensor:
    """Weight of a pixel at that distance ≥ 0: piecewise quintic, with two derivatives everywhere.

    Between two pixels it makes the quintic that has at each its value, and the slope and second difference of its
    neighbours.
    """
    near = 1 + distance**2 * (-1 + distance * (-4.5 + distance * (7.5 - 3 * distance)))
    rest = 2 - distance
    far = rest**3 * (-1.5 + rest * (2.5 - rest))
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, 0.0))
