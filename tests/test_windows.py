"""What differs on Windows and can be tested elsewhere: quoting, closed pipes, encodings."""

import errno
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from geed_cli.phrases import shell_joined, shell_quoted
from geed_cli.report.console import reader_is_gone

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("word", "windows"),
    [
        (r"C:\runs\a.json", r"C:\runs\a.json"),
        (r"C:\my runs\a.json", '"C:\\my runs\\a.json"'),
        ("cnn=C:/runs/a.json", "cnn=C:/runs/a.json"),
        ("flip,c4", '"flip,c4"'),
        ("a&b(1).json", '"a&b(1).json"'),
        ("runs/*.json", '"runs/*.json"'),
        ("it's.json", '"it\'s.json"'),
        ("$HOME/it's", "'$HOME/it''s'"),
        ("@list", '"@list"'),
        ("--key", "--key"),
        ("", '""'),
    ],
)
def test_words_are_quoted_for_the_shells_of_the_system(word: str, windows: str) -> None:
    """By hand for cmd and PowerShell; POSIX shells read them back."""
    assert shell_quoted(word, windows=True) == windows
    assert shlex.split(shell_joined(["geed", word], windows=False)) == ["geed", word]
    assert shell_joined(["geed", word], windows=True) == f"geed {windows}"


def test_a_closed_pipe_is_told_from_a_wrong_name() -> None:
    """EINVAL without a file is Windows' broken pipe; with one, or elsewhere, it is an error."""
    pipe, name = (
        OSError(errno.EINVAL, "Invalid argument"),
        OSError(errno.EINVAL, "Invalid argument", "a?.json"),
    )
    assert reader_is_gone(pipe, windows=True)
    assert not reader_is_gone(name, windows=True)
    assert not reader_is_gone(pipe, windows=False)
    assert reader_is_gone(BrokenPipeError(errno.EPIPE, "Broken pipe"), windows=False)
    assert not reader_is_gone(OSError(errno.ENOSPC, "No space left"), windows=True)


def test_texts_are_read_and_written_in_utf_8() -> None:
    """Every open, read_text and write_text of the program says its encoding, which on Windows is another by default."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--preview", "--select", "PLW1514"]
    done = subprocess.run(
        [*command, "geed_cli", "benchmarks"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
