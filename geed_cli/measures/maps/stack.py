"""Stacks of maps that are compared: one interface, with the kernel or torch behind it.

A stack knows its maps as they are; what is compared is their part inside the support.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, Self

from torch import Tensor

from geed_cli.actions.representation import Representation
from geed_cli.measures.moments import Sizes

if TYPE_CHECKING:
    from geed_cli.measures.maps.kernel_program import Program

Move = tuple[Representation, int]
"""ρ and g."""


@dataclass(frozen=True, eq=False)
class Matching:
    """Which maps are compared: row by row a map a beside ρ(g)b.

    Layers and batches that are compared alike share one, so that what is found of it is found once.

    Attributes:
        of: for each row a, the number of its b.
        moves: for each row ρ and g; None where a is b itself, and not moved.
        programs: what the kernel is to do, by how the maps lie.
    """

    of: tuple[int, ...]
    moves: tuple[Move | None, ...]
    programs: dict[Hashable, "Program"] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def by_move(self) -> Mapping[Move, tuple[int, ...]]:
        """The rows of each move."""
        rows: dict[Move, list[int]] = {}
        for row, move in enumerate(self.moves):
            if move is not None:
                rows.setdefault(move, []).append(row)
        return {move: tuple(each) for move, each in rows.items()}

    @cached_property
    def made(self) -> Mapping[Move, tuple[int, ...]]:
        """The rows of each move that does more with maps than read them in another order."""
        return {(rho, g): rows for (rho, g), rows in self.by_move.items() if rho.reading(g) is None}


class Sums(Protocol):
    """Of pairs of maps a and ρ(g)b, over the compared pixels of every channel."""

    @property
    def shape(self) -> tuple[int, int]:
        """(R, C)."""

    @property
    def pixels(self) -> int:
        """How many are compared."""

    @property
    def own(self) -> Sizes:
        """The sizes of a."""

    @property
    def expected(self) -> Sizes:
        """The sizes of ρ(g)b."""

    @property
    def products(self) -> Tensor:
        """⟨a', ρ(g)b'⟩, shape (R, C), float64."""

    @property
    def finite(self) -> Tensor:
        """Whether both maps of a pair are finite throughout, shape (R,), bool."""


def finite_rows(sums: Sums) -> Tensor:
    """Whether both maps of a pair are finite throughout, shape (R,), bool, number by number."""
    own, expected = sums.own, sums.expected
    return (own.squares + own.means + expected.squares + expected.means).isfinite().all(dim=1)


class MapStack(ABC):
    """Maps of one shape (C, H, W), and the pixels of them that are compared."""

    @property
    @abstractmethod
    def tensor(self) -> Tensor:
        """The maps as one tensor, shape (R, C, H, W)."""

    @abstractmethod
    def __getitem__(self, row: int) -> Tensor:
        """One map, shape (C, H, W)."""

    @abstractmethod
    def rows(self, rows: Sequence[int]) -> Self:
        """Some of the maps, with what is known of them."""

    @abstractmethod
    def clone(self) -> Self:
        """A copy that can be kept beyond the batch, and holds no larger stack."""

    @classmethod
    @abstractmethod
    def together(cls, stacks: Sequence[Self]) -> Self:
        """Several stacks as one, at least one."""

    @abstractmethod
    def against(self, other: Self, matching: Matching) -> Sums:
        """Each map a of this stack beside ρ(g)b.

        Args:
            other: the maps b, of the same shape and support.
            matching: as many as this stack has maps.
        """
