"""What floating point alone can do to a value: a smaller value, or a smaller difference of two, says nothing.

A network in a type of spacing ε returns features with a relative error of a few ε, taken as 8ε here. A distance feels
it as 8ε, a cosine or a divergence, flat at its best value, as (8ε)². Further from there they are flat no more: as the
square of a length ℓ, one moves by about 2ℓ · 8ε. Event rates are counts and have none.
"""

import numpy as np
import numpy.typing as npt

from geed_cli.measures.catalogue import measure_named

Array = npt.NDArray[np.float64]

TYPE_SPACING = {"fp64": 2.0**-52, "fp32": 2.0**-23, "tf32": 2.0**-10, "fp16": 2.0**-10, "bf16": 2.0**-7}
"""ε by the name of the precision; an unknown name counts as fp32."""
SPACINGS_OF_ERROR = 8.0
"""Batch shapes and thread counts alone move results by 2 to 3 ε; 8 leaves room for another machine."""
AT_ROUNDING = 10.0
"""Values within so many roundings of each other, or of perfect, are alike: an orbit sums a few of them."""
SMALL_ROUNDING = 1e-3
"""Of the scale of a measure (M, 1, or ln|G|): ten roundings that are more than a hundredth of it are no floor."""


def floating_noise(metric: str, precision: str) -> float:
    """How far the measure of a perfectly invariant network may be from its best value by rounding."""
    relative = SPACINGS_OF_ERROR * TYPE_SPACING.get(precision, TYPE_SPACING["fp32"])
    return measure_named(metric).rounding(relative)


def measured_noise(metric: str, rounding: float, perfect: float | None = None) -> float:
    """The largest difference from a value that rounding alone may make, by the run's own control ``rounding``.

    ``perfect`` is the value of a perfect network, where it depends on M.
    """
    measure = measure_named(metric)
    best = measure.perfect or 0.0 if perfect is None else perfect
    return AT_ROUNDING * max(measure.distance(rounding, best), 0.0)


def noise_at(metric: str, noise: float, distances: Array) -> Array:
    """How far rounding may move values at distances d from perfect, where it moves a perfect one by ``noise``.

    (d^{1/k} + noise^{1/k})^k − d with k the power by which the measure feels rounding: noise itself for a distance,
    noise + 2 √(d · noise) for cosines and divergences, which are squares of one.
    """
    order = measure_named(metric).rounding_order
    if order is None or order == 1:
        return np.full_like(distances, 0.0 if order is None else noise)
    d = np.maximum(distances, 0.0)
    return np.asarray((d ** (1.0 / order) + max(noise, 0.0) ** (1.0 / order)) ** order - d, dtype=np.float64)


def is_small(metric: str, noise: float, order: int) -> bool:
    """Whether what rounding may make, ``noise``, is at most a hundredth of the measure's scale, so that it is a floor.

    Args:
        metric: the measure.
        noise: see ``measured_noise``.
        order: how many copies of an image are compared, of which the bound of a divergence depends.
    """
    bound = measure_named(metric).bound
    return noise <= AT_ROUNDING * SMALL_ROUNDING * (bound(order) if bound and order > 1 else 1.0)
