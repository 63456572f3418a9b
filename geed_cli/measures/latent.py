"""Latent G-EED (eq. 6): deviations of an orbit of feature vectors, and the normaliser's pairs.

Where G acts trivially on R^k, as it does unless a spec declares otherwise, the kernel is G and ρ(g)f̂1(x) is the
orbit mean (eq. 2).
"""

import math
from typing import TYPE_CHECKING

from geed_cli.measures.measure import VectorMeasure
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor


def l2_deviation(moved: "Tensor", expected: "Tensor") -> "Tensor":
    """‖f1(gx) − ρ(g)f̂1(x)‖₂, from (..., k) to (...), float64: the integrand of ``latent.l2``, in the features' unit."""
    import torch  # noqa: PLC0415 - see measure.py

    distances: Tensor = torch.linalg.vector_norm(moved.double() - expected.double(), dim=-1)
    return distances


def cosine_deviation(moved: "Tensor", expected: "Tensor") -> "Tensor":
    """−cos(f1(gx), ρ(g)f̂1(x)), from (..., k) to (...), float64: the integrand of ``latent.cosine``.

    In [−1, 1]; 0 where either vector is 0.
    """
    return -(unit(moved.double()) * unit(expected.double())).sum(dim=-1).clamp(-1, 1)


def l2_pairs(embeddings: "Tensor") -> "Tensor":
    """‖f1(x) − f1(x')‖₂ for all pairs, from (m, k) to (m, m), float64; its mean off the diagonal is M."""
    import torch  # noqa: PLC0415

    f = embeddings.double()
    # direct differences: the matrix-product form loses half the digits for near vectors
    return torch.cdist(f, f, compute_mode="donot_use_mm_for_euclid_dist")


def cosine_pairs(embeddings: "Tensor") -> "Tensor":
    """cos(f1(x), f1(x')) for all pairs, from (m, k) to (m, m), float64; the diagonal is 0 and not used."""
    f = unit(embeddings.double())
    cosines = (f @ f.T).clamp(-1, 1)
    return cosines.fill_diagonal_(0.0)


def mean_apart(orbit: "Tensor") -> float:
    """Mean over pairs g ≠ h of ‖v_g − v_h‖₂ of n ≥ 2 vectors v_g = ρ(g)⁻¹f1(gx), shape (n, k); accumulated in float64.

    Over M it is how far an image's copies are on the way to being other images: 0 unchanged, 1 another image.
    """
    import torch  # noqa: PLC0415

    distances: Tensor = torch.nn.functional.pdist(orbit.double())
    return float(distances.mean())


def unrelated(order: int) -> float:
    """U(n) = √((1 − 1/n)/2): ``latent.l2`` of n copies as far apart as different images.

    Always so for n = 2, since both lie half their distance from their mean; for more where they lie evenly.
    """
    return math.sqrt((1.0 - 1.0 / order) / 2.0)


def unit(vectors: "Tensor") -> "Tensor":
    """Vectors scaled to length 1 along the last axis; the zero vector stays 0."""
    import torch  # noqa: PLC0415

    norms = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return torch.where(norms > 0, vectors / norms, 0.0)


L2 = VectorMeasure(
    name="latent.l2",
    site="features",
    deviation=l2_deviation,
    pairs=l2_pairs,
    scale=Scale.log(),
    rounding_order=1,
    usual=True,
    positive_tail=True,
    apart=mean_apart,
    unrelated=unrelated,
    profile=True,
    range="≥ 0",
    definition="mean ‖f1(gx) − f̂1(x)‖₂ / M, M = mean ‖f1(x) − f1(x')‖₂ over distinct images",
    reading="latent.l2: 0 is invariant. It is a distance from the orbit's mean: n copies as far apart as different "
    "images score about √((1 − 1/n)/2), which is 0.50 for n = 2 and 0.61 for n = 4.",
)
COSINE = VectorMeasure(
    name="latent.cosine",
    site="features",
    deviation=cosine_deviation,
    pairs=cosine_pairs,
    scale=Scale.identity(),
    best=-1.0,
    range="any; undefined unless M > 0",
    definition="mean −cos(f1(gx), f̂1(x)) / M, M = mean cos(f1(x), f1(x')) over distinct images",
    reading="latent.cosine: raw is −1 where invariant; the value is raw / M and moves with M: compare models by raw.",
)
