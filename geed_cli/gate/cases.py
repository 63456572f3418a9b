"""One rule for one model: the entries that it is about, or the one reason why none can be decided.

A rule that matches nothing is an error with the nearest names. Under a baseline rule, an entry that only one
of the two results has is an error as well: a layer that was renamed must not leave the gate.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from geed_cli.comparison.mismatch import mismatches
from geed_cli.errors import nearest
from geed_cli.gate.examine import Match, Pending, concluded, examine
from geed_cli.gate.label_rules import LabelMatch, is_about_labels, label_matches, without_labels
from geed_cli.gate.outcome import Examined, Outcome, worst
from geed_cli.gate.policy import Policy, Rule
from geed_cli.globs import fits_group, has_product, is_or_fits
from geed_cli.measures.catalogue import on_request
from geed_cli.measures.label_metrics import LABEL_METRICS
from geed_cli.result.schema import Entry, Result


@dataclass(frozen=True)
class Case:
    """One rule for the model of that label; nothing is pending where a reason keeps it from being tested."""

    rule: Rule
    label: str
    pending: tuple[Pending, ...]
    reason: str | None = None


def cases_of(label: str, result: Result, policy: Policy, baseline: Result | None) -> Iterator[Case]:
    """Every rule of the policy for one result."""
    differing = () if baseline is None else mismatches(baseline, result)
    for rule in policy.rules:
        reason = _obstacle(rule, result, baseline, differing)
        reference = baseline if rule.limit.needs_baseline else None
        if is_about_labels(rule):
            reason = reason or without_labels(rule, result, reference)
        matched = [] if reason else list(_select(rule, result, reference))
        if not reason and not matched:
            reason = f"the rule matches nothing: {_no_match(rule, result)}"
        least = policy.require.min_images or 1
        pending = tuple(examine(rule, match, result, reference, least, policy.guarantee) for match in matched)
        yield Case(rule, label, pending, reason)


def outcomes_of(case: Case, joint: dict[str, float]) -> Iterator[Outcome]:
    """One outcome for each group that the rule matched; one in all where it could not be tested.

    ``joint`` is the joint confidence for each set of images.
    """
    by_group: dict[str, list[Examined]] = {} if case.reason is None else {case.rule.group: []}
    for pending in case.pending:
        by_group.setdefault(pending.match.group, []).append(concluded(pending, joint[pending.images]))
    for group, examined in by_group.items():
        yield Outcome(
            rule=case.rule.id,
            model=case.label,
            group=group,
            level=case.rule.level,
            demand=str(case.rule.limit),
            verdict=worst(each.verdict for each in examined) if case.reason is None else "error",
            reason=case.reason,
            examined=tuple(examined),
        )


def _obstacle(rule: Rule, result: Result, baseline: Result | None, differing: tuple[str, ...]) -> str | None:
    """Why no entry of the result can be tested by the rule."""
    if result.status != "complete":
        return "the result is partial: its audit did not finish"
    if not rule.limit.needs_baseline:
        return None
    if baseline is None:
        return "the rule limits a change, and no --baseline was given"
    if differing:
        return f"the baseline is not comparable: baseline and result differ in {'; '.join(differing)}"
    return None


def _select(rule: Rule, result: Result, baseline: Result | None) -> Iterator[Match | LabelMatch]:
    """What the rule matches in the result, and for a limit on a change in the baseline, in the result's order."""
    if is_about_labels(rule):
        yield from label_matches(rule, result, baseline)
        return
    here = _keyed(rule, result)
    there = _keyed(rule, baseline) if baseline is not None else {}
    for key in dict.fromkeys((*here, *there)):
        yield Match(*key, here.get(key), there.get(key))


def _no_match(rule: Rule, result: Result) -> str:
    """What of the rule is not in the result, with names that are."""
    if is_about_labels(rule):
        return _no_such_group(rule, result)
    entries = result.results
    fields = (
        ("metric", rule.metric, is_or_fits, dict.fromkeys(entry.metric for entry in entries)),
        ("group", rule.group, fits_group, dict.fromkeys(entry.group for entry in entries)),
        ("layer", rule.layer, is_or_fits, dict.fromkeys(e.layer for e in entries if e.layer is not None)),
    )
    for field, pattern, fits, names in fields:
        if pattern is not None and not any(fits(name, pattern) for name in names):
            asked = next((name for name in on_request() if fits(name, pattern)), None)
            if field == "metric" and asked is not None:
                return f"{asked} is computed on request alone; audit with --metric {asked}"
            close = nearest(pattern, [*names, *LABEL_METRICS] if field == "metric" else names)
            there = ", ".join(close or list(names)[:8])
            product = fits is fits_group and has_product(pattern)
            hint = "; * between two names is a product, ** any text" if product else ""
            there = ("nearest are " if close else "there are ") + there if there else "the result has none"
            return f"no {field} matches {pattern!r}{hint}; {there}"
    return "no entry has that metric, group and layer together"


def _no_such_group(rule: Rule, result: Result) -> str:
    """Of a rule about labels: which groups have what it is about."""
    groups = [tops.group for tops in result.top_classes]
    if any(fits_group(group, rule.group) for group in groups):
        return f"{rule.metric} needs a group of two elements or more"
    close = nearest(rule.group, groups) or groups[:8]
    return f"no group with predictions matches {rule.group!r}; there are {', '.join(close) or 'none'}"


def _keyed(rule: Rule, result: Result) -> dict[tuple[str, str, str | None], Entry]:
    return {
        (entry.metric, entry.group, entry.layer): entry
        for entry in result.results
        if rule.matches(entry.metric, entry.group, entry.layer)
    }
