"""What a network showed of one image: vectors, and the numbers that its maps were reduced to.

Observations of the same image under different views add up: a part of them may come from a cache.
"""

from dataclasses import dataclass, field

from torch import Tensor

from geed_cli.engine.derivatives import Slopes
from geed_cli.engine.layerwise.layer_numbers import LayerNumbers
from geed_cli.engine.plan import Variant
from geed_cli.engine.row import Rounding, Subject
from geed_cli.measures.measure import VectorSite


@dataclass
class Observation:
    """Everything read of one image.

    Attributes:
        subject: the image.
        vectors: features or logits of every variant by site, shape (k,), float64; only sites that are measured.
        layers: the numbers at layers, table by table as ``alike_layers`` has them; none where nothing was shown.
        rounding: of the run, on its first image alone.
        slopes: derivatives along flows per layer.
    """

    subject: Subject
    vectors: dict[VectorSite, dict[Variant, Tensor]] = field(default_factory=dict)
    layers: tuple[LayerNumbers, ...] = ()
    rounding: Rounding | None = None
    slopes: dict[str, Slopes] = field(default_factory=dict)
