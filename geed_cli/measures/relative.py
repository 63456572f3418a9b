"""The relative error of features: how far g moves them, over their own length."""

from typing import TYPE_CHECKING

from geed_cli.explanation import Explanation
from geed_cli.measures.latent import l2_deviation
from geed_cli.measures.measure import VectorMeasure
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor


def length(features: "Tensor") -> "Tensor":
    """‖f1(x)‖₂, from (..., k) to (...), float64."""
    return features.double().square().sum(dim=-1).sqrt()


RELATIVE = VectorMeasure(
    name="latent.relative",
    site="features",
    deviation=l2_deviation,
    size=length,
    against_plain=True,
    on_request=True,
    scale=Scale.log(),
    rounding_order=1,
    positive_tail=True,
    range="≥ 0",
    definition="mean ‖f1(gx) − ρ(g)f1(x)‖₂ / ‖f1(x)‖₂ over (x, g), g ≠ e",
    equation="eq. (4), m the relative error, without e",
    told="The features of an image's copies other than itself differ from the image's by {value} of their length, on "
    "average.",
    explained=Explanation(
        what="how far the features move when the image is transformed, as a part of their own length.",
        reading="0 is invariant. It knows nothing of other images: features that all share a large constant have "
        "small values whatever the group does to the rest. An image whose features are all 0 has no row.",
        example="Features (3, 0) of an image and (0, 4) of its mirror image are 5 apart; 5 / 3 = 1.67.",
        source="geed; the relative equivariance error",
        see=("features", "latent.l2"),
    ),
)
