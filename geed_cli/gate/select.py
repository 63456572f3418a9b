"""Which entries a rule is about, and why it is about none.

A rule that matches nothing is an error with the nearest names. Under a baseline rule, an entry that only one
of the two results has is an error as well: a layer that was renamed must not leave the gate.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from geed_cli.errors import nearest
from geed_cli.gate.policy import Rule, like
from geed_cli.result.schema import Entry, Result


@dataclass(frozen=True)
class Match:
    """One key that a rule matches: the result's entry, the baseline's; None where one has no such entry."""

    metric: str
    group: str
    layer: str | None
    entry: Entry | None
    reference: Entry | None


def select(rule: Rule, result: Result, baseline: Result | None) -> Iterator[Match]:
    """What the rule matches in the result, and for a limit on a change in the baseline, in the result's order."""
    here = _keyed(rule, result)
    there = _keyed(rule, baseline) if baseline is not None and rule.limit.needs_baseline else {}
    for key in dict.fromkeys((*here, *there)):
        yield Match(*key, here.get(key), there.get(key))


def no_match(rule: Rule, result: Result) -> str:
    """What of the rule is not in the result, with names that are."""
    entries = result.results
    fields = (
        ("metric", rule.metric, dict.fromkeys(entry.metric for entry in entries)),
        ("group", rule.group, dict.fromkeys(entry.group for entry in entries)),
        ("layer", rule.layer, dict.fromkeys(entry.layer for entry in entries if entry.layer is not None)),
    )
    for field, pattern, names in fields:
        if pattern is not None and not any(like(name, pattern) for name in names):
            there = ", ".join(nearest(pattern, list(names)) or list(names)[:8])
            return (
                f"no {field} matches {pattern!r}; {'there are ' + there if there else 'the result has none'}"
            )
    return "no entry has that metric, group and layer together"


def _keyed(rule: Rule, result: Result) -> dict[tuple[str, str, str | None], Entry]:
    return {
        (entry.metric, entry.group, entry.layer): entry
        for entry in result.results
        if rule.matches(entry.metric, entry.group, entry.layer)
    }
