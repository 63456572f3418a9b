"""What an observation consists of: its vectors one by one, its numbers in blocks that are read and put back at once."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from geed_cli.actions.view import View
from geed_cli.cache.row_bytes import Names, names_in
from geed_cli.engine.layerwise.layer_numbers import AlikeLayers, LayerNumbers
from geed_cli.engine.observation import Observation
from geed_cli.engine.plan import Variant
from geed_cli.measures.measure import VectorSite
from geed_cli.rows.column import shortest

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class VectorAddress:
    """Features or logits of one variant, which have a row by themselves: scores per pixel have megabytes.

    Attributes:
        text: everything that tells them apart beside network and image.
        variant: what the network is shown to find them.
        site: where they are read.
    """

    text: str
    variant: Variant
    site: VectorSite

    def read(self, seen: Observation) -> NDArray[np.floating[Any]] | None:
        """Exactly as they were seen; None where they were not."""
        vector = seen.vectors.get(self.site, {}).get(self.variant)
        return None if vector is None else shortest(vector.numpy())

    def put(self, value: NDArray[np.floating[Any]], seen: Observation) -> None:
        """Make them part of an observation."""
        seen.vectors.setdefault(self.site, {})[self.variant] = torch.from_numpy(
            np.array(value, dtype=np.float64)
        )


@dataclass(frozen=True)
class Need:
    """What has to be shown to find numbers.

    Attributes:
        variant: what they are of.
        kernel: views that have to be shown as well, since f̂ is the mean over them.
        partner: whether the numbers depend on the control image before, too.
        rounding: whether they are the run's rounding.
    """

    variant: Variant
    kernel: tuple[Variant, ...] = ()
    partner: bool = False
    rounding: bool = False


@dataclass(frozen=True, eq=False)
class Block(ABC):
    """Numbers that are read and put back at once.

    Attributes:
        names: of each number, whatever control image was before, in an order of its own.
        needs: of each number.
    """

    names: Names
    needs: Sequence[Need]

    @abstractmethod
    def read(self, seen: Observation) -> tuple[Floats, Flags]:
        """The numbers in an observation, exactly, and which of them are there."""

    @abstractmethod
    def put(self, values: Floats, known: Flags, seen: Observation) -> None:
        """Make those that are known part of an observation."""


@dataclass(frozen=True, eq=False)
class OfLayers(Block):
    """Some columns of a table of layers, layer by layer.

    Attributes:
        table: which of the observation's.
        columns: the columns.
    """

    table: int
    columns: Sequence[int]

    def read(self, seen: Observation) -> tuple[Floats, Flags]:
        """As for ``Block``."""
        numbers = seen.layers[self.table]
        return numbers.values[:, self.columns].ravel(), numbers.there[:, self.columns].ravel()

    def put(self, values: Floats, known: Flags, seen: Observation) -> None:
        """As for ``Block``."""
        numbers, shape = seen.layers[self.table], (-1, len(self.columns))
        flags = known.reshape(shape)
        before = numbers.values[:, self.columns]
        numbers.values[:, self.columns] = np.where(flags, values.reshape(shape), before)
        numbers.there[:, self.columns] |= flags


@dataclass(frozen=True, eq=False)
class OneByOne(Block):
    """Numbers that are few, each read and put by itself."""

    def read(self, seen: Observation) -> tuple[Floats, Flags]:
        """As for ``Block``."""
        found = self._numbers(seen)
        flags = np.array([number is not None for number in found], dtype=np.bool_)
        return np.array([0.0 if number is None else number for number in found], dtype=np.float64), flags

    def put(self, values: Floats, known: Flags, seen: Observation) -> None:
        """As for ``Block``."""
        for at in np.flatnonzero(known):
            self._put(int(at), float(values[at]), seen)

    @abstractmethod
    def _numbers(self, seen: Observation) -> Sequence[float | None]:
        """Each number, None where it is not there."""

    @abstractmethod
    def _put(self, at: int, value: float, seen: Observation) -> None:
        """Make one of them part of an observation."""


@dataclass(frozen=True, eq=False)
class Slopes(OneByOne):
    """The derivatives of layers along flows, for which both ends are shown.

    Attributes:
        keys: layer, measure, and the view at the flow's end ahead.
    """

    keys: Sequence[tuple[str, str, View]]

    def _numbers(self, seen: Observation) -> Sequence[float | None]:
        return [seen.slopes.get(layer, {}).get((metric, view)) for layer, metric, view in self.keys]

    def _put(self, at: int, value: float, seen: Observation) -> None:
        layer, metric, view = self.keys[at]
        seen.slopes.setdefault(layer, {})[metric, view] = value


@dataclass(frozen=True, eq=False)
class Rounding(OneByOne):
    """The rounding of measures; NaN where the run has none.

    Attributes:
        keys: measure, and layer where it is layerwise.
    """

    keys: Sequence[tuple[str, str | None]]

    def _numbers(self, seen: Observation) -> Sequence[float | None]:
        found = seen.rounding
        return [None if found is None else found.get(key, math.nan) for key in self.keys]

    def _put(self, at: int, value: float, seen: Observation) -> None:
        seen.rounding = {} if seen.rounding is None else seen.rounding
        if not math.isnan(value):
            seen.rounding[self.keys[at]] = value


@dataclass(frozen=True, eq=False)
class Padded(OneByOne):
    """The padded fraction of the picture's surroundings, known once the picture was decoded."""

    def _numbers(self, seen: Observation) -> Sequence[float | None]:
        return [seen.subject.padded]

    def _put(self, at: int, value: float, seen: Observation) -> None:
        del at
        seen.subject = seen.subject._replace(padded=value)


