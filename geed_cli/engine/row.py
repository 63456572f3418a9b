"""Rows: what an engine returns for one image. Plain values with an identity; statistics see rows alone.

Merging rows is a union keyed by the image, so it is associative, commutative and idempotent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geed_cli.actions.view import View

Control = Literal["dead", "null", "floor", "phase_corrected"]


@dataclass(frozen=True)
class Cell:
    """One line of the result: a measure for a group, at a layer where the measure is layerwise."""

    metric: str
    group: str
    layer: str | None = None


@dataclass(frozen=True)
class Row:
    """Everything measured on one image.

    Attributes:
        image: number of the image in the run.
        deviations: m(f(gx), g·f̂(x)) per cell, shape (n,), elements in the group's order.
        controls: what explains a cell, shape (n,) each: the part of dead channels; the same deviation against
            another image (null) and of a round trip (floor), both on probe images alone; the deviation about the
            layer's own centre (phase_corrected).
        embeddings: f1(x) per view of e, shape (k,), for the normalisers.
        probabilities: p(x) per view of e, shape (classes,), for the sensitivity.
    """

    image: int
    deviations: Mapping[Cell, NDArray[np.float64]]
    controls: Mapping[tuple[Cell, Control], NDArray[np.float64]]
    embeddings: Mapping[View, NDArray[np.float64]]
    probabilities: Mapping[View, NDArray[np.float64]]


@dataclass(frozen=True)
class Broken:
    """An image for which the network put out numbers that are not finite, in place of its row.

    Attributes:
        image: number of the image in the run.
        module: where it was seen first; "" is the network's output.
    """

    image: int
    module: str
