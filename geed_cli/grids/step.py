"""Windows and steps: how a convolution, pooling, padding or slice samples its input anew.

A convolution or pooling samples its input at s·u − p + d(k − 1)/2, u = 0 … n_out − 1. Seen from the input's own middle
the middle of these positions lies at

    δ = (n_out − 1)·s/2 − p + d(k − 1)/2 − (n_in − 1)/2

in the input's pixels, p being the padding applied at the top or left. Where δ ≠ 0, no mirror or rotation about the
picture's middle maps the grid to itself. Axes are (down, right) throughout.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """The window of a convolution, a pooling, or (1×1, without dilation) of a padding or a slice.

    In the formula k, s, p and d. The padding is that at the top and left alone; negative where a border is cut off.
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
        middle = (self.n_out[axis] - 1) * self.window.stride[axis] + reach
        return Fraction(middle - 2 * self.window.padding[axis] - (self.n_in[axis] - 1), 2)

    def cyclic(self, axis: int) -> bool:
        """Whether the output covers the input's whole cycle, n_in = s·n_out; else it has no cyclic shift."""
        return self.n_in[axis] == self.window.stride[axis] * self.n_out[axis]

    @property
    def keeps_place(self) -> bool:
        """Whether every pixel of the output lies on one of the input's, and none is lost or added."""
        whole = self.n_in == self.n_out and self.window.stride == (1, 1)
        return whole and not self.delta(0) and not self.delta(1)

    @property
    def even_handed(self) -> bool:
        """Whether both axes are treated alike, so that their exchange maps the grid to itself."""
        window = self.window
        pairs = (window.kernel, window.stride, window.padding, window.dilation, self.n_in, self.n_out)
        return all(down == right for down, right in pairs)

    def on_input_of(self, first: "Step") -> "Step":
        """This step on the input of a padding or slice that went before.

        s₁(s·u − p) − p₁ = s₁s·u − (p₁ + s₁p); where this is no padding or slice itself, s₁ = 1 and d stays.
        """
        mine, its = self.window, first.window
        window = Window(
            mine.kernel,
            stride=(its.stride[0] * mine.stride[0], its.stride[1] * mine.stride[1]),
            padding=(
                its.padding[0] + its.stride[0] * mine.padding[0],
                its.padding[1] + its.stride[1] * mine.padding[1],
            ),
            dilation=mine.dilation,
        )
        return replace(self, window=window, n_in=first.n_in)
