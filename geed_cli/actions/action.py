"""How transforms act on the last two axes of a tensor: (g·x)(u) = x(g⁻¹u).

Quarter turns and mirrors move pixels, bit for bit. Any other turn is split into a quarter turn and a remainder of
at most 45 degrees, which alone is resampled about the centre of the map. Cyclic shifts come last.
"""

import math
from fractions import Fraction
from functools import lru_cache

import torch
from torch import Tensor

from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.actions.resampling import roll
from geed_cli.groups.planar import QUARTER
from geed_cli.groups.transform import Transform
from geed_cli.sets.sampling import keys_kernel, sample

_PADDING = {"disc": "border", "zero": "zeros", "reflect": "reflection", "context": "border"}


def act(
    transform: Transform,
    maps: Tensor,
    boundary: Boundary,
    interpolation: Resampling,
    size: tuple[int, int] | None = None,
) -> Tensor:
    """g·x on the last two axes, but for the colour part of g, which hidden maps have no channels for.

    Args:
        transform: g.
        maps: x, shape (..., H, W); square wherever the transform swaps axes or resamples.
        boundary: what a resampled rotation reads outside the frame. ``disc`` and ``context`` repeat the border
            here (``disc`` is masked afterwards); ``zero`` reads 0; ``reflect`` mirrors at the frame's edge.
        interpolation: filter of the resampled remainder, and of shifts that are no whole number of pixels.
        size: (H', W') of the centre to show, where the rotation may read beyond it; the whole map by default.
    """
    height, width = size or (maps.shape[-2], maps.shape[-1])
    moved = maps.flip(-1) if transform.planar.mirror else maps
    quarters, remainder = split_turn(transform.planar.turn)
    if remainder:
        moved = _resample(moved, float(remainder) * 2 * math.pi, boundary, interpolation, (height, width))
    else:
        moved = centre(moved, height, width)
    turned = torch.rot90(moved, quarters, (-2, -1)) if quarters else moved
    return roll(turned, transform.shift, interpolation)


@lru_cache(maxsize=1024)
def split_turn(turn: Fraction) -> tuple[int, Fraction]:
    """A turn as a whole number of quarters (0..3) and a remainder in (−1/8, 1/8]."""
    quarters = -((QUARTER / 2 - turn) // QUARTER)
    return int(quarters) % 4, turn - quarters * QUARTER


def window(pixels: Tensor, size: int, offset: tuple[int, int]) -> Tensor:
    """The S × S pixels so far down and to the right of the middle of a larger crop, shape (..., S, S).

    Raises:
        ValueError: the crop does not reach as far, or has no such middle.
    """
    side = size + 2 * max(map(abs, offset))
    seen = centre(pixels, side, side)
    top, left = ((side - size) // 2 + each for each in offset)
    return seen[..., top : top + size, left : left + size]


def centre(maps: Tensor, height: int, width: int) -> Tensor:
    """The middle of maps (..., H, W), shape (..., height, width).

    Raises:
        ValueError: the maps are smaller, or larger by an odd number of pixels, so that the centres differ.
    """
    spare = maps.shape[-2] - height, maps.shape[-1] - width
    if min(spare) < 0 or any(extra % 2 for extra in spare):
        raise ValueError(f"{height}×{width} is not the centre of maps of shape {tuple(maps.shape)}")
    top, left = spare[0] // 2, spare[1] // 2
    return maps[..., top : top + height, left : left + width] if any(spare) else maps


@lru_cache(maxsize=64)
def disc_mask(height: int, width: int) -> Tensor:
    """Pixels whose centre is at most (S − 1)/2 from the frame's centre, S = min(H, W); shape (H, W), bool.

    The radius keeps every sample of a rotated disc between pixel centres of the frame, so that no value from
    outside the picture is ever read.
    """
    rows = torch.arange(height, dtype=torch.float64) - (height - 1) / 2
    columns = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    radius = (min(height, width) - 1) / 2
    # 1e-9: distances are sums of squares of half-integers; only their square root rounds
    return torch.hypot(rows[:, None], columns[None, :]) <= radius + 1e-9


def _resample(
    maps: Tensor, angle: float, boundary: Boundary, interpolation: Resampling, size: tuple[int, int]
) -> Tensor:
    """The centre of the maps turned by an angle, shape (..., *size)."""
    height, width = maps.shape[-2:]
    if interpolation == "bicubic":
        rows, columns = (centre(source, *size) for source in _sources(height, width, angle))
        return sample(maps, rows, columns, boundary, keys_kernel)
    moved = torch.nn.functional.grid_sample(
        maps.reshape(1, -1, height, width),
        _grid((height, width), angle, size, maps.dtype, maps.device),
        mode="bilinear",
        padding_mode=_PADDING[boundary],
        align_corners=False,
    )
    return moved.reshape(*maps.shape[:-2], *size)


@lru_cache(maxsize=128)
def _grid(
    frame: tuple[int, int],
    angle: float,
    size: tuple[int, int],
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    """The sources in grid_sample's units, where −1 and 1 are the outer edges of the frame; shape (1, *size, 2).

    Kept on the device: every copy to a GPU waits for what is queued there.
    """
    height, width = frame
    rows, columns = (centre(source, *size) for source in _sources(height, width, angle))
    grid = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], dim=-1)[None]
    return grid.to(dtype).to(device)


@lru_cache(maxsize=256)
def _sources(height: int, width: int, angle: float) -> tuple[Tensor, Tensor]:
    """Where each output pixel reads: g⁻¹u as fractional rows and columns, float64, shape (H, W) each.

    With rows pointing down, turning the picture counter-clockwise by θ means reading at
    x' = x cos θ − y sin θ, y' = x sin θ + y cos θ from the centre.
    """
    middle = (height - 1) / 2, (width - 1) / 2
    y = torch.arange(height, dtype=torch.float64)[:, None] - middle[0]
    x = torch.arange(width, dtype=torch.float64)[None, :] - middle[1]
    cosine, sine = math.cos(angle), math.sin(angle)
    return x * sine + y * cosine + middle[0], x * cosine - y * sine + middle[1]
