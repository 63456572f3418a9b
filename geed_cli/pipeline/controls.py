"""The controls and the profile over the group of one line of a result, from the rows of a run."""

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from geed_cli.engine.plan import GroupPlan
from geed_cli.engine.row import Cell, Control, Noise
from geed_cli.groups.group import FiniteGroup
from geed_cli.measures.control import CONTROLS, Evidence
from geed_cli.measures.distribution import sensitivity
from geed_cli.measures.fourier import fourier_components
from geed_cli.measures.held_vectors import Vectors
from geed_cli.measures.measure import Measure, VectorMeasure
from geed_cli.models.output import Output
from geed_cli.pipeline.entries.row_table import Table

Array = NDArray[np.float64]


def controls_of(
    cell: Cell,
    measure: Measure,
    group: GroupPlan,
    deviations: Array,
    rows: Table,
    normaliser: float | None,
    noise: Noise,
    output: Output,
) -> dict[str, float]:
    """Every control of a cell that was measured.

    Args:
        cell: the line of the result.
        measure: its measure.
        group: its group.
        deviations: of the cell, shape (images, n).
        rows: of the audited images.
        normaliser: M, where the value is a ratio; its controls are divided by it too.
        noise: of the run.
        output: what the network puts out.
    """

    def between_images() -> float | None:
        if not isinstance(measure, VectorMeasure) or measure.sensitivity is None or output.kind == "dense":
            return None
        seen = Vectors(rows.probabilities(group.identity))
        return float(sensitivity(measure, output, seen).mean())

    measured = {name: rows.control(cell, name) for name in get_args(Control)}
    evidence = Evidence(
        measure,
        deviations,
        {name: found[1] for name, found in measured.items() if found is not None},
        between_images,
        (normaliser or np.nan) if measure.normalised else 1.0,
        noise.rounding.get((measure.name, cell.layer)),
        noise.repeat.get((measure.name, cell.layer)),
    )
    values = {name: control.of(evidence) for name, control in CONTROLS.items() if control.of is not None}
    return {name: value for name, value in values.items() if value is not None and np.isfinite(value)}


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
