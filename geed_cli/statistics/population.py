"""Several checkpoints of one recipe as a population of models, whose interval is over models.

The members' values are taken as independent draws from the recipe, and their mean gets Student's t interval
(the figures of Kvinge et al. 2022). What one model's own images leave open is reported beside it, never
mixed in: members audited on the same images share that part, and more members do not average it away.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from geed_cli.statistics.difference import UNBOUNDED, Difference
from geed_cli.statistics.sample import Interval
from geed_cli.statistics.scale import Scale


@dataclass(frozen=True)
class Population:
    """The mean over the ``count`` models that have a value, and how sure it is.

    Attributes:
        value: None where no member has one; limits and deviation are None for fewer than two.
        deviation: standard deviation between members.
        within: root mean square of the members' own half-widths, the uncertainty of one model over images;
            None where no member has an interval.
        notes: what was left out, one sentence each.
    """

    value: float | None
    low: float | None
    high: float | None
    deviation: float | None
    within: float | None
    count: int
    notes: tuple[str, ...] = ()


def population(
    members: Sequence[Interval], *, confidence: float = 0.95, scale: Scale = UNBOUNDED
) -> Population:
    """Mean ± t_{k−1} s/√k over the k members that have a value, cut off at the range of the measure's scale."""
    values = _values(members)
    k = len(values)
    notes = _lost(members)
    if k == 0:
        return Population(None, None, None, None, None, 0, (*notes, "undefined: no model has a value"))
    mean, within = float(values.mean()), _within(members)
    if k < 2:
        return Population(
            mean, None, None, None, within, k, (*notes, "interval withheld: one model, two needed")
        )
    deviation = float(values.std(ddof=1))
    half = float(stdtrit(k - 1, (1.0 + confidence) / 2.0)) * deviation / math.sqrt(k)
    if deviation == 0.0:
        notes = (*notes, f"all {k} models have the same value: no width")
    return Population(mean, scale.clip(mean - half), scale.clip(mean + half), deviation, within, k, notes)


def population_difference(
    reference: Sequence[Interval], other: Sequence[Interval], *, confidence: float = 0.95
) -> Difference:
    """Mean of ``other`` − mean of ``reference`` with Welch's t interval and p-value over models."""
    groups = [_values(reference), _values(other)]
    notes = (*_lost(reference), *_lost(other))
    if min(len(g) for g in groups) == 0:
        return Difference(None, None, None, None, (*notes, "undefined: no model has a value"))
    value = float(groups[1].mean() - groups[0].mean())
    if min(len(g) for g in groups) < 2:
        return Difference(value, None, None, None, (*notes, "interval withheld: two models a side needed"))
    parts = [float(g.var(ddof=1)) / len(g) for g in groups]
    variance = sum(parts)
    if variance == 0.0:
        note = "the models of each side agree exactly: no width"
        return Difference(value, value, value, None, (*notes, note))
    freedom = variance**2 / sum(p**2 / (len(g) - 1) for p, g in zip(parts, groups, strict=True))
    half = float(stdtrit(freedom, (1.0 + confidence) / 2.0)) * math.sqrt(variance)
    p = 2.0 * float(stdtr(freedom, -abs(value) / math.sqrt(variance)))
    return Difference(value, value - half, value + half, p, notes)


def _values(members: Sequence[Interval]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([m.value for m in members if m.value is not None], dtype=np.float64)


def _within(members: Sequence[Interval]) -> float | None:
    widths = [m.width for m in members if m.width is not None]
    return math.sqrt(sum((w / 2.0) ** 2 for w in widths) / len(widths)) if widths else None


def _lost(members: Sequence[Interval]) -> tuple[str, ...]:
    lost = sum(m.value is None for m in members)
    return (f"{lost} of {len(members)} models without a value left out",) if lost else ()
