"""The controls by name: numbers beside a value that say how to read it. docs/controls.md explains each.

A new one is a line of ``CONTROLS``. How it is made of what a run has seen stands in a file of its own, or here where
that is a line or two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geed_cli.measures.measure import Measure

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What a run knows of one line of its result, from which controls are made.

    Attributes:
        measure: of the line.
        deviations: m(f(gx), g·f̂(x)), shape (images, n).
        seen: by name, what else was seen of some of the images, shape (m, n): the part of channels that are dead, and
            the same deviation against another image (null), of a round trip (floor), or about the layer's own centre
            (phase_corrected); without those that were not measured.
        sensitivity: the measure's own comparison of different plain images; None where it has none.
        unit: M where the value is a ratio, else 1; NaN where M is 0 or not there.
        rounding: the deviation that floating point alone makes, raw; None where it is not known.
        repeat: the deviation between two showings of the same view, raw; None for a steady network.
    """

    measure: Measure
    deviations: Array
    seen: Mapping[str, Array]
    sensitivity: Callable[[], float | None]
    unit: float
    rounding: float | None
    repeat: float | None = None

    def mean(self, name: str) -> float | None:
        """The mean of what was seen, over g and images like the value and in its unit; None where it is infinite."""
        if name not in self.seen or np.isinf(self.seen[name]).any():
            return None
        values = self.measure.per_image(self.seen[name])
        finite = values[np.isfinite(values)]
        return float(finite.mean()) / self.unit if len(finite) else None


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control.

    Attributes:
        of: makes it of the evidence; None where a second run brings it.
        heading: of its column in tables; empty where it has none.
        keep: of the columns of a table of layers the lowest is left out first where there is no room; None is never.
        part: whether it is a fraction, shown in percent and left out at 0, and not in the value's unit.
        of_layers: whether maps alone have it, so that only tables of layers have its column.
        reading: the line below a table that says how to read it.
    """

    name: str
    of: Callable[[Evidence], float | None] | None = None
    heading: str = ""
    keep: int | None = 3
    part: bool = False
    of_layers: bool = False
    reading: str = ""


def _dead_fraction(evidence: Evidence) -> float | None:
    dead = evidence.seen.get("dead")
    return None if dead is None else float(np.mean([image.mean() for image in dead]))


def _rounding(evidence: Evidence) -> float | None:
    return None if evidence.rounding is None else evidence.rounding / evidence.unit


def _repeat(evidence: Evidence) -> float | None:
    return None if evidence.repeat is None else evidence.repeat / evidence.unit


CONTROLS: dict[str, Control] = {
    control.name: control
    for control in (
        Control(name="sensitivity", of=lambda evidence: evidence.sensitivity()),
        Control(
            name="repeat",
            of=_repeat,
            heading="repeat",
            keep=None,
            reading="repeat: how far the same picture moves when it is shown again; values below it mean nothing.",
        ),
        Control(name="dead_fraction", of=_dead_fraction, heading="dead", keep=1, part=True, of_layers=True),
        Control(
            name="null",
            of=lambda evidence: evidence.mean("null"),
            heading="null",
            keep=4,
            of_layers=True,
            reading="null: the same against another image's maps; set it against the elements beside e (furthest).",
        ),
        Control(
            name="floor",
            of=lambda evidence: evidence.mean("floor"),
            heading="floor",
            reading="floor: what resampling alone does, of pictures turned there and back.",
        ),
        Control(
            name="twin", heading="twin", keep=7, reading="twin: the same architecture with random weights."
        ),
        Control(
            name="phase_corrected",
            of=lambda evidence: evidence.mean("phase_corrected"),
            heading="corrected",
            keep=6,
            of_layers=True,
            reading="corrected: about the centre of each layer's own sampling grid.",
        ),
        Control(name="rounding", of=_rounding),
        Control(name="twin_sensitivity"),
        Control(name="precision_shift"),
    )
}
