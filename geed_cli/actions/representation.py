"""Representations: how G acts on an output space Y of one shape, and the kernel of that action.

An output is a map (C, H, W) or a vector (k,); leading axes are carried along. ``f̂(x)`` of eq. (2) averages f(kx) over
the kernel, which is taken from the representation itself at the layer's real shape: a spatial action on 1×1 maps is
trivial, on larger maps faithful, in between whatever it is.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from geed_cli.actions.action import split_turn
from geed_cli.actions.reading import Reading
from geed_cli.actions.view import View
from geed_cli.groups.transform import Transform

KERNEL_SEED = 20220913
UNMOVED = 1e-5
"""Values in [0, 1] that differ by less are the same: given matrices are only representations up to 1e-6, and an
element that is not in the kernel moves a random probe by far more."""


@dataclass(frozen=True, eq=False)
class Representation(ABC):
    """ρ, a group of matrices that are applied without being written out.

    Attributes:
        order: n = |G|; elements are numbered as in the group.
        shape: of the outputs acted on, (C, H, W) or (k,).
        key: two representations at one layer with equal keys act alike under equal views.
    """

    order: int
    shape: tuple[int, ...]
    key: Hashable

    @abstractmethod
    def act(self, g: int, y: Tensor) -> Tensor:
        """ρ(g)y for y of shape (..., C, H, W) or (..., k); the same shape and dtype."""

    def restrict(self, y: Tensor) -> Tensor:
        """The part of y on which the action is compared, for any number of channels; here all of it."""
        return y

    def rearranges(self, g: int) -> bool:  # noqa: ARG002 - no element does, unless a class says so
        """Whether g only moves compared pixels to other places of their own channel, so that sums over them stay."""
        return False

    def reading(self, g: int) -> Reading | None:  # noqa: ARG002 - none is known, unless a class says so
        """How ρ(g)y reads y, but for what ``restrict`` masks; None where it has to be computed."""
        return None

    @cached_property
    def support(self) -> Tensor | None:
        """The pixels of maps that are compared, shape (H, W), bool; None where that is all of them."""
        inside = self.restrict(torch.ones(1, *self.shape[-2:]))[0] > 0
        return None if bool(inside.all()) else inside

    def restrict_under(self, g: int, y: Tensor) -> Tensor:  # noqa: ARG002 - most actions compare one part
        """The part of y that is compared under g: that of ``restrict``, unless elements differ."""
        return self.restrict(y)

    @property
    def undefined(self) -> str | None:
        """Why G does not act on this shape, as a clause for the table; None where it does."""
        return None

    @property
    def misfit(self) -> str | None:
        """Why pixels of this shape cannot be moved, were it known what happens to channels; None where they can."""
        return self.undefined

    def kernel(self) -> tuple[int, ...]:
        """The elements that act as the identity: those that fix one random output.

        What an element fixes is a subspace; unless it is everything, a random output lies in it with
        probability 0. The probe is seeded, so the answer is always the same.
        """
        shape = self._probe_shape()
        probe = torch.rand(shape, generator=torch.Generator().manual_seed(KERNEL_SEED), dtype=torch.float64)
        fixed = self.restrict(probe)
        moved = (self.restrict(self.act(g, probe)) for g in range(self.order))
        return tuple(g for g, each in enumerate(moved) if bool(((each - fixed).abs() <= UNMOVED).all()))

    def _probe_shape(self) -> tuple[int, ...]:
        return self.shape


@dataclass(frozen=True, eq=False)
class Trivial(Representation):
    """Nothing moves, ρ(g) = 1: the action on features of which invariance is asked."""

    key: Hashable = "trivial"

    def act(self, g: int, y: Tensor) -> Tensor:  # noqa: ARG002 - every element acts alike
        """Y itself."""
        return y

    def rearranges(self, g: int) -> bool:  # noqa: ARG002
        """Nothing moves at all."""
        return True

    def reading(self, g: int) -> Reading:  # noqa: ARG002
        """As it lies there."""
        return Reading()

    def kernel(self) -> tuple[int, ...]:
        """All of G."""
        return tuple(range(self.order))


@dataclass(frozen=True, eq=False)
class NoAction(Representation):
    """A group whose action on this output is not known, with the reason as a clause for the table."""

    reason: str

    def act(self, g: int, y: Tensor) -> Tensor:
        """Never called: nothing is measured where the action is undefined."""
        raise NotImplementedError(f"no action of element {g} on {tuple(y.shape)}: {self.reason}")

    @property
    def undefined(self) -> str:
        """The reason."""
        return self.reason


@dataclass(frozen=True, eq=False)
class Spatial(Representation):
    """G moves the pixels of every channel of a map as its views move those of images, at the map's own size."""

    views: tuple[View, ...]

    @classmethod
    def of(cls, views: tuple[View, ...], shape: tuple[int, ...]) -> "Spatial":
        """The action on maps of shape (C, H, W)."""
        return cls(len(views), shape, "spatial", views)

    @property
    def misfit(self) -> str | None:
        """Turned maps have to be square, and masked ones to have a pixel."""
        height, width = self.shape[-2:]
        if height != width and any(view.transform.swaps_axes for view in self.views):
            return f"its {height}×{width} maps are not square, and the group turns them"
        if not self.restrict(torch.ones(1, height, width)).any():
            return f"its {height}×{width} maps have no pixel inside the disc"
        return None

    @property
    def undefined(self) -> str | None:
        """The misfit, or the first element that does more than move pixels."""
        name = next((view.transform.name for view in self.views if view.transform.moves_colour), None)
        if name is not None:
            return f"how {name}, which changes colours, acts on hidden maps is not known"
        return self.misfit

    def act(self, g: int, y: Tensor) -> Tensor:
        """The view's action on the last two axes."""
        return self.views[g].act(y)

    def rearranges(self, g: int) -> bool:
        """Quarter turns and mirrors, which leave the disc in place, and shifts by whole pixels."""
        return self._rearranging[g]

    @cached_property
    def _rearranging(self) -> tuple[bool, ...]:
        """For each element; asked for with every batch."""
        return tuple(
            isinstance(g, Transform) and g.exact and g.whole_pixels(*self.shape[-2:])
            for g in (view.transform for view in self.views)
        )

    def reading(self, g: int) -> Reading | None:
        """Of mirrors and quarter turns without a shift."""
        return self._readings[g]

    @cached_property
    def _readings(self) -> tuple[Reading | None, ...]:
        """For each element; asked for with every batch."""
        return tuple(
            Reading(g.planar.mirror, split_turn(g.planar.turn)[0])
            if isinstance(g, Transform) and g.planar.exact and g.shift.is_identity
            else None
            for g in (view.transform for view in self.views)
        )

    def restrict(self, y: Tensor) -> Tensor:
        """Masked to the disc where the group's boundary is the disc."""
        return self.views[0].restrict(y)

    def _probe_shape(self) -> tuple[int, ...]:
        return (1, *self.shape[-2:])


@dataclass(frozen=True, eq=False)
class Pixels(Spatial):
    """The same of what a network says of each pixel in the picture's own terms, which colours leave in its place."""

    @classmethod
    def of(cls, views: tuple[View, ...], shape: tuple[int, ...]) -> "Pixels":
        """The action on maps of shape (C, H, W)."""
        return cls(len(views), shape, "pixels", views)

    @property
    def undefined(self) -> str | None:
        """The misfit."""
        return self.misfit
