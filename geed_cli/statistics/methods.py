"""The interval methods: one table from name to limits, for cells, differences and claims that hold together alike.

A method is given a ``Statistic`` and answers with its limits as a function of the confidence; what does not depend on
the confidence, such as resamples, is computed once.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np

from geed_cli.choices import DEFAULT_METHOD, DRAWING_METHODS, IntervalMethod, check_choice
from geed_cli.errors import InputError
from geed_cli.statistics.bootstrap import bca_limits, percentile_limits
from geed_cli.statistics.bootstrap_t import BootstrapT, SharedDraws
from geed_cli.statistics.bounded import bounded_limits, bounded_p
from geed_cli.statistics.bounded_mean import BoundedMean
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.exact import exact_limits, exact_p, exact_sides
from geed_cli.statistics.fieller import fieller_limits
from geed_cli.statistics.jackknife_t import cautious_t_limits, corrected_t_limits
from geed_cli.statistics.scale import Array, Scale

METHODS: tuple[IntervalMethod, ...] = get_args(IntervalMethod)
Limits = tuple[float, float]
LimitsAt = Callable[[float], Limits]
"""From the confidence to the limits; not finite where floating point does not reach."""
Draw = Callable[[int, int], Array]
"""From the number of resamples and their seed to one number for each."""
_DRAWN_ON_REQUEST = DRAWING_METHODS - {"bootstrap-t"}
"""What makes resampled limits of rates as well, and resolves no smaller chance than one in its resamples."""
_IN_STANDARD_ERRORS = {"bootstrap-t", "corrected-t", "cautious-t"}
"""What says how many of the jackknife's standard errors a limit is away, so that it can be told of N − θM as well."""
SMALLEST_P = 1e-12
"""1 − p keeps four digits in float64."""


@dataclass(frozen=True, eq=False)
class Statistic:
    """What limits are put on: the value θ of one cell, in the interior of its scale, or the paired difference of two.

    Attributes:
        replicates: θ* of each resample; NaN where it has none.
        pivots: T* = (ψ(θ*) − ψ(θ̂))/se* of each resample that has one.
        bounded: the rows themselves, where they lie between two known numbers.
    """

    estimate: Estimate
    scale: Scale
    replicates: Draw
    pivots: Draw
    bounded: BoundedMean | None = None


Method = Callable[[Statistic, int, int], LimitsAt]
"""From a statistic, a number of resamples and their seed to its limits."""


def limits_of(
    statistic: Statistic, method: IntervalMethod, resamples: int, seed: int, draws: SharedDraws | None = None
) -> LimitsAt:
    """The limits of a statistic by a method of the table, at any confidence.

    Args:
        statistic: what they are put on.
        method: of the table.
        resamples: how many, where the method draws any.
        seed: of these.
        draws: that bootstrap-t shares with other statistics; None draws for this one alone.
    """
    if _is_exact(statistic, method):
        return _exact(statistic)
    if method == "bootstrap-t":
        draws = draws or SharedDraws(resamples, seed)
        limits: LimitsAt = BootstrapT(statistic.estimate, statistic.scale, draws)
    else:
        limits = _TABLE[method](statistic, resamples, seed)
    return _of_quotient(statistic, method, limits)


def limits_of_each(
    statistics: Iterable[Statistic], method: IntervalMethod, resamples: int, seed: int
) -> list[LimitsAt]:
    """The limits of each statistic by itself; bootstrap-t draws once for all of them."""
    draws = SharedDraws(resamples, seed)
    return [limits_of(each, method, resamples, seed, draws) for each in statistics]


def _of_quotient(statistic: Statistic, method: IntervalMethod, limits: LimitsAt) -> LimitsAt:
    """The limits as they are, or Fieller's as many standard errors away where what θ is divided by can be near 0."""
    estimate = statistic.estimate
    if not estimate.denominators or method not in _IN_STANDARD_ERRORS:
        return limits
    return lambda confidence: fieller_limits(estimate, limits(confidence))


