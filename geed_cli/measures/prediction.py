"""Prediction flips: does the arg max change under g?

Ties go to the lowest class, as in ``torch.argmax`` on the CPU.
"""

from typing import TYPE_CHECKING

from geed_cli.explanation import Explanation
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
    equation="eq. (4), m the change of the arg max, without e",
    told="Of an image's copies other than itself, {value} have another top class than the image.",
    explained=Explanation(
        what="how often the top class changes when the image is transformed.",
        reading="Of independent labels it counts where the sign of any label's logit changes, of pixels the part "
        "whose arg max, moved with the picture, changes. Near ties change easily: a rate of 25% can go with "
        "predictions that hardly move. A network that gives one class to every image has the rate 0. Where no image "
        "changes, the interval has exact binomial limits.",
        example="Under c4 the top classes of one image are 7 and, turned, 7, 7, 3; of another 5 and 5, 5, 5. One of 6 "
        "turned copies changed: 16.7%. No change in 40 images of flip leaves 0 to 8.8% open.",
        source="geed; the paper's measures are of probabilities",
        see=("scale", "sensitivity", "softmax.kl"),
    ),
)
