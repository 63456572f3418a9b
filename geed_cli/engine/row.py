"""Rows: what was measured on one image, their subject, as plain values; statistics see rows alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geed_cli.actions.view import View
from geed_cli.images.source import ImageRecord

Control = Literal["dead", "null", "floor", "phase_corrected"]

Rounding = dict[tuple[str, str | None], float]
"""m(f(x), f₆₄(x)) by measure and layer: what the run's precision makes of one image, raw."""


@dataclass(frozen=True)
class Noise:
    """What moves the values of a run beside G.

    Attributes:
        rounding: the floating-point floor.
        repeat: of a network that is no function of one image, the deviation between two showings of the same views.
    """

    rounding: Rounding = field(default_factory=dict)
    repeat: Rounding = field(default_factory=dict)


class Cell(NamedTuple):
    """One line of the result: a measure for a group, at a layer where the measure is layerwise."""

    metric: str
    group: str
    layer: str | None = None


class Subject(NamedTuple):
    """One image of a run.

    Attributes:
        record: which image.
        audited: False where the image serves the normaliser only and is shown under the views of e.
        control: whether it is a control image, on which null and floor are measured.
        fit: whether a hidden action is fitted on it; on the others it is scored.
        first: whether the run's rounding is measured on it.
        partner: the control image before it, against which its null is measured.
        padded: the part of its surroundings that the picture does not reach; None where no boundary reads them.
    """

    record: ImageRecord
    audited: bool = True
    control: bool = False
    fit: bool = False
    first: bool = False
    partner: ImageRecord | None = None
    padded: float | None = None

    @property
    def path(self) -> str:
        """The image's path, by which a run tells its images apart."""
        return self.record.path


@dataclass(frozen=True)
class Row:
    """Everything measured on one image.

    Attributes:
        subject: the image.
        deviations: m(f(gx), g·f̂(x)) per cell, shape (n,), elements in the group's order.
        controls: what explains a cell, shape (n,) each: the part of dead channels; the same deviation against
            another image (null) and of a round trip (floor), both on control images alone; the deviation about the
            layer's own centre (phase_corrected).
        embeddings: f1(x) per view of e, shape (k,), for the normalisers; f1(gx) per view where a measure of retrieval
            compares the images. In float32 where that holds them exactly (``rows.column.shortest``).
        probabilities: p(x) per view of e, shape (classes,), for the sensitivity.
        rounding: the floating-point floor of the run, on its first image alone.
        apart: mean distance between two copies of the image, by the measures that set it against other images; raw.
        tops: arg max p(gx) and its probability, of a classifier.
    """

    subject: Subject
    deviations: Mapping[Cell, NDArray[np.float64]]
    controls: Mapping[tuple[Cell, Control], NDArray[np.float64]]
    embeddings: Mapping[View, NDArray[np.floating[Any]]]
    probabilities: Mapping[View, NDArray[np.float64]]
    rounding: Rounding | None = None
    apart: Mapping[Cell, float] = field(default_factory=dict)
    tops: Mapping[View, tuple[int, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Broken:
    """An image for which the network put out numbers that are not finite, in place of its row.

    Attributes:
        subject: the image.
        module: where it was seen first; "" is the network's output.
    """

    subject: Subject
    module: str
