"""What a plan found, ``geed.plan/1``: for each entry about how many images, and the range of what it may take.

Every number is finite or null.
"""

from typing import Literal

from pydantic import Field

from geed_cli.gate.outcome import Verdict
from geed_cli.result.by_name import row_at, rows_at
from geed_cli.result.frames import Columns, Rows, limits
from geed_cli.result.part import Part, Told, in_line
from geed_cli.result.presented import Presented
from geed_cli.result.schema import KEYS

Asked = Literal["width", "margin", "policy"]
CONFIDENCE = 0.95
"""Of the intervals that are planned for."""
RANGES_HOLD = 0.9
"""How often ranges of pilots of 50 images and more hold the number, at the least; docs/statistics.md."""
PILOT = 50
"""Images below which ranges hold less often."""


NO_FORECAST = "its value moves with the number of images"
"""Why there is no forecast for what looks for images among all others."""


class Planned(Told):
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
    element: str | None = Field(None, description="of a change of accuracy: under which element; null else")
    rule: str | None = None
    now: float | None = None
    ci: tuple[float, float] | None = None
    target: str
    verdict: Verdict | None = None
    images: int | None = None
    low: int | None = None
    high: int | None = None
    reason: str | None = None

    def __repr__(self) -> str:
        ends = (
            ""
            if self.low is None
            else f", {self.low} or more"
            if self.high is None
            else f", {self.low} to {self.high}"
        )
        images = "no number of images" if self.images is None else f"about {self.images} images"
        return in_line("Planned", self.metric, self.group, self.layer, self.rule, images + ends)


class Plan(Presented):
    """Everything that a plan found; ``plan[metric, group]`` is what an entry takes.

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

    def __getitem__(self, key: str | tuple[str | None, ...]) -> Planned:
        """What the entry of a measure, group, layer and rule takes; names may be left out where one entry fits.

        Raises:
            NoEntryError: a ``KeyError`` and ``InputError``: there is none, or several; it lists what there is.
        """
        return row_at(self.lines, (*KEYS, "rule"), key, "plan")

    def __contains__(self, key: object) -> bool:
        return bool(rows_at(self.lines, (*KEYS, "rule"), key))

    def __repr__(self) -> str:
        count = len(self.lines)
        entries = f"{count} entr{'y' if count == 1 else 'ies'}"
        return in_line("Plan", f"{self.model}:", f"{self.target};", f"from {self.pilot} images, {entries}")

    def rows_and_columns(self) -> tuple[Columns, Rows]:
        """A row for each of ``lines``."""
        return COLUMNS, (
            (
                *(line.rule, line.group, line.metric, line.layer, line.now, *limits(line.ci)),
                *(line.target, line.verdict, line.images, line.low, line.high, line.reason),
            )
            for line in self.lines
        )


COLUMNS: Columns = {
    "rule": str, "group": str, "metric": str, "layer": str, "now": float, "now_low": float, "now_high": float,
    "target": str, "verdict": str, "images": int, "images_low": int, "images_high": int, "reason": str,
}  # fmt: skip
"""Of a data frame."""
