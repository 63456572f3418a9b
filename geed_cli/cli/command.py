"""How commands are made: parameters from one declaration, options that stand once, or in files instead."""

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import fields
from typing import Annotated, Any, get_args, get_origin

import typer
from typer.core import TyperCommand

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.panels import Debug
from geed_cli.cli.settings import Config, PrintConfig, Setting, as_file, settings
from geed_cli.documents.command_line import recorded
from geed_cli.documents.document import printable
from geed_cli.errors import WRONG_INPUT

ARGUMENTS = "arguments"
"""The parameter of a command in whose place the declared options stand."""
_WORDS = "geed_cli.words"
"""Where a context has the words that a command was given."""
_SETTINGS = "geed_cli.settings"
"""Where a context has the options that were not typed, by the names of their parameters."""
_DEBUG = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Debug)
_OF_EVERY_COMMAND = (
    inspect.Parameter("config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Config),
    inspect.Parameter("print_config", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=PrintConfig),
)
_CONTEXT = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)


def declared() -> tuple[inspect.Parameter, ...]:
    """The options of audits as parameters, in the order of ``--help``."""
    return tuple(
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type
        )
        for field in fields(AuditArguments)
        if get_origin(field.type) is Annotated
    )


def spelled(arguments: AuditArguments) -> list[str]:
    """The options that stood on the command line, as words that say the same to another command."""
    words = []
    for option in declared():
        value = getattr(arguments, option.name)
        if option.name in arguments.given:
            names = get_args(option.annotation)[1].param_decls or (f"--{option.name.replace('_', '-')}",)
            flag = max((name.partition("/")[0] for name in names), key=len)
            values = value if isinstance(value, list | tuple) else [value]
            words += [flag] if value is True else [word for each in values for word in (flag, str(each))]
    return words


def takes_options(
    *, only: Collection[str] | None = None, without: Collection[str] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command options of audits by name; it receives them as its parameter ``arguments``.

    A command that does not name ``debug``, which its guard reads, gets that, too.

    Args:
        only: names of the options; None is all of them.
        without: names that the command lacks; their fields keep their defaults.
    """
    taken = {option.name: option for option in declared() if only is None or option.name in only}
    for name in without:
        del taken[name]

    def join(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(context: typer.Context, **values: Any) -> None:  # noqa: ANN401 - options are of any type
            given = frozenset(name for name in taken if _was_given(context, name))
            options = {name: values.pop(name) for name in taken}
            if adds_debug:
                del values[_DEBUG.name]
            typed = recorded(["geed", str(context.info_name), *context.meta[_WORDS]])
            found: dict[str, Setting] = context.meta[_SETTINGS]
            ambient = frozenset(name for name, setting in found.items() if not setting.of_this_command)
            command(**values, arguments=AuditArguments(**options, given=given, ambient=ambient, typed=typed))

        adds_debug = _DEBUG.name not in inspect.signature(command).parameters
        parameters = [_CONTEXT]
        for own in inspect.signature(command).parameters.values():
            parameters += (
                taken.values()
                if own.name == ARGUMENTS
                else [own.replace(kind=inspect.Parameter.KEYWORD_ONLY)]
            )
        parameters += [_DEBUG] * adds_debug
        # typer reads the first, and get_type_hints, which it also asks, the second
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return join


def _was_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


class OnceCommand(TyperCommand):
    """A command that refuses a single-valued option given twice, of which the parser would keep the last.

    Options that are not typed come from the environment and from files.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's, or typer's own copy
        """Parse, and refuse repeated values; of a line that is being completed whatever can be parsed."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, self._without_open_option(args))
        values, typed = self._once(ctx, args)
        if values.get("help"):
            return super().parse_args(ctx, args)
        found = {
            name: setting
            for name, setting in settings(ctx, values.get("config")).items()
            if name not in typed
        }
        ctx.meta[_SETTINGS] = found
        words = [word for setting in found.values() for word in setting.words]
        ctx.meta[_WORDS] = (*words, *_without_config(args))
        try:
            rest = super().parse_args(ctx, [*words, *args])
        except Exception as error:  # as above
            name = getattr(getattr(error, "param", None), "name", None)
            if name in found:
                error.place = found[name].place  # type: ignore[attr-defined]
            raise
        if values.get("print_config"):
            typer.echo(as_file(ctx, found, typed))
            raise typer.Exit
        return rest

    def _once(self, ctx: Any, args: list[str]) -> tuple[dict[str, Any], frozenset[str]]:  # noqa: ANN401 - as above
        """The words that were typed by names of parameters, and which options these are; none stands twice."""
        try:
            values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        except Exception as error:  # click's, or typer's own copy: the message is to name this command
            if getattr(error, "ctx", ctx) is None:
                error.ctx = ctx  # type: ignore[attr-defined]
            raise
        for param in order:
            single = param.param_type_name == "option" and not (
                param.multiple or getattr(param, "is_flag", False)
            )
            if single and order.count(param) > 1:
                hint = f"'{max(param.opts, key=len)}'"
                raise typer.BadParameter("it is given twice, and takes one value", ctx=ctx, param_hint=hint)
        return values, frozenset(param.name for param in order if param.param_type_name == "option")

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as above
        """Run; a refusal, which may be of an option that was not typed, is followed by where those come from."""
        try:
            return super().invoke(ctx)
        except typer.Exit as ending:
            found: dict[str, Setting] = ctx.meta.get(_SETTINGS, {})
            said = [f"{' '.join(each.words)} ({each.place})" for each in found.values() if each.words]
            if ending.exit_code == WRONG_INPUT and said:
                typer.echo(f"  not typed: {printable(', '.join(said), 2000)}", err=True)
            raise

    def _without_open_option(self, args: list[str]) -> list[str]:
        """The words without a last option that waits for its value and would keep the others from being read."""
        open_ = (name for param in self.params if not getattr(param, "is_flag", True) for name in param.opts)
        return args[:-1] if args and args[-1] in open_ else args


def _without_config(args: list[str]) -> list[str]:
    """The words without the name of a run file, whose options a result records in its place."""
    kept: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            return [*kept, word, *words]
        if word == "--config":
            next(words, None)
        elif not word.startswith("--config="):
            kept.append(word)
    return kept


def takes_config(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --config and --print-config, which ``OnceCommand`` reads while it parses."""

    @functools.wraps(command)
    def run(*arguments: Any, **values: Any) -> None:  # noqa: ANN401 - options are of any type
        for own in _OF_EVERY_COMMAND:
            del values[own.name]
        command(*arguments, **values)

    parameters = [*inspect.signature(command).parameters.values(), *_OF_EVERY_COMMAND]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def finish(app: typer.Typer) -> None:
    """Make every command of the app, and of the apps in it, refuse repeated values and take a run file."""
    for command in app.registered_commands:
        command.cls = OnceCommand
        if command.callback is not None:
            command.callback = takes_config(command.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            finish(group.typer_instance)
