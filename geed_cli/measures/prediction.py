"""Prediction flips: does the arg max change under g?

Ties go to the lowest class, as in ``torch.argmax`` on the CPU.
"""

from torch import Tensor


def flips(moved: Tensor, expected: Tensor) -> Tensor:
    """1 where arg max p(gx) ≠ arg max ρ(g)p(x), else 0: the integrand of ``prediction.flip_rate``.

    Args:
        moved: p(gx) or the logits, shape (..., classes).
        expected: ρ(g)p(x) likewise, a shape that broadcasts with it; p(x) itself unless a spec declares otherwise.

    Returns:
        Shape (...), float64 zeros and ones; e is 0 and is left out of the rate.
    """
    return (moved.argmax(dim=-1) != expected.argmax(dim=-1)).double()
