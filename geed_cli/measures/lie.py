"""Lie derivatives: how fast outputs and layers move, beyond what they should, when the picture begins to flow.

L f(x) = d/dt ρ(g_{−t})f(g_t x) at t = 0 (Gruver et al. 2023), as a central difference over ±t (``sets.flow``).
"""

from typing import TYPE_CHECKING

from geed_cli.explanation import Explanation
from geed_cli.measures.channelwise import COSINE
from geed_cli.measures.measure import DerivativeMeasure, VectorMeasure
from geed_cli.sets.set_families import STEP
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor

GRUVER = "Gruver et al., The Lie Derivative for Measuring Learned Equivariance (ICLR 2023)"


def squared_slope(ahead: "Tensor", behind: "Tensor") -> "Tensor":
    """‖(a − b)/2t‖² / d, from ρ(g_{−t})f(g_t x) and ρ(g_t)f(g_{−t}x), (..., d) each, to (...), float64."""
    slope = (ahead.double() - behind.double()) / (2 * STEP)
    return slope.square().mean(dim=-1)


OUTPUT = VectorMeasure(
    name="lie.output",
    site="logits",
    deviation=squared_slope,
    against_plain=True,
    of_flows=True,
    on_request=True,
    scale=Scale.log(),
    positive_tail=True,
    range="≥ 0",
    definition="mean over x of ‖(p(g_t x) − p(g_{−t}x))/2t‖² / classes, t = 1/1024",
    equation="the local equivariance error of the output (LEE), an invariant one",
    told="The class probabilities move with a mean squared speed of {value} when the picture begins to flow.",
    explained=Explanation(
        what="how fast the class probabilities move when the picture begins to turn, shift, grow or shear.",
        reading="0 is invariant. The flow is that of a set lie:<generator>; of any other group or set it is not "
        "applicable. Per radian, per half side of the picture, or per factor e, squared, so values of two generators "
        "are not compared.",
        example="Probabilities (0.6, 0.4) at +t and (0.5, 0.5) at −t with t = 0.1 have the slopes 0.5 and −0.5: "
        "(0.25 + 0.25)/2 = 0.25.",
        source=GRUVER,
        see=("softmax.kl", "lie.derivative"),
    ),
)
DERIVATIVE = DerivativeMeasure(
    name="lie.derivative",
    slope=squared_slope,
    beside=COSINE,
    positive_tail=True,
    on_request=True,
    scale=Scale.log(),
    range="≥ 0",
    definition="mean over x, channels and pixels of ((ρ(g_{−t})f_l(g_t x) − ρ(g_t)f_l(g_{−t}x))/2t)², t = 1/1024, "
    "per layer",
    equation="the local equivariance error (LEE) of the network up to layer l",
    told="The maps move with a mean squared speed of {value}, moved back, when the picture begins to flow.",
    explained=Explanation(
        what="how fast a layer's maps, moved back at their own size, move when the picture begins to flow.",
        reading="0 is equivariant. It has the unit of the layer's numbers, squared, so compare one layer between "
        "inputs or networks, and no two layers. Maps are moved back by resampling, and what that alone does to a "
        "layer of fine detail is part of the value.",
        example="Maps of which each number is 0.02 apart, moved back from +0.1 and −0.1, have the value "
        "(0.02/0.2)² = 0.01.",
        source=GRUVER,
        see=("channelwise.cosine", "lie.output"),
    ),
)
