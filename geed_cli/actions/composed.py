"""Representations made of others: pixels with channels, direct sums over channels, and actions through another group.

All of them are exact where their parts are: nothing here computes but a copy of channels side by side.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from geed_cli.actions.channel_action import channel_axis
from geed_cli.actions.reading import Reading
from geed_cli.actions.representation import Representation


@dataclass(frozen=True, eq=False)
class Joint(Representation):
    """G moves pixels and channels together: [ρ(g)y](u) = ρ_C(g) y(g⁻¹u), as features of equivariant networks do.

    ρ_C says all that happens to channels, so colours are no obstacle.
    """

    spatial: Representation
    channels: Representation

    @classmethod
    def of(cls, spatial: Representation, channels: Representation) -> "Joint":
        """Both on one shape."""
        key = ("joint", spatial.key, channels.key)
        return cls(spatial.order, spatial.shape, key, spatial, channels)

    @property
    def undefined(self) -> str | None:
        """The channels' reason, or that the geometry does not fit."""
        return self.channels.undefined or self.spatial.misfit

    def act(self, g: int, y: Tensor) -> Tensor:
        """Channels, then pixels; the two commute."""
        return self.spatial.act(g, self.channels.act(g, y))

    def reading(self, g: int) -> Reading | None:
        """Of both together."""
        pixels, channels = self.spatial.reading(g), self.channels.reading(g)
        return None if pixels is None or channels is None else replace(pixels, channels=channels.channels)

    def restrict(self, y: Tensor) -> Tensor:
        """Masked as the pixels are."""
        return self.spatial.restrict(y)

    def restrict_under(self, g: int, y: Tensor) -> Tensor:
        """Masked as the pixels are under g."""
        return self.spatial.restrict_under(g, y)


@dataclass(frozen=True, eq=False)
class DirectSum(Representation):
    """Consecutive slices of the channels, each with its own action."""

    parts: tuple[Representation, ...]

    @classmethod
    def of(cls, parts: Sequence[Representation]) -> "DirectSum":
        """At least one part, all of the same group, on shapes that differ in their channels alone."""
        channels = sum(part.shape[0] for part in parts)
        key = ("sum", *((part.shape[0], part.key) for part in parts))
        return cls(parts[0].order, (channels, *parts[0].shape[1:]), key, tuple(parts))

    @property
    def undefined(self) -> str | None:
        """The first reason of a part."""
        return next((part.undefined for part in self.parts if part.undefined), None)

    def act(self, g: int, y: Tensor) -> Tensor:
        """Each slice moved by its part."""
        axis = channel_axis(self.shape)
        slices = torch.split(y, [part.shape[0] for part in self.parts], dim=axis)
        return torch.cat([part.act(g, each) for part, each in zip(self.parts, slices, strict=True)], dim=axis)

    def restrict(self, y: Tensor) -> Tensor:
        """Masked as its parts are, all channels alike: a layer is compared on one set of pixels."""
        for part in self.parts:
            y = part.restrict(y)
        return y


@dataclass(frozen=True, eq=False)
class PullBack(Representation):
    """G acts through another group H by a homomorphism G → H: ρ(g) = ρ_H(image of g).

    The inclusion of a subgroup is one, as is a map onto a quotient; then the kernel grows by that of the map.
    """

    inner: Representation
    images: tuple[int, ...]

    @classmethod
    def of(cls, inner: Representation, images: Sequence[int], key: Hashable) -> "PullBack":
        """The action of a group with len(images) elements."""
        return cls(len(images), inner.shape, key, inner, tuple(images))

    @property
    def undefined(self) -> str | None:
        """The inner reason."""
        return self.inner.undefined

    def act(self, g: int, y: Tensor) -> Tensor:
        """As the image acts."""
        return self.inner.act(self.images[g], y)

    def reading(self, g: int) -> Reading | None:
        """Of the image."""
        return self.inner.reading(self.images[g])

    def restrict(self, y: Tensor) -> Tensor:
        """Masked as H masks."""
        return self.inner.restrict(y)
