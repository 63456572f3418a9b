"""What M is made of: how far each image is from the others, and of few images how far from each of them.

Of at most ``WHOLE`` images all m × m distances are held, and resamples of M (``--ci percentile``, ``bca``,
``studentized``) are exact. Of more, each image's mean distance is exact and what resamples see are the additive parts
of these, as of a saved result (``geed_cli.statistics.estimate.additive_parts``).
"""

from dataclasses import dataclass

import numpy as np

from geed_cli.measures.held_vectors import Held, Vectors
from geed_cli.measures.measure import VectorMeasure
from geed_cli.statistics.sample import row_means_of
from geed_cli.statistics.scale import Array
from geed_cli.statistics.weighting import Weighting

WHOLE = 2048
"""The most images whose distances are held together: 34 MB of float64. 10⁵ images would have 80 GB of them."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """The distances between the m images of a normaliser.

    Attributes:
        row_means: r_i = Σ_{j≠i} ω_j d_ij/(W − ω_i), shape (m,); zeros where m < 2.
        distances: d_ij, shape (m, m), the diagonal 0; None of more than ``WHOLE`` images.
    """

    row_means: Array
    distances: Array | None


def pairs_of(measure: VectorMeasure, embeddings: Held, weighting: Weighting | None = None) -> Pairs:
    """The pairs of a normalised measure.

    Args:
        measure: with ``pairs`` and ``sums``.
        embeddings: f1(x) of m images, finite.
        weighting: ω; None is alike.
    """
    import torch  # noqa: PLC0415 - see measure.py

    assert measure.pairs is not None, "asked of normalised measures"
    assert measure.sums is not None, "asked of normalised measures"
    vectors = Vectors(embeddings)
    if len(vectors) <= WHOLE:
        distances: Array = measure.pairs(vectors.block(slice(None))).numpy()
        return Pairs(row_means_of(distances, weighting), distances)
    weights = np.ones(len(vectors)) if weighting is None else weighting.weights
    sums = measure.sums(vectors, torch.from_numpy(weights)).numpy()
    return Pairs(np.asarray(sums / (weights.sum() - weights), dtype=np.float64), None)
