"""The controls by name, in the order of results; docs/controls.md explains each. A new one is a line here.

How it is made of what a run has seen stands in a file of its own, or here where that is a line or two.
"""

import numpy as np

from geed_cli.measures.control import Control, Evidence
from geed_cli.measures.measure import VectorMeasure


def _sensitivity(evidence: Evidence) -> float | None:
    measure = evidence.measure
    if not isinstance(measure, VectorMeasure) or measure.sensitivity is None:
        return None
    import torch  # noqa: PLC0415 - see measure.py

    return float(measure.sensitivity(torch.from_numpy(evidence.vectors())).mean())


def _dead_fraction(evidence: Evidence) -> float | None:
    dead = evidence.seen.get("dead")
    return None if dead is None else float(np.mean([image.mean() for image in dead]))


def _rounding(evidence: Evidence) -> float | None:
    return None if evidence.rounding is None else evidence.rounding / evidence.unit


CONTROLS: dict[str, Control] = {
    control.name: control
    for control in (
        Control(name="sensitivity", of=_sensitivity),
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
