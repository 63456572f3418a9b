"""Sets written in a YAML file: a name, and a list of members, each one function of the allowlist.

A file is data: it names functions of the allowlist and gives plain values, and nothing in it is imported or run.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

from geed_cli.documents.document import Document, printable
from geed_cli.documents.strict_yaml import read_yaml
from geed_cli.documents.validation import validate
from geed_cli.errors import InputError
from geed_cli.groups.named import group_named
from geed_cli.sets.perturbation import Perturbation, perturbation
from geed_cli.sets.transformation_set import TransformationSet, set_of

SET_SUFFIXES = (".yaml", ".yml")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=-]{0,63}")


class SetFile(BaseModel):
    """The keys of the file; a member has ``transform``, the function's parameters, and perhaps a ``name``."""

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
    with _at(document, "name"):
        _check_name(file.name)
        if _is_group(file.name):
            raise InputError(
                f"{file.name!r} is the name of a group", expected="another name for the set", remedy=""
            )
    members = [_member(document, number, dict(item)) for number, item in enumerate(file.members)]
    with _at(document, "members"):
        return set_of(file.name, members)


def _member(document: Document, number: int, given: dict[str, JsonValue]) -> Perturbation:
    """One member, named by its call where the file gives it no name."""
    function, name = given.pop("transform", None), given.pop("name", None)
    with _at(document, "members", number):
        if not isinstance(function, str):
            raise InputError(
                "a member without the name of its transform",
                expected="transform: the name of a torchvision function",
                remedy="",
            )
        made = perturbation("", function, given)
    if name is None:
        return replace(made, name=made.call)
    with _at(document, "members", number, "name"):
        return replace(made, name=_check_name(name))


def _check_name(name: JsonValue) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(
            f"the name '{printable(str(name))}'",
            expected="letters, digits, and _ . = - after the first, at most 64 in all",
            remedy="",
        )
    return name


def _is_group(name: str) -> bool:
    try:
        group_named(name)
    except InputError:
        return False
    return True


@contextmanager
def _at(document: Document, *path: str | int) -> Iterator[None]:
    """Put file and line in front of errors from the block; where they have no remedy, it is to edit that line."""
    try:
        yield
    except InputError as error:
        remedy = error.remedy or f"edit line {document.line(path)} of {document.name}"
        raise InputError(
            f"{document.at(path)}: {error.found}", expected=error.expected, remedy=remedy
        ) from error
