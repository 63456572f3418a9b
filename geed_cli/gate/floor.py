"""The least value that a run can tell from perfect invariance; a limit below it could only fail.

An entry's ``floor`` control (what resampling alone does) is one such value. The other is floating point: what its type
leaves of any network, or what was measured of this one, where that is not small.
"""

from geed_cli.gate.policy import Limit
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.floating_point import floating_noise, is_small, measured_noise
from geed_cli.result.samples import answers_of
from geed_cli.result.schema import Entry, Result


def lowest_value(entry: Entry, result: Result) -> float:
    """The floor of an entry's value: what is further from perfect, its control or floating point."""
    sign = measure_named(entry.metric).sign
    numeric = _best(entry) + sign * _noise(entry, result)
    return (max if sign > 0 else min)(numeric, entry.controls.get("floor", numeric))


def refusal(limit: Limit, entry: Entry, unit: float, result: Result) -> str | None:
    """Why a limit is below what the run can tell, or None where it is not.

    ``unit`` is that of the limit, in the measure's: what a fraction is a fraction of, else 1.
    """
    if limit.kind == "min" and measure_named(entry.metric).larger_is_better:
        highest = lowest_value(entry, result)
        return _below(f"{limit.value:.10g}", highest, "above") if limit.value > highest else None
    if limit.kind == "min":  # which rounding alone may reach, where it is not small
        best, own = _best(entry), _large_rounding(entry, result)
        return _below(f"{limit.value:.10g}", best + own) if best < limit.value < best + own else None
    if limit.kind == "max":
        lowest = lowest_value(entry, result)
        return _below(f"{limit.value:.10g}", lowest) if limit.value < lowest else None
    allowed = abs(limit.value) * unit
    noise = _noise(entry, result)
    return _below(f"an increase of {allowed:.10g}", noise) if allowed < noise else None


def _best(entry: Entry) -> float:
    """The value of a perfectly invariant network."""
    return measure_named(entry.metric).best / (entry.normaliser or 1.0)


def _noise(entry: Entry, result: Result) -> float:
    """What floating point may make of the entry's value."""
    typical = floating_noise(entry.metric, result.settings.precision)
    return max(typical, _large_rounding(entry, result))


def _large_rounding(entry: Entry, result: Result) -> float:
    """What the network's own rounding may make of the entry's value, where it was measured and is not small; else 0."""
    if "rounding" not in entry.controls:
        return 0.0
    own = measured_noise(entry.metric, entry.controls["rounding"])
    return 0.0 if is_small(entry.metric, own, answers_of(result, entry.group)) else own


def _below(limit: str, floor: float, side: str = "below") -> str:
    # beside −1 the digits that matter are the last ones
    shown = f"{floor:.3g}" if abs(floor) < 0.5 else f"{floor:.16g}"
    return f"the limit, {limit}, is {side} the run's own floor, {shown}"
