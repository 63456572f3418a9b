"""Rows: what an engine returns for one image. Plain values with an identity; statistics see rows alone.

Merging rows is a union keyed by the image, so it is associative, commutative and idempotent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geed_cli.algebra.view import View


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
        dead: part of dead channels per channelwise cell, shape (n,).
        embeddings: f1(x) per view of e, shape (k,), for the normalisers.
        probabilities: p(x) per view of e, shape (classes,), for the sensitivity.
    """

    image: int
    deviations: Mapping[Cell, NDArray[np.float64]]
    dead: Mapping[Cell, NDArray[np.float64]]
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
