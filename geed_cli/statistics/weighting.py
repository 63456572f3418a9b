"""Images that do not count alike: weights, and the strata that they come from.

With weights ω_i and W = Σω, a mean is Σω_i v_i/W and a normaliser M = Σ_{i≠j} ω_i ω_j d_ij/(W² − Σω²), as if the data
were drawn with chances in proportion to ω. A weight that is given for an image is a fact about it. Weights that even
out the classes of a folder come from the sample itself, 1/n_k in a class of n_k images: then what moves a value is how
an image differs from its own class, and the classes are strata.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geed_cli.errors import InputError
from geed_cli.statistics.scale import Array

Strata = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Weighting:
    """How much each image counts.

    Attributes:
        weights: ω_i > 0, shape (n,), of any size.
        strata: the stratum of each image, shape (n,), within which weights are equal; None where there is one.
    """

    weights: Array
    strata: Strata | None = None

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, dtype=np.float64)
        if weights.ndim != 1 or not (np.isfinite(weights) & (weights > 0)).all():
            raise InputError(
                "weights of images that are not all positive numbers",
                expected="one weight above 0 for each image",
                remedy="leave images that must not count out of the folder",
            )
        object.__setattr__(self, "weights", weights)

    def of(self, kept: npt.NDArray[np.intp]) -> "Weighting":
        """That of some of the images."""
        return Weighting(self.weights[kept], None if self.strata is None else self.strata[kept])

    @property
    def total(self) -> float:
        """W."""
        return float(self.weights.sum())

    @property
    def effective_count(self) -> float:
        """W²/Σω²: so many images that count alike would tell as much (Kish 1965); between 1 and n."""
        return self.total**2 / float(self.weights @ self.weights)

    def mean(self, values: Array) -> float:
        """Σω_i v_i/W."""
        return float(self.weights @ values) / self.total

    def means_without_one(self, values: Array) -> Array:
        """The mean without image i, (Σωv − ω_i v_i)/(W − ω_i), shape (n,)."""
        parts = self.weights * values
        return np.asarray((parts.sum() - parts) / (self.total - self.weights), dtype=np.float64)

    def row_means(self, distances: Array) -> Array:
        """r_i = Σ_{j≠i} ω_j d_ij/(W − ω_i) of a square matrix, whose diagonal is not read; zeros where n < 2."""
        if len(distances) < 2:
            return np.zeros(len(distances))
        sums = distances @ self.weights - np.diagonal(distances) * self.weights
        return np.asarray(sums / (self.total - self.weights), dtype=np.float64)

    def normaliser(self, row_means: Array) -> float:
        """M = Σω_i(W − ω_i) r_i/(W² − Σω²)."""
        shares = self._pair_shares
        return float(shares @ row_means) / float(shares.sum())

    def normalisers_without_one(self, row_means: Array) -> Array:
        """M over the pairs that do not contain image i, shape (n,)."""
        shares = self._pair_shares
        pairs = shares * row_means
        return np.asarray((pairs.sum() - 2.0 * pairs) / (shares.sum() - 2.0 * shares), dtype=np.float64)

    def additive_parts(self, row_means: Array) -> Array:
        """The a_i with Σ_{j≠i} ω_j(a_i + a_j)/(W − ω_i) = r_i, as ``estimate.additive_parts`` of equal weights."""
        room = self.total - 2.0 * self.weights
        sums = row_means * (self.total - self.weights)
        whole = float(np.sum(self.weights * sums / room)) / (1.0 + float(np.sum(self.weights / room)))
        return np.asarray((sums - whole) / room, dtype=np.float64)

    def within_strata(self, deviations: Array) -> Array:
        """Deviations from the mean of an image's own stratum, so that Σu²/(n(n − 1)) is the stratified variance.

        Σ_s Σ_{i ∈ s} (u_i − ū_s)² n_s/((n_s − 1) n²) for strata of n_s images. Those of one image are one stratum
        together (collapsed strata: their differences count as chance); a single one keeps its deviation.
        """
        if self.strata is None:
            return deviations
        moved, n = np.array(deviations), len(deviations)
        for of in self.members:
            size = len(of)
            if size > 1:
                stretch = np.sqrt(size / (size - 1) * (n - 1) / n)
                moved[of] = (deviations[of] - deviations[of].mean()) * stretch
        return moved

    @property
    def members(self) -> list[npt.NDArray[np.intp]]:
        """The images of each stratum; strata of one image are one together."""
        if self.strata is None:
            return [np.arange(len(self.weights))]
        _, places, sizes = np.unique(self.strata, return_inverse=True, return_counts=True)
        places = np.where(sizes[places] == 1, len(sizes), places)
        order = np.argsort(places, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(places[order])) + 1)

    @property
    def _pair_shares(self) -> Array:
        """ω_i(W − ω_i): how much the pairs of image i count in M."""
        return np.asarray(self.weights * (self.total - self.weights), dtype=np.float64)


def balanced(classes: npt.ArrayLike) -> Weighting:
    """Every class counts alike: ω_i = n/(K n_k) for an image of a class of n_k, of K classes and n images."""
    _, places, sizes = np.unique(np.asarray(classes), return_inverse=True, return_counts=True)
    weights = len(places) / (len(sizes) * sizes[places])
    return Weighting(weights, np.asarray(places, dtype=np.intp))
