"""One side of a comparison as it is computed: a label and the results of its models."""

from collections.abc import Iterable
from dataclasses import dataclass

from geed_cli.result.samples import sample_of
from geed_cli.result.schema import Entry, Result
from geed_cli.statistics.sample import Interval, Sample

Key = tuple[str, str, str | None]
"""Metric, group, layer."""


@dataclass(frozen=True)
class Member:
    """One model's entry, with its rows, and the floating type that they were made in."""

    entry: Entry
    sample: Sample | None
    precision: str

    @property
    def interval(self) -> Interval:
        """The entry's own value and limits."""
        low, high = self.entry.ci or (None, None)
        return Interval(self.entry.value, low, high)


@dataclass(frozen=True)
class Contender:
    """A model, or a population of models of one recipe, under the label of its column."""

    label: str
    results: tuple[Result, ...]

    @property
    def is_population(self) -> bool:
        """Whether its interval is over models."""
        return len(self.results) > 1

    def members(self, key: Key) -> tuple[Member, ...]:
        """The entries of that key, of those models that have it."""
        return tuple(
            Member(entry, sample_of(result, entry), result.settings.precision)
            for result in self.results
            for entry in result.results
            if (entry.metric, entry.group, entry.layer) == key
        )


def keys_of(contenders: Iterable[Contender]) -> tuple[Key, ...]:
    """Every key of any model, in the order of first appearance."""
    return tuple(
        dict.fromkeys(
            (entry.metric, entry.group, entry.layer)
            for contender in contenders
            for result in contender.results
            for entry in result.results
        )
    )


def distinct(results: Iterable[Result]) -> tuple[Result, ...]:
    """Each set of weights once: a copy of a checkpoint is no further draw from its recipe."""
    return tuple({result.model.weights.state_sha256: result for result in results}.values())
