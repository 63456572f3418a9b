"""Prediction flips: does the arg max change under g?

Ties in the logits go to the lowest class, as in ``torch.argmax`` on the CPU.
"""

from torch import Tensor


def flips(logits: Tensor) -> Tensor:
    """1 where arg max f(gx) ≠ arg max f(x), else 0: the integrand of ``prediction.flip_rate``.

    Args:
        logits: f(gx), shape (n, B, classes), row 0 the identity.

    Returns:
        Shape (n, B), float64 zeros and ones; row 0 is 0 and is left out of the rate.
    """
    classes = logits.argmax(dim=-1)
    return (classes != classes[0]).double()
