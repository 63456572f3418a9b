"""Texts of a gate's report that hold names from a result, made safe to print, the same in every form."""

from collections.abc import Sequence
from typing import NamedTuple

from geed_cli.gate.outcome import Examined, GateReport, Outcome, Verdict
from geed_cli.phrases import counted
from geed_cli.report.console import plain
from geed_cli.verdict import policy_check

LONGEST = 2000
"""Characters of a sentence; names in it are short already."""
MOST_REASONS = 5
"""Checks whose reasons stand below the verdict; the others are counted."""


class Line(NamedTuple):
    """One entry of a rule as a reader has to see it: the numbers that were tested, and what stands behind them."""

    verdict: Verdict
    entry: str
    tested: str
    limit: str
    remark: str


def reason(report: GateReport) -> str:
    """The sentences behind the verdict."""
    return plain(policy_check.reason(report), LONGEST)


def reasons(report: GateReport, most: int | None, more: str) -> list[tuple[str, str]]:
    """What could not be tested or called, and why; the last line counts what is left out, and says where it is."""
    found = policy_check.why(report)
    shown = [(plain(name), plain(text, LONGEST)) for name, text in found[:most]]
    if len(found) > len(shown):
        shown.append((f"{len(found) - len(shown)} more", more))
    return shown


def lines(outcome: Outcome, claims: int) -> list[Line]:
    """Every entry that did not pass, else the one that passed most narrowly; behind the last what else passed."""
    deciding = policy_check.deciding(outcome)
    shown = [_line(outcome, entry, claims) for entry in deciding]
    more = len(outcome.examined) - len(deciding)
    if more and shown:
        also = f"{more} more {'entry passes' if more == 1 else 'entries pass'}"
        shown[-1] = shown[-1]._replace(remark="; ".join(filter(None, (shown[-1].remark, also))))
    return shown


def _line(outcome: Outcome, entry: Examined, claims: int) -> Line:
    shown = policy_check.numbers(outcome, entry)
    change = f"{shown.change}, " if shown.change else ""
    tested = f"{change}{shown.measured}, {shown.interval()}" if entry.tested is not None else shown.measured
    remark = plain(policy_check.remark(entry, claims), LONGEST)
    return Line(entry.verdict, entry_name(entry), tested, shown.limit, remark)


def why(outcome: Outcome) -> str:
    """Why a rule could not be tested at all; empty where it was."""
    return plain(outcome.reason or "", LONGEST)


def entry_name(entry: Examined) -> str:
    """The measure, and its layer or element."""
    if entry.element is not None:
        return plain(f"{entry.metric} under {entry.element}")
    return plain(f"{entry.metric} at {entry.layer}" if entry.layer is not None else entry.metric)


def last_name(path: str) -> str:
    """The end of a path."""
    return plain(path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path)


def model_name(label: str) -> str:
    """A model's own name; its file stays whole where that tells it from another."""
    return plain(label) if " (" in label else last_name(label)


def images_of(report: GateReport) -> Sequence[str]:
    """How many images stand behind each model, once where all have the same."""
    counts = dict.fromkeys((model.images, model.planned or 0) for model in report.models)
    return [_images(*count, decided=report.decided) for count in counts]


def _images(count: int, planned: int, *, decided: bool) -> str:
    if count >= planned:
        return counted(count, "image")
    said = f"{count} of {counted(planned, 'image')}"
    return f"decided at {said}, {planned - count} saved" if decided else said
