"""What stands between a command and the terminal: every failure becomes one message and the right exit code."""

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from geed_cli.errors import COULD_NOT_RUN, INTERRUPTED, GeedError, InputError
from geed_cli.report.console import print_nowhere

P = ParamSpec("P")

DEBUG_VARIABLE = "GEED_DEBUG"


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a command's errors into messages on stderr; with ``--debug`` they keep their tracebacks.

    ``GeedError`` exits with its own code, an interrupt with 130, anything unforeseen with 3.
    """

    @functools.wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        try:
            command(*arguments, **options)
            sys.stdout.flush()
        except typer.Exit:
            raise
        except BrokenPipeError:
            print_nowhere(sys.stdout)
        except BaseException as error:
            if options.get("debug") or os.environ.get(DEBUG_VARIABLE):
                raise
            message, code = explain(error)
            typer.echo(message, err=True)
            raise typer.Exit(code) from None

    return run


def _out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out anywhere; torch's errors are told by name, because torch may not be imported."""
    kind = type(error).__name__
    return (
        isinstance(error, MemoryError)
        or kind == "OutOfMemoryError"
        or (kind == "RuntimeError" and "DefaultCPUAllocator" in str(error))
    )


def explain(error: BaseException) -> tuple[str, int]:
    """The message that a user sees for an error, and the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted: nothing was written", INTERRUPTED
    if isinstance(error, GeedError):
        return f"error: {error}", error.exit_code
    if _out_of_memory(error):
        exhausted = GeedError(
            "memory ran out", expected="room for the run", remedy="a smaller --batch-size or fewer --samples"
        )
        return f"error: {exhausted}", COULD_NOT_RUN
    if isinstance(error, SystemExit):
        ended = InputError(
            "code that was run, such as the network's, ended the program (sys.exit)",
            expected="code that returns, or raises an exception",
            remedy="take sys.exit out of it",
        )
        return f"error: {ended}", ended.exit_code
    if isinstance(error, OSError):
        refused = GeedError(
            f"the system refused: {error}",
            expected="room and permission",
            remedy="another place for the output",
        )
        return f"error: {refused}", COULD_NOT_RUN
    what = f"internal error, {type(error).__name__}: {error}"
    unforeseen = GeedError(what, expected="no error here", remedy="the same with --debug, and report it")
    return f"error: {unforeseen}", COULD_NOT_RUN
