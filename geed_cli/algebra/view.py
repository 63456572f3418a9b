"""Views: what a network is actually shown, an element of G together with the way its image is resampled.

Two groups that share an element under the same conditions share the view, so it is evaluated once. Exact elements
have no boundary, unless their group's disc masks every member of the orbit.
"""

from dataclasses import dataclass

from torch import Tensor

from geed_cli.algebra.action import act, disc_mask
from geed_cli.algebra.conditions import Boundary, Resampling
from geed_cli.algebra.group import FiniteGroup
from geed_cli.algebra.transform import Planar


@dataclass(frozen=True)
class View:
    """One transformed copy of every image.

    Attributes:
        transform: the element g.
        boundary: ``disc`` also masks; None where nothing is resampled and nothing masked.
        interpolation: the resampling filter; None where nothing is resampled.
    """

    transform: Planar
    boundary: Boundary | None = None
    interpolation: Resampling | None = None

    def act(self, maps: Tensor) -> Tensor:
        """g·x on the last two axes, masked to the disc where the boundary says so."""
        moved = act(self.transform, maps, self.boundary or "zero", self.interpolation or "bilinear")
        return self.restrict(moved)

    def restrict(self, maps: Tensor) -> Tensor:
        """The part of a map on which the action is compared: the inscribed disc, or the whole map."""
        if self.boundary != "disc":
            return maps
        height, width = maps.shape[-2:]
        return maps * disc_mask(height, width).to(maps.dtype).to(maps.device)


def views_of(group: FiniteGroup, boundary: Boundary, interpolation: Resampling) -> tuple[View, ...]:
    """The views of a group's elements, in their order, identity first."""
    if group.exact:
        return tuple(View(transform) for transform in group.transforms)
    masked: Boundary | None = "disc" if boundary == "disc" else None
    return tuple(View(t, masked) if t.exact else View(t, boundary, interpolation) for t in group.transforms)