@dataclass(frozen=True, eq=False)
class Scheduled:
    """All numbers of an image, block behind block.

    Attributes:
        blocks: these.
        alike: the layers of the observation's tables.
    """

    blocks: Sequence[Block]
    alike: Sequence[AlikeLayers]

    @cached_property
    def names(self) -> Names:
        """Of each number, whatever control image was before."""
        return np.concatenate([names_in(b""), *(block.names for block in self.blocks)])

    @cached_property
    def of_partner(self) -> Flags:
        """Which of the numbers depend on the control image before."""
        return np.array([need.partner for block in self.blocks for need in block.needs], dtype=np.bool_)

    @cached_property
    def _numbered(self) -> tuple[Sequence[Need], NDArray[np.intp]]:
        """Every need once, and which of them each number has."""
        of_numbers = [need for block in self.blocks for need in block.needs]
        needs = {need: number for number, need in enumerate(dict.fromkeys(of_numbers))}
        return tuple(needs), np.array([needs[need] for need in of_numbers], dtype=np.intp)

    def needs(self, missing: Flags) -> Iterator[Need]:
        """What has to be shown to find these numbers."""
        needs, numbers = self._numbered
        for number in np.unique(numbers[missing]):
            yield needs[number]

    def read(self, seen: Observation) -> tuple[Floats, Flags]:
        """The numbers of an observation, exactly, and which of them are there."""
        self._begin(seen)
        found = [block.read(seen) for block in self.blocks]
        values, flags = [each for each, _ in found], [each for _, each in found]
        return np.concatenate([np.zeros(0), *values]), np.concatenate([np.zeros(0, dtype=np.bool_), *flags])

    def put(self, values: Floats, known: Flags, seen: Observation) -> None:
        """Make those that are known part of an observation."""
        self._begin(seen)
        start = 0
        for block in self.blocks:
            part = slice(start, start + len(block.names))
            if known[part].any():
                block.put(values[part], known[part], seen)
            start = part.stop

    def _begin(self, seen: Observation) -> None:
        """Of an image of which nothing was shown, the tables are empty."""
        if not seen.layers:
            seen.layers = tuple([LayerNumbers(each) for each in self.alike])
