"""What a plan says: about how many images, what takes most, what no number would do, and what to do next."""

from collections.abc import Sequence

from geed_cli.forecast.planned import PILOT, RANGES_HOLD, Plan, Planned
from geed_cli.phrases import counted, some
from geed_cli.verdict.digits import forecast
from geed_cli.verdict.said import Said

AIMS = {"width": "intervals {target}", "margin": "{target} of the baseline", "policy": "the policy"}


def say_plan(plan: Plan) -> Said:
    """The answer, and what stands behind it."""
    whole = need_of(plan)
    known = [line for line in plan.lines if line.images is not None]
    reasons = []
    if not plan.lines:
        return Said("", "none", "Nothing to plan.", ("No entry has that measure.",))
    if whole is None:
        verdict = "No number of images is known to do."
    else:
        most = _takes_most(known)
        of = name_of(most) if len(plan.lines) == 1 else f"{_all(known, plan)}"
        verdict = f"About {forecast(whole[0])} images, {range_text(*whole[1:])}."
        what = AIMS[plan.asked].format(target=plan.target)
        reasons.append(f"For {what}: {of}.")
        if len(known) > 1:
            reasons.append(f"{name_of(most)} takes most.")
        if plan.least is not None and whole[0] == plan.least:
            reasons.append(f"The policy requires {plan.least}.")
    reasons += _never(plan)
    if plan.power is not None and known:
        reasons.append(f"Each is then decided with a chance of {100 * plan.power:g}%.")
    return Said("", "none" if whole is None else str(whole[0]), verdict, tuple(reasons))


def need_of(plan: Plan) -> tuple[int, int, int | None] | None:
    """Images for everything that any number would do, and the range of that; None where there is none."""
    known = [line for line in plan.lines if line.images is not None]
    if not known:
        return None
    least = plan.least or 0
    images = max(least, *(line.images or 0 for line in known))
    low = max(least, *(line.low or 0 for line in known))
    highs = [line.high for line in known]
    return images, low, None if None in highs else max(least, *(high or 0 for high in highs))


def range_text(low: int | None, high: int | None) -> str:
    """``210 to 460``, ``210 or more``, ``none``; two digits, the least rounded down and the most rounded up."""
    if low is None:
        return "none"
    unit = 10 ** max(0, len(str(low)) - 2)
    least = f"{low // unit * unit:,}"
    return f"{least} or more" if high is None else f"{least} to {forecast(high)}"


def plan_warnings(plan: Plan) -> tuple[str, ...]:
    """What changes the reading of all of it."""
    if plan.pilot >= PILOT:
        return ()
    return (
        f"a pilot of {counted(plan.pilot, 'image')}: below {PILOT}, ranges hold the number less often than in "
        f"{100 * RANGES_HOLD:g}% of cases",
    )


def next_plan(plan: Plan) -> str:
    """One line on what to do next."""
    whole = need_of(plan)
    if whole is None:
        return "choose another target; see each entry's reason: -v"
    images, _, high = whole
    enough = images if high is None else high
    if enough <= plan.pilot:
        return "these images are enough"
    return f"audit again with --samples {forecast(enough).replace(',', '')}" + (
        ", which may still be too few" if high is None else ""
    )


def name_of(line: Planned) -> str:
    """``latent.l2 under flip``, with its layer and its rule where it has them."""
    rule = "" if line.rule is None else f"{line.rule}: "
    within = "," if line.element is not None else " under"
    return f"{rule}{metric_at(line)}{within} {line.group}"


def metric_at(line: Planned) -> str:
    """The measure, and its layer or element: ``channelwise.cosine at layer1``, ``accuracy.change under r90``."""
    if line.element is not None:
        return f"{line.metric} under {line.element}"
    return line.metric if line.layer is None else f"{line.metric} at {line.layer}"


def _takes_most(known: Sequence[Planned]) -> Planned:
    return max(known, key=lambda line: line.images or 0)


def _all(known: Sequence[Planned], plan: Plan) -> str:
    every = len(plan.lines)
    return f"all {every} entries" if len(known) == every else f"{len(known)} of {every} entries"


def _never(plan: Plan) -> list[str]:
    without = [line for line in plan.lines if line.images is None]
    if not without or len(without) == len(plan.lines) == 1:
        return [f"{line.reason or _beyond(line)}." for line in without]
    return [f"No number would do for {some([name_of(line) for line in without])}."] if without else []


def _beyond(line: Planned) -> str:
    """Why no number would do, of an entry that has an interval."""
    return f"As it stands it is not {line.target}" if line.verdict is None else "The estimate is at the limit"


def why_none(line: Planned) -> str:
    """The reason of an entry without a number; empty where it has one."""
    return "" if line.images is not None else line.reason or _beyond(line)
