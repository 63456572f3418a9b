"""What a control is: a number beside a value that says how to read it, with its column and its line of the legend."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geed_cli.measures.measure import Measure

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What a run knows of one line of its result, to make controls of.

    Attributes:
        measure: of the line.
        deviations: m(f(gx), g·f̂(x)), shape (images, n).
        seen: by name, what else was seen of some of the images, shape (m, n): the part of channels that are dead, and
            the same deviation against another image (null), of a round trip (floor), or about the layer's own centre
            (phase_corrected); without those that were not measured.
        vectors: of the plain images, features or probabilities, shape (images, k); only for measures of these.
        unit: M where the value is a ratio, else 1; NaN where M is 0 or not there.
        rounding: the deviation that floating point alone makes, raw; None where it is not known.
    """

    measure: Measure
    deviations: Array
    seen: Mapping[str, Array]
    vectors: Callable[[], Array]
    unit: float
    rounding: float | None

    def mean(self, name: str) -> float | None:
        """The mean of what was seen, over g and images like the value itself and in its unit."""
        if name not in self.seen:
            return None
        values = self.measure.per_image(self.seen[name])
        finite = values[np.isfinite(values)]
        return float(finite.mean()) / self.unit if len(finite) else None


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control.

    Attributes:
        name: its key under ``controls`` in results.
        of: makes it of the evidence, None where there is none; None where a second run brings it.
        heading: of its column in tables; empty where it has none.
        keep: of the columns of a table of layers the lowest is left out first where there is no room.
        part: whether it is a fraction, shown in percent and left out at 0, and not in the value's unit.
        of_layers: whether maps alone have it, so that only tables of layers have its column.
        reading: the line below a table that says how to read it.
    """

    name: str
    of: Callable[[Evidence], float | None] | None = None
    heading: str = ""
    keep: int = 3
    part: bool = False
    of_layers: bool = False
    reading: str = ""
