"""The files that a gate's report can be written to; the suffix says which kind."""

from collections.abc import Callable
from pathlib import Path

from geed_cli.errors import InputError
from geed_cli.gate.outcome import GateReport
from geed_cli.report.gate.card import to_card
from geed_cli.report.gate.junit import to_junit
from geed_cli.report.gate.markdown import to_markdown
from geed_cli.result.file import to_strict_json, write_atomically

Writer = Callable[[GateReport], str]
KINDS: dict[str, Writer] = {
    ".junit.xml": to_junit,
    ".md": to_markdown,
    ".json": to_strict_json,
    ".yaml": to_card,
}
"""Suffix → how the report is written. A new kind is a file beside this one and a line here."""


def writer_for(path: Path) -> Writer:
    """What makes the file's text.

    Raises:
        InputError: a suffix that names no kind.
    """
    for suffix, writer in KINDS.items():
        if path.name.endswith(suffix):
            return writer
    raise InputError(
        f"-o {path}: no kind of report has this suffix",
        expected=f"a file ending in {', '.join(KINDS)}",
        remedy=f"-o {path.name.split('.')[0] or 'report'}{'.junit.xml' if path.suffix == '.xml' else '.md'}",
    )


def write_gate(report: GateReport, path: Path) -> None:
    """Write the report as the kind that the file's suffix names, whole or not at all."""
    write_atomically(writer_for(path)(report), path)
