"""Findings: a value that was measured, set against its known answer.

An answer is a number within a tolerance, a bound that has to be exceeded, or a word. Every one says why it is known
and why the tolerance is what it is. What is no finite number never meets a number.
"""

import math

from geed_cli.report.selftest_report import Finding, Relation


def near(quantity: str, expected: float, found: float | str, *, tolerance: float, reason: str) -> Finding:
    """|found − expected| ≤ tolerance, which is 0 for counts."""
    ok = _is_number(found) and abs(float(found) - expected) <= tolerance
    return _finding(quantity, "near", expected, found, tolerance, ok, reason)


def above(quantity: str, bound: float, found: float | str, *, reason: str) -> Finding:
    """Found > bound."""
    ok = _is_number(found) and float(found) > bound
    return _finding(quantity, "above", bound, found, None, ok, reason)


def word(quantity: str, expected: str, found: float | str, *, reason: str) -> Finding:
    """Found is exactly that word."""
    return _finding(quantity, "is", expected, found, None, found == expected, reason)


def _is_number(found: float | str) -> bool:
    return not isinstance(found, str) and math.isfinite(found)


def _finding(
    quantity: str,
    relation: Relation,
    expected: float | str,
    found: float | str,
    tolerance: float | None,
    ok: bool,
    reason: str,
) -> Finding:
    return Finding(
        quantity=quantity,
        relation=relation,
        expected=expected,
        # JSON has no NaN
        found=found if isinstance(found, str) or math.isfinite(found) else str(found),
        tolerance=tolerance,
        ok=ok,
        reason=reason,
    )
