"""Reading between pixels: bicubic sampling for rotations, and cyclic shifts s·x(u) = x(u − s) on the torus.

Bicubic is Keys' kernel at a = −1/2, which reproduces quadratics (IEEE ASSP 29, 1981, eq. 15). torch's ``grid_sample``
fixes a = −3/4, which does not even reproduce straight lines: on a smooth wave its rotations are twice as far from the
truth as bilinear ones, so a better filter would raise the floor instead of lowering it.
"""

import math
from fractions import Fraction

import torch
from torch import Tensor

from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.groups.planar import Shift


def sample_bicubic(maps: Tensor, rows: Tensor, columns: Tensor, boundary: Boundary) -> Tensor:
    """Values of maps (..., H, W) at fractional rows and columns, float64, shape (H', W'); shape (..., H', W').

    Positions are in pixels, 0 the centre of the first row. Pixels outside the frame read 0, the nearest border pixel
    (``disc`` and ``context``), or mirrored ones.
    """
    height, width = maps.shape[-2:]
    flat = maps.reshape(-1, height * width)
    total = torch.zeros(len(flat), rows.numel(), dtype=maps.dtype, device=maps.device)
    for row, row_weight in _taps(rows, height, boundary):
        for column, column_weight in _taps(columns, width, boundary):
            index = (row * width + column).flatten().to(maps.device)
            weight = (row_weight * column_weight).flatten().to(maps.dtype).to(maps.device)
            total += flat[:, index] * weight
    return total.reshape(*maps.shape[:-2], *rows.shape)


def _taps(positions: Tensor, size: int, boundary: Boundary) -> list[tuple[Tensor, Tensor]]:
    """The four nearest pixels along one axis with their weights; a pixel outside reads by the boundary."""
    base = positions.floor()
    taps = []
    for offset in (-1, 0, 1, 2):
        pixel = base + offset
        weight = keys_kernel((positions - pixel).abs())
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


def roll(maps: Tensor, shift: Shift, interpolation: Resampling) -> Tensor:
    """Maps (..., H, W), shifted cyclically.

    A whole number of pixels is a roll, bit for bit. Any other shift mixes neighbouring rolls, two with weights of
    linear interpolation or four with Keys' kernel.
    """
    if shift.is_identity:
        return maps
    moved = _roll_axis(maps, shift.down * maps.shape[-2], -2, interpolation)
    return _roll_axis(moved, shift.right * maps.shape[-1], -1, interpolation)


def _roll_axis(maps: Tensor, pixels: Fraction, axis: int, interpolation: Resampling) -> Tensor:
    whole = math.floor(pixels)
    if pixels == whole:
        return maps.roll(whole, axis) if whole else maps
    beyond = float(pixels - whole)
    taps = [maps.roll(whole + k, axis) * weight for k, weight in _weights(beyond, interpolation)]
    return torch.stack(taps).sum(dim=0)


def _weights(beyond: float, interpolation: Resampling) -> list[tuple[int, float]]:
    """How much of each neighbouring roll: by its distance from the wanted shift, ``beyond`` in (0, 1)."""
    if interpolation == "bilinear":
        return [(0, 1 - beyond), (1, beyond)]
    offsets = range(-1, 3)
    distances = torch.tensor([abs(beyond - k) for k in offsets], dtype=torch.float64)
    return list(zip(offsets, keys_kernel(distances).tolist(), strict=True))
