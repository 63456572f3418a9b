"""What is known about one cell of the result table: the rows of its images, and the interval made from them.

A cell is a mean over images, or a ratio of such a mean to a normaliser M = mean distance between distinct
images, or to the mean of a few comparisons between them. Rows that are not finite (an image without a live
channel) are left out and counted; image order is kept, since resamples pair the cells of a run by the image's
position.

Images are independent draws unless ``units`` says which of them belong together: the frames of a video, the crops of a
picture. The units are then the independent draws, and what is counted where independence matters. They count alike
unless ``weighting`` says otherwise.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geed_cli.errors import InputError
from geed_cli.statistics.scale import Array, Scale
from geed_cli.statistics.weighting import Weighting

Units = npt.NDArray[np.intp]
"""The unit of each image, by any whole number; images of one unit have the same."""
LEFT_OUT = "without a finite value left out"


@dataclass(frozen=True, eq=False)
class MeanSample:
    """A mean over images v_i, shape (n,): divergences, cosines of layers, flip rates, raw latent means."""

    values: Array
    scale: Scale
    units: Units | None = None
    weighting: Weighting | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _vector("values", self.values))
        object.__setattr__(self, "units", _units(self.units, len(self.values)))
        _check_weights(self.weighting, len(self.values))


@dataclass(frozen=True, eq=False)
class RatioSample:
    """A normalised value mean(v_i) / M: latent.l2, latent.cosine.

    Attributes:
        values: v_i, shape (n,).
        row_means: r_i = Σ_{j≠i} d_ij / (m − 1), shape (m,), the weighted mean where images are weighted; M is their
            mean (``normaliser``).
        shared: whether the M images are the audited images (m = n, resampled together) or a sample of their
            own.
        distances: d_ij, shape (m, m), symmetric, the diagonal unused; None for a saved result, which keeps
            r_i.
        scale: the natural scale of the ratio.
        units: of the images, which M then has to be taken over.
        weighting: likewise.
    """

    values: Array
    row_means: Array
    shared: bool
    scale: Scale
    distances: Array | None = None
    units: Units | None = None
    weighting: Weighting | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _vector("values", self.values))
        object.__setattr__(self, "row_means", _vector("row_means", self.row_means))
        object.__setattr__(self, "units", _units(self.units, len(self.values)))
        if self.units is not None and not self.shared:
            raise InputError(
                "clusters of images together with a normaliser of its own images",
                expected="M over the audited images: other pictures of a cluster would be in both samples",
                remedy="leave out --cluster, or audit without --norm-samples",
            )
        _check_weights(self.weighting, len(self.values))
        if self.weighting is not None and not self.shared:
            raise InputError(
                "weighted images together with a normaliser of its own images",
                expected="M over the audited images, with their weights",
                remedy="leave out --image-weights, or audit without --norm-samples",
            )
        if self.shared and len(self.values) != len(self.row_means):
            raise InputError(
                f"{len(self.values)} values and {len(self.row_means)} row means",
                expected="as many row means as values where M is taken over the audited images",
                remedy="audit again: the per-image rows of this result do not belong together",
            )
        if self.distances is not None:
            object.__setattr__(self, "distances", _square(self.distances, len(self.row_means)))


@dataclass(frozen=True, eq=False)
class NullRatioSample:
    """A mean over images over the mean of comparisons of some images with another: layers against their null.

    Attributes:
        values: v_i, shape (n,).
        pairs: places of the two images of each comparison among the n, shape (q, 2).
        distances: d_j of each comparison, shape (q,).
        scale: the natural scale of the ratio.
        units: of the n images.
        weighting: of the n images; comparisons count alike.
    """

    values: Array
    pairs: npt.NDArray[np.intp]
    distances: Array
    scale: Scale
    units: Units | None = None
    weighting: Weighting | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _vector("values", self.values))
        object.__setattr__(self, "units", _units(self.units, len(self.values)))
        object.__setattr__(self, "distances", _vector("distances", self.distances))
        _check_weights(self.weighting, len(self.values))
        pairs = np.asarray(self.pairs, dtype=np.intp).reshape(-1, 2)
        object.__setattr__(self, "pairs", pairs)


Sample = MeanSample | RatioSample | NullRatioSample


def mean_of(sample: Sample) -> float:
    """The mean of v_i, weighted where images are; of at least one finite row."""
    return float(sample.values.mean()) if sample.weighting is None else sample.weighting.mean(sample.values)


def normaliser_of(sample: RatioSample) -> float:
    """M, of at least two images with finite rows."""
    if sample.weighting is None:
        return float(sample.row_means.mean())
    return sample.weighting.normaliser(sample.row_means)


@dataclass(frozen=True)
class Interval:
    """A value, None where it is undefined, with its limits, None where they are withheld; never NaN.

    Notes say why something is missing or unusual, one sentence each.
    """

    value: float | None
    low: float | None
    high: float | None
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> float | None:
        """High − low, None where the interval is withheld."""
        return None if self.low is None or self.high is None else self.high - self.low


@dataclass(frozen=True, eq=False)
class Rows:
    """The finite rows of a sample and where they stood.

    Attributes:
        sample: of the kept images.
        kept: positions of the kept images among the n audited ones, shape (n',).
        norm_kept: likewise among the m normaliser images, shape (m',), or of the images that are compared with
            another, among the n; empty for a mean.
        count: n.
        norm_count: m; 0 but for a normaliser.
        places: which unit, from 0, each of the n images belongs to; None where every image is its own.
    """

    sample: Sample
    kept: npt.NDArray[np.intp]
    norm_kept: npt.NDArray[np.intp]
    count: int
    norm_count: int
    places: Units | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each set of images that lost rows."""
        lost = [(self.count - len(self.kept), "image")]
        if isinstance(self.sample, RatioSample) and not self.sample.shared:
            lost.append((self.norm_count - len(self.norm_kept), "normaliser image"))
        return tuple(f"{k} {name}{'s' if k > 1 else ''} {LEFT_OUT}" for k, name in lost if k > 0)

    @property
    def draws(self) -> int:
        """How many units the n images are of: the length of what is drawn, and of an estimate's deviations."""
        return self.count if self.places is None else int(self.places.max(initial=-1)) + 1

    @property
    def unit_count(self) -> int:
        """Independent draws behind the value: kept images, or units with a kept image."""
        return len(self.kept) if self.places is None else len(np.unique(self.places[self.kept]))

    @property
    def effective_count(self) -> float:
        """As many independent draws that count alike would tell as much: W²/ΣW_c² of the weights of the units."""
        weighting = self.sample.weighting
        if weighting is None:
            return self.unit_count
        if self.places is None:
            return weighting.effective_count
        sums = np.bincount(self.places[self.kept], weighting.weights)
        return weighting.total**2 / float(sums @ sums)

    @property
    def unit_name(self) -> str:
        """What is drawn independently, in the plural."""
        return "images" if self.places is None else "clusters"

    def by_unit(self, deviations: Array) -> Array:
        """How each unit moves a value: ũ_c = (C/n') Σ_{i ∈ c} u_i, so that Σũ²/(C(C − 1)) is the variance.

        Args:
            deviations: u_i of the kept images, shape (n',): of a mean v_i − v̄.

        Returns:
            One for each of ``draws``; u_i themselves, 0 for an image that is not kept, where images are the units,
            and in strata what is left of them within those.
        """
        if self.places is None and self.sample.weighting is not None:
            deviations = self.sample.weighting.within_strata(deviations)
        placed = np.zeros(self.count)
        placed[self.kept] = deviations
        if self.places is None:
            return placed
        return unit_sums(self.places, placed, self.draws) * (self.unit_count / max(len(self.kept), 1))


def finite_rows(sample: Sample) -> Rows:
    """Leave out the images whose rows are not finite.

    Where ``distances`` is known the row means are taken again over the kept images; without it the saved
    r_i of the others stand as they are, a change of relative size O(dropped/n).
    """
    none = np.zeros(0, dtype=np.intp)
    value_ok, weighting = np.isfinite(sample.values), sample.weighting
    places = None if sample.units is None else places_of(sample.units)
    if isinstance(sample, MeanSample):
        kept = np.flatnonzero(value_ok)
        mean = MeanSample(
            sample.values[kept], sample.scale, _of(places, kept), weighting and weighting.of(kept)
        )
        return Rows(mean, kept, none, len(value_ok), 0, places)
    if isinstance(sample, NullRatioSample):
        kept, compared = np.flatnonzero(value_ok), np.isfinite(sample.distances)
        pairs = sample.pairs[compared]
        null = NullRatioSample(
            sample.values[kept],
            pairs,
            sample.distances[compared],
            sample.scale,
            weighting=weighting and weighting.of(kept),
        )
        return Rows(null, kept, np.unique(pairs), len(value_ok), 0, places)
    row_ok = _live_rows(sample)
    if sample.shared:
        value_ok = row_ok = value_ok & row_ok
    kept, norm_kept = np.flatnonzero(value_ok), np.flatnonzero(row_ok)
    distances = sample.distances
    if distances is not None and len(norm_kept) < len(distances):
        distances = distances[np.ix_(norm_kept, norm_kept)]
    weighting = weighting and weighting.of(kept)
    row_means = sample.row_means[norm_kept] if distances is None else row_means_of(distances, weighting)
    ratio = RatioSample(
        sample.values[kept], row_means, sample.shared, sample.scale, distances, _of(places, kept), weighting
    )
    return Rows(ratio, kept, norm_kept, len(sample.values), len(sample.row_means), places)


def places_of(units: Units) -> Units:
    """The units numbered from 0, in increasing order."""
    return np.asarray(np.unique(units, return_inverse=True)[1], dtype=np.intp)


def unit_sums(places: Units, deviations: Array, draws: int) -> Array:
    """The sum over each unit's images, 0 where it is what rounding leaves of nothing."""
    sums = np.bincount(places, deviations, minlength=draws)
    size = np.bincount(places, np.abs(deviations), minlength=draws)
    rounding = 8.0 * np.finfo(np.float64).eps * size.max(initial=0.0)
    return np.where(np.abs(sums) <= rounding, 0.0, sums)


def _of(places: Units | None, kept: npt.NDArray[np.intp]) -> Units | None:
    return None if places is None else places[kept]


def row_means_of(distances: Array, weighting: Weighting | None = None) -> Array:
    """r_i = Σ_{j≠i} d_ij / (m − 1) of a square matrix; the diagonal is not read. Zeros where m < 2."""
    if weighting is not None:
        return weighting.row_means(distances)
    m = len(distances)
    if m < 2:
        return np.zeros(m)
    return np.asarray((distances.sum(axis=1) - np.diagonal(distances)) / (m - 1), dtype=np.float64)


def _live_rows(sample: RatioSample) -> npt.NDArray[np.bool_]:
    """Normaliser images with finite distances; a broken image does not take its neighbours with it."""
    if sample.distances is None:
        return np.isfinite(sample.row_means)
    bad = ~np.isfinite(sample.distances)
    np.fill_diagonal(bad, val=False)
    live = np.ones(len(bad), dtype=bool)
    while bad.any():
        worst = int(bad.sum(axis=1).argmax())
        live[worst] = False
        bad[worst, :] = bad[:, worst] = False
    return live


def _vector(name: str, values: Array) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InputError(
            f"{name} of shape {array.shape}",
            expected="one number per image",
            remedy="pass a one-dimensional array",
        )
    return array


def _check_weights(weighting: Weighting | None, n: int) -> None:
    if weighting is not None and len(weighting.weights) != n:
        raise InputError(
            f"{len(weighting.weights)} weights for {n} images",
            expected="one weight for each image",
            remedy="pass the weights of the images that the values belong to",
        )


def _units(units: Units | None, n: int) -> Units | None:
    """The unit of each of n images; None where none is declared, or every image is its own."""
    if units is None:
        return None
    array = np.asarray(units, dtype=np.intp)
    if array.shape != (n,):
        raise InputError(
            f"units of shape {array.shape} for {n} images",
            expected="one whole number for each image",
            remedy="pass the unit of every image, in the order of the values",
        )
    return array


def _square(distances: Array, m: int) -> Array:
    """The (m, m) matrix with a diagonal of 0: itself, which several cells share, or a copy."""
    array = np.asarray(distances, dtype=np.float64)
    if array.shape != (m, m):
        raise InputError(
            f"distances of shape {array.shape} for {m} images",
            expected=f"({m}, {m})",
            remedy="pass the distances of the images that the row means belong to",
        )
    if np.diagonal(array).any():
        array = array.copy()
        np.fill_diagonal(array, 0.0)
    return array
