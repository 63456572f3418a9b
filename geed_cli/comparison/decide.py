"""What a comparison claims: verdicts that hold together over the whole table, and what stays open.

Differences and margins are two families of claims, each corrected by Holm, each false with at most α. Lines whose rows
are the same are facts and no claims, and cost the others nothing.
"""

from collections.abc import Sequence

from geed_cli.comparison.line_difference import Cell
from geed_cli.comparison.margins import Margins
from geed_cli.comparison.schema import Delta, MarginTest, Verdict
from geed_cli.comparison.subjects import Key
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import forecasts, sign_of
from geed_cli.statistics.enough import images_to_be_within, images_to_decide
from geed_cli.statistics.multiple import holm


def decide(
    keys: Sequence[Key], cells: Sequence[Sequence[Cell]], margins: Margins, confidence: float
) -> list[list[Delta]]:
    """A delta for each cell, one row for each key."""
    same = _identical(keys, cells)
    every = [cell for row in cells for cell in row]
    p_values = [
        None if identical else cell.difference.p_value
        for cell, identical in zip(every, (each for row in same for each in row), strict=True)
    ]
    p_margins = [
        None if cell.equivalence is None or cell.equivalence.sides is None else cell.equivalence.sides.p_value
        for cell in every
    ]
    holms, tests = iter(holm(p_values)), iter(zip(p_margins, holm(p_margins), strict=True))
    alpha = 1 - confidence
    strictest = [alpha / max(sum(p is not None for p in of), 1) for of in (p_values, p_margins)]
    return [
        [
            _delta(
                cell,
                next(holms),
                alpha,
                strictest[0],
                sign=sign_of(key[0]),
                told=forecasts(key[0]),
                identical=identical,
                margin=_margin_test(cell, margins, key[0], next(tests), alpha, strictest[1]),
            )
            for cell, identical in zip(row, facts, strict=True)
        ]
        for key, row, facts in zip(keys, cells, same, strict=True)
    ]


def _identical(keys: Sequence[Key], cells: Sequence[Sequence[Cell]]) -> list[list[bool]]:
    """Whether the rows of each cell are the same, digit for digit.

    Counts of events are the same of many networks; they are identical where every other row is, too.
    """
    copies = [
        all(row[at].same for row in cells if row[at].difference.value is not None)
        for at in range(len(cells[0]) if cells else 0)
    ]
    return [
        [
            cell.same and (measure_named(key[0]).scale.kind != "rate" or copy)
            for cell, copy in zip(row, copies, strict=True)
        ]
        for key, row in zip(keys, cells, strict=True)
    ]


def _delta(
    cell: Cell,
    p_holm: float | None,
    alpha: float,
    strictest: float,
    *,
    sign: int,
    told: bool,
    identical: bool,
    margin: MarginTest | None,
) -> Delta:
    made = cell.difference
    verdict: Verdict = "identical" if identical else _verdict(cell, p_holm, alpha, sign)
    notes = (*made.notes, *(cell.equivalence.notes if cell.equivalence else ()))
    size, needed = abs(made.value or 0.0), None
    if verdict in {"more", "less"} and size < cell.floor:
        verdict, notes = "undecided", (*notes, f"rounding alone can make a difference of {cell.floor:.2g}")
    if verdict == "undecided" and cell.at is not None and size >= cell.floor and told:
        # at Holm's strictest step, α over the number of claims
        needed = images_to_decide(cell.at(1 - strictest), cell.images)
    return Delta(
        value=made.value,
        ci=_pair(made.low, made.high),
        p_value=None if identical else made.p_value,
        p_holm=p_holm,
        verdict=verdict,
        images_to_decide=needed,
        margin=margin,
        effect=None if cell.effect is None else cell.effect.value,
        effect_ci=None if cell.effect is None else cell.effect.limits,
        notes=notes,
    )


def _verdict(cell: Cell, p_holm: float | None, alpha: float, sign: int) -> Verdict:
    """``more`` is further from invariance, whichever way the measure is read."""
    made = cell.difference
    if made.value is None:
        return "incomparable"
    within = (
        None not in (made.low, made.high) and max(abs(made.low or 0.0), abs(made.high or 0.0)) < cell.floor
    )
    if cell.alike or within:
        return "rounding"
    if p_holm is None or p_holm > alpha or made.value == 0:
        return "undecided"
    return "more" if sign * made.value > 0 else "less"


def _margin_test(
    cell: Cell,
    margins: Margins,
    metric: str,
    p_values: tuple[float | None, float | None],
    alpha: float,
    strictest: float,
) -> MarginTest | None:
    margin, tested = margins.of(metric), cell.equivalence
    if margin is None or tested is None:
        return None
    p, p_holm = p_values
    within = p_holm is not None and p_holm <= alpha
    needed = None
    if (
        forecasts(metric)
        and tested.sides is not None
        and not within
        and (both := tested.sides.differences(1 - strictest))
    ):
        needed = images_to_be_within(*both, cell.images)
    return MarginTest(
        margin=str(margin),
        amount=tested.amount or None,
        p_value=p,
        p_holm=p_holm,
        within=within,
        images_to_decide=needed,
    )


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
