"""Options that are not typed, from the environment, a run file and pyproject.toml, as words that say the same.

The words are put before those that were typed, so that the parser treats both alike, and a result records them.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from geed_cli.cache.location import FOLDER_VARIABLE
from geed_cli.documents.document import Document, printable, unicode_text
from geed_cli.errors import InputError, meant

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Take options that are not typed from this YAML file, such as samples: 500.",
    ),
]
PrintConfig = Annotated[
    bool,
    typer.Option(
        "--print-config",
        help="Print the options with their values and where each comes from, as a --config file, and exit.",
    ),
]

PROJECT = Path("pyproject.toml")
PREFIX = "GEED_"
FLAGS_ONLY = frozenset({"allow-code", "allow-pickle"})
"""They let code run, which no file and no environment may."""
TYPED_ONLY = frozenset({"config", "print-config", "help"})
NOT_FROM_PROJECT = frozenset(
    {
        *(
            "json",
            "csv",
            "out",
            "output",
            "figure",
            "write-spec",
            "dir",
            "cache-dir",
            "rows",
        ),  # where files are written
        *("force", "fresh", "all", "older-than", "max-size"),  # what is overwritten or removed
        *("ray-address", "slurm"),  # who is handed networks and pictures' names, and runs what is sent
        *("spec-dir", "checkpoint", "arch"),  # what runs once the user types --allow-code or --allow-pickle
    }
)
"""pyproject.toml is taken without being named, and may be a stranger's."""
OWN_VARIABLES = frozenset({FOLDER_VARIABLE, "GEED_DEBUG"})
"""They are read where they are needed; what files say of the same option yields to them."""
OF_WORKFLOWS = frozenset({"GEED_BASELINE", "GEED_DATA", "GEED_GROUP", "GEED_MODEL", "GEED_POLICY"})
"""Variables of the workflows of ``geed init`` and of the action, which are no options."""
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True)
class Setting:
    """One option's value that was not typed.

    Attributes:
        words: the words that say it on a command line; none for a flag that is off.
        place: where it stands, such as ``run.yaml:3`` or ``GEED_SAMPLES``.
        of_this_command: whether it stands under the command's name, and so is not meant for others, too.
    """

    words: tuple[str, ...]
    place: str
    of_this_command: bool = False


def settings(context: Any, config: str | None) -> dict[str, Setting]:  # noqa: ANN401 - click's, or typer's own copy
    """What stands in pyproject.toml, in the file of ``--config`` and in the environment, by parameters' names.

    The environment goes before the file, the file before pyproject.toml, and the part under the command's name before
    the rest of the same file.

    Raises:
        InputError: an unknown key, an option that may not stand there, or a value of another kind.
    """
    from geed_cli.documents.toml_table import read_toml_table  # noqa: PLC0415 - a tenth of --help's imports

    commands = dict(_commands(context.find_root().command))
    here = next(name for name, command in commands.items() if command is context.command)
    options = {name: keys_of(command) for name, command in commands.items()}
    found: dict[str, Setting] = {}
    if (project := read_toml_table(PROJECT, "tool", "geed")) is not None:
        found |= _in_document(project, here, options, NOT_FROM_PROJECT)
    if config is not None:
        from geed_cli.documents.strict_yaml import read_yaml  # noqa: PLC0415 - likewise

        found |= _in_document(read_yaml(Path(config)), here, options, frozenset())
    for key, option in options[here].items():
        variable = PREFIX + key.upper().replace("-", "_")
        value = os.environ.get(variable)
        if value and variable in OWN_VARIABLES:
            found.pop(option.name, None)
        elif value and key not in TYPED_ONLY and variable not in OF_WORKFLOWS:
            if key in FLAGS_ONLY:
                raise _not_here(f"the environment has {variable}", key, f"unset {variable}")
            found[option.name] = Setting(_words_of_variable(option, key, variable, value), variable)
    return found


def as_file(context: Any, found: Mapping[str, Setting], typed: frozenset[str]) -> str:  # noqa: ANN401 - as above
    """The options of a command that was parsed, as a file for ``--config``.

    A comment says where each comes from; defaults and what is accepted as a flag alone are comments as a whole.
    """
    lines = [f"# geed {' '.join(context.command_path.split()[1:])}"]
    for key, option in keys_of(context.command).items():
        value = context.params.get(option.name)
        if key in TYPED_ONLY or value is None or value in ((), []):
            continue
        line = f"{key}: {_yaml(value)}"
        if option.name in found:
            lines.append(f"{line}  # {printable(found[option.name].place, 1000)}")
        elif option.name not in typed:
            lines.append(f"# {line}  # default")
        else:
            lines.append(f"# --{key} is a flag alone" if key in FLAGS_ONLY else f"{line}  # typed")
    return "\n".join(lines)


