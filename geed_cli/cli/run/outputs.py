"""The files that a command writes: refused before the work where they cannot be, written before stdout is used.

Whoever reads stdout may go away in the middle of it; files are whole by then.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from geed_cli.errors import InputError
from geed_cli.report.console import message_console, write_stdout
from geed_cli.result.file import Content, check_writable, in_pieces, write_atomically

STDOUT = Path("-")
Output = tuple[Path | None, Callable[[], Content]]
"""A target, which the user may have left out, and what makes its contents."""


def check_outputs(json: Path | None, csv: Path | None = None) -> None:
    """Refuse targets that cannot be written, and stdout for both."""
    for target in (json, csv):
        if target is not None and target != STDOUT:
            check_writable(target)
    if json == csv == STDOUT:
        raise InputError("--json - and --csv -", expected="one of them on stdout", remedy="name a file")


def hand_over(outputs: Sequence[Output], show: Callable[[], None]) -> None:
    """Write the files; then stdout gets the output that asked for it, and a table otherwise."""
    for target, make in outputs:
        if target is not None and target != STDOUT:
            save(make(), target)
    to_stdout = [make() for target, make in outputs if target == STDOUT]
    if to_stdout:
        write_stdout(b"".join(in_pieces(to_stdout[0])))  # all of it, or nothing
    else:
        show()


def save(content: Content, path: Path) -> None:
    """Write one file and say so."""
    write_atomically(content, path)
    message_console().print(f"wrote {path}")
