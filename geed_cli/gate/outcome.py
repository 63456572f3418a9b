"""What a gate found, ``geed.gate/1``: the only form that tables, files and annotations are drawn from.

One ``Outcome`` for each rule, model and group, with an ``Examined`` for every entry that the rule matched.
Verdicts from best to worst: pass, undecided, fail, error. Every number is finite or null.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from geed_cli.choices import OnUndecided
from geed_cli.gate.policy_file import Guarantee, Level
from geed_cli.result.by_name import row_at, rows_at
from geed_cli.result.frames import Columns, Rows, Scalar, limits
from geed_cli.result.part import Part, Told, in_line, with_limits
from geed_cli.result.presented import Presented

Verdict = Literal["pass", "undecided", "fail", "error"]
SEVERITY: tuple[Verdict, ...] = ("pass", "undecided", "fail", "error")
ExitCode = Literal[0, 1, 2]
REQUIRE = "require"
"""The group under which requirements are reported."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; ``pass`` of none."""
    return max(verdicts, key=SEVERITY.index, default="pass")


class Examined(Told):
    """One entry under one rule.

    Attributes:
        value: the entry's value, from its rows.
        reference: the baseline's value; null for rules without a baseline.
        tested: what is compared with the limit: the value, its increase, the increase over |reference|, or the change.
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
    element: str | None = Field(None, description="of a change of accuracy: under which element; null else")
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

    def __repr__(self) -> str:
        tested = with_limits(self.tested, self.ci)
        limit = None if self.limit is None else f"limit {self.limit:g}"
        return in_line(
            "Examined", self.metric, self.group, self.layer or self.element, self.verdict, tested, limit
        )


class Outcome(Told):
    """One rule for one model and group; ``group`` is the rule's own pattern where nothing matched it."""

    rule: str
    model: str
    group: str
    level: Level
    demand: str
    verdict: Verdict
    reason: str | None = None
    examined: tuple[Examined, ...] = ()

    def __repr__(self) -> str:
        return in_line("Outcome", self.rule, self.group, self.verdict)


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
    planned: int | None = Field(
        None,
        description="of a run that grew, the images that it would have ended with, as far as it knew: without files "
        "that it found it could not use and had no others for; null else",
    )
    confidence: float = Field(
        0.95, description="of its entries' own intervals: less than α is left for a look of a run that grew"
    )
    data: str = Field(description="the folder that was audited")
    signature: str
    geed: str = Field(description="version that made the result")


class GateReport(Presented):
    """The whole gate; ``report[rule, group]`` is what became of a rule under a group.

    Attributes:
        verdict: the worst at level error; an error counts at either level.
        exit_code: 0, 1 or 2; see docs/gate.md.
        on_undecided: what an undecided rule does to the exit code.
        policy: the policy file's name.
        baseline: the baseline's model id, if there was one.
        confidence: 1 − α of the policy, and of ``Examined.ci`` before what a growing run has spent.
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

    @property
    def decided(self) -> bool:
        """Whether every rule has passed or failed and every requirement is met, so that a run that grows may end."""
        return all(outcome.verdict in {"pass", "fail"} for outcome in self.outcomes)

    def stops(self, outcome: Outcome) -> bool:
        """Whether the outcome keeps the exit code from being 0; every form of the report counts by this."""
        if outcome.verdict == "error":
            return True
        stopping = {"fail", "undecided"} if self.on_undecided == "fail" else {"fail"}
        return outcome.level == "error" and outcome.verdict in stopping

    def __getitem__(self, key: str | tuple[str | None, ...]) -> Outcome:
        """What became of a rule for a group and model; names may be left out where only one outcome fits the others.

        Raises:
            NoEntryError: a ``KeyError`` and ``InputError``: there is none, or several; it lists what there is.
        """
        return row_at(self.outcomes, OUTCOME_KEYS, key, "report")

    def __contains__(self, key: object) -> bool:
        return bool(rows_at(self.outcomes, OUTCOME_KEYS, key))

    def __repr__(self) -> str:
        models = ", ".join(model.label for model in self.models)
        return in_line("GateReport", f"{self.verdict}, exit {self.exit_code}:", models, "by", self.policy)

    def rows_and_columns(self) -> tuple[Columns, Rows]:
        """A row for each entry under each rule, and one for each rule that matched no entry."""
        return COLUMNS, (
            (
                *(outcome.model, outcome.rule, outcome.level, outcome.demand),
                *(_untested(outcome) if entry is None else _tested(entry)),
            )
            for outcome in self.outcomes
            for entry in outcome.examined or (None,)
        )


OUTCOME_KEYS = ("rule", "group", "model")
"""The names of an outcome, in the order of a key."""
COLUMNS: Columns = {
    "model": str, "rule": str, "level": str, "demand": str,
    "group": str, "metric": str, "layer": str, "element": str, "verdict": str,
    "value": float, "reference": float, "tested": float,
    "low": float, "high": float, "joint_low": float, "joint_high": float, "limit": float,
    "images": int, "images_to_decide": int, "reason": str, "notes": str,
}  # fmt: skip
"""Of a data frame; ``low`` to ``joint_high`` are limits of ``tested``."""


def _tested(entry: Examined) -> Sequence[Scalar]:
    return (
        *(
            entry.group,
            entry.metric,
            entry.layer,
            entry.element,
            entry.verdict,
            entry.value,
            entry.reference,
            entry.tested,
        ),
        *(*limits(entry.ci), *limits(entry.joint_ci), entry.limit),
        *(entry.images, entry.images_to_decide, entry.reason, "; ".join(entry.notes)),
    )


def _untested(outcome: Outcome) -> Sequence[Scalar]:
    """Of a rule that matched no entry, or a requirement."""
    return (outcome.group, None, None, None, outcome.verdict, *(None,) * 10, outcome.reason, "")
