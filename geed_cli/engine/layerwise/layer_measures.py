"""What a comparison of maps gives: a number for each measure, and for some the part of channels that was left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from geed_cli.engine.row import Control
from geed_cli.measures.measure import ChannelMeasure, LayerMeasure, MapMeasure

Quantity = tuple[str, Control | None]
"""A layer's measure, and which of its controls; None is the deviation itself."""


@dataclass(frozen=True)
class LayerMeasures:
    """The measures of layers, by what they are made of."""

    by_channel: tuple[ChannelMeasure, ...]
    by_map: tuple[MapMeasure, ...]

    @classmethod
    def of(cls, measures: Sequence[LayerMeasure]) -> "LayerMeasures":
        """Of any kind."""
        return cls(
            tuple(each for each in measures if isinstance(each, ChannelMeasure)),
            tuple(each for each in measures if isinstance(each, MapMeasure)),
        )

    @cached_property
    def every(self) -> tuple[LayerMeasure, ...]:
        """All of them."""
        return (*self.by_channel, *self.by_map)

    def quantities(self, control: Control | None) -> tuple[Quantity, ...]:
        """Of one comparison, those that are made together side by side; dead parts come with the deviations alone."""
        channels = [(each.name, control) for each in self.by_channel]
        dead: list[Quantity] = [(each.name, "dead") for each in self.by_channel if each.counts_dead]
        maps = [(each.name, control) for each in self.by_map]
        return tuple(channels + (dead if control is None else []) + maps)
