"""Softmax G-EED (section 3.1): divergence of class probabilities, and its control.

Probabilities are float64 softmaxes of the network's logits; KL terms are x·log x with 0·log 0 = 0, so they are
finite for zeros.
"""

import math
from typing import TYPE_CHECKING

from geed_cli.explanation import PAPER, Explanation
from geed_cli.measures.measure import VectorMeasure
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor


def probabilities(logits: "Tensor") -> "Tensor":
    """p(x): the softmax over the last axis in float64, from logits of any precision."""
    return logits.double().softmax(dim=-1)


def sensitivity(p: "Tensor", mean: "Tensor") -> "Tensor":
    """KL(p(x) ‖ mean over D of p): how much the prediction depends on the image at all.

    The control of ``softmax.kl``: a network that hardly reacts to its input looks invariant to everything. From
    (images, classes) and (classes,), the mean over all images, to (images,), in nats; the mean lies in [0, ln(images)].
    """
    return divergence(p, mean)


def divergence(p: "Tensor", q: "Tensor") -> "Tensor":
    """KL(p ‖ q) = Σ p ln(p/q) over the last axis, where q > 0 wherever p > 0.

    With p = p(gx) and q = ρ(g)p̂(x), p̂ the mean over the kernel, it is the integrand of ``softmax.kl``. Its mean over
    an orbit lies in [0, ln n], since p̂ has at least a part 1/n of every p(gx).

    From (..., classes) to (...), in nats, ≥ 0; a probability of 0 contributes 0.
    """
    p, q = p.double(), q.double()
    # rounding can leave −1e-17 where p = q; the divergence is never negative
    return (p.xlogy(p) - p.xlogy(q)).sum(dim=-1).clamp(min=0)


KL = VectorMeasure(
    name="softmax.kl",
    site="logits",
    deviation=divergence,
    sensitivity=sensitivity,
    scale=Scale.log(),
    bound=math.log,
    unit="nats",
    usual=True,
    positive_tail=True,
    range="0 to ln|G|",
    definition="mean KL(p(gx) ‖ p̂(x)), p̂ the orbit mean of the class probabilities",
    equation="the paper's softmax G-EED, section 3.1",
    told="The prediction for a copy of an image diverges {value} nats from the mean over its {n} copies, on average.",
    explained=Explanation(
        what="how far the predicted probabilities of an image's transformed copies diverge from their mean.",
        reading="0 is invariant, at most ln|G|; compare it with the sensitivity, since a network that ignores its "
        "input is invariant too. Of independent labels it is the mean over labels of KL between (p, 1 − p) and its "
        "orbit mean, at most ln 2. Of pixels it is the mean over pixels of KL(p(gx) ‖ g·p(x)), and 0 is "
        "equivariant. There is no percentage, since what another image would have is only known to be at most the "
        "sensitivity and at most ln n.",
        example="The predictions (0.9, 0.1) of an image and (0.1, 0.9) of its mirror image each diverge 0.368 nats "
        "from their mean, (0.5, 0.5). Two copies can have at most ln 2 = 0.693.",
        source=f"{PAPER}, section 3.1",
        see=("sensitivity", "scale", "prediction.flip_rate"),
    ),
)
