"""Where an entry stands on the scale from 0, unchanged, to 1, another image, from the rows of a run.

Features: an image's copies against other images, from the same embeddings. Layers: their deviations against the null,
over the elements beside e on both sides; not where f̂ is a mean that f(gx) is part of, since copies are never as far
from it as another image's maps are.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geed_cli.engine.row import Cell
from geed_cli.measures.measure import LayerMeasure, VectorMeasure
from geed_cli.pipeline.entries.row_table import Table
from geed_cli.result.schema import ToAnother
from geed_cli.statistics.sample import Interval, NullRatioSample, RatioSample, Units
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.weighting import Weighting

Array = NDArray[np.float64]


def distances_of_copies(
    cell: Cell, measure: VectorMeasure, audited: Table, ratio: RatioSample
) -> RatioSample | None:
    """The mean distances between an image's copies over M, from the value's own pairs; None where there are no copies.

    Args:
        cell: the line of the result.
        measure: its measure.
        audited: rows of the audited images.
        ratio: the value's sample.
    """
    apart = None if measure.apart is None else audited.apart(cell)
    return None if apart is None else replace(ratio, values=apart, scale=Scale.log())


def layers_against_null(
    cell: Cell,
    measure: LayerMeasure,
    deviations: Array,
    audited: Table,
    weighting: Weighting | None,
    units: Units | None,
) -> NullRatioSample | None:
    """1 + the mean deviation over g ≠ e over the null's, of control images and the ones before them.

    Args:
        cell: the line of the result, of a layer and group with f̂ = f.
        measure: its measure.
        deviations: of the cell, shape (images, n).
        audited: rows of the audited images.
        weighting: how much they count; comparisons count alike.
        units: their clusters.

    Returns:
        None where no image was compared with another one of the run.
    """
    compared = list(_compared(cell, audited))
    if not compared:
        return None
    null = _beside_identity(np.stack([against for _, _, against in compared]), measure.best)
    pairs = np.array([(own, other) for own, other, _ in compared])
    beside = _beside_identity(deviations, measure.best)
    return NullRatioSample(beside, pairs, null, Scale.log(), units, weighting)


def _compared(cell: Cell, audited: Table) -> Iterator[tuple[int, int, Array]]:
    """The places of each image and of the one that its null is measured against, and the null."""
    null = audited.control(cell, "null")
    if null is None:
        return
    places = {subject.path: place for place, subject in enumerate(audited.subjects)}
    for own, against in zip(*null, strict=True):
        partner = audited.subjects[own].partner
        if partner is not None and partner.path in places:
            yield own, places[partner.path], against


def _beside_identity(deviations: Array, best: float) -> Array:
    """By how much the mean over g ≠ e exceeds the best; NaN for an image where only e has a value."""
    beside = deviations[:, 1:]
    defined = np.isfinite(beside)
    sums, counts = np.where(defined, beside, 0.0).sum(axis=1), defined.sum(axis=1)
    means = np.full(len(beside), np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return np.maximum(means - best, 0.0)  # a cosine of −1 − 10⁻¹⁶ is rounding


def way_part(sample: RatioSample | NullRatioSample, found: Interval) -> ToAnother:
    """What the result records of it."""
    return ToAnother(
        value=found.value,
        ci=None if found.low is None or found.high is None else (found.low, found.high),
        per_image=as_recorded(sample.values),
        null=_comparisons(sample) if isinstance(sample, NullRatioSample) else (),
        notes=found.notes,
    )


def as_recorded(values: Array) -> tuple[float | None, ...]:
    """Rows as a result has them: None where they are not finite."""
    finite = np.isfinite(values)
    recorded = values.tolist()
    return tuple(
        recorded if finite.all() else [v if ok else None for v, ok in zip(recorded, finite, strict=True)]
    )


def _comparisons(sample: NullRatioSample) -> tuple[tuple[int, int, float], ...]:
    """Those with a value."""
    each = zip(sample.pairs.tolist(), sample.distances.tolist(), strict=True)
    return tuple((own, other, distance) for (own, other), distance in each if np.isfinite(distance))
