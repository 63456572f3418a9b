"""A policy as the gate works on it: requirements, and one list of rules, each with its limit.

A limit is one of six kinds: ``max`` and ``min`` of a value, ``increase`` over the baseline's value in the measure's
own unit, an increase as a fraction, of the baseline's distance from perfect (``share``, version 2) or of its
|value| (``percent``, version 1), and the least change from the baseline's accuracy (``change``, 0 or below).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from geed_cli.documents.strict_yaml import read_yaml
from geed_cli.documents.validation import validate
from geed_cli.gate.policy_file import BaselineRulePart, Guarantee, Level, PolicyFile, RequirePart, RulePart
from geed_cli.globs import fits_group, is_or_fits

LimitKind = Literal["max", "min", "increase", "percent", "share", "change"]
FEWEST_IMAGES = {1: 1, 2: 50}
"""What a policy requires that says nothing of images, by its version."""


@dataclass(frozen=True)
class Limit:
    """A number and what it limits; see the module's docstring. The limit itself is allowed."""

    kind: LimitKind
    value: float

    @property
    def needs_baseline(self) -> bool:
        """Whether it limits a change."""
        return self.kind in {"increase", "percent", "share", "change"}

    @property
    def is_least(self) -> bool:
        """Whether what is tested must not be below it; else not above."""
        return self.kind in {"min", "change"}

    def __str__(self) -> str:
        """As reports write it."""
        match self.kind:
            case "max":
                return f"≤ {self.value:g}"
            case "min":
                return f"≥ {self.value:g}"
            case "increase":
                return f"increase ≤ {self.value:g}"
            case "percent" | "share":
                return f"increase ≤ {100 * self.value:g}%"
            case "change":
                return f"change ≥ {self.value:g}"


@dataclass(frozen=True)
class Rule:
    """One rule: names or globs of its entries, where no layer is any layer and none; and what it demands of them."""

    id: str
    metric: str
    group: str
    layer: str | None
    level: Level
    limit: Limit

    def matches(self, metric: str, group: str, layer: str | None) -> bool:
        """Whether the rule is about that entry."""
        return (
            is_or_fits(metric, self.metric)
            and fits_group(group, self.group)
            and (self.layer is None or (layer is not None and is_or_fits(layer, self.layer)))
        )


@dataclass(frozen=True)
class Policy:
    """A whole policy, called by its file's path; rules in the file's order, those that need a baseline last.

    Attributes:
        version: of its format, which says what some of its words mean.
        default_images: whether it says nothing of how many images it requires.
    """

    name: str
    require: RequirePart
    rules: tuple[Rule, ...]
    guarantee: Guarantee = "nominal"
    version: int = 2
    default_images: bool = False

    @property
    def needs_baseline(self) -> bool:
        """Whether any rule limits a change."""
        return any(rule.limit.needs_baseline for rule in self.rules)


def read_policy(path: Path) -> Policy:
    """Read and validate a policy file.

    Raises:
        InputError: naming the line of the first thing that does not fit.
    """
    return policy_of(validate(read_yaml(path), PolicyFile), str(path))


def policy_of(content: PolicyFile, name: str = "policy") -> Policy:
    """The policy that a file's content stands for."""
    limits = [_rule(part, f"rules[{i}]", _limit(part)) for i, part in enumerate(content.rules)]
    changes = [
        _rule(part, f"baseline.rules[{i}]", _change(part, content.version))
        for i, part in enumerate(content.baseline.rules)
    ]
    images = content.require.min_images
    least = FEWEST_IMAGES[content.version] if images is None else images
    require = content.require.model_copy(update={"min_images": least})
    rules = (*limits, *changes)
    return Policy(name, require, rules, content.guarantee, content.version, default_images=images is None)


def _rule(part: RulePart | BaselineRulePart, place: str, limit: Limit) -> Rule:
    return Rule(part.id or place, part.metric, part.group, part.layer, part.level, limit)


def _limit(part: RulePart) -> Limit:
    if part.max is not None:
        return Limit("max", part.max)
    assert part.min is not None, "validated: one of the two is there"
    return Limit("min", part.min)


def _change(part: BaselineRulePart, version: int) -> Limit:
    if part.max_decrease is not None:
        return Limit("change", -part.max_decrease)
    assert part.max_increase is not None, "validated: one of the two is there"
    if not part.max_increase.relative:
        return Limit("increase", part.max_increase.amount)
    return Limit("percent" if version == 1 else "share", part.max_increase.amount)
