"""What a network showed of one image: vectors, and the numbers that its maps were reduced to.

Observations of the same image under different views add up: a part of them may come from a cache.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from geed_cli.engine.compare_maps import Found
from geed_cli.engine.family import Family
from geed_cli.engine.plan import Shown
from geed_cli.measures.measure import VectorSite

Comparisons = dict[tuple[Family, Shown], Found]
"""By family and by what was shown: the view of g, or a round trip."""


@dataclass
class Observation:
    """Everything read of one image.

    Attributes:
        image: number of the image in the run.
        vectors: per site, features or logits under everything that was shown, shape (k,), float64; sites that are
            not measured are absent.
        layers: comparisons per layer.
    """

    image: int
    vectors: dict[VectorSite, Mapping[Shown, Tensor]] = field(default_factory=dict)
    layers: Mapping[str, Comparisons] = field(default_factory=dict)
