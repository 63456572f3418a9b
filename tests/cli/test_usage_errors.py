"""Errors of usage have the form of all others, and the command behind ``try:`` runs as it is printed."""

import re
import shlex

import pytest
from support.command import Geed
from support.golden import assert_golden


@pytest.mark.parametrize(
    ("typed", "found", "expected"),
    [
        ("audit x --grup flip", "no such option: --grup", "an option of geed audit; nearest are --group"),
        ("inspct", "no such command 'inspct'", "one of audit, check, .*; nearest are inspect, init"),
        ("ls spec", "no such command 'spec'", "one of groups, .*; nearest are specs, sets"),
        ("audit x --samples -3", "invalid value for '--samples': it should be .*", "--samples: audit at most .*"),
        ("audit --samples 3 --samples 4", "invalid value for '--samples': it is given twice.*", "geed audit .*"),
        ("selftest --precision fp8", "invalid value for '--precision': 'fp8' is not.*", "did you mean fp64 or fp32.*"),
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
    """Asking for the help shows it, and a version is printed."""
    assert "Usage:" in geed("--help").stdout
    assert geed("--help").exit_code == geed("--version").exit_code == 0


def test_no_command_shows_the_first_steps(geed: Geed) -> None:
    """Nothing was asked for, so that a script that lost its command does not pass: exit 2, nothing on stdout.

    tests/test_readme.py runs the example; the other commands run here, and those that are named are there.
    """
    done = geed()
    assert (done.exit_code, done.stdout) == (2, "")
    assert_golden(done.stderr, "start")
    assert max(map(len, done.stderr.splitlines())) <= 110
    names = re.findall(r"^  geed (\w+)", done.stderr, re.MULTILINE)
    assert names == ["audit", "compare", "check"]
    for name in names:
        assert geed(name, "--help").exit_code == 0
    commands = re.findall(r"every \w+: +geed (.*)", done.stderr)
    assert len(commands) == 3
    for command in commands:
        assert geed(*command.replace("NAME", "latent.l2").split()).exit_code == 0