def _exact(statistic: Statistic) -> LimitsAt:
    assert statistic.bounded is not None, "what is exact has bounds"
    return partial(exact_limits, statistic.bounded)


def smallest_p(method: IntervalMethod, resamples: int) -> float:
    """The smallest p-value that a method can tell: so many resamples do not resolve less than 2/(resamples + 1)."""
    return 2.0 / (resamples + 1) if method in _DRAWN_ON_REQUEST else SMALLEST_P


def closed_p(statistic: Statistic, method: IntervalMethod, value: float) -> float | None:
    """The smallest α whose limits exclude the value, for methods that have it without a search; else None."""
    if statistic.bounded is None:
        return None
    if method == "bounded":
        return bounded_p(statistic.bounded, value)
    return exact_p(statistic.bounded, value) if _is_exact(statistic, method) else None


def closed_sides(statistic: Statistic, method: IntervalMethod, value: float) -> tuple[float, float] | None:
    """As ``exact_sides``, for methods that have these without a search; else None."""
    exact = statistic.bounded is not None and _is_exact(statistic, method)
    return exact_sides(statistic.bounded, value) if exact and statistic.bounded is not None else None


def _is_exact(statistic: Statistic, method: IntervalMethod) -> bool:
    """Whether limits are those of ``exact``: of rates unless resamples were asked for, and of rows without spread."""
    mean = statistic.bounded
    if mean is None or method == "bounded":
        return False
    return mean.still or (mean.rate and method not in _DRAWN_ON_REQUEST)


def check_options(method: str, confidence: float, resamples: int) -> None:
    """Refuse what no interval can be made with.

    Raises:
        InputError: naming the option.
    """
    check_choice("interval method", method, METHODS, DEFAULT_METHOD)
    if not 0.0 < confidence < 1.0:
        raise InputError(f"confidence {confidence}", expected="a number between 0 and 1", remedy="use 0.95")
    if resamples < 100:
        raise InputError(f"{resamples} resamples", expected="at least 100", remedy="use 2000")


def _bounded(statistic: Statistic, _: int, __: int) -> LimitsAt:
    if statistic.bounded is None:
        return lambda _: (math.nan, math.nan)
    return partial(bounded_limits, statistic.bounded)


def _closed(formula: Callable[[Estimate, Scale, float], Limits]) -> Method:
    """A method that needs the estimate alone."""

    def made(statistic: Statistic, _: int, __: int) -> LimitsAt:
        return partial(formula, statistic.estimate, statistic.scale)

    return made


def _percentile(statistic: Statistic, resamples: int, seed: int) -> LimitsAt:
    return partial(percentile_limits, np.sort(_finite(statistic.replicates(resamples, seed))))


def _bca(statistic: Statistic, resamples: int, seed: int) -> LimitsAt:
    drawn, estimate = _finite(statistic.replicates(resamples, seed)), statistic.estimate
    return partial(bca_limits, drawn, estimate.value, estimate.acceleration)


def _studentized(statistic: Statistic, resamples: int, seed: int) -> LimitsAt:
    """ψ(θ̂) − T*_{1−α/2} se and ψ(θ̂) − T*_{α/2} se, mapped back; se is the jackknife's, on the natural scale."""
    value, scale = statistic.estimate.value, statistic.scale
    pivots = np.sort(statistic.pivots(resamples, seed))
    centre, se = float(scale.forward(value)), statistic.estimate.standard_error * float(scale.slope(value))

    def limits(confidence: float) -> Limits:
        low, high = percentile_limits(pivots, confidence)
        return scale.inverse(centre - high * se), scale.inverse(centre - low * se)

    return limits


def _finite(drawn: Array) -> Array:
    return drawn[np.isfinite(drawn)]


_TABLE: Mapping[IntervalMethod, Method] = {
    "percentile": _percentile,
    "bca": _bca,
    "studentized": _studentized,
    "corrected-t": _closed(corrected_t_limits),
    "cautious-t": _closed(cautious_t_limits),
    "bounded": _bounded,
}
