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

from geed_cli.actions.representation import Representation

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def channel_axis(shape: tuple[int, ...]) -> int:
    """The axis of the channels, from the end: −3 of maps (C, H, W), −1 of vectors (k,)."""
    return -len(shape)


@dataclass(frozen=True, eq=False)
class Permutation(Representation):
    """G permutes channels.

    Attributes:
        moves: shape (n, C).
    """

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

    def _probe_shape(self) -> tuple[int, ...]:
        """One pixel tells: all are treated alike."""
        return (self.shape[0],) + (1,) * (len(self.shape) - 1)


@dataclass(frozen=True, eq=False)
class Matrices(Representation):
    """G mixes channels by given matrices.

    Attributes:
        matrices: shape (n, C, C).
    """

    matrices: Floats

    @classmethod
    def of(cls, matrices: Floats, shape: tuple[int, ...], key: Hashable) -> "Matrices":
        """The action on outputs of that shape."""
        return cls(len(matrices), shape, key, matrices)

    def act(self, g: int, y: Tensor) -> Tensor:
        """Σ_j ρ(g)_ij y_j."""
        # the type first: some devices have no float64
        matrix = torch.from_numpy(self.matrices[g]).to(y.dtype).to(y.device)
        return torch.einsum("ij,...jp->...ip", matrix, self._as_columns(y)).reshape(y.shape)

    def _as_columns(self, y: Tensor) -> Tensor:
        """Y as (..., C, pixels)."""
        return y.flatten(-2) if len(self.shape) == 3 else y[..., None]

    def _probe_shape(self) -> tuple[int, ...]:
        """One pixel tells: all are treated alike."""
        return (self.shape[0],) + (1,) * (len(self.shape) - 1)


def regular_moves(table: Integers, fields: int, *, field_major: bool = True) -> Integers:
    """The moves of ``fields`` copies of the regular representation: the component of h goes to gh.

    Args:
        table: Cayley table, shape (n, n).
        fields: number of copies; there are fields·n channels.
        field_major: channel = field·n + element; else channel = element·fields + field.

    Returns:
        shape (n, fields·n).
    """
    n = len(table)
    field = np.arange(fields)
    if field_major:
        return (field[None, :, None] * n + table[:, None, :]).reshape(n, -1)
    return (table[:, :, None] * fields + field[None, None, :]).reshape(n, -1)


def as_moves(matrices: Floats, tolerance: float = 1e-6) -> Integers | None:
    """The permutations that matrices are, up to rounding; None where one is no permutation matrix.

    Args:
        matrices: shape (n, C, C).
        tolerance: of each entry; libraries make these matrices from sines and cosines, which round at 1e-15, or at
            1e-7 where they are kept in float32.

    Returns:
        moves, shape (n, C).
    """
    moves = matrices.argmax(axis=1)
    exact = np.zeros_like(matrices)
    np.put_along_axis(exact, moves[:, None, :], 1.0, axis=1)
    # two columns with their 1 in one row would pass for a permutation otherwise
    if not (exact.sum(axis=2) == 1).all() or np.abs(exact - matrices).max() > tolerance:
        return None
    return np.asarray(moves, dtype=np.int64)
