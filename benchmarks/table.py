"""Lines of a benchmark: a measured value beside its goal, and how they are printed and kept.

A line without a limit says where the time goes and has no goal. Goals are of the form "at most", rates "at least".
Nothing here imports torch, so that a process that only collects lines stays small.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
HEADER = "| what | measured | value | goal | |"


@dataclass(frozen=True)
class Line:
    """One measured value.

    Attributes:
        what: what was measured, in words.
        detail: the numbers behind the value.
        value: in ``unit``; None where a line only explains the one before it.
        limit: the goal, at most so much; None where there is none.
        unit: ``×`` for ratios, ``s`` for seconds, ``%`` for parts.
        least: the goal, at least so much, in place of ``limit``.
    """

    what: str
    detail: str
    value: float | None = None
    limit: float | None = None
    unit: str = "×"
    least: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the goal was reached; empty where there is none."""
        if self.value is None or not self.goal:
            return ""
        below = self.limit is None or self.value <= self.limit
        above = self.least is None or self.value >= self.least
        return "reached" if below and above else "**missed**"

    @property
    def goal(self) -> str:
        """The goal with its unit; empty where there is none."""
        if self.least is not None:
            return f"≥ {self.least:g} {self.unit}"
        return "" if self.limit is None else f"≤ {self.limit:g} {self.unit}"

    @property
    def markdown(self) -> str:
        """A row of the table."""
        value = "" if self.value is None else f"{self.value:.3f} {self.unit}"
        return f"| {self.what} | {self.detail} | {value} | {self.goal} | {self.verdict} |"


def table(lines: Iterable[Line]) -> str:
    """The lines as a Markdown table."""
    return "\n".join([HEADER, "|---|---|---|---|---|", *(line.markdown for line in lines)])


def append_results(title: str, about: str, lines: Iterable[Line], path: Path = RESULTS) -> None:
    """Put a section with the table at the end of the file.

    Args:
        title: of the section.
        about: what it was measured on and with, a paragraph.
        lines: of the table.
        path: the file, which exists.
    """
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n## {title}\n\n{about}\n\n{table(lines)}\n")
