"""Views: what a network is actually shown, an element of G together with the way its image is resampled.

Two groups that share an element under the same conditions share the view, so it is evaluated once. Exact elements
have no boundary, unless their group's disc masks every member of the orbit.
"""

from dataclasses import dataclass, fields
from functools import cached_property, lru_cache

import torch
from torch import Tensor

from geed_cli.actions.action import act, centre, disc_mask, window
from geed_cli.actions.conditions import Boundary, Resampling, context_size
from geed_cli.actions.recolour import recolour
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.transform import IDENTITY, Transform
from geed_cli.sets.perturbation import Perturbation
from geed_cli.sets.transformation_set import TransformationSet

MASKING = ("disc", "context")
"""Boundaries under which hidden maps are compared inside the disc; ``disc`` masks pictures too."""


@dataclass(frozen=True)
class View:
    """One transformed copy of every image, by an element g or by a member of a set that is no group.

    The boundary is None where nothing is turned by other than quarters and nothing masked, the interpolation where
    nothing is resampled at any size.
    """

    transform: Transform | Perturbation
    boundary: Boundary | None = None
    interpolation: Resampling | None = None

    @cached_property
    def _hash(self) -> int:
        return hash((self.transform, self.boundary, self.interpolation))

    def __hash__(self) -> int:
        """Kept, since views are looked up many times for every batch and hashing fractions is slow."""
        return self._hash

    def __getstate__(self) -> dict[str, object]:
        """The fields alone: another process hashes text differently."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def show(self, pixels: Tensor, size: int) -> Tensor:
        """What the network is shown, (..., 3, S, S): mirrored, turned, shifted, recoloured, masked under ``disc``.

        Args:
            pixels: the picture in [0, 1], shape (..., 3, P, P), P − size even and ≥ 0; bytes where ``rearranges``.
                Under ``context`` a rotation reads the whole of it; otherwise its centre is the picture.
            size: S.
        """
        if isinstance(self.transform, Perturbation):
            return self.transform.show(window(pixels, size, self.transform.offset))
        side = min(
            size + 2 * self.reach(size), pixels.shape[-1]
        )  # without surroundings the border is repeated
        seen = centre(pixels, side, side)
        shown = recolour(self._moved(self.transform, seen, (size, size)), self.transform.colour)
        return _inside_disc(shown) if self.boundary == "disc" else shown

    def reach(self, size: int) -> int:
        """How many pixels around the middle S × S are read: by rotations under ``context``, and by windows."""
        if isinstance(self.transform, Perturbation):
            return max(map(abs, self.transform.offset))
        return (context_size(size) - size) // 2 if self.boundary == "context" else 0

    def rearranges(self, size: int) -> bool:
        """Whether pictures of that side are only rearranged, pixel by pixel, so that ``show`` takes bytes as well."""
        g = self.transform
        return isinstance(g, Transform) and g.exact_at(size) and not g.moves_colour

    def act(self, maps: Tensor) -> Tensor:
        """g·x on maps (..., H, W) at their own size, but for its colours; masked as ``restrict`` does.

        Raises:
            TypeError: a member of a set, which does not act on maps.
        """
        if isinstance(self.transform, Perturbation):
            raise TypeError(f"{self.transform.name} has no action on hidden maps")
        return self.restrict(self._moved(self.transform, maps))

    def restrict(self, maps: Tensor) -> Tensor:
        """The part of a map on which the action is compared: the inscribed disc, or the whole map."""
        return _inside_disc(maps) if self.boundary in MASKING else maps

    def _moved(self, g: Transform, maps: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        return act(g, maps, self.boundary or "zero", self.interpolation or "bilinear", size)


def views_of(
    group: FiniteGroup | TransformationSet, boundary: Boundary, interpolation: Resampling
) -> tuple[View, ...]:
    """The views of a group's elements, or of a set's members, in their order, identity first."""
    if isinstance(group, TransformationSet):
        # e of a set is e of every group, so that it is evaluated once
        return tuple(View(IDENTITY if member.is_identity else member) for member in group.transforms)
    masked: Boundary | None = boundary if boundary in MASKING and not group.exact else None
    return tuple(_view(transform, boundary, masked, interpolation) for transform in group.transforms)


def _view(
    transform: Transform, boundary: Boundary, masked: Boundary | None, interpolation: Resampling
) -> View:
    """The filter is kept for shifts, too: whether they are whole pixels differs from map to map."""
    if not transform.exact:
        return View(transform, boundary, interpolation)
    return View(transform, masked, None if transform.shift.is_identity else interpolation)


def _inside_disc(maps: Tensor) -> Tensor:
    height, width = maps.shape[-2:]
    return maps * _disc(height, width, maps.dtype, maps.device)


@lru_cache(maxsize=64)
def _disc(height: int, width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The mask as numbers, kept on the device: every copy to a GPU waits for what is queued there."""
    return disc_mask(height, width).to(dtype).to(device)
