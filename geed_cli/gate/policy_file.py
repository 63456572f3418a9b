"""The policy file as people write it: what a result must bring, limits, and limits against a baseline.

Everything is strict and frozen: an unknown key, a missing limit or a number of another type is an error,
because a rule that is silently ignored is a gate that is silently open. docs/gate.md explains the keys.
"""

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, model_validator

from geed_cli.documents.validation import StrictPart
from geed_cli.errors import meant
from geed_cli.measures.label_metrics import CHANGE, LabelMetric, larger_is_better, readable_as
from geed_cli.statistics.equivalence import Margin, parse_margin

Level = Literal["error", "warn"]
Guarantee = Literal["nominal", "exact"]
Name = Annotated[str, Field(min_length=1, max_length=200)]
MAX_RULES = 1000


def parse_increase(value: object) -> Margin:
    """``0.01`` is an amount, ``"5%"`` a fraction.

    Raises:
        ValueError: neither, negative, or not finite.
    """
    margin = parse_margin(value)
    if margin is None:
        raise ValueError(
            f"{str(value)[:40]!r} is no increase; expected a number from 0, or a percentage as in 5%"
        )
    return margin


class RequirePart(StrictPart):
    """What a result must bring to be judged at all.

    Attributes:
        min_images: audited images, and images with a value behind every tested entry; left out, 50, and 1 in version 1.
        max_refused: files that the audit refused; null allows any number.
        groups: groups that must have been audited.
        min_clusters: clusters that the images must have been declared to be in; null asks for none.
    """

    min_images: Annotated[int, Field(ge=1)] | None = None
    max_refused: Annotated[int, Field(ge=0)] | None = None
    groups: tuple[Name, ...] = ()
    min_clusters: Annotated[int, Field(ge=2)] | None = None


class _Selection(StrictPart):
    """Which entries a rule is about, by names or globs; without a layer, entries of any layer and of none.

    Attributes:
        id: how reports call the rule; default: its place in the file.
        level: ``warn`` shows what the rule finds and lets the gate pass.
    """

    id: Name | None = None
    metric: Name
    group: Name = "*"
    layer: Name | None = None
    level: Level = "error"

    @property
    def known(self) -> LabelMetric | None:
        """Which way the number is read that the rule is about by its full name; None of a rule about other measures.

        Raises:
            ValueError: it names a layer, and predictions have none.
        """
        found = readable_as(self.metric)
        if found is not None and self.layer is not None:
            raise ValueError(f"{self.metric} is of predictions, which have no layer; leave layer out")
        return found


class RulePart(_Selection):
    """A limit on values; exactly one of ``max`` and ``min``, itself allowed."""

    max: float | None = None
    min: float | None = None

    @model_validator(mode="after")
    def _has_one_limit(self) -> "RulePart":
        if (self.max is None) == (self.min is None):
            limits = "no limit" if self.max is None else "both max and min"
            raise ValueError(f"{limits}; expected max or min, one of them (two rules for both)")
        return self

    @model_validator(mode="after")
    def _limits_the_bad_side(self) -> "RulePart":
        """Larger may be better, so that max would ask for the opposite of what it asks elsewhere."""
        if (said := self.known) is None:
            return self
        right, wrong = ("min", self.max) if said.larger_is_better else ("max", self.min)
        if wrong is not None:
            better = "larger" if said.larger_is_better else "smaller"
            other = "max" if right == "min" else "min"
            raise ValueError(
                f"{self.metric} is better the {better} it is, and has a {other}; expected {right}"
            )
        limit = self.max if self.min is None else self.min
        high = 0.0 if self.metric == CHANGE else said.high
        if limit is not None and not said.low <= limit <= high:
            raise ValueError(
                f"{right} is {limit:g}, and {self.metric} is expected from {said.low:g} to {high:g}: "
                f"{'a fall by 5 points is -0.05' if self.metric == CHANGE else '80% is 0.8'}"
            )
        return self


class BaselineRulePart(_Selection):
    """A limit on a change: how much larger than the baseline's values may be, or how much smaller its accuracy."""

    max_increase: Annotated[Margin | None, PlainValidator(parse_increase)] = None
    max_decrease: Annotated[float, Field(ge=0.0, le=1.0)] | None = None

    @model_validator(mode="after")
    def _limits_the_bad_side(self) -> "BaselineRulePart":
        said = self.known
        right = "max_decrease" if said is not None and said.larger_is_better else "max_increase"
        wrong = "max_increase" if right == "max_decrease" else "max_decrease"
        if getattr(self, wrong) is not None and said is not None:
            better = "larger" if said.larger_is_better else "smaller"
            raise ValueError(
                f"{self.metric} is better the {better} it is, and has a {wrong}; expected {right}"
            )
        if self.max_decrease is not None and said is None:
            of = larger_is_better()
            raise ValueError(
                f"max_decrease of {self.metric}, which is none of {', '.join(of)}; expected "
                f"{meant(self.metric, of)}max_increase of a measure"
            )
        if getattr(self, right) is None:
            raise ValueError(f"no limit; expected {right}")
        if said is not None and self.max_increase is not None and self.max_increase.relative:
            raise ValueError(f"a percentage of {self.metric}; expected a number, 0.01 is one point")
        return self


class BaselinePart(StrictPart):
    """Rules that need ``--baseline``."""

    rules: Annotated[tuple[BaselineRulePart, ...], Field(max_length=MAX_RULES)] = ()


class PolicyFile(StrictPart):
    """One policy file; the attributes are its sections.

    Attributes:
        guarantee: ``exact`` makes every claim with limits that hold at any number of images and for any distribution.
    """

    version: Literal[1, 2]
    require: RequirePart = RequirePart()
    rules: Annotated[tuple[RulePart, ...], Field(max_length=MAX_RULES)] = ()
    baseline: BaselinePart = BaselinePart()
    guarantee: Guarantee = "nominal"

    @model_validator(mode="after")
    def _tests_something(self) -> "PolicyFile":
        if not self.rules and not self.baseline.rules:
            raise ValueError("a policy without rules; expected at least one under rules or baseline.rules")
        ids = [rule.id for rule in (*self.rules, *self.baseline.rules) if rule.id is not None]
        repeated = sorted({name for name in ids if ids.count(name) > 1})
        if repeated:
            raise ValueError(f"two rules have the id {repeated[0]!r}; expected an id of its own for each")
        return self
