"""The page of a plan: about how many images, what was planned for, each entry's number with its range, what next."""

from collections.abc import Iterator

from rich.console import Console

from geed_cli.choices import View
from geed_cli.forecast.planned import CONFIDENCE, RANGES_HOLD, Plan, Planned
from geed_cli.measures.label_metrics import in_percent
from geed_cli.report.console import plain, write
from geed_cli.report.numbers import in_unit, limits_in_unit
from geed_cli.report.page import (
    BLANK,
    Block,
    Cell,
    Column,
    Line,
    Paragraph,
    Rows,
    Section,
    key_values,
    print_page,
)
from geed_cli.verdict.digits import forecast
from geed_cli.verdict.plan_sentences import (
    metric_at,
    name_of,
    need_of,
    next_plan,
    plan_warnings,
    range_text,
    say_plan,
    why_none,
)

MOST_ROWS = 12
"""The entries that take most; ``-v`` has all."""


def print_plan(plan: Plan, console: Console, view: View = View()) -> None:  # noqa: B008 - it is frozen
    """Print the plan: in full, as one line, or one statement a line, as the view says."""
    if view.quiet:
        write(one_line(plan), console)
        return
    print_page(plan_page(plan, view), console, linear=view.linear)


def plan_page(plan: Plan, view: View) -> Iterator[Block]:
    """The blocks of the printed plan, top to bottom."""
    said = say_plan(plan)
    yield Line(plain(" ".join(said.reasons), 2000), strong=said.verdict)
    if warned := plan_warnings(plan):
        yield BLANK
        yield from (Paragraph("warning:", plain(text), style="magenta") for text in warned)
    yield BLANK
    against = "" if plan.baseline is None else f" against {plain(plan.baseline)}"
    yield Line(f"· {plain(plan.model)}{against}", strong="geed plan")
    power = "" if plan.power is None else f" · power {100 * plan.power:g}%"
    yield Line(f"from {plan.pilot} images · {plain(plan.target)} · {100 * CONFIDENCE:g}% intervals{power}")
    if plan.lines:
        yield BLANK
        yield from _table(plan, view)
    yield BLANK
    yield Line(
        f"images: about so many; range: holds the number in {100 * RANGES_HOLD:g}% of pilots of 50 images and more",
        style="dim",
        drawn=True,
    )
    yield Paragraph("next:", next_plan(plan))


def _table(plan: Plan, view: View) -> Iterator[Block]:
    lines = list(plan.lines)
    if not view.verbose and len(lines) > MOST_ROWS:
        # what has no number at all is what a reader has to see first
        lines.sort(key=lambda line: -(line.images or 10**10))
        lines = lines[:MOST_ROWS]
    several = plan.asked == "policy"
    columns = [
        *[Column("rule", left=True, shortens=True)] * several,
        Column("", left=True, shortens=True),
        Column("now", keep=1),
        Column("interval", keep=0),
        *[Column("limit")] * several,
        *[Column("to", left=True)] * several,
        Column("images"),
        Column("range"),
    ]
    yield Rows(columns, [Section([_row(line, several=several) for line in lines])])
    if more := len(plan.lines) - len(lines):
        yield Line(f"{more} more {'entry' if more == 1 else 'entries'}: -v", style="dim", indent=2)
    if view.verbose:
        for line in plan.lines:
            if why := why_none(line):
                yield Paragraph("note:", plain(f"{name_of(line)}: {why}", 400))


def _row(line: Planned, *, several: bool) -> list[Cell]:
    entry = f"{metric_at(line)}, {line.group}"
    # a glob that matched nothing is no measure, and an increase in percent has no unit of its own
    known = line.now is not None and not line.target.endswith("%")
    percents = line.target.endswith("%") and several
    now, span = "", ""
    if line.now is not None:
        now = f"{100 * line.now:+.2g}%" if percents else in_unit(line.metric, line.now)
        span = f"[{100 * line.ci[0]:+.2g}%, {100 * line.ci[1]:+.2g}%]" if percents and line.ci else ""
        span = span or (limits_in_unit(line.metric, line.ci) if known or not percents else "")
    return [
        *[plain(line.rule or "")] * several,
        plain(entry),
        now,
        span,
        *[_target(line)] * several,
        *[line.verdict or ""] * several,
        "none" if line.images is None else f"~{forecast(line.images)}",
        range_text(line.low, line.high) if line.low is not None or line.reason is None else "none",
    ]


def _target(line: Planned) -> str:
    """The limit of a rule, of a rate in percent."""
    sign, _, number_ = line.target.rpartition(" ")
    if line.now is None or not in_percent(line.metric) or number_.endswith("%"):
        return line.target
    return f"{sign} {100 * float(number_):g}%"


def one_line(plan: Plan) -> str:
    """The plan as one line of ``key=value``; of each entry its number and range, ``none`` where there is none."""
    whole = need_of(plan)
    pairs: list[tuple[str, object]] = [
        ("geed", "plan"),
        ("asked", plan.asked),
        ("target", plain(plan.target)),
        ("pilot", plan.pilot),
        *zip(("images", "low", "high"), map(_count, whole or (None,) * 3), strict=True),
    ]
    for line in plan.lines:
        part = line.layer or line.element
        layer = "" if part is None else f".{plain(part)}"
        rule = "" if line.rule is None else f"{plain(line.rule)}."
        name = f"{rule}{plain(line.metric)}{layer}.{plain(line.group)}"
        pairs.append((name, ",".join(map(_count, (line.images, line.low, line.high)))))
    return key_values(*pairs, ("warnings", len(plan_warnings(plan))))


def _count(number: int | None) -> str:
    return "none" if number is None else str(number)
