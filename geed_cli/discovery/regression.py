"""Linear maps from second moments: ridge regression and orthogonal Procrustes, of low rank where need be.

Channels are normalised by their usual size first, so that loud channels do not decide. With A = Σ x yᵀ, B = Σ y yᵀ =
UΛUᵀ and N pixels, ridge is 1 + (A − B) U (Λ + λ)⁻¹ Uᵀ, shrunk towards no action at all, and Procrustes the orthogonal
map nearest to A; both are rated by generalised cross-validation, (RSS/N) / (1 − df/N)² (Golub, Heath, Wahba 1979).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

FULL_RANK_UP_TO = 256
"""Layers with more channels get maps of low rank."""

EXPLAINED = 0.99
"""The part of the variance of g·f(x) that a map of low rank may act on; the rest costs about 0.01 of a cosine."""

ROUNDING = 1e-7
"""Relative size of what float32 products leave in a second moment; below it there is no signal."""

PENALTIES = 10.0 ** torch.arange(-7.0, 4.5, 0.5, dtype=torch.float64)
"""λ as parts of the largest eigenvalue, from the rounding of the moments to where the identity is left."""


@dataclass(frozen=True)
class Moments:
    """Second moments of normalised channels, for one element.

    Attributes:
        cross: A = Σ x yᵀ, shape (C, C).
        gram: B = Σ y yᵀ, shape (C, C).
        energy: Σ‖x‖².
        pixels: N, the number of columns that were summed.
    """

    cross: Tensor
    gram: Tensor
    energy: float
    pixels: int


@dataclass(frozen=True)
class Spectrum:
    """The directions of g·f(x) that a map may use: B ≈ basis · diag(values) · basisᵀ.

    Attributes:
        values: shape (r,), positive, falling.
        basis: shape (C, r), orthonormal columns.
        low_rank: whether directions with signal were left out.
    """

    values: Tensor
    basis: Tensor
    low_rank: bool


@dataclass(frozen=True)
class Fit:
    """One map and its rating: the map is base·1 + left · basisᵀ, left of shape (C, r)."""

    left: Tensor
    base: float
    gcv: float


def spectrum(gram: Tensor, pixels: int) -> Spectrum:
    """The eigenvectors of B, shape (C, C), with signal.

    Where C > ``FULL_RANK_UP_TO`` or there are fewer than 2C pixels, those that explain ``EXPLAINED`` of the variance,
    and at most one for every two pixels.
    """
    values, basis = torch.linalg.eigh(gram)
    values, basis = values.flip(0), basis.flip(1)
    rank = signal = int((values > ROUNDING * values[0].clamp(min=0)).sum())
    if len(gram) > FULL_RANK_UP_TO or pixels < 2 * len(gram):
        explained = values.clamp(min=0).cumsum(0) / values.clamp(min=0).sum().clamp(min=1e-300)
        rank = min(signal, int((explained < EXPLAINED).sum()) + 1, max(1, pixels // 2))
    return Spectrum(values[:rank], basis[:, :rank], rank < signal)


def ridge(moments: Moments, directions: Spectrum) -> Fit:
    """Ridge regression of x − y on y, λ by generalised cross-validation.

    With little to go by the map stays near the identity, which is what is to be refuted.
    """
    along = moments.cross @ directions.basis - directions.basis * directions.values
    values, weight = directions.values[:, None], along.square().sum(dim=0)[:, None]
    if not len(values):
        return Fit(along, 1.0, float("inf"))
    shrunk = values + PENALTIES * values[0]
    unmapped = moments.energy - 2 * moments.cross.trace() + moments.gram.trace()
    rss = unmapped - (weight * (2 * shrunk - values) / shrunk.square()).sum(dim=0)
    scores = _gcv(rss, (values / shrunk).sum(dim=0), moments)
    best = int(scores.argmin())
    return Fit(along / shrunk[:, best], 1.0, float(scores[best]))


def procrustes(moments: Moments, directions: Spectrum) -> Fit:
    """The orthogonal map (on the kept directions an isometry) nearest to A.

    It has Cr − r(r + 1)/2 free numbers for C rows, the dimension of the Stiefel manifold.
    """
    along = moments.cross @ directions.basis
    channels, rank = along.shape
    if not rank:
        return Fit(along, 0.0, float("inf"))
    u, singular, v = torch.linalg.svd(along, full_matrices=False)
    rss = moments.energy - 2 * singular.sum() + directions.values.sum()
    free = torch.tensor(rank - rank * (rank + 1) / (2 * channels))
    return Fit(u @ v, 0.0, float(_gcv(rss, free, moments)))


def _gcv(rss: Tensor, freedom: Tensor, moments: Moments) -> Tensor:
    """(RSS/N) / (1 − df/N)²; infinite where there are no more pixels than free numbers a row.

    RSS is at least the rounding of the moments, so that among perfect fits the one with fewer free numbers wins.
    """
    left_over = 1 - freedom / moments.pixels
    scores = (
        rss.clamp(min=max(ROUNDING * moments.energy, 1e-300))
        / moments.pixels
        / left_over.clamp(min=1e-12).square()
    )
    return torch.where(left_over > 0, scores, float("inf"))
