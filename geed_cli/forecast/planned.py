"""What a plan found, ``geed.plan/1``: for each entry about how many images, and the range of what it may take.

Every number is finite or null.
"""

from typing import Literal

from pydantic import Field

from geed_cli.gate.outcome import Verdict
from geed_cli.result.schema import Part

Asked = Literal["width", "margin", "policy"]
CONFIDENCE = 0.95
"""Of the intervals that are planned for."""
RANGES_HOLD = 0.9
"""How often ranges of pilots of 50 images and more hold the number, at the least; docs/statistics.md."""
PILOT = 50
"""Images below which ranges hold less often."""


class Planned(Part):
    """One entry, and what it takes.

    Attributes:
        rule: of a policy; null otherwise.
        now: what the pilot has: the value, a difference, or an increase.
        ci: its interval.
        target: what is to be reached.
        verdict: what the rule would say if the estimate stayed where it is; null without a rule.
        images: if spread and distance are as the pilot says; null where no number would do.
        low: the least that it may take; null where nothing is known.
        high: the most; null where no number is known to do.
        reason: why there is no forecast.
    """

    metric: str
    group: str
    layer: str | None
    rule: str | None = None
    now: float | None = None
    ci: tuple[float, float] | None = None
    target: str
    verdict: Verdict | None = None
    images: int | None = None
    low: int | None = None
    high: int | None = None
    reason: str | None = None


class Plan(Part):
    """Everything that a plan found.

    Attributes:
        model: that was audited.
        pilot: its images.
        power: with which a margin or a rule is to be decided; null for a width.
        least: images that the policy requires, whatever the rules take.
        lines: in the order of the result, or of the policy's rules.
    """

    schema_: Literal["geed.plan/1"] = Field("geed.plan/1", alias="schema")
    asked: Asked
    target: str
    model: str
    baseline: str | None = None
    pilot: int
    power: float | None = None
    least: int | None = None
    lines: tuple[Planned, ...]

    model_config = Part.model_config | {"populate_by_name": True}
