"""Actions on channels alone: permutations and given matrices, with pixels left where they are.

``moves[g, i]`` is where channel i goes: [ρ(g)y]_{moves[g, i]} = y_i. In a regular representation the component of h
goes to gh, which is what a lifting convolution does whose channel h correlates the image with h·w.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.actions.reading import Reading
from geed_cli.actions.representation import Representation

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def channel_axis(shape: tuple[int, ...]) -> int:
    """The axis of the channels, from the end: −3 of maps (C, H, W), −1 of vectors (k,)."""
    return -len(shape)


def one_pixel(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one pixel of such maps, which tells as much as all where pixels stay where they are."""
    return (shape[0],) + (1,) * (len(shape) - 1)


@dataclass(frozen=True, eq=False)
class Permutation(Representation):
    """G permutes channels by ``moves``, shape (n, C)."""

    moves: Integers

    @classmethod
    def of(cls, moves: Integers, shape: tuple[int, ...], key: Hashable) -> "Permutation":
        """The action on outputs of that shape."""
        return cls(len(moves), shape, key, moves)

    @cached_property
    def _sources(self) -> tuple[Tensor | None, ...]:
        """Where each channel reads, the inverse of ``moves``; None for an element that moves none."""
        still = np.arange(self.moves.shape[1])
        return tuple(
            None if np.array_equal(row, still) else torch.from_numpy(np.argsort(row)) for row in self.moves
        )

    def act(self, g: int, y: Tensor) -> Tensor:
        """Y with its channels in their new places."""
        sources = self._sources[g]
        return y if sources is None else y.index_select(channel_axis(self.shape), sources.to(y.device))

    def reading(self, g: int) -> Reading:
        """Channels read from where they were."""
        sources = self._sources[g]
        return Reading() if sources is None else Reading(channels=sources.numpy())

    def _probe_shape(self) -> tuple[int, ...]:
        return one_pixel(self.shape)


@dataclass(frozen=True, eq=False)
class Matrices(Representation):
    """G mixes channels by given matrices, shape (n, C, C)."""

    matrices: Floats

    @classmethod
    def of(cls, matrices: Floats, shape: tuple[int, ...], key: Hashable) -> "Matrices":
        """The action on outputs of that shape."""
        return cls(len(matrices), shape, key, matrices)

    def act(self, g: int, y: Tensor) -> Tensor:
        """Σ_j ρ(g)_ij y_j."""
        # the type first: some devices have no float64
        matrix = torch.from_numpy(self.matrices[g]).to(y.dtype).to(y.device)
        columns = y.flatten(-2) if len(self.shape) == 3 else y[..., None]
        return torch.einsum("ij,...jp->...ip", matrix, columns).reshape(y.shape)

    def _probe_shape(self) -> tuple[int, ...]:
        return one_pixel(self.shape)


def regular_moves(table: Integers, fields: int, *, field_major: bool = True) -> Integers:
    """The moves, shape (n, fields·n), of copies of the regular representation: the component of h goes to gh.

    Channel = field·n + element, unless not ``field_major``: then channel = element·fields + field.
    """
    n = len(table)
    field = np.arange(fields)
    if field_major:
        return (field[None, :, None] * n + table[:, None, :]).reshape(n, -1)
    return (table[:, :, None] * fields + field[None, None, :]).reshape(n, -1)


def as_moves(matrices: Floats, tolerance: float = 1e-6) -> Integers | None:
    """The moves, shape (n, C), that matrices (n, C, C) are up to rounding; None where one is no permutation matrix.

    Libraries make these matrices from sines and cosines, which round at 1e-15, or at 1e-7 where kept in float32.
    """
    moves = matrices.argmax(axis=1)
    exact = np.zeros_like(matrices)
    np.put_along_axis(exact, moves[:, None, :], 1.0, axis=1)
    # two columns with their 1 in one row would pass for a permutation otherwise
    if not (exact.sum(axis=2) == 1).all() or np.abs(exact - matrices).max() > tolerance:
        return None
    return np.asarray(moves, dtype=np.int64)
