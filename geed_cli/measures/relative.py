"""The relative error of features and of whole maps: how far g moves them, over their own length."""

from typing import TYPE_CHECKING

from geed_cli.explanation import Explanation
from geed_cli.measures.channelwise import COSINE
from geed_cli.measures.latent import l2_deviation
from geed_cli.measures.measure import MapMeasure, VectorMeasure
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor


def length(features: "Tensor") -> "Tensor":
    """‖f1(x)‖₂, from (..., k) to (...), float64."""
    return features.double().square().sum(dim=-1).sqrt()


def relative_distance(apart: "Tensor", own: "Tensor") -> "Tensor":
    """‖f_l(gx) − ρ(g)f_l(x)‖ / ‖f_l(x)‖ from both lengths, (B,); NaN where f_l(x) is 0."""
    import torch  # noqa: PLC0415 - see measure.py

    return apart / torch.where(own > 0, own, torch.nan)


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
OF_MAPS = MapMeasure(
    name="layer.relative",
    relate=relative_distance,
    on_request=True,
    beside=COSINE,
    scale=Scale.log(),
    rounding_order=1,
    positive_tail=True,
    range="≥ 0",
    definition="mean ‖f_l(gx) − ρ(g)f_l(x)‖₂ / ‖f_l(x)‖₂ over (x, g), g ≠ e, of whole maps, per layer",
    equation="eq. (4), m the relative error, without e",
    told="The maps of a transformed image differ from the transformed maps of the image by {value} of their length, on "
    "average.",
    explained=Explanation(
        what="how far a layer's maps of the transformed image are from the transformed maps of the image, all channels "
        "together, as a part of the length of the image's maps.",
        reading="0 is equivariant. Channels with large numbers count most; channelwise.cosine counts all alike. Maps "
        "behind a ReLU share much, so set it against the null. A layer whose maps are all 0 for an image has no row "
        "of it.",
        example="Under flip a layer's only channel shows (3, 4) where the mirrored map is (5, 0): they are 4.47 apart, "
        "and the length is 5; 4.47 / 5 = 0.894.",
        source="geed; the relative equivariance error of whole maps",
        see=("channelwise.cosine", "null", "latent.relative"),
    ),
)