def keys_of(command: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """The options of a command by their keys in files: the names as they are typed, without dashes."""
    return {
        max(option.opts, key=len).removeprefix("--"): option
        for option in command.params
        if option.param_type_name == "option"
    }


def _commands(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - as above
    """Every command by what is typed for it, such as "cache list"."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, inner in below.items():
        yield from _commands(inner, f"{path} {name}".strip())


def _in_document(
    document: Document, here: str, options: Mapping[str, Mapping[str, Any]], denied: frozenset[str]
) -> dict[str, Setting]:
    """What a file says for one command; all of the file is checked, whichever command runs."""
    every = {key: option for known in options.values() for key, option in known.items()}
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        raise _wrong(document, (), "no mapping", "options and their values, such as samples: 500")
    general, own = {}, {}
    for key, value in data.items():
        if key not in options:
            _check_key(document, (key,), [*every, *options], denied)
            option = options[here].get(key)
            words = _words(document, (key,), option or every[key], value)
            if option is not None:
                general[option.name] = Setting(words, document.at((key,)))
            continue
        if not isinstance(value, dict):
            raise _wrong(
                document, (key,), f"'{key}' is no mapping", f"options of geed {key} and their values"
            )
        for name, inner in value.items():
            _check_key(document, (key, name), options[key], denied)
            option = options[key][name]
            words = _words(document, (key, name), option, inner)
            if key == here:
                own[option.name] = Setting(words, document.at((key, name)), of_this_command=True)
    return general | own


def _check_key(
    document: Document, path: tuple[str, ...], known: Mapping[str, Any] | list[str], denied: frozenset[str]
) -> None:
    key = path[-1]
    if key in FLAGS_ONLY | TYPED_ONLY:
        raise _not_here(f"{document.at(path)}: '{key}'", key, f"remove line {document.line(path)}")
    if key in denied:
        raise _wrong(
            document,
            path,
            f"'{key}' in {document.name}, which is read without being named",
            f"--{key} typed, in the environment, or in a file of --config: it says where files are written or "
            "removed, or which network is loaded",
        )
    if key not in known:
        allowed = [name for name in known if name not in FLAGS_ONLY | TYPED_ONLY | denied]
        whose = "an option's name without dashes" if len(path) == 1 else f"an option of geed {path[0]}"
        found = f"unknown key '{printable('.'.join(path))}'"
        raise _wrong(document, path, found, meant(key.replace("_", "-"), allowed) + whose)


def _words(document: Document, path: tuple[str, ...], option: Any, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """The words of one value, which the parser is to judge; here only its kind is."""
    key, flag = path[-1], f"--{path[-1]}"
    shown = f"'{'.'.join(path)}'"
    if option.is_flag:
        if not isinstance(value, bool):
            raise _wrong(document, path, f"{shown} is {_shown(value)}", f"{key}: true, or {key}: false")
        return (flag,) if value else ()
    values = value if option.multiple and isinstance(value, list) else [value]
    for each in values:
        if isinstance(each, bool) or not isinstance(each, str | int | float):
            form = "a value or a list of values" if option.multiple else "one value"
            raise _wrong(
                document, path, f"{shown} is {_shown(each)}", f"{form}: {option.help or flag}".rstrip(".")
            )
    return tuple(word for each in values for word in (flag, str(each)))


def _words_of_variable(option: Any, key: str, variable: str, value: str) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """The words of a variable's value; blanks part the values of an option that may be repeated."""
    if not option.is_flag:
        return tuple(
            word for each in (value.split() if option.multiple else [value]) for word in (f"--{key}", each)
        )
    if value.lower() not in _TRUE | _FALSE:
        raise InputError(
            f"the environment has {variable}={printable(value)}",
            expected=f"1 for --{key}, 0 for none",
            remedy=f"unset {variable}",
        )
    return (f"--{key}",) if value.lower() in _TRUE else ()


def _shown(value: object) -> str:
    kinds = {dict: "a mapping", list: "a list", bool: str(value).lower(), type(None): "empty"}
    return kinds.get(type(value), f"'{printable(str(value))}'")


def _yaml(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(unicode_text(str(value)), ensure_ascii=False)


def _not_here(found: str, key: str, remedy: str) -> InputError:
    why = ", since it lets code run" if key in FLAGS_ONLY else ""
    return InputError(found, expected=f"--{key} as a flag on the command line alone{why}", remedy=remedy)


def _wrong(document: Document, path: tuple[str, ...], found: str, expected: str) -> InputError:
    line = document.line(path)
    return InputError(
        f"{document.at(path)}: {found}", expected=expected, remedy=f"edit line {line} of {document.name}"
    )
