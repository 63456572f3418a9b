"""Along training: a measure against the step, a line for each run or population, with its intervals."""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from geed_cli.measures.label_metrics import in_percent
from geed_cli.report.html.depth_figure import ident
from geed_cli.report.html.drawing import (
    Paint,
    alike,
    apart,
    area,
    figure,
    lines,
    name,
    polyline,
    shapes,
    text,
    ticks,
    whiskers,
)
from geed_cli.tracking.columns import Column, labels_of, rows_of
from geed_cli.tracking.record import Row, Track
from geed_cli.verdict.digits import number_text, percent

LEFT, RIGHT, TOP, BOTTOM = 40, 214, 14, 176
MOST_MARKS = 24


def trajectory_figure(track: Track, group: str, column: Column, paints: Sequence[Paint]) -> Markup | None:
    """One measure under one group; None where no step has a value. ``paints`` are those of the runs, in order."""
    runs = [
        (label, paint, rows)
        for label, paint in zip(labels_of(track), paints, strict=True)
        if (rows := [row for row in rows_of(track, group, column, label) if row.value is not None])
    ]
    if not runs:
        return None
    ends = [
        float(end)
        for _, _, rows in runs
        for row in rows
        for end in (row.value, *(row.ci or ()))
        if end is not None
    ]
    low, high = min(0.0, *ends), max(0.0, *ends)
    steps = sorted({row.step for _, _, rows in runs for row in rows})
    rate = in_percent(column.metric)

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - low) / ((high - low) or 1.0)

    def x(step: int) -> float:
        span = steps[-1] - steps[0]
        return LEFT + 6 + (RIGHT - LEFT - 12) * ((step - steps[0]) / span if span else 0.5)

    above, below = ticks(high) if high > 0 else [0.0], ticks(-low) if low < 0 else []
    marks = sorted({*above, *(-tick for tick in below)})
    body = lines([(LEFT, y(mark), RIGHT, y(mark)) for mark in marks])
    numbers = "".join(text(LEFT - 5, y(mark) + 4, percent(mark) if rate else f"{mark:g}") for mark in marks)
    body += alike(numbers, anchor="end")
    for number, (_, paint, rows) in reversed(list(enumerate(runs))):
        body += _run(rows, paint, x, y, first=number == 0)
    wanted = [y(rows[-1].value or 0.0) for _, _, rows in runs]
    for place, (label, paint, _) in zip(apart(wanted, 13, TOP + 4, BOTTOM), runs, strict=True):
        body += text(
            RIGHT + 6, place + 4, name(label, 12), paint=paint, strong=label == runs[0][0], size=11.5
        )
    body += text(x(steps[0]), BOTTOM + 17, f"{steps[0]:,}") if len(steps) > 1 else ""
    body += text(x(steps[-1]), BOTTOM + 17, f"{steps[-1]:,}", anchor="middle" if len(steps) == 1 else "end")
    body += text(RIGHT + 6, BOTTOM + 17, track.unit)
    title = f"{name(group, 40)}: {name(column.title, 60)} by {track.unit}"
    ident_ = f"track-{ident(group)}-{ident(column.title)}"
    return figure(
        body, BOTTOM + 26, ident_, title, " ".join(_told(label, rows, rate=rate) for label, _, rows in runs)
    )


def _run(
    rows: Sequence[Row],
    paint: Paint,
    x: Callable[[int], float],
    y: Callable[[float], float],
    *,
    first: bool,
) -> str:
    points = [(x(row.step), y(row.value)) for row in rows if row.value is not None]
    limits = [(x(row.step), y(row.ci[0]), y(row.ci[1])) for row in rows if row.ci is not None]
    body = ""
    if len(limits) > 1:
        body += area(
            [*((at, one) for at, one, _ in limits), *((at, two) for at, _, two in limits[::-1])], paint
        )
    body += whiskers(limits, paint)
    body += polyline(points, paint, width=2.2 if first else 1.6)
    return body + (shapes(paint, points, 3) if len(points) <= MOST_MARKS else "")


def _told(label: str, rows: Sequence[Row], *, rate: bool) -> str:
    def of(row: Row) -> str:
        value = row.value or 0.0
        return f"{percent(value) if rate else number_text(value)} at {row.step:,}"

    return f"{name(label, 60)}: {', '.join(map(of, rows[:1] if len(rows) == 1 else (rows[0], rows[-1])))}."
