"""Sampling grids: where the pixels of a hidden map sit in the picture, followed from operation to operation.

A convolution or pooling samples its input at s·u − p + d(k − 1)/2, u = 0 … n_out − 1. Seen from the input's own middle
the middle of these positions lies at

    δ = (n_out − 1)·s/2 − p + d(k − 1)/2 − (n_in − 1)/2

in the input's pixels, p being the padding applied at the top or left. Where δ ≠ 0, no mirror or rotation about the
picture's middle maps the grid to itself. Axes are (down, right) throughout.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

Pair = tuple[int, int]
Offset = tuple[Fraction | None, Fraction | None]


@dataclass(frozen=True)
class Window:
    """The window of a convolution, a pooling, or (1×1, with the padding alone) of a padding.

    Attributes:
        kernel: k.
        stride: s.
        padding: p, at the top and left alone; negative where a border is cut off.
        dilation: d.
    """

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)


@dataclass(frozen=True)
class Step:
    """One operation that samples its input anew, as it was carried out.

    Attributes:
        number: its place in the order of execution.
        module: dotted name of the innermost module that carried it out.
        window: what it samples with.
        n_in: size of its input.
        n_out: size of its output.
    """

    number: int
    module: str
    window: Window
    n_in: Pair
    n_out: Pair

    def delta(self, axis: int) -> Fraction:
        """δ along an axis, in pixels of the input."""
        reach = self.window.dilation[axis] * (self.window.kernel[axis] - 1)
        middle = Fraction((self.n_out[axis] - 1) * self.window.stride[axis] + reach, 2)
        return middle - self.window.padding[axis] - Fraction(self.n_in[axis] - 1, 2)

    def cyclic(self, axis: int) -> bool:
        """Whether the output covers the input's whole cycle, n_in = s·n_out; else it has no cyclic shift."""
        return self.n_in[axis] == self.window.stride[axis] * self.n_out[axis]

    @property
    def even_handed(self) -> bool:
        """Whether both axes are treated alike, so that their exchange maps the grid to itself."""
        window = self.window
        pairs = (window.kernel, window.stride, window.padding, window.dilation, self.n_in, self.n_out)
        return all(down == right for down, right in pairs)

    def padded_before(self, pad: "Step") -> "Step":
        """This step on the input of a padding that went before it."""
        added = (
            self.window.padding[0] + pad.window.padding[0],
            self.window.padding[1] + pad.window.padding[1],
        )
        return replace(self, window=replace(self.window, padding=added), n_in=pad.n_in)


@dataclass(frozen=True)
class SamplingGrid:
    """The sampling grid of one tensor.

    Attributes:
        size: height and width of the map, as the last step left them.
        jump: pixels of the picture from one of its pixels to the next.
        offset: Σ δ·jump, of the grid's middle from the picture's, in pixels of the picture; None along an axis where
            branches of one size disagree.
        steps: everything upstream.
        pending: a padding that the next convolution or pooling may use up.
    """

    size: Pair
    jump: Pair = (1, 1)
    offset: Offset = (Fraction(0), Fraction(0))
    steps: frozenset[Step] = frozenset()
    pending: Step | None = None

    def after(self, step: Step) -> "SamplingGrid":
        """The grid of the step's output; a padding just before it is counted as the step's own."""
        if self.pending is not None:
            return replace(self, pending=None).after(step.padded_before(self.pending))
        stride = step.window.stride
        return SamplingGrid(
            size=step.n_out,
            jump=(self.jump[0] * stride[0], self.jump[1] * stride[1]),
            offset=(self._moved(step, 0), self._moved(step, 1)),
            steps=self.steps | {step},
        )

    def padded(self, step: Step) -> "SamplingGrid":
        """The grid after a padding, which counts as a step of its own unless a convolution or pooling follows."""
        whole = step if self.pending is None else step.padded_before(self.pending)
        return replace(self, size=step.n_out, pending=whole)

    @property
    def settled(self) -> "SamplingGrid":
        """The grid with its pending padding counted."""
        return self if self.pending is None else replace(self, pending=None).after(self.pending)

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
    by, of queries and not of keys. Where none fits they are those of the finest.

    Args:
        grids: of the inputs, in their order.
        shapes: of the outputs.
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
    )


def _agreed(grids: list[SamplingGrid], axis: int) -> Fraction | None:
    values = {grid.offset[axis] for grid in grids}
    return values.pop() if len(values) == 1 else None
