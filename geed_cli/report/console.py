"""The two consoles: results on stdout, everything else on stderr; plain text wherever it is no terminal."""

import sys
from typing import TextIO

from rich.console import Console

PLAIN_WIDTH = 110
"""Columns where there is no terminal to ask, unless COLUMNS says otherwise."""


def result_console() -> Console:
    """For results: stdout."""
    return make_console(sys.stdout)


def message_console() -> Console:
    """For progress, notes and errors: stderr."""
    return make_console(sys.stderr)


def make_console(stream: TextIO) -> Console:
    """A console without markup or highlighting; colour only on a terminal, never with NO_COLOR."""
    probe = Console(file=stream)
    width = None if probe.is_terminal or "COLUMNS" in probe._environ else PLAIN_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)
