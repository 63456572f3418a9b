"""From rows to the numbers that are reported: means, the normaliser M, sensitivity.

`rows` has shape (images, n), one row per image over the elements of the group, the identity first. Means are
plain: an undefined entry (NaN) makes every mean that contains it undefined.
"""

import math

import numpy as np

from .measures import Array, average, cosine, kl_divergence, norm


def mean_deviation(rows: Array) -> float:
    """1/(|D||G|) Σ_x Σ_g m: eq. (4)."""
    return float(sum(sum(row) for row in rows.tolist())) / rows.size


def element_means(rows: Array) -> Array:
    """1/|D| Σ_x m for each element g, length n."""
    return np.array([sum(rows[:, g].tolist()) / len(rows) for g in range(rows.shape[1])])


def image_means(rows: Array) -> Array:
    """1/|G| Σ_g m for each image x: the values that are resampled."""
    return np.array([sum(row) / len(row) for row in rows.tolist()])


def flip_rate(rows: Array) -> float:
    """Fraction of (x, g) with g ≠ e whose prediction differs; NaN for the trivial group."""
    return mean_deviation(rows[:, 1:]) if rows.shape[1] > 1 else math.nan


def pair_distances(embeddings: Array) -> Array:
    """d_ij = ‖f1(x_i) − f1(x_j)‖₂ from identity embeddings (images, k)."""
    return np.array([[norm(a - b) for b in embeddings] for a in embeddings])


def pair_cosines(embeddings: Array) -> Array:
    """c_ij = cos(f1(x_i), f1(x_j)) from identity embeddings (images, k)."""
    return np.array([[cosine(a, b) for b in embeddings] for a in embeddings])


def normaliser(pairs: Array) -> float:
    """M: the mean of pairs[i, j] over i ≠ j; NaN for a single image."""
    count = len(pairs)
    values = [float(pairs[i, j]) for i in range(count) for j in range(count) if i != j]
    return sum(values) / len(values) if values else math.nan


def normalised(raw: float, m: float) -> float:
    """E = raw / M, eq. (6); NaN where M is 0 (a constant model is undefined, not invariant)."""
    return math.nan if m == 0 else raw / m


def sensitivity(probabilities: Array) -> float:
    """1/|D| Σ_x KL(p(x) ‖ mean over D of p), from the identity's probabilities (images, classes)."""
    mean = average(list(probabilities))
    return sum(kl_divergence(p, mean) for p in probabilities) / len(probabilities)
