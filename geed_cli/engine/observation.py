"""What a network showed of one image: vectors, and the numbers that its maps were reduced to.

Observations of the same image under different views add up: a part of them may come from a cache.
"""

from dataclasses import dataclass, field

from torch import Tensor

from geed_cli.engine.derivatives import Slopes
from geed_cli.engine.outbox import Numbers
from geed_cli.engine.plan import Variant
from geed_cli.engine.row import Rounding, Subject
from geed_cli.engine.shared_action import Family
from geed_cli.measures.measure import VectorSite

Comparisons = dict[tuple[Family, Variant], Numbers]


@dataclass
class Observation:
    """Everything read of one image.

    Attributes:
        subject: the image.
        vectors: features or logits of every variant by site, shape (k,), float64; only sites that are measured.
        layers: comparisons per layer.
        rounding: of the run, on its first image alone.
        slopes: derivatives along flows per layer.
    """

    subject: Subject
    vectors: dict[VectorSite, dict[Variant, Tensor]] = field(default_factory=dict)
    layers: dict[str, Comparisons] = field(default_factory=dict)
    rounding: Rounding | None = None
    slopes: dict[str, Slopes] = field(default_factory=dict)
