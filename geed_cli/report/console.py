"""The two consoles: results on stdout, everything else on stderr; plain text wherever it is no terminal.

Where the reader of stdout is gone, as with ``geed … | head``, nothing more is printed and all else goes on. Names in a
result may come from a stranger: ``plain`` makes them safe to print.
"""

import errno
import os
import sys
from collections.abc import Iterable
from typing import IO, TextIO

from rich.console import Console, RenderableType

from geed_cli.documents.document import printable, unicode_text
from geed_cli.report.marks import ascii_text, plain_characters

MOST_CHARACTERS = 300
"""How much of a text from a result is printed."""

WIDTH_WITHOUT_TERMINAL = 110
"""Columns where there is no terminal to ask, unless COLUMNS says otherwise."""


def plain(text: str, most: int = MOST_CHARACTERS) -> str:
    """At most so many characters of the text, made harmless."""
    return harmless(printable(text, most))


def harmless(text: str) -> str:
    """The text with control characters escaped, and without a build server's command marks, ``::`` and ``##[``."""
    shown = printable(text, len(text)).replace("##[", "# #[")
    while "::" in shown:
        shown = shown.replace("::", ": :")
    return shown


def reader_is_gone(error: OSError, *, windows: bool = os.name == "nt") -> bool:
    """Whether writing failed since nobody reads: a broken pipe, for which Windows says that an argument is invalid.

    It says the same of names that no file may have; such an error names the file.
    """
    return isinstance(error, BrokenPipeError) or (
        windows and error.errno == errno.EINVAL and error.filename is None
    )


def print_nowhere(stream: IO[str]) -> None:
    """Send a stream to nowhere from here on, so that Python does not flush into the closed pipe at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_stdout(data: bytes) -> None:
    """Put bytes on standard output, whatever the locale makes of text; a stream without bytes gets their text."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data.decode("utf-8", "surrogateescape"))
    else:
        buffer.write(data)
        buffer.flush()


class PipeConsole(Console):
    """A console that leaves a closed pipe to its caller, where rich would end the program."""

    def on_broken_pipe(self) -> None:
        """Raise the error that rich caught."""
        raise BrokenPipeError


def result_console() -> Console:
    """For results: stdout."""
    return make_console(sys.stdout)


def message_console() -> Console:
    """For progress, notes and errors: stderr."""
    return make_console(sys.stderr)


def make_console(stream: TextIO) -> Console:
    """A console without markup or highlighting; colour only on a terminal, never with NO_COLOR."""
    fixed = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_WITHOUT_TERMINAL
    return PipeConsole(file=stream, width=fixed, markup=False, highlight=False, emoji=False)


def emit(parts: Iterable[RenderableType], console: Console, width: int | None = None) -> None:
    """Print the parts, in so many columns; away from a terminal without the blanks that fill rich's lines.

    Where the reader may have nothing but ASCII, the program's own signs are spelt in it.
    """
    plain = plain_characters(console)
    if console.is_terminal and not plain:
        for part in parts:
            console.print(part, width=width)
        return
    with console.capture() as captured:
        for part in parts:
            console.print(part, width=width)
    text = "\n".join(line.rstrip() for line in captured.get().splitlines())
    write(ascii_text(text) if plain else text, console)


def write(text: str, console: Console) -> None:
    """Put lines on the console's stream as they are; a reader who is gone misses them."""
    try:
        console.file.write(unicode_text(text) + "\n")
        console.file.flush()
    except OSError as error:  # files are still written, and a gate's exit code is the verdict's
        if not reader_is_gone(error):
            raise
        print_nowhere(console.file)
