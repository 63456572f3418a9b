"""Lines of the result from the tables of layers: for every layer and measure, a number for each element of a group."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from geed_cli.engine.layerwise.layer_measures import Quantity
from geed_cli.engine.layerwise.layer_numbers import AlikeLayers, LayerNumbers
from geed_cli.engine.plan import GroupPlan, Plan, Variant
from geed_cli.engine.row import Cell, Control

Array = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class GroupLines:
    """The lines of one group at the layers that are compared alike, layer by layer.

    Attributes:
        cells: of every layer and measure.
        columns: of each measure and element, shape (M, n).
        controls: of every layer and control that all elements can have.
        control_columns: of each such control and element, shape (K, n).
        floors: of every layer and measure; none where no element makes a round trip.
        returned: which elements make one.
        trip_columns: of each measure and such element, shape (M, trips).
        best: of each measure and element, shape (M, n): exact elements come back as they were.
    """

    cells: Sequence[Cell]
    columns: Places
    controls: Sequence[tuple[Cell, Control]]
    control_columns: Places
    floors: Sequence[tuple[Cell, Control]]
    returned: Sequence[int]
    trip_columns: Places
    best: Array

    def add(
        self,
        numbers: LayerNumbers,
        deviations: dict[Cell, Array],
        controls: dict[tuple[Cell, Control], Array],
    ) -> None:
        """Add what an image has of them, shape (n,) each; of controls some images have none."""
        assert numbers.there[:, self.columns].all(), "every layer was compared under every view"
        deviations.update(zip(self.cells, _rows(numbers.values[:, self.columns]), strict=True))
        there = numbers.there[:, self.control_columns]
        _add(self.controls, numbers.values[:, self.control_columns], there, controls)
        if self.floors:
            back = np.tile(self.best, (len(numbers.values), 1, 1))
            back[:, :, self.returned] = numbers.values[:, self.trip_columns]
            _add(self.floors, back, numbers.there[:, self.trip_columns], controls)


def _rows(numbers: Array) -> Array:
    """By layer and quantity, each with n elements."""
    return numbers.reshape(-1, numbers.shape[-1])


def _add(
    keys: Sequence[tuple[Cell, Control]],
    numbers: Array,
    there: NDArray[np.bool_],
    controls: dict[tuple[Cell, Control], Array],
) -> None:
    """Those of which an image has the numbers of all elements; ``there`` says which it has, for each element."""
    if there.all():
        controls.update(zip(keys, _rows(numbers), strict=True))
    elif there.any():
        known = there.all(axis=2).ravel()
        controls.update(zip(compress(keys, known), _rows(numbers)[known], strict=True))


def lines_of(plan: Plan, group: GroupPlan, alike: AlikeLayers) -> GroupLines:
    """The lines of a group that acts on these layers."""
    family, metrics = alike.acting[group.name], [measure.name for measure in plan.of_layers]
    trips = plan.trips[group.name]
    returned = [at for at, view in enumerate(group.views) if view in trips]

    def columns(variants: Sequence[Variant], *of: Quantity) -> Places:
        found = [[alike.column(family, variant, quantity) for variant in variants] for quantity in of]
        return np.array(found, dtype=np.intp).reshape(len(of), len(variants))

    controls: list[Control] = ["dead", "null"]
    if all((family, view, "phase_corrected") in alike.columns for view in group.views):
        controls.append("phase_corrected")
    known: list[tuple[str, Control]] = [
        (measure.name, control)
        for measure in plan.of_layers
        for control in controls
        if control != "dead" or measure.counts_dead
    ]
    deviations: list[Quantity] = [(metric, None) for metric in metrics]
    cells = [Cell(metric, group.name, layer) for layer in alike.layers for metric in metrics]
    return GroupLines(
        cells,
        columns(group.views, *deviations),
        [(Cell(metric, group.name, layer), control) for layer in alike.layers for metric, control in known],
        columns(group.views, *known),
        [(cell, "floor") for cell in cells] if returned else (),
        returned,
        columns([trips[group.views[at]] for at in returned], *deviations),
        np.repeat([[measure.best] for measure in plan.of_layers], len(group.views), axis=1),
    )
