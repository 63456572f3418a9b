"""What stands between a command and the terminal: every failure becomes one message and the right exit code."""

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from geed_cli.cli.users_code import users_line
from geed_cli.errors import (
    COULD_NOT_RUN,
    INTERRUPTED,
    GeedError,
    InputError,
    described,
    is_out_of_memory,
    text_of,
)
from geed_cli.report.console import print_nowhere, reader_is_gone
from geed_cli.runtime.own_process import own_process

P = ParamSpec("P")

DEBUG_VARIABLE = "GEED_DEBUG"


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a command's errors into messages on stderr; with ``--debug`` they keep their tracebacks.

    ``GeedError`` exits with its own code, an interrupt with 130, anything unforeseen with 3.
    """

    @functools.wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        try:
            with own_process():
                command(*arguments, **options)
            sys.stdout.flush()
        except typer.Exit:
            raise
        except BaseException as error:
            if isinstance(error, OSError) and reader_is_gone(error):
                print_nowhere(sys.stdout)
                return
            if options.get("debug") or os.environ.get(DEBUG_VARIABLE):
                raise
            message, code = explain(error, allow_code=bool(options.get("allow_code")))
            typer.echo(message, err=True)
            raise typer.Exit(code) from None

    return run


def _of_code(error: BaseException, *, allow_code: bool) -> InputError | None:
    """The refusal of code of the user's that raised something; None where it was not that code."""
    raised = f"code that was run, such as the network's, raised {described(error)}"
    if isinstance(error, SystemExit):
        found, remedy = (
            "code that was run, such as the network's, ended the program (sys.exit)",
            "take sys.exit out of it",
        )
    elif not isinstance(error, Exception):
        found = f"{raised}, which is no Exception"
        remedy = f"let {type(error).__name__} be an Exception; --debug shows the line that raises it"
    elif allow_code and (line := users_line(error)):
        found, remedy = f"{raised} ({line})", "the same with --debug, which shows how it was called"
    else:
        return None
    return InputError(found, expected="code that returns", remedy=remedy)


def explain(error: BaseException, *, allow_code: bool = False) -> tuple[str, int]:
    """The message that a user sees for an error, and the exit code; ``allow_code`` is the option."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted: nothing was written", INTERRUPTED
    if isinstance(error, GeedError):
        return f"error: {error}", error.exit_code
    if is_out_of_memory(error):
        exhausted = GeedError(
            "memory ran out",
            expected="room for the run",
            remedy="a smaller --img-size or --batch-size, or fewer --samples",
        )
        return f"error: {exhausted}", COULD_NOT_RUN
    if refused := _of_code(error, allow_code=allow_code):
        return f"error: {refused}", refused.exit_code
    if isinstance(error, OSError):
        denied = GeedError(
            f"the system refused: {text_of(error)}",
            expected="room and permission",
            remedy="another place for the output",
        )
        return f"error: {denied}", COULD_NOT_RUN
    unforeseen = GeedError(
        f"internal error, {described(error)}",
        expected="no error here",
        remedy="the same with --debug, and report it",
    )
    return f"error: {unforeseen}", COULD_NOT_RUN
