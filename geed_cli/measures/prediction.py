"""Prediction flips: does the arg max change under g?

Ties go to the lowest class, as in ``torch.argmax`` on the CPU.
"""

from typing import TYPE_CHECKING

from geed_cli.measures.measure import VectorMeasure
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor


def flips(moved: "Tensor", expected: "Tensor") -> "Tensor":
    """1 where arg max p(gx) ≠ arg max ρ(g)p(x), else 0, from (..., classes) to (...), float64.

    Probabilities or logits; ρ(g)p(x) is p(x) unless a spec declares otherwise.
    """
    return (moved.argmax(dim=-1) != expected.argmax(dim=-1)).double()


FLIP_RATE = VectorMeasure(
    name="prediction.flip_rate",
    site="logits",
    deviation=flips,
    against_plain=True,
    any_label=True,
    scale=Scale.rate(),
    rounding_order=None,
    percent=True,
    label="flip rate",
    usual=True,
    range="0 to 1",
    definition="part of (x, g), g ≠ e, with arg max f(gx) ≠ arg max f(x)",
    reading="prediction.flip_rate: how often the arg max changes under an element other than e.",
    readings={
        "sigmoid": "prediction.flip_rate: how often the sign of any label's logit changes under an element other than "
        "e.",
        "dense": "prediction.flip_rate: the part of pixels whose arg max, moved with the picture, changes under an "
        "element other than e.",
    },
)
