"""Where an entry stands on the scale from 0, unchanged, to 1, another image, from the rows of a run.

Features: an image's copies against other images, from the same embeddings. Layers: their deviations against the null,
over the elements beside e on both sides; not where f̂ is a mean that f(gx) is part of, since copies are never as far
from it as another image's maps are.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geed_cli.engine.row import Cell, Row
from geed_cli.measures.measure import VectorMeasure
from geed_cli.result.schema import ToAnother
from geed_cli.statistics.sample import Interval, RatioSample
from geed_cli.statistics.scale import Scale

Array = NDArray[np.float64]


def distances_of_copies(
    cell: Cell, measure: VectorMeasure, audited: Sequence[Row], ratio: RatioSample
) -> RatioSample | None:
    """The mean distances between an image's copies over M, from the value's own pairs; None where there are no copies.

    Args:
        cell: the line of the result.
        measure: its measure.
        audited: rows of the audited images.
        ratio: the value's sample.
    """
    if measure.apart is None or any(cell not in row.apart for row in audited):
        return None
    apart = np.array([row.apart[cell] for row in audited])
    return RatioSample(apart, ratio.row_means, ratio.shared, Scale.log(), ratio.distances)


def way_part(sample: RatioSample, found: Interval) -> ToAnother:
    """What the result records of it."""
    return ToAnother(
        value=found.value,
        ci=None if found.low is None or found.high is None else (found.low, found.high),
        per_image=tuple(float(v) if np.isfinite(v) else None for v in sample.values),
        notes=found.notes,
    )
