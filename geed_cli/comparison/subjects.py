"""One side of a comparison as it is computed: a label and the results of its models."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from geed_cli.measures.catalogue import BY_NAME
from geed_cli.result.samples import sample_of
from geed_cli.result.schema import Entry, Result
from geed_cli.statistics.equivalence import moved
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.population import Model
from geed_cli.statistics.sample import Interval, Sample, finite_rows
from geed_cli.statistics.validity import has_estimate, point_value, withheld_reason

Key = tuple[str, str, str | None]
"""Metric, group, layer."""


@dataclass(frozen=True)
class Member:
    """One model's entry, with its rows.

    Attributes:
        precision: the floating type that they were made in.
        place: of the model among those of its contender.
    """

    entry: Entry
    sample: Sample | None
    precision: str
    place: int = 0

    @property
    def interval(self) -> Interval:
        """The entry's own value and limits."""
        low, high = self.entry.ci or (None, None)
        return Interval(self.entry.value, low, high)


@dataclass(frozen=True)
class Contender:
    """A model, or a population of models of one recipe, under the label of its column.

    Attributes:
        names: the files of the results, where they come from files.
    """

    label: str
    results: tuple[Result, ...]
    names: tuple[str, ...] = ()

    @property
    def is_population(self) -> bool:
        """Whether its interval is over models and images."""
        return len(self.results) > 1

    def members(self, key: Key) -> tuple[Member, ...]:
        """The entries of that key, of those models that have it."""
        return tuple(
            Member(entry, sample_of(result, entry), result.settings.precision, place)
            for place, result in enumerate(self.results)
            for entry in result.results
            if (entry.metric, entry.group, entry.layer) == key
        )


def models_of(members: Sequence[Member], share: float = 0.0, best: float = 0.0) -> list[Model]:
    """Members as models of a population, moved by a share of their distance from perfect."""
    made = []
    for member in members:
        rows = None if member.sample is None else finite_rows(moved(member.sample, share, best))
        value = member.entry.value if rows is None or member.entry.value is None else point_value(rows)
        known = rows is not None and value is not None and has_estimate(rows)
        interval = replace(member.interval, value=value)
        few = None if rows is None else withheld_reason(rows)
        made.append(Model(interval, estimate(rows) if known and rows is not None else None, few))
    return made


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


def usual_metrics(results: Sequence[Result]) -> tuple[str, ...]:
    """Names of the measures that are compared where nothing is asked for: no controls, and on request what all have.

    A correlation, a control of the cosine beside it, has to be asked for: as claims of their own its lines would only
    weaken the others under Holm's correction. So would lines that one side has and the other never asked for.
    """
    shared = set.intersection(*({entry.metric for entry in result.results} for result in results))
    return tuple(
        name
        for name, measure in BY_NAME.items()
        if (name in shared if measure.on_request else measure.beside is None)
    )


def distinct(results: Iterable[Result]) -> tuple[Result, ...]:
    """Each set of weights once: a copy of a checkpoint is no further draw from its recipe."""
    return tuple({result.model.weights.state_sha256: result for result in results}.values())
