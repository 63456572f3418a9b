"""Sets written in a YAML file: a name, and a list of members, each one function of the allowlist.

A file is data: it names functions of the allowlist and gives plain values, and nothing in it is imported or run.
"""

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

from geed_cli.documents.document import Document, Value, printable
from geed_cli.documents.strict_yaml import read_yaml
from geed_cli.documents.validation import validate
from geed_cli.errors import InputError
from geed_cli.groups.catalogue import group_named
from geed_cli.sets.perturbation import Perturbation, perturbation
from geed_cli.sets.transformation_set import TransformationSet, set_of

SET_SUFFIXES = (".yaml", ".yml")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=-]{0,63}")


class SetFile(BaseModel):
    """The keys of the file.

    Attributes:
        name: of the set.
        members: each with ``transform``, the function's parameters, and perhaps a ``name``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    members: tuple[dict[str, JsonValue], ...]


def read_set(path: Path) -> TransformationSet:
    """Read a set file.

    Raises:
        InputError: the file cannot be read, does not fit, or describes no set; with file and line.
    """
    document = read_yaml(path)
    file = validate(document, SetFile)
    _check_name(document, ("name",), file.name)
    if _is_group(file.name):
        raise _refusal(
            document, ("name",), f"{file.name!r} is the name of a group", "another name for the set"
        )
    data = document.data
    assert isinstance(data, dict)  # validate accepts nothing else
    listed = data["members"]
    assert isinstance(listed, list)
    members = [_member(document, number, item) for number, item in enumerate(listed)]
    try:
        return set_of(file.name, members)
    except InputError as error:
        raise _placed(document, ("members",), error) from error


def _member(document: Document, number: int, item: Value) -> Perturbation:
    assert isinstance(item, dict)
    place = ("members", number)
    given = dict(item)
    function, name = given.pop("transform", None), given.pop("name", None)
    if not isinstance(function, str):
        expected = "transform: the name of a torchvision function"
        raise _refusal(document, place, "a member without the name of its transform", expected)
    try:
        made = perturbation("", function, given)
    except InputError as error:
        raise _placed(document, place, error) from error
    if name is None:
        return Perturbation(made.call, made.function, made.arguments)
    _check_name(document, (*place, "name"), name)
    return Perturbation(str(name), made.function, made.arguments)


def _check_name(document: Document, path: tuple[str | int, ...], name: Value) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        found = f"the name '{printable(str(name))}'"
        expected = "letters, digits, and _ . = - after the first, at most 64 in all"
        raise _refusal(document, path, found, expected)


def _is_group(name: str) -> bool:
    try:
        group_named(name)
    except InputError:
        return False
    return True


def _refusal(document: Document, path: tuple[str | int, ...], found: str, expected: str) -> InputError:
    return InputError(
        f"{document.at(path)}: {found}",
        expected=expected,
        remedy=f"edit line {document.line(path)} of {document.name}",
    )


def _placed(document: Document, path: tuple[str | int, ...], error: InputError) -> InputError:
    return InputError(f"{document.at(path)}: {error.found}", expected=error.expected, remedy=error.remedy)
