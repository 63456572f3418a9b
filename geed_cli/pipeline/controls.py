"""The controls beside each value: numbers in the value's own unit that say how to read it.

``null``, ``floor`` and ``phase_corrected`` are means over g and images like the value itself, so that they can be
set against it; docs/controls.md explains each.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from geed_cli.engine.plan import GroupPlan
from geed_cli.engine.rounding import Rounding
from geed_cli.engine.row import Cell, Control, Row
from geed_cli.groups.group import FiniteGroup
from geed_cli.measures.catalogue import Measure
from geed_cli.measures.fourier import fourier_components
from geed_cli.measures.softmax import sensitivity

Array = NDArray[np.float64]
MEASURED: tuple[Control, ...] = ("null", "floor", "phase_corrected")


def controls_of(
    cell: Cell,
    measure: Measure,
    group: GroupPlan,
    rows: Sequence[Row],
    normaliser: float | None,
    rounding: Rounding,
) -> dict[str, float]:
    """Every control of a cell that was measured.

    Args:
        cell: the line of the result.
        measure: its measure.
        group: its group.
        rows: of the audited images.
        normaliser: M, where the value is a ratio; its controls are divided by it too.
        rounding: the run's floating-point floor.
    """
    found: dict[str, float] = {}
    if measure.name == "softmax.kl":
        p = torch.from_numpy(np.stack([row.probabilities[group.identity] for row in rows]))
        found["sensitivity"] = float(sensitivity(p).mean())
    if measure.site == "channelwise":
        found["dead_fraction"] = float(np.mean([row.controls[cell, "dead"].mean() for row in rows]))
    unit = (normaliser or np.nan) if measure.normalised else 1.0
    for control in MEASURED:
        probes = [row.controls[cell, control] for row in rows if (cell, control) in row.controls]
        if probes:
            found[control] = _mean(per_image(measure, np.stack(probes))) / unit
    if (measure.name, cell.layer) in rounding:
        found["rounding"] = rounding[measure.name, cell.layer] / unit
    return {name: value for name, value in found.items() if np.isfinite(value)}


def per_image(measure: Measure, deviations: Array) -> Array:
    """The mean over g of each image's deviations, shape (images,); flips are counted over g ≠ e alone.

    An element without a value, such as e at a layer that is dead for the plain image, is left out; an image without
    any has NaN.

    Args:
        measure: which measure.
        deviations: m(f(gx), g·f̂(x)), shape (images, n).
    """
    counted = deviations[:, first_element(measure) :]
    defined = np.isfinite(counted)
    means = np.full(len(counted), np.nan)
    np.divide(
        np.where(defined, counted, 0.0).sum(axis=1), defined.sum(axis=1), out=means, where=defined.any(axis=1)
    )
    return means


def first_element(measure: Measure) -> int:
    """The first element that counts: a prediction cannot flip under e."""
    return 1 if measure.site == "prediction" else 0


def fourier_of(group: GroupPlan, profile: dict[str, float | None]) -> tuple[tuple[float, float], ...] | None:
    """The Fourier components of the profile over the powers of the group's first element beside e.

    None for sets, where these are fewer than three, or where one of them has no value. The element e, which has no
    flip rate, counts 0 there.
    """
    if not isinstance(group.group, FiniteGroup):
        return None
    powers = cyclic_prefix(group.group)
    names = [group.group.elements[g] for g in range(powers)]
    values = [0.0 if name == names[0] and name not in profile else profile[name] for name in names]
    if powers < 3 or any(value is None for value in values):
        return None
    return fourier_components([value for value in values if value is not None])


def cyclic_prefix(group: FiniteGroup) -> int:
    """How many leading elements are e, r, r², … up to the order of r, r the first element beside e."""
    if group.order < 2:
        return 1
    power, count = 1, 1
    while power == count and count < group.order:
        power, count = int(group.table[1, power]), count + 1
    return count if power == 0 else 1


def _mean(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")
