"""A sweep as a file: its models, data and folder, and options of audits by their names on the command line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import Field, create_model

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import flag_of
from geed_cli.cli.command import declared
from geed_cli.cli.settings import FLAGS_ONLY
from geed_cli.cli.sweep import OPTIONS_LEFT_OUT
from geed_cli.documents.document import Document
from geed_cli.documents.strict_yaml import read_yaml
from geed_cli.documents.validation import StrictPart, validate
from geed_cli.errors import InputError

Words = list[tuple[str | None, str]]
"""Labels, and what stands behind them."""
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class SweepFile:
    """What a file says; ``asked`` are the options of the command line, and under them those of the file."""

    models: Words
    data: Words
    out: Path | None
    asked: AuditArguments


def sweep_document(words: Sequence[str]) -> Document | None:
    """The file that the only word names, if it is YAML and no spec of a model."""
    if len(words) != 1 or Path(words[0]).suffix not in SUFFIXES or not Path(words[0]).is_file():
        return None
    document = read_yaml(Path(words[0]))
    return document if isinstance(document.data, dict) and "model" not in document.data else None


def sweep_in(document: Document, asked: AuditArguments) -> SweepFile:
    """The sweep of a file, whose options those of the command line go before.

    Raises:
        InputError: an unknown key, a value that is none, or no models.
    """
    _refuse_flags(document)
    content: Any = validate(document, _schema())
    given = {name: getattr(content, key) for name, key in _keys().items() if key in content.model_fields_set}
    given = {name: _typed(name, value) for name, value in given.items() if name not in asked.given}
    return SweepFile(
        [(label, text) for label, texts in content.models.items() for text in _several(texts)],
        list((content.data or {}).items()),
        None if content.out is None else Path(content.out),
        replace(asked, **given, given=asked.given | given.keys()),
    )


def written(
    models: Mapping[str, Sequence[str]],
    data: Mapping[str, str],
    groups: Sequence[str],
    asked: AuditArguments,
    out: Path,
) -> str:
    """The sweep as such a file, with every model written out and the groups and options that were asked for."""
    lines = ["models:"]
    lines += [f"  {json.dumps(label)}: {json.dumps(list(texts))}" for label, texts in models.items()]
    lines += (
        ["data:", *(f"  {json.dumps(label)}: {json.dumps(source)}" for label, source in data.items())]
        if data
        else []
    )
    lines += [f"out: {json.dumps(str(out))}", f"group: {json.dumps(list(groups))}"]
    for name, key in _keys().items():
        if name in asked.given and name != "group":
            lines.append(f"{key}: {json.dumps(getattr(asked, name), default=str)}")
    return "\n".join(lines) + "\n"


def _keys() -> dict[str, str]:
    """The options that may stand in a file, by their fields: their names without the dashes."""
    keys = {option.name: flag_of(option.name).removeprefix("--") for option in declared()}
    return {name: key for name, key in keys.items() if name not in OPTIONS_LEFT_OUT and key not in FLAGS_ONLY}


def _schema() -> type[StrictPart]:
    texts = str | tuple[str, ...]
    fields: dict[str, Any] = {
        "models": (dict[str, texts], Field(min_length=1)),
        "data": (dict[str, str] | None, None),
        "out": (str | None, None),
    }
    options = {option.name: option for option in declared()}
    for name, key in _keys().items():
        kind, about = get_args(options[name].annotation)[:2]
        bounds = {"ge": about.min} if about.min is not None else {}
        fields[key] = (_accepted(kind), Field(None, **bounds))
    return create_model("SweepFile", __base__=StrictPart, **fields)


def _accepted(kind: Any) -> Any:  # noqa: ANN401 - types
    """What a file may hold for an option: a text where it takes several, and a number where it takes a text."""
    members = [each for each in get_args(kind) if each is not NoneType] or [kind]
    if members == [list[str]]:
        return str | tuple[str, ...]
    if members in ([str], [Path]):
        return str | int
    return members[0] if len(members) == 1 else kind


def _typed(name: str, value: object) -> object:
    """The value as the command line would have it."""
    kind = next(get_args(option.annotation)[0] for option in declared() if option.name == name)
    members = [each for each in get_args(kind) if each is not NoneType] or [kind]
    if members == [list[str]]:
        return list(_several(value))
    if members == [Path]:
        return Path(str(value))
    return str(value) if members == [str] else value


def _several(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - of a validated document
    return (value,) if isinstance(value, str) else tuple(value)


def _refuse_flags(document: Document) -> None:
    keys = document.data if isinstance(document.data, dict) else {}
    for key in sorted(FLAGS_ONLY & keys.keys()):
        raise InputError(
            f"{document.at((key,))}: --{key} in a file",
            expected="what lets code run on the command line alone",
            remedy=f"take it out of the file: geed sweep {document.name} --{key}",
        )
