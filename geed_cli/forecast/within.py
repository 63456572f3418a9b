"""Images to be shown within a margin of another result: what ``geed compare --margin`` would need."""

from collections.abc import Sequence

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.line_difference import Cell, Terms, cells_of
from geed_cli.comparison.margins import Margins
from geed_cli.comparison.subjects import Contender, Key, keys_of
from geed_cli.forecast.planned import CONFIDENCE, NO_FORECAST, Plan, Planned
from geed_cli.globs import listed
from geed_cli.measures.catalogue import measure_named
from geed_cli.result.schema import Result
from geed_cli.statistics.needed import End, Needed, images_for_power, spread_limits


def plan_margin(
    result: Result, baseline: Result, metrics: Sequence[str], margins: Margins, power: float
) -> Plan:
    """The plan for a margin about the baseline's values, at Holm's strictest step over the lines that have one.

    Both results are over the same images; the caller has checked that.
    """
    reference, other = Contender("baseline", (baseline,)), Contender("result", (result,))
    keys = [
        key
        for key in keys_of((reference, other))
        if listed(key[0], metrics) and margins.of(key[0]) is not None
    ]
    options = IntervalOptions(confidence=CONFIDENCE)
    cells = [cell for key in keys for cell in cells_of(reference, [other], key, Terms(options, margins))]
    tested = sum(cell.equivalence is not None and cell.equivalence.sides is not None for cell in cells)
    level = 1.0 - (1.0 - CONFIDENCE) / max(tested, 1)
    return Plan(
        asked="margin",
        target=f"within {', '.join(margins.texts)}",
        model=result.model.id,
        baseline=baseline.model.id,
        pilot=result.data.count,
        power=power,
        lines=tuple(
            _planned(key, cell, margins, level, power) for key, cell in zip(keys, cells, strict=True)
        ),
    )


def _planned(key: Key, cell: Cell, margins: Margins, level: float, power: float) -> Planned:
    made, margin = cell.difference, margins.of(key[0])
    found = Planned(
        metric=key[0],
        group=key[1],
        layer=key[2],
        target=f"within {margin}",
        now=made.value,
        ci=None if made.low is None or made.high is None else (made.low, made.high),
    )
    if not measure_named(key[0]).forecasts:
        return found.model_copy(update={"reason": NO_FORECAST})
    needed, reason = _needed(cell, level, power)
    if needed is None:
        return found.model_copy(update={"reason": reason})
    return found.model_copy(update={"images": needed.images, "low": needed.low, "high": needed.high})


def _needed(cell: Cell, level: float, power: float) -> tuple[Needed | None, str]:
    made, tested = cell.difference, cell.equivalence
    if tested is None or tested.sides is None or made.value is None or made.low is None or made.high is None:
        notes = (*(tested.notes if tested else ()), *made.notes, "there is no interval")
        return None, notes[0]
    both = tested.sides.differences(level)
    if both is None or cell.same:
        return None, "the rows are the same" if cell.same else "there is no interval"
    upper, lower = both
    assert upper.value is not None, "they have intervals"
    assert lower.value is not None, "they have intervals"
    spans = [(each.low or 0.0, each.high or 0.0) for each in both]
    if spans[0][0] == spans[0][1]:
        return None, "every image has the same difference"
    ends = (
        End(-upper.value, spans[0][1] - upper.value, tested.sides.estimates[0].standard_error, level),
        End(lower.value, lower.value - spans[1][0], tested.sides.estimates[1].standard_error, level),
    )
    # a smaller difference lies further from the upper end; the one nearest to 0 is the easiest
    far, near = made.value - made.low, made.value - made.high
    moves = (far, near, min(max(made.value, near), far))
    spreads = [spread_limits(each) for each in tested.sides.estimates]
    spread = min(low for low, _ in spreads), max(high for _, high in spreads)
    return images_for_power(ends, cell.images, power, spread, moves), ""
