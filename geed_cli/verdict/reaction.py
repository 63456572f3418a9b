"""Whether a network reacts to its input at all: without that, a small divergence is no invariance."""

import math

from geed_cli.choices import OutputKind
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.measure import VectorMeasure
from geed_cli.result.samples import output_kind
from geed_cli.result.schema import Entry, Result

INSENSITIVE = 0.02
"""A sensitivity below this part of its largest possible value, ln(images), is no reaction to speak of."""
REACTS_LESS = 0.1
"""An insensitive network whose value is below this part of its sensitivity is invariant all the same."""
NO_REACTION = 1e-12
"""Nats: a sensitivity below this is what rounding leaves of one answer for every image."""


def reacts(sensitivity: float, result: Result) -> bool:
    """Whether that is a reaction to speak of."""
    return reacts_over(sensitivity, result.data.count, output_kind(result))


def reacts_over(sensitivity: float, images: int, kind: OutputKind) -> bool:
    """Likewise, of so many images and a kind of output; of a label that is on or off it is at most ln 2."""
    return sensitivity >= INSENSITIVE * math.log(2 if kind == "sigmoid" else images)


def insensitive(entry: Entry, result: Result) -> bool:
    """Whether the entry says that the network hardly reacts to any image; one image cannot say so."""
    sensitivity = entry.controls.get("sensitivity")
    return sensitivity is not None and result.data.count > 1 and not reacts(sensitivity, result)


def of_predictions(metric: str) -> bool:
    """Whether a measure is of what a network puts out, and so says nothing of one that does not react."""
    measure = measure_named(metric)
    return isinstance(measure, VectorMeasure) and measure.site == "logits"
