"""What a gate found, ``geed.gate/1``: the only form that tables, files and annotations are drawn from.

One ``Outcome`` for each rule, model and group, with an ``Examined`` for every entry that the rule matched.
Verdicts from best to worst: pass, undecided, fail, error. Every number is finite or null.
"""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from geed_cli.choices import OnUndecided
from geed_cli.gate.policy_file import Guarantee, Level
from geed_cli.result.schema import Part

Verdict = Literal["pass", "undecided", "fail", "error"]
SEVERITY: tuple[Verdict, ...] = ("pass", "undecided", "fail", "error")
ExitCode = Literal[0, 1, 2]
REQUIRE = "require"
"""The group under which requirements are reported."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; ``pass`` of none."""
    return max(verdicts, key=SEVERITY.index, default="pass")


class Examined(Part):
    """One entry under one rule.

    Attributes:
        value: the entry's value, from its rows.
        reference: the baseline's value; null for rules without a baseline.
        tested: what is compared with the limit: the value, its increase, or the increase over |reference|.
        limit: in the same unit.
        ci: limits of ``tested`` for this entry alone; inside the limit they mean pass.
        joint_ci: limits of ``tested`` that hold for all entries of the policy together; beyond the limit
            they mean fail.
        images: with a value.
        images_to_decide: forecast for an undecided entry; null where no number of images would help.
        reason: why there is no verdict on the value, for an error, or no value yet, for an undecided entry.
    """

    metric: str
    group: str
    layer: str | None
    verdict: Verdict
    value: float | None = None
    reference: float | None = None
    tested: float | None = None
    limit: float | None = None
    ci: tuple[float, float] | None = None
    joint_ci: tuple[float, float] | None = None
    images: int | None = None
    images_to_decide: int | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()


class Outcome(Part):
    """One rule for one model and group; ``group`` is the rule's own pattern where nothing matched it."""

    rule: str
    model: str
    group: str
    level: Level
    demand: str
    verdict: Verdict
    reason: str | None = None
    examined: tuple[Examined, ...] = ()


class RuleVerdict(Part):
    """One rule over all models and groups."""

    rule: str
    level: Level
    verdict: Verdict


class Judged(Part):
    """One model that was judged."""

    label: str
    id: str
    images: int
    data: str = Field(description="the folder that was audited")
    signature: str
    geed: str = Field(description="version that made the result")


class GateReport(Part):
    """The whole gate.

    Attributes:
        verdict: the worst at level error; an error counts at either level.
        exit_code: 0, 1 or 2; see docs/gate.md.
        on_undecided: what an undecided rule does to the exit code.
        policy: the policy file's name.
        baseline: the baseline's model id, if there was one.
        confidence: of ``Examined.ci``, before what a growing run has spent.
        guarantee: the policy's.
        claims: entries that were tested together.
        version: of the policy.
        notes: what the policy's version makes of it, where the present one would make something else.
    """

    schema_: Literal["geed.gate/1"] = Field("geed.gate/1", alias="schema")
    verdict: Verdict
    exit_code: ExitCode
    on_undecided: OnUndecided
    policy: str
    baseline: str | None
    confidence: float
    guarantee: Guarantee = "nominal"
    claims: int
    models: tuple[Judged, ...]
    rules: tuple[RuleVerdict, ...]
    outcomes: tuple[Outcome, ...]
    version: int = 1
    notes: tuple[str, ...] = ()

    model_config = Part.model_config | {"populate_by_name": True}

    def stops(self, outcome: Outcome) -> bool:
        """Whether the outcome keeps the exit code from being 0; every form of the report counts by this."""
        if outcome.verdict == "error":
            return True
        stopping = {"fail", "undecided"} if self.on_undecided == "fail" else {"fail"}
        return outcome.level == "error" and outcome.verdict in stopping
