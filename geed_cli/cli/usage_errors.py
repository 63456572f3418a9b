"""What is wrong with a command line, said as every other refusal: what was found, what was expected, what to try."""

import os
import re
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from geed_cli.cli.completion import bash_words
from geed_cli.documents.document import printable
from geed_cli.errors import INTERRUPTED, WRONG_INPUT, InputError, meant, nearest, nearest_are
from geed_cli.report.console import plain

PROGRAM = "geed"
LONGEST = 2000
"""Characters of what was typed, in a message."""


class PlainErrors(TyperGroup):
    """The root command, whose errors of usage have the form of the program's own; typer draws a box around them."""

    def main(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - typer's
        """Run a command line and end the process, as typer does; or return, where that was asked for."""
        alone = options.get("standalone_mode", True)
        options["standalone_mode"] = False
        if not alone:
            return super().main(*arguments, **options)
        if "--install-completion" in (options.get("args") or sys.argv):
            from geed_cli.cli.completion.model_names import model_names  # noqa: PLC0415 - importlib.metadata, json

            model_names()  # takes seconds the first time, for which nobody waits at the tab key
        if os.environ.get(bash_words.INSTRUCTION) == "complete_bash":
            bash_words.answer(lambda: super(PlainErrors, self).main(*arguments, **options))
        try:
            code = super().main(*arguments, **options)
        except typer.Abort:
            sys.exit(INTERRUPTED)
        except Exception as error:  # click's, or typer's own copy of them, which have no common base
            sys.exit(_said(error))
        sys.exit(code if isinstance(code, int) else 0)


def _said(error: Exception) -> int:
    """Print what is wrong with a command line, or with a file of options, and give the exit code; raise the rest."""
    if isinstance(error, InputError):  # of a file with options, which is read before any command runs
        typer.echo(f"error: {error}", err=True)
    elif not hasattr(error, "format_message"):
        raise error
    elif type(error).__name__ == "NoArgsIsHelpError":  # whose message is the help
        error.show()  # type: ignore[attr-defined]
    else:
        typer.echo(f"error: {refused(error)}", err=True)
    return WRONG_INPUT


def refused(error: Any) -> InputError:  # noqa: ANN401 - click's UsageError or typer's
    """The refusal that an error of usage amounts to."""
    context = getattr(error, "ctx", None)
    path = [] if context is None else context.command_path.split()[1:]
    command = " ".join([PROGRAM, *path])
    found, *_ = re.split(r" \(Possible options:| Did you mean", error.format_message())
    text = plain(found.replace("Value error, ", "").replace(": Input should", ": it should"), LONGEST)
    place = f"{printable(error.place, LONGEST)}: " if hasattr(error, "place") else ""
    return InputError(
        f"{place}{text[:1].lower()}{text[1:].removesuffix('.')}",
        expected=_expected(error, command),
        remedy=f"{command} --help",
    )


def _expected(error: Any, command: str) -> str:  # noqa: ANN401 - as above
    """What an option is for, the options or commands that are like what was typed, or else the form of the command."""
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    if close := getattr(error, "possibilities", None):
        return f"an option of {command}{nearest_are(sorted(close))}"
    if context is None:
        return "a command of geed"
    if chosen := re.search(r"'([^']*)' is not one of (.*)", error.format_message()):
        words = re.findall(r"'([^']*)'", chosen[2])
        return f"{meant(chosen[1], words)}one of {', '.join(words)}"
    if parameter is not None and parameter.param_type_name == "option" and (text := parameter.help):
        return f"{max(parameter.opts, key=len)}: {text[:1].lower()}{text[1:].removesuffix('.')}"
    commands = getattr(context.command, "commands", None)
    if commands and "command" in error.format_message():
        typed = error.format_message().split("'")
        return f"one of {', '.join(commands)}{nearest_are(nearest(typed[1], commands) if len(typed) > 1 else [])}"
    return " ".join([command, *context.command.collect_usage_pieces(context)])
