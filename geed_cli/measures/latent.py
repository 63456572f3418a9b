"""Latent G-EED (eq. 6): deviations of an orbit of feature vectors, and the normaliser's pairs.

Where G acts trivially on R^k, as it does unless a spec declares otherwise, the kernel is G and ρ(g)f̂1(x) is the
orbit mean (eq. 2).
"""

import math
from typing import TYPE_CHECKING

from geed_cli.explanation import PAPER, Explanation
from geed_cli.measures.held_vectors import Vectors
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


def l2_sums(vectors: Vectors, weights: "Tensor") -> "Tensor":
    """Σ_j ω_j ‖f1(x_i) − f1(x_j)‖₂ for each of m images, float64, (m,), in memory that does not grow with m².

    Blocks of distances are made once for both of their sides, by ‖a‖² + ‖b‖² − 2a·b: a product of matrices, many times
    as fast as differences. With one of the vectors as origin, that nearest to their mean, a distance is right to
    2·10⁻⁸ of how far its ends lie from there, and equal features are 0 apart where all are equal.

    Args:
        vectors: f1(x) of the m images.
        weights: ω, shape (m,), float64.
    """
    import torch  # noqa: PLC0415

    origin, sums = vectors.nearest_to_mean(), torch.zeros(len(vectors), dtype=torch.float64)
    for number, here in enumerate(vectors.places):
        a = vectors.block(here) - origin
        for there in vectors.places[number:]:
            b = a if there == here else vectors.block(there) - origin
            distances = torch.cdist(a, b, compute_mode="use_mm_for_euclid_dist")
            if there == here:
                distances.fill_diagonal_(0.0)
            else:
                sums[there] += weights[here] @ distances
            sums[here] += distances @ weights[there]
    return sums


def cosine_sums(vectors: Vectors, weights: "Tensor") -> "Tensor":
    """Σ_{j≠i} ω_j cos(f1(x_i), f1(x_j)) for each of m images, float64, (m,).

    u_i·Σ_j ω_j u_j − ω_i‖u_i‖² of unit vectors u, so that time grows with m·k.

    Args:
        vectors: f1(x) of the m images.
        weights: ω, shape (m,), float64.
    """
    import torch  # noqa: PLC0415

    total = torch.stack([weights[here] @ unit(vectors.block(here)) for here in vectors.places]).sum(dim=0)
    units = ((here, unit(vectors.block(here))) for here in vectors.places)
    return torch.cat([u @ total - weights[here] * u.square().sum(dim=1) for here, u in units])


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
    sums=l2_sums,
    scale=Scale.log(),
    rounding_order=1,
    usual=True,
    positive_tail=True,
    apart=mean_apart,
    unrelated=unrelated,
    profile=True,
    range="≥ 0",
    definition="mean ‖f1(gx) − f̂1(x)‖₂ / M, M = mean ‖f1(x) − f1(x')‖₂ over distinct images",
    equation="eq. (6), m the Euclidean distance",
    told="The features of an image's {n} copies lie {raw} (raw) from their mean, on average; those of different "
    "images lie {M} (M) apart. {raw} / {M} = {value}.",
    explained=Explanation(
        what="how far the features of an image's transformed copies lie from their mean, in units of the distance "
        "between different images.",
        reading="0 is invariant. It is a distance from the orbit's mean: n copies as far apart as different images "
        "score about √((1 − 1/n)/2), which is 0.50 for n = 2 and 0.61 for n = 4. The percentage beside it is the "
        "copies' distance from each other on the way to another image.",
        example="Features (3, 0) of an image and (0, 4) of its mirror image both lie 2.5 from their mean, (1.5, 2). "
        "Where different images are 10 apart, the value is 2.5 / 10 = 0.25. The two are 5 apart, so mirroring moves "
        "the features 50% as far as another image is away.",
        source=f"{PAPER}, section 3.1",
        see=("scale", "M", "raw", "features", "latent.cosine"),
    ),
)
COSINE = VectorMeasure(
    name="latent.cosine",
    site="features",
    deviation=cosine_deviation,
    pairs=cosine_pairs,
    sums=cosine_sums,
    scale=Scale.identity(),
    best=-1.0,
    range="any; undefined unless M > 0",
    definition="mean −cos(f1(gx), f̂1(x)) / M, M = mean cos(f1(x), f1(x')) over distinct images",
    equation="eq. (6), m the negative cosine",
    told="The features of an image's {n} copies have a mean negative cosine of {raw} (raw) with their mean, -1 being "
    "invariant; those of different images have the cosine {M} (M). {raw} / {M} = {value}.",
    explained=Explanation(
        what="the angle between the features of an image's transformed copies and their mean, as a negative cosine "
        "over the mean cosine of different images.",
        reading="raw is −1 where invariant; the value is raw / M and moves with M: compare models by raw. It is "
        "undefined where M is not clearly above 0. It does not see lengths: features that double under g are "
        "invariant to it.",
        example="Features (3, 0) and (0, 4) have the cosines 0.6 and 0.8 with their mean, (1.5, 2), so raw is −0.7. "
        "With M = 0.2 the value is −0.7 / 0.2 = −3.5; with M = 0.5 the same network has −1.4.",
        source=f"{PAPER}, section 3.1",
        see=("M", "raw", "latent.l2"),
    ),
)
