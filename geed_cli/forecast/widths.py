"""Images for intervals of a width."""

from collections.abc import Sequence

from geed_cli.forecast.planned import CONFIDENCE, NO_FORECAST, Plan, Planned
from geed_cli.globs import listed
from geed_cli.measures.catalogue import measure_named
from geed_cli.result.samples import sample_of
from geed_cli.result.schema import Entry, Result
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.needed import (
    half_width,
    images_for_width,
    images_without_events,
    rate_spread_limits,
    spread_limits,
)
from geed_cli.statistics.sample import Sample, finite_rows


def plan_width(result: Result, metrics: Sequence[str], width: float) -> Plan:
    """The plan for intervals so wide, from low to high end, of the measures that the names or globs select."""
    target = f"{width:g} wide"
    chosen = [entry for entry in result.results if listed(entry.metric, metrics)]
    return Plan(
        asked="width",
        target=target,
        model=result.model.id,
        pilot=result.data.count,
        lines=tuple(_planned(result, entry, width, target) for entry in chosen),
    )


def _planned(result: Result, entry: Entry, width: float, target: str) -> Planned:
    found = Planned(metric=entry.metric, group=entry.group, layer=entry.layer, target=target)
    if not measure_named(entry.metric).forecasts:
        return found.model_copy(update={"now": entry.value, "ci": entry.ci, "reason": NO_FORECAST})
    sample = sample_of(result, entry)
    if sample is None or entry.status != "ok":
        reasons = (*entry.notes, "it has no value")
        return found.model_copy(update={"reason": reasons[0]})
    made = interval(sample, confidence=CONFIDENCE)
    if made.value is None or made.low is None or made.high is None:
        return found.model_copy(update={"now": made.value, "reason": made.notes[-1]})
    update = {"now": made.value, "ci": (made.low, made.high)}
    rows = finite_rows(sample)
    n, span = len(rows.kept), (made.low, made.high)
    if span[0] == span[1]:
        return found.model_copy(update=update | {"reason": made.notes[-1]})
    estimated = estimate(rows)
    if estimated.variance == 0.0:
        needed = images_without_events(n, (span[1] - span[0]) / width)
    else:
        spread = rate_spread_limits(made.value, span) if counts_events(sample) else spread_limits(estimated)
        needed = images_for_width(
            span, width, n, spread, 2.0 * half_width(estimated.standard_error, CONFIDENCE)
        )
    return found.model_copy(update=update | {"images": needed.images, "low": needed.low, "high": needed.high})


def counts_events(sample: Sample) -> bool:
    """Whether the rows are 0 and 1, whose spread follows from their rate."""
    values = finite_rows(sample).sample.values
    return sample.scale.kind == "rate" and bool(((values == 0.0) | (values == 1.0)).all())
