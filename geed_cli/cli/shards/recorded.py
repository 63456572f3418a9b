"""The audit that a recorded command line is of, and command lines of its other parts."""

from collections.abc import Iterator, Sequence

import typer
from typer.main import get_command

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.command import OnceCommand, takes_options
from geed_cli.cli.panels import Debug, Linear, ModelName, Quiet, Verbose
from geed_cli.documents.document import name_there
from geed_cli.errors import GeedError, InputError
from geed_cli.phrases import shell_joined

OF_PARTS = ("--shard", "--rows", "--json")
"""Options that say which part it was and where it went."""


def audit_in(words: Sequence[str]) -> tuple[str | None, AuditArguments]:
    """The model and the options of ``geed audit`` that some words are.

    Raises:
        InputError: they are none.
    """
    found: list[tuple[str | None, AuditArguments]] = []

    @takes_options()
    def audit(
        model: ModelName = None,
        *,
        arguments: AuditArguments,
        verbose: Verbose = False,
        quiet: Quiet = False,
        linear: Linear = False,
        debug: Debug = False,
    ) -> None:
        del verbose, quiet, linear, debug
        found.append((model, arguments))

    app = typer.Typer(add_completion=False)
    app.command(cls=OnceCommand, add_help_option=False)(audit)
    try:
        get_command(app).main(args=list(words[2:]), prog_name="geed audit", standalone_mode=False)
    except GeedError:
        raise
    except Exception as error:  # click's, or typer's own copy of it
        raise InputError(
            f"the parts' command is none of this version: {shell_joined(words)} ({error})",
            expected="parts that this version of geed made",
            remedy="run the shards again",
        ) from error
    return found[0]


def as_typed(words: Sequence[str]) -> tuple[str, ...]:
    r"""The words of a recorded command line with the bytes of paths that are no UTF-8, which it has as ``\xff``."""
    return tuple(_with_bytes(word) for word in words)


def _with_bytes(word: str) -> str:
    option, sign, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return option + sign + name_there(value)


def without_part(words: Sequence[str]) -> tuple[str, ...]:
    """A command line without what says which part it was, and where that went."""
    return tuple(_without(words, OF_PARTS))


def _without(words: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    left = iter(words)
    for word in left:
        if word in options:
            next(left, None)
        elif word.partition("=")[0] not in options:
            yield word


def value_of(words: Sequence[str], option: str) -> str | None:
    """What an option was given on a command line; None where it is not there."""
    for word, following in zip(words, (*words[1:], ""), strict=False):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
