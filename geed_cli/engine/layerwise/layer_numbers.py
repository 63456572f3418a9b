"""Tables of the numbers that an image's layers are compared to, one for all layers on which groups act alike.

Every layer has a row, and every number of every comparison a column, so that the numbers of many layers are handed on
at once: to the cache, and to the row of the image.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.engine.layerwise.layer_measures import LayerMeasures, Quantity
from geed_cli.engine.plan import Plan, Variant
from geed_cli.engine.row import Control
from geed_cli.engine.shared_action import Families, Family

Shown = tuple[str, Variant]
"""An image and what the network was shown of it."""
Comparison = tuple[Family, Variant, Control | None]
"""How G acts, what was shown, and of which control the numbers are; None of the deviation itself."""


@dataclass(frozen=True, eq=False)
class Compared:
    """Comparisons that a batch allows at every layer on whose maps a family acts.

    Attributes:
        family: how G acts.
        shown: what is compared, row by row.
        control: which control it is; None where it is the deviation.
    """

    family: Family
    shown: tuple[Shown, ...]
    control: Control | None = None


@dataclass(frozen=True, eq=False)
class AlikeLayers:
    """Layers of one shape on which groups act alike.

    Attributes:
        layers: their names, in the network's order.
        speakers: for each of them the place of the one that has the very same maps and speaks for it: mostly itself.
        acting: the family of each group that acts on them, by the group's name.
        quantities: of a comparison, by its control.
        columns: of each comparison, the column of its first quantity.
    """

    layers: tuple[str, ...]
    speakers: tuple[int, ...]
    acting: Mapping[str, Family]
    quantities: Mapping[Control | None, tuple[Quantity, ...]]
    columns: Mapping[Comparison, int]

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Of a table of their numbers."""
        return len(self.layers), sum(len(self.quantities[control]) for _, _, control in self.columns)

    def column(self, family: Family, variant: Variant, quantity: Quantity) -> int:
        """Where a number of a comparison is."""
        _, of = quantity
        control = None if of == "dead" else of
        return self.columns[family, variant, control] + self.quantities[control].index(quantity)

    def columns_of(self, control: Control) -> list[int]:
        """All columns of a control."""
        return [
            start + at
            for (_, _, of), start in self.columns.items()
            if of == control
            for at in range(len(self.quantities[of]))
        ]


def alike_layers(plan: Plan, families: Families) -> tuple[AlikeLayers, ...]:
    """The layers of a plan that are compared, with those that are compared alike together."""
    together: dict[int, list[str]] = {}
    for name, acting in families.items() if plan.of_layers else ():
        if acting:
            together.setdefault(id(acting), []).append(name)
    return tuple(_alike(plan, families[names[0]], names) for names in together.values())


def _alike(plan: Plan, acting: Mapping[str, Family], names: Sequence[str]) -> AlikeLayers:
    measures = LayerMeasures.of(plan.of_layers)
    controls: tuple[Control | None, ...] = (None, "null", "phase_corrected")
    quantities = {control: measures.quantities(control) for control in controls}
    columns: dict[Comparison, int] = {}
    width = 0
    for comparison in _comparisons(plan, tuple(dict.fromkeys(acting.values()))):
        columns[comparison] = width
        width += len(quantities[comparison[2]])
    speakers = tuple([names.index(plan.layers[name].repeats or name) for name in names])
    return AlikeLayers(tuple(names), speakers, acting, quantities, columns)


def _comparisons(plan: Plan, families: Sequence[Family]) -> Sequence[Comparison]:
    """Everything that may be compared of an image: more than of most images is."""
    found: list[Comparison] = []
    for family in families:
        trips = [trip for trip in plan.round_trips if trip.there in family.moves]
        found += [(family, view, None) for view in family.moves]
        found += [(family, trip, None) for trip in trips]
        found += [(family, view, "null") for view in family.moves]
        found += [(family, view, "phase_corrected") for view in family.corrected]
    return found


class LayerNumbers:
    """The numbers of one image at layers that are compared alike.

    Attributes:
        alike: these layers.
        values: the numbers, shape ``alike.shape``, float64.
        there: which of them are known, bool.
    """

    def __init__(self, alike: AlikeLayers) -> None:
        self.alike = alike
        self.values: NDArray[np.float64] = np.zeros(alike.shape)
        self.there: NDArray[np.bool_] = np.zeros(alike.shape, dtype=np.bool_)

    def leave_out(self, control: Control) -> None:
        """Take all numbers of a control for unknown."""
        self.there[:, self.alike.columns_of(control)] = False


class NumbersInFlight:
    """The numbers of the images whose orbits are not whole yet, at layers that are compared alike."""

    def __init__(self, alike: AlikeLayers) -> None:
        self._alike = alike
        self._of: dict[str, LayerNumbers] = {}

    def put(self, compared: Compared, layers: Sequence[int], first: Quantity, numbers: Tensor) -> None:
        """Take the numbers of some layers.

        Args:
            compared: what they are of: R comparisons.
            layers: the L layers, by their rows.
            first: which quantity the first numbers are; the others follow it.
            numbers: by quantity, by layer and comparison, shape (Q, L·R), float64, on the CPU.
        """
        found = numbers.numpy().reshape(len(numbers), len(layers), len(compared.shown))
        rows = np.array(layers)
        for (image, variant), of_image in zip(compared.shown, found.transpose(2, 1, 0), strict=True):
            table = self._of.get(image)
            if table is None:
                table = self._of[image] = LayerNumbers(self._alike)
            start = self._alike.column(compared.family, variant, first)
            columns = slice(start, start + len(found))
            table.values[rows, columns] = of_image
            table.there[rows, columns] = True

    def pop(self, image: str) -> LayerNumbers:
        """The numbers of one image, those of layers that repeat others with them."""
        table = self._of.pop(image, None) or LayerNumbers(self._alike)
        speakers = list(self._alike.speakers)
        if speakers != list(range(len(speakers))):
            table.values, table.there = table.values[speakers], table.there[speakers]
        return table
