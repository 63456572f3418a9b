"""The action about a layer's own centre, for comparing layers whose sampling grid is off the picture's middle.

The picture's middle lies at c = (n − 1)/2 − offset on such a map, in its pixels. There g acts as it does on pictures:
(g·y)(c + v) = y(c + g⁻¹v), read bilinearly. The known sub-pixel displacement is so taken out of the comparison; what
was lost by sampling there is not.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass

import torch
from torch import Tensor

from geed_cli.actions.representation import Representation
from geed_cli.actions.view import View
from geed_cli.groups.planar import QUARTER, Planar
from geed_cli.groups.transform import Transform

Offset = tuple[float, float]


@dataclass(frozen=True, eq=False)
class AboutOwnCentre(Representation):
    """G moves the pixels of every channel of a map about the point where the picture's middle lies.

    Attributes:
        views: the group's views, identity first.
        offset: of the grid's middle from the picture's, down and right, in the map's pixels.
    """

    views: tuple[View, ...]
    offset: Offset

    @classmethod
    def of(cls, views: tuple[View, ...], shape: tuple[int, ...], offset: Offset) -> "AboutOwnCentre":
        """The action on maps of shape (C, H, W)."""
        key: Hashable = ("about own centre", offset)
        return cls(len(views), shape, key, views, offset)

    @property
    def undefined(self) -> str | None:
        """Mirrors and turns have a centre; shifts and colours have none. Small maps may keep no pixel under some g."""
        name = next((view.transform.name for view in self.views if _planar(view) is None), None)
        if name is not None:
            return f"{name} has no centre to correct"
        ones = torch.ones(1, *self.shape[-2:])
        lost = (
            view.transform.name for g, view in enumerate(self.views) if not self.restrict_under(g, ones).any()
        )
        name = next(lost, None)
        return None if name is None else f"{name} leaves no pixel of the map to compare"

    def act(self, g: int, y: Tensor) -> Tensor:
        """The element about the displaced centre; what lies outside the map repeats its border."""
        return act_about(self._element(g), y, self.offset)

    def restrict(self, y: Tensor) -> Tensor:
        """Masked to the disc where the group's boundary is the disc."""
        return self.views[0].restrict(y)

    def restrict_under(self, g: int, y: Tensor) -> Tensor:
        """Also without the pixels that g reads from outside the map."""
        height, width = y.shape[-2:]
        mask = sources_inside(self._element(g), height, width, self.offset)
        return self.restrict(y) * mask.to(y.dtype).to(y.device)

    def _element(self, g: int) -> Planar:
        planar = _planar(self.views[g])
        if planar is None:
            raise ValueError(f"{self.views[g].transform.name} has no centre")
        return planar


def act_about(planar: Planar, maps: Tensor, offset: Offset) -> Tensor:
    """g·y about the displaced centre, bilinear; maps y of shape (..., H, W) keep shape and dtype.

    The offset is the grid's middle from the picture's, down and right, in the map's pixels. Sources outside the map
    read its border (``sources_inside`` tells them).
    """
    if planar.is_identity:
        return maps
    height, width = maps.shape[-2:]
    rows, columns = _sources(planar, height, width, offset)
    # grid_sample's units: −1 and 1 are the outer edges of the frame
    grid = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], dim=-1)[None]
    moved = torch.nn.functional.grid_sample(
        maps.reshape(1, -1, height, width),
        grid.to(maps.dtype).to(maps.device),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    return moved.reshape(maps.shape)


def sources_inside(planar: Planar, height: int, width: int, offset: Offset) -> Tensor:
    """The pixels u whose source c + g⁻¹(u − c) lies between pixel centres of the map; shape (H, W), bool."""
    rows, columns = _sources(planar, height, width, offset)
    spare = 1e-9  # sources are sums and products of a few float64 numbers of the map's size
    within_rows = (rows >= -spare) & (rows <= height - 1 + spare)
    return within_rows & (columns >= -spare) & (columns <= width - 1 + spare)


def _sources(planar: Planar, height: int, width: int, offset: Offset) -> tuple[Tensor, Tensor]:
    """Where each pixel reads, as fractional rows and columns, float64, shape (H, W) each.

    Turned counter-clockwise by θ, rows pointing down, (x, y) from the centre reads x' = x cos θ − y sin θ,
    y' = x sin θ + y cos θ; the mirror goes first, so it is undone last: x' → −x'.
    """
    middle = (height - 1) / 2 - offset[0], (width - 1) / 2 - offset[1]
    y = torch.arange(height, dtype=torch.float64)[:, None] - middle[0]
    x = torch.arange(width, dtype=torch.float64)[None, :] - middle[1]
    cosine, sine = _cosine_sine(planar)
    across = x * cosine - y * sine
    return x * sine + y * cosine + middle[0], (-across if planar.mirror else across) + middle[1]


def _cosine_sine(planar: Planar) -> tuple[float, float]:
    """Whole numbers for quarter turns, so that these read whole pixels wherever the centre allows."""
    if planar.exact:
        quarters = int(planar.turn / QUARTER)
        return (1.0, 0.0, -1.0, 0.0)[quarters], (0.0, 1.0, 0.0, -1.0)[quarters]
    angle = float(planar.turn) * 2 * math.pi
    return math.cos(angle), math.sin(angle)


def _planar(view: View) -> Planar | None:
    """The element's mirror and turn; None where it does anything else to a map."""
    transform = view.transform
    if not isinstance(transform, Transform) or transform.moves_colour or not transform.shift.is_identity:
        return None
    return transform.planar
