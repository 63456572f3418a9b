"""From a parsed document to a pydantic model, with one error that names the file, the line and the key.

Types are strict: ``"224"`` is not a number and ``1`` is not true. The first problem in the document's order
is reported and the others are counted, since later ones are often its consequences.
"""

import json
import re
from collections.abc import Mapping
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from geed_cli.documents.document import Document, Path, Value, printable
from geed_cli.errors import InputError, did_you_mean, meant, nearest

Model = TypeVar("Model", bound=BaseModel)


class StrictPart(BaseModel):
    """Base of the parts of a document: frozen, no unknown keys, no other types, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def validate(document: Document, model: type[Model]) -> Model:
    """Build ``model``, which must forbid unknown keys, from a document whose root is a mapping.

    Raises:
        InputError: the first thing that does not fit, with ``file:line``, the dotted key, what was found and
            what was expected; an unknown key comes with the nearest known ones.
    """
    if not isinstance(document.data, dict):
        raise InputError(
            f"{document.name} holds {_shown(document.data)}",
            expected=f"a mapping with the keys {', '.join(model.model_fields)}",
            remedy=f"edit {document.name}",
        )
    try:
        # Through JSON, because strict JSON mode reads lists as tuples and nothing else loosely.
        return model.model_validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        problems = sorted(error.errors(), key=lambda problem: _order(document, problem))
        raise _as_input_error(document, model, problems) from error


def _order(document: Document, problem: ErrorDetails) -> tuple[bool, int]:
    """By line, but missing keys last: a key may be missing because its name is misspelt elsewhere."""
    return problem["type"] == "missing", document.line(_path(document, problem))


def _as_input_error(document: Document, model: type[BaseModel], problems: list[ErrorDetails]) -> InputError:
    problem, *others = problems
    path = _path(document, problem)
    key = printable(".".join(map(str, path)))
    found, expected = explanation(problem, key, _known_keys(model, path[:-1]))
    more = f" ({len(others)} more after this one)" if others else ""
    return InputError(
        f"{document.at(path)}: {found}{more}",
        expected=expected,
        remedy=f"edit line {document.line(path)} of {document.name}"
        if document.lines
        else f"correct it in the {document.name}",
    )


def explanation(problem: ErrorDetails, key: str, known: tuple[str, ...]) -> tuple[str, str]:
    """What was found and what was expected, by the kind of problem of the validator.

    Args:
        problem: the validator's.
        key: what messages call the place.
        known: the keys that there are beside it.
    """
    match problem["type"]:
        case "extra_forbidden":
            close = nearest(key.rsplit(".", 1)[-1], known)
            hint = f"{did_you_mean(close)}known keys: " if close else "one of "
            return f"unknown key '{key}'", hint + ", ".join(known)
        case "missing":
            return f"the key '{key}' is missing", f"{key}: a value"
        case "value_error":
            error = problem["ctx"]["error"]
            found, _, expected = str(error).partition("; expected ")
            return f"'{key}': {found}" if key else found, expected or "a value that fits the rest"
        case "literal_error":
            words = re.findall(r"'([^']*)'", problem["msg"])
            hint = meant(problem["input"], words) if isinstance(problem["input"], str) else ""
            return f"'{key}' is {_shown(problem['input'])}", hint + _readable(problem["msg"])
        case _:
            return f"'{key}' is {_shown(problem['input'])}", _readable(problem["msg"])


def _readable(message: str) -> str:
    """The validator's message in the words of YAML."""
    text = message.removeprefix("Input should be ")
    return text.replace("an object", "a mapping").replace("a valid array", "a list")


def _shown(value: Value) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{printable(value)}'" if isinstance(value, str) else str(value)


def _path(document: Document, problem: ErrorDetails) -> Path:
    """The problem's place as a document path: pydantic's own markers, such as ``[key]``, are left out."""
    path: Path = ()
    value: Any = document.data
    for part in problem["loc"]:
        if not _holds(value, part):
            # A missing key has no value, but it has a name; what else is not there is pydantic's marker.
            return (*path, part) if problem["type"] == "missing" else path
        path, value = (*path, part), value[part]
    return path


def _holds(value: object, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _known_keys(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys that the schema knows in the mapping at ``path``; () where it is free."""
    for part in path:
        if isinstance(part, int):  # an item of a list is of the list's model
            continue
        field = model.model_fields.get(str(part))
        inner = _models_in(field.annotation) if field else []
        if not inner:
            return ()
        model = inner[0]
    return tuple(model.model_fields)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, list, dict, Mapping):
        return [model for argument in get_args(annotation) for model in _models_in(argument)]
    return []
