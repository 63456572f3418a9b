"""Cyclic shifts s·x(u) = x(u − s) on the torus, by fractions of a pixel too."""

import math
from fractions import Fraction

import torch
from torch import Tensor

from geed_cli.actions.conditions import Resampling
from geed_cli.groups.planar import Shift
from geed_cli.sets.sampling import keys_kernel


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
