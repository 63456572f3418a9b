"""The rows of many images as columns, in the order of the images: what statistics see of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from geed_cli.actions.view import View
from geed_cli.engine.row import Cell, Control, Rounding, Row, Subject
from geed_cli.measures.held_vectors import Held

Array = NDArray[np.float64]
Some = tuple[Sequence[int], Array]
"""The places of the images that have a quantity, ascending, and its values there, shape (images, width)."""


class Table(Protocol):
    """The rows of images."""

    @property
    def subjects(self) -> Sequence[Subject]:
        """The images."""

    def deviations(self, cell: Cell) -> Array:
        """m(f(gx), g·f̂(x)), shape (images, n)."""

    def control(self, cell: Cell, control: Control) -> Some | None:
        """A control of a cell; None where no image has it."""

    def embeddings(self, view: View) -> Held:
        """The features of every image under a view."""

    def probabilities(self, view: View) -> Held:
        """The class probabilities of every image under a view."""

    def apart(self, cell: Cell) -> Array | None:
        """How far two copies of each image are apart on average, shape (images,); None where some image lacks it."""

    def tops(self, view: View) -> Array | None:
        """The place and the probability of each image's top class, shape (images, 2); None where there is none."""


class KeptRows(Protocol):
    """The rows of a run, wherever they are, of each of its networks."""

    def subjects(self, paths: Sequence[str], *, audited: bool) -> list[Subject]:
        """The images that have rows, in the order of the paths."""

    def table(self, network: int, subjects: Sequence[Subject]) -> Table:
        """The rows that one of the networks has of these images."""

    def rounding(self, network: int) -> Rounding:
        """The floating-point floor of a network, measured on one image; empty where it was not."""


@dataclass(frozen=True)
class RowTable:
    """Rows that are held.

    Attributes:
        rows: of the images.
    """

    rows: Sequence[Row]

    @cached_property
    def subjects(self) -> Sequence[Subject]:
        """The images."""
        return [row.subject for row in self.rows]

    def deviations(self, cell: Cell) -> Array:
        """As for ``Table``."""
        return np.stack([row.deviations[cell] for row in self.rows])

    def control(self, cell: Cell, control: Control) -> Some | None:
        """As for ``Table``."""
        places = [place for place, row in enumerate(self.rows) if (cell, control) in row.controls]
        if not places:
            return None
        return places, np.stack([self.rows[place].controls[cell, control] for place in places])

    def embeddings(self, view: View) -> Held:
        """As for ``Table``."""
        return [row.embeddings[view] for row in self.rows]

    def probabilities(self, view: View) -> Held:
        """As for ``Table``."""
        return [row.probabilities[view] for row in self.rows]

    def apart(self, cell: Cell) -> Array | None:
        """As for ``Table``."""
        if any(cell not in row.apart for row in self.rows):
            return None
        return np.array([row.apart[cell] for row in self.rows])

    def tops(self, view: View) -> Array | None:
        """As for ``Table``."""
        if not self.rows or any(view not in row.tops for row in self.rows):
            return None
        return np.array([row.tops[view] for row in self.rows], dtype=np.float64)


@dataclass(frozen=True)
class HeldRows:
    """Rows that are held.

    Attributes:
        networks: the rows of each network, by the images' paths.
    """

    networks: Sequence[Mapping[str, Row]]

    def subjects(self, paths: Sequence[str], *, audited: bool) -> list[Subject]:
        """As for ``KeptRows``."""
        found = map(self.networks[0].get, paths)
        return [row.subject for row in found if row is not None and row.subject.audited == audited]

    def table(self, network: int, subjects: Sequence[Subject]) -> Table:
        """As for ``KeptRows``."""
        return RowTable([self.networks[network][subject.path] for subject in subjects])

    def rounding(self, network: int) -> Rounding:
        """As for ``KeptRows``."""
        rows = self.networks[network].values()
        return next((row.rounding for row in rows if row.rounding is not None), {})
