"""Prints docs/schema.md, every key of a saved result: ``python -m benchmarks.schema_page > docs/schema.md``."""

import json
import re
import types
from collections.abc import Callable, Iterator
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from geed_cli.result.part import Part
from geed_cli.result.schema import Result

HEADING = """# Every key of a saved result

Made of the classes that read and write a result, with their own words, by
`python -m benchmarks.schema_page > docs/schema.md`; a test compares them. [result.md](result.md) explains the keys at
length. A key with a default may be missing in a file, and then has it. Keys are added, and never renamed or removed."""
PLAIN = {str: "string", int: "integer", float: "number", bool: "true or false", type(None): "null"}
OWN_NAMES = {"schema_": "schema"}


def parts(top: type[BaseModel] = Result) -> list[type[BaseModel]]:
    """The classes of a result, each once, in the order in which their keys name them first."""
    found = [top]
    for part in found:
        found += [
            inner
            for field in part.model_fields.values()
            for inner in _classes(field.annotation)
            if inner not in found
        ]
    return list(dict.fromkeys(found))


def _classes(kind: object) -> Iterator[type[BaseModel]]:
    """The parts that a type is made of."""
    if isinstance(kind, type) and issubclass(kind, Part):
        yield kind
    for inner in get_args(kind):
        yield from _classes(inner)


def type_words(kind: object) -> str:
    """A type in words, such as ``list of string``; a part is a link to its section."""
    if isinstance(kind, type) and kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    inner = get_args(kind)
    words = WORDS.get(get_origin(kind))
    if words is None:
        if "JsonValue" in str(kind):
            return "any"
        raise TypeError(f"no words for {kind}")
    return words(inner)


def _one_of(inner: tuple[object, ...]) -> str:
    return " or ".join(dict.fromkeys(type_words(each) for each in inner))


def _listed(inner: tuple[object, ...]) -> str:
    if inner[-1] is Ellipsis:
        return f"list of {_grouped(inner[0])}"
    return f"\\[{', '.join(type_words(each) for each in inner)}]"


WORDS: dict[object, Callable[[tuple[Any, ...]], str]] = {
    Literal: lambda inner: " or ".join(f"`{value}`" for value in inner),
    Union: _one_of,
    types.UnionType: _one_of,
    tuple: _listed,
    dict: lambda inner: f"object of {_grouped(inner[1])}",
}
"""By the outermost part of a type, what is said of what stands in its brackets."""


def _grouped(kind: object) -> str:
    words = type_words(kind)
    return f"({words})" if " or " in words and words != PLAIN[bool] else words


def row(name: str, field: FieldInfo) -> str:
    """One line of a table: key, type, default where it has one, what it is."""
    default = "" if field.is_required() else f"`{_as_json(field.default)}`"
    cells = (f"`{name}`", type_words(field.annotation), default, described(field))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def described(field: FieldInfo) -> str:
    """What a key is: its description, or what the part that it holds says of itself, up to its first full stop."""
    if field.description:
        return field.description
    texts = [re.sub("``", "`", part.__doc__ or "") for part in _classes(field.annotation)]
    return texts[0].split(". ")[0].splitlines()[0].rstrip(".") if texts else ""


def _as_json(value: object) -> str:
    """A default as a file has it."""
    return json.dumps(value, ensure_ascii=False)


def section(part: type[BaseModel]) -> str:
    """One class: its docstring, and a table of its keys."""
    prose = re.sub(r"``", "`", part.__doc__ or "").strip()
    keys = [row(OWN_NAMES.get(name, name), field) for name, field in part.model_fields.items()]
    told = "\n".join(line.strip() for line in prose.splitlines())
    return "\n".join(
        [
            f"## {part.__name__}",
            "",
            told,
            "",
            "| key | type | default | what it is |",
            "|---|---|---|---|",
            *keys,
        ]
    )


def page() -> str:
    """The whole page."""
    return "\n\n".join([HEADING, *(section(part) for part in parts())]) + "\n"


if __name__ == "__main__":
    print(page(), end="")
