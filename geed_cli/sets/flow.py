"""Flows: the ends ±t of a small stretch of a one-parameter group of the plane, of which derivatives are made.

A position is in half sides of the picture or map from its middle, so that a flow is the same at every size:
(g_t x)(u) = x(g_{−t}u). Beyond the edge the mirror image is read, and between pixels a kernel with two derivatives,
whose slope at a pixel is the central difference. The second derivative of a bilinear or of Keys' kernel jumps there, so
that differences over ±t would converge with order 1 alone.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from geed_cli.sets.perturbation import Perturbation
from geed_cli.sets.sampling import sample, smooth_kernel
from geed_cli.sets.set_families import STEP

Move = Callable[[Tensor, Tensor, float], tuple[Tensor, Tensor]]
"""From a position (right, down) and t to g_t of it."""


def _rotation(x: Tensor, y: Tensor, t: float) -> tuple[Tensor, Tensor]:
    """Counter-clockwise as displayed, rows pointing down."""
    return x * math.cos(t) + y * math.sin(t), y * math.cos(t) - x * math.sin(t)


FLOWS: dict[str, Move] = {
    "rotation": _rotation,
    "shift-x": lambda x, y, t: (x + t, y),
    "shift-y": lambda x, y, t: (x, y + t),
    "scale": lambda x, y, t: (x * math.exp(t), y * math.exp(t)),
    "shear": lambda x, y, t: (x + t * y, y),
}
"""By the name of the generator (``set_families.GENERATORS``)."""


@dataclass(frozen=True)
class Flow(Perturbation):
    """g_t of a generator; no perturbation of the allowlist, and never clamped, which would not be smooth."""

    generator: str = ""
    t: float = 0.0

    @property
    def is_identity(self) -> bool:
        """Whether t is 0."""
        return self.t == 0.0

    @property
    def inverse(self) -> "Flow":
        """g_{−t}."""
        return replace(self, t=-self.t)

    @property
    def call(self) -> str:
        """What is done, in full."""
        return f"flow({self.generator}, t={self.t:.12g})"

    def show(self, pixels: Tensor) -> Tensor:
        """The moved picture, of the shape, type and device of ``pixels`` (C, S, S)."""
        working = pixels.to(torch.promote_types(pixels.dtype, torch.float32))
        return self.act(working).to(pixels.dtype)

    def act(self, maps: Tensor) -> Tensor:
        """g_t on maps (..., H, W), at their own size."""
        sources = _sources(self.generator, -self.t, *maps.shape[-2:])
        return sample(maps, *sources, "reflect", smooth_kernel)


@lru_cache(maxsize=256)
def _sources(generator: str, t: float, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Where g_t takes each pixel, as fractional rows and columns, float64, shape (H, W) each."""
    y = (torch.arange(height, dtype=torch.float64)[:, None] + 0.5) * (2 / height) - 1
    x = (torch.arange(width, dtype=torch.float64)[None, :] + 0.5) * (2 / width) - 1
    right, down = FLOWS[generator](x.expand(height, width), y.expand(height, width), t)
    return (down + 1) * (height / 2) - 0.5, (right + 1) * (width / 2) - 0.5


def flow_pair(generator: str, t: float = STEP) -> list[Perturbation]:
    """g_t and g_{−t}."""
    return [Flow(name, "flow", generator=generator, t=end) for name, end in (("+t", t), ("-t", -t))]
