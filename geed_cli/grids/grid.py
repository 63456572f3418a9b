"""Sampling grids: where the pixels of a hidden map sit in the picture, followed from operation to operation.

A grid's offset is Σ δ·jump over the steps upstream (``grids.step``). Where δ ≠ 0 at any of them, no mirror or rotation
about the picture's middle maps the grid to itself. Axes are (down, right) throughout.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from geed_cli.grids.step import Pair, Step, Window

Offset = tuple[Fraction | None, Fraction | None]
PREFIX_TOKENS = 8
"""How many tokens without a place are allowed for: class, distillation and registers are 6 together."""


@dataclass(frozen=True)
class SamplingGrid:
    """The sampling grid of one tensor.

    Attributes:
        size: height and width of the map, as the last step left them.
        jump: pixels of the picture from one of its pixels to the next.
        offset: Σ δ·jump, of the grid's middle from the picture's, in pixels of the picture; None along an axis where
            branches of one size disagree.
        steps: everything upstream.
        pending: a padding that the next convolution or pooling may use up, or a slice along one axis that the next
            may complete.
        followed: whether all of the above is known: False behind an operation that is not understood.
    """

    size: Pair
    jump: Pair = (1, 1)
    offset: Offset = (Fraction(0), Fraction(0))
    steps: frozenset[Step] = frozenset()
    pending: Step | None = None
    followed: bool = True

    def after(self, step: Step) -> "SamplingGrid":
        """The grid of the step's output; a padding just before it is counted as the step's own."""
        if self.pending is not None:
            if self.skips is not None:
                return self.settled.after(step)
            return replace(self, pending=None).after(step.on_input_of(self.pending))
        stride = step.window.stride
        return SamplingGrid(
            size=step.n_out,
            jump=(self.jump[0] * stride[0], self.jump[1] * stride[1]),
            offset=(self._moved(step, 0), self._moved(step, 1)),
            steps=self.steps | {step},
            followed=self.followed,
        )

    def padded(self, step: Step) -> "SamplingGrid":
        """The grid after a padding or slice, which waits for what belongs to it before it counts as a step."""
        whole = step if self.pending is None else step.on_input_of(self.pending)
        return replace(self, size=step.n_out, pending=whole)

    def refined(self, size: Pair) -> "SamplingGrid":
        """The grid after an upsampling, whose pixels lie about the middle of those that it was made of."""
        whole = self.settled
        factor = size[0] // whole.size[0]
        fine = (whole.size[0] * factor, whole.size[1] * factor) == size
        if not fine or not factor or whole.jump[0] % factor or whole.jump[1] % factor:
            return self.lost
        return replace(whole, size=size, jump=(whole.jump[0] // factor, whole.jump[1] // factor))

    @property
    def settled(self) -> "SamplingGrid":
        """The grid with its pending step counted."""
        return self if self.pending is None else replace(self, pending=None).after(self.pending)

    @property
    def lost(self) -> "SamplingGrid":
        """The grid behind an operation that is not understood."""
        return replace(self, followed=False)

    @property
    def skips(self) -> Window | None:
        """The window of a pending slice that leaves out rows or columns."""
        window = None if self.pending is None else self.pending.window
        return None if window is None or window.stride == (1, 1) else window

    def describes(self, shape: tuple[int, ...]) -> bool:
        """Whether a layer's output of that shape, batch first, is a map of this grid, its tokens, or has no pixels.

        Pixels are the last two axes, or the second and third; tokens are the second, with a few that have no place.
        """
        height, width = self.size
        if len(shape) <= 2:
            return True
        if len(shape) == 3:
            return shape[1] == 1 or 0 <= shape[1] - height * width <= PREFIX_TOKENS
        return any(pixels in {self.size, (1, 1)} for pixels in (shape[-2:], shape[1:3]))

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a tensor of that shape may have such a map in it: height and width, or as many tokens."""
        height, width = self.size
        return height * width in shape or (height, width) in pairwise(shape)

    def _moved(self, step: Step, axis: int) -> Fraction | None:
        before = self.offset[axis]
        return None if before is None else before + step.delta(axis) * self.jump[axis]


def merged(grids: list[SamplingGrid], shapes: list[tuple[int, ...]]) -> SamplingGrid:
    """The grid of what an operation makes of several tensors, with everything upstream of each.

    Its pixels are those of the first tensor whose size its output has: of a map and not of the gate it is multiplied
    by, of queries and not of keys. Where none fits they are those of the finest. What is put together of slices that
    start at different pixels, as space-to-depth is, has pixels of several grids: it is not followed further.
    ``shapes`` are those of the outputs.
    """
    first = grids[0]
    if all(grid is first or grid == first for grid in grids):
        return first
    settled = [grid.settled for grid in grids]
    fitting = [grid for grid in settled if any(grid.fits(shape) for shape in shapes)]
    chosen = fitting[0] if fitting else min(settled, key=lambda grid: grid.jump)
    alike = [grid for grid in settled if grid.size == chosen.size]
    return replace(
        chosen,
        offset=(_agreed(alike, 0), _agreed(alike, 1)),
        steps=frozenset().union(*(grid.steps for grid in settled)),
        followed=all(grid.followed for grid in grids) and len({grid.skips for grid in grids} - {None}) <= 1,
    )


def _agreed(grids: list[SamplingGrid], axis: int) -> Fraction | None:
    values = {grid.offset[axis] for grid in grids}
    return values.pop() if len(values) == 1 else None
