"""Windows of a larger crop: what a network sees when its crop is taken some pixels beside the middle.

``cropshift:n`` has all n² windows of S × S pixels in the square of S + n − 1 about the middle one, which is e, rows and
columns from −⌊n/2⌋ on; ``cropdiagonal:n`` has the n on its diagonal. Pixels are read and never made, so that nothing
is resampled, and what leaves at one side does not come back at the other, as it does under a cyclic shift.
"""

from dataclasses import dataclass

from torch import Tensor

from geed_cli.sets.perturbation import Perturbation
from geed_cli.sets.set_families import window_name, window_offsets


@dataclass(frozen=True)
class Window(Perturbation):
    """The window so many pixels further down and right than the middle one; no perturbation of the allowlist."""

    down: int = 0
    right: int = 0

    @property
    def is_identity(self) -> bool:
        """Whether it is the middle one."""
        return self.offset == (0, 0)

    @property
    def offset(self) -> tuple[int, int]:
        """How far down and to the right it lies."""
        return self.down, self.right

    @property
    def call(self) -> str:
        """What is done, in full."""
        return f"window(down={self.down}, right={self.right})"

    def show(self, pixels: Tensor) -> Tensor:
        """What is seen through it: the pixels that the view has taken there, as they are."""
        return pixels


def windows(n: int, *, diagonal: bool = False) -> list[Perturbation]:
    """The windows beside the middle one, row by row."""
    return [
        Window(window_name(down, right), "window", down=down, right=right)
        for down, right in window_offsets(n, diagonal=diagonal)
    ]
