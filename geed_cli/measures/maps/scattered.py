"""Maps of one shape wherever they lie: rows of a batch, and others that were kept by themselves. None is copied."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from torch import Tensor

from geed_cli.measures.maps.lying import stacked
from geed_cli.measures.moments import evenly_spaced

Layout = tuple[tuple[int, tuple[int, ...]], ...]
"""See ``Scattered.layout``."""


class Scattered:
    """Maps by their numbers, part after part.

    Args:
        parts: each of shape (n, C, H, W); all of one type, device, C, H and W, with any strides.
    """

    def __init__(self, parts: Sequence[Tensor]) -> None:
        self.parts = tuple(parts)
        self._ends = list(accumulate(len(part) for part in self.parts))

    def __len__(self) -> int:
        """How many maps there are."""
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, number: int) -> Tensor:
        """One map, shape (C, H, W)."""
        part, row = self._place(number)
        return self.parts[part][row]

    def tensor(self, numbers: Sequence[int]) -> Tensor:
        """Some of them as one tensor: as they lie, where they are evenly spaced in one part, else a copy."""
        (part, first), (end, last) = self._place(numbers[0]), self._place(numbers[-1])
        spaced = evenly_spaced(numbers)
        if part == end and spaced is not None:
            return self.parts[part][first : last + 1 : spaced.step]
        return stacked([self[number] for number in numbers])

    def _place(self, number: int) -> tuple[int, int]:
        """The part that a map is in, and its row there."""
        part = bisect_right(self._ends, number)
        return part, number - (self._ends[part - 1] if part else 0)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        _, *shape = self.parts[0].shape
        return shape[0], shape[1], shape[2]

    @property
    def layout(self) -> Layout:
        """Of each part how many maps it has, and its steps from map to map, channel, row and column."""
        return tuple((len(part), part.stride()) for part in self.parts)

    @property
    def addresses(self) -> list[int]:
        """Where each part begins."""
        return [part.data_ptr() for part in self.parts]
