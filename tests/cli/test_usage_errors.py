"""Errors of usage have the form of all others, and the command behind ``try:`` runs as it is printed."""

import re
import shlex

import pytest
from support.command import Geed


@pytest.mark.parametrize(
    ("typed", "found", "expected"),
    [
        ("audit x --grup flip", "no such option: --grup", "an option of geed audit; nearest are --group"),
        ("inspct", "no such command 'inspct'", "one of audit, check, .*; nearest are inspect, init"),
        ("ls spec", "no such command 'spec'", "one of groups, .*; nearest are specs, sets"),
        ("audit x --samples -3", "invalid value for '--samples': it should be .*", "--samples: audit at most .*"),
        ("audit --samples 3 --samples 4", "invalid value for '--samples': it is given twice.*", "geed audit .*"),
        ("selftest --precision fp8", "invalid value for '--precision': 'fp8' is not one of .*", "--precision: .*"),
        ("audit --samples", "option '--samples' requires an argument", r"geed audit \[OPTIONS\] \[MODEL\]"),
        ("check", "missing argument 'RESULT'", r"geed check \[OPTIONS\] {RESULT}..."),
        ("--nope", "no such option: --nope", r"geed \[OPTIONS\] COMMAND .*"),
    ],
)  # fmt: skip
def test_a_command_line_that_is_wrong_is_refused(geed: Geed, typed: str, found: str, expected: str) -> None:
    """Exit 2, nothing on stdout, three lines; the help that is named is there."""
    done = geed(*shlex.split(typed))
    assert (done.exit_code, done.stdout) == (2, "")
    first, second, third = done.stderr.splitlines()
    assert re.fullmatch(f"error: {found}", first)
    assert re.fullmatch(f"  expected: {expected}", second)
    assert third.startswith("  try:      geed ")
    shown = geed(*shlex.split(third.partition("geed ")[2]))
    assert shown.exit_code == 0
    assert "Usage:" in shown.stdout


def test_what_was_typed_is_harmless(geed: Geed) -> None:
    """A name that would clear the screen is shown as text, on one line."""
    done = geed("\x1b[2J\nx")
    assert done.exit_code == 2
    assert "\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_help_is_no_error(geed: Geed) -> None:
    """No command shows the help, as does asking for it; a version is printed."""
    assert "Usage:" in "".join((geed().stdout, geed().stderr))
    assert geed("--help").exit_code == geed("--version").exit_code == 0
