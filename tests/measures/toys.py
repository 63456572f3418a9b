"""Measures of vectors and of layers, a control, a kind of report and a group, as CONTRIBUTING says to add them."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
from torch import Tensor

from geed_cli.explanation import Explanation
from geed_cli.gate.outcome import GateReport
from geed_cli.groups.families import Family
from geed_cli.groups.planar import Planar
from geed_cli.groups.transform import IDENTITY, Transform
from geed_cli.measures.channelwise import compare
from geed_cli.measures.control import Control, Evidence
from geed_cli.measures.measure import ChannelMeasure, LayerDeviation, VectorMeasure
from geed_cli.measures.moments import Sizes
from geed_cli.statistics.scale import Scale


def largest_change(moved: Tensor, expected: Tensor) -> Tensor:
    """maxᵢ |f1(gx)ᵢ − f̂1(x)ᵢ|."""
    return (moved.double() - expected.double()).abs().amax(dim=-1)


LARGEST = VectorMeasure(
    name="toy.largest",
    site="features",
    deviation=largest_change,
    scale=Scale.log(),
    rounding_order=1,
    unit="units",
    label="largest change",
    usual=True,
    range="≥ 0",
    definition="mean max |f1(gx) − f̂1(x)|",
    equation="eq. (4)",
    told="One feature changes by {value}.",
    explained=Explanation(what="how far the feature moves that moves most.", reading="0 is invariant."),
)


def distance(moved: Sizes, expected: Sizes, products: Tensor) -> LayerDeviation:
    """1 − cos: best at 0 and not at −1."""
    found = compare(moved, expected, products)
    return replace(found, value=1 + found.value)


DISTANCE = ChannelMeasure(
    name="toy.distance",
    compare=distance,
    scale=Scale.bounded(0.0, 2.0),
    range="0 to 2",
    definition="1 − cos, per layer",
    equation="eq. (5)",
    told="The maps are {value} apart.",
    explained=Explanation(what="the distance of maps, channel by channel.", reading="0 is equivariant."),
)


def _median(evidence: Evidence) -> float:
    return float(np.median(evidence.measure.per_image(evidence.deviations))) / evidence.unit


MEDIAN = Control(
    name="median",
    of=_median,
    heading="median",
    reading="median: of the images.",
    told="Half of the images have less than {value}.",
    explained=Explanation(what="the value of the image in the middle."),
)


def to_lines(report: GateReport) -> str:
    """A verdict a line."""
    return "".join(_lines(report))


def _lines(report: GateReport) -> Iterator[str]:
    for outcome in report.outcomes:
        yield f"{outcome.rule} {outcome.verdict}\n"


HALF_TURN = Family("half", "the half turn", lambda _: (IDENTITY, Transform(Planar(Fraction(1, 2)))))
