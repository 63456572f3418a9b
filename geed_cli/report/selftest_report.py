"""What a self-test found, ``geed.selftest/1``: every check with its values, each beside what was expected of it.

A value meets its expectation or it does not; a check that ended early says why instead of its missing values.
"""

from typing import Literal

from pydantic import Field

from geed_cli.result.part import Part
from geed_cli.result.schema import Environment

Relation = Literal["near", "above", "is"]


class Finding(Part):
    """One value beside its known answer.

    Attributes:
        quantity: what was measured.
        relation: ``near`` the expected number within ``tolerance``, ``above`` it, or ``is`` that word.
        expected: the known answer.
        found: the value; a word where there is no number.
        tolerance: of ``near``.
        ok: whether the relation holds.
        reason: why the answer is known, and why the tolerance is what it is.
    """

    quantity: str
    relation: Relation
    expected: float | str
    found: float | str
    tolerance: float | None
    ok: bool
    reason: str


class Case(Part):
    """One check.

    Attributes:
        findings: its values, in order; those before the error where there was one.
        error: why the check could not be carried out to its end.
    """

    name: str
    findings: tuple[Finding, ...]
    error: str | None
    seconds: float


class SelftestReport(Part):
    """A whole self-test."""

    schema_: Literal["geed.selftest/1"] = Field("geed.selftest/1", alias="schema")
    ok: bool = Field(description="every check was carried out, and every value is as expected")
    device: str
    precision: str
    cases: tuple[Case, ...]
    seconds: float
    environment: Environment

    @property
    def exit_code(self) -> int:
        """0 where all is as expected, else 1."""
        return 0 if self.ok else 1
