"""YAML for untrusted documents: one plain document, with limits, and every refusal as one ``InputError``.

Refused, with file and line: anchors, aliases, merge keys, duplicate keys, keys that are not text, tags beyond
the core ones, a second document, more than 1 MB, deeper than 30, more than 20,000 values. Only PyYAML's nodes are
used, never its constructors: no tag can make an object.
"""

import re
from pathlib import Path as FilePath

import yaml

from geed_cli.documents.document import Document, Path, Value, printable
from geed_cli.documents.yaml_scalars import CORE_TAGS, resolve_scalar
from geed_cli.errors import InputError, no_such_file

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
MAX_NODES = 20_000

_PLAIN = "tag:geed,2023:plain"
_TEXT_TAG = "tag:yaml.org,2002:str"


def read_yaml(path: FilePath) -> Document:
    """Read one UTF-8 YAML file of at most ``MAX_BYTES`` bytes; the document is named by its path.

    Raises:
        InputError: the file cannot be read, is too large, is not UTF-8, or is refused by ``parse_yaml``.
    """
    if path.exists() and not path.is_file():  # a named pipe would block for ever
        raise InputError(
            f"{path} is no regular file",
            expected="a YAML file",
            remedy="check that this is the file you meant",
        )
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise _too_large(str(path))
        return parse_yaml(raw.decode("utf-8-sig"), str(path))
    except FileNotFoundError as error:
        raise no_such_file(path, str(path)) from error
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}",
            expected="a readable YAML file",
            remedy="check the path and its permissions",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text (byte {error.start})",
            expected="a YAML file in UTF-8",
            remedy="check that this is the file you meant, or save it as UTF-8",
        ) from error


def parse_yaml(text: str, name: str) -> Document:
    """Parse YAML text, which messages call ``name``, into plain values with line numbers; empty text gives None.

    Raises:
        InputError: a syntax error or any refusal of this module, with ``name:line``.
    """
    if len(text) > MAX_BYTES:
        raise _too_large(name)
    lines: dict[Path, int] = {(): 1}
    try:
        loader = _StrictLoader(text)
        node = loader.get_node() if loader.check_node() else None
        if loader.check_node():
            raise _Refusal(loader.next_line(), "a second document", "one document in a file")
        return Document(name, None if node is None else _value(node, (), lines), lines)
    except _Refusal as refusal:
        raise refusal.named(name) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise _Refusal(line, f"not YAML: {error.problem or error.context}").named(name) from error
    except yaml.YAMLError as error:
        raise _Refusal(1, f"not YAML: {str(error).splitlines()[0]}").named(name) from error


class _Refusal(Exception):  # noqa: N818 - it becomes an InputError where the document's name is known
    """Something that no document may hold, and where it stands."""

    def __init__(
        self, line: int, found: str, expected: str = "plain YAML: mappings, lists and scalars"
    ) -> None:
        self.line, self.found, self.expected = line, found, expected

    def named(self, name: str) -> InputError:
        where = f"{name}:{self.line}"
        return InputError(
            f"{where}: {self.found}", expected=self.expected, remedy=f"edit line {self.line} of {name}"
        )


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's parser with limits, checked before each node is made, so that none exhausts memory or stack."""

    # every unquoted scalar without a tag gets one tag, instead of what YAML 1.1 takes it for
    yaml_implicit_resolvers = {None: [(_PLAIN, re.compile(""))]}  # noqa: RUF012 - declared so by PyYAML

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node, whose parent is open."""
        event: yaml.NodeEvent = self.peek_event()  # type: ignore[no-untyped-call]
        tag = getattr(event, "tag", None)
        self._check(event, _line(event), tag)
        if tag == "!":  # says that the value is what it is without resolving: text
            event.tag = _TEXT_TAG  # type: ignore[attr-defined]
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def next_line(self) -> int:
        """The line of what comes next."""
        return _line(self.peek_event())  # type: ignore[no-untyped-call]

    def _check(self, event: yaml.NodeEvent, line: int, tag: str | None) -> None:
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent):
            raise _Refusal(line, f"an alias, *{printable(str(event.anchor))}", "every value written out")
        if event.anchor is not None:
            raise _Refusal(line, f"an anchor, &{printable(event.anchor)}", "every value written out")
        if any("\ud800" <= c <= "\udfff" for c in getattr(event, "value", "")):
            raise _Refusal(line, "half of a surrogate pair", "text in UTF-8")
        if tag not in {None, "!", *CORE_TAGS}:
            raise _Refusal(line, f"the tag {printable(str(tag))}", "values without tags")
        if self._nodes > MAX_NODES:
            raise _Refusal(line, f"more than {MAX_NODES:,} values", "a document written by hand")
        if self._depth > MAX_DEPTH:
            raise _Refusal(line, f"nesting deeper than {MAX_DEPTH}", "a document written by hand")


def _value(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Value:
    """The value of a node; the lines of what is in it are added to ``lines``."""
    lines.setdefault(path, _line(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, number), lines) for number, item in enumerate(node.value)]
    if node.tag == _TEXT_TAG:
        return str(node.value)
    try:
        return resolve_scalar(node.value)
    except ValueError as error:
        raise _Refusal(_line(node), str(error), "a number of ordinary size") from error


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _Refusal(_line(key), "a key that is a list or a mapping", "keys that are text")
        place = (*path, key.value)
        if key.value == "<<" and key.style is None:
            raise _Refusal(_line(key), "a merge key, <<", "every value written out")
        if key.value in values:
            found = f"the key '{printable(key.value)}' again; it is already on line {lines[place]}"
            raise _Refusal(_line(key), found, "every key once")
        lines[place] = _line(key)
        values[key.value] = _value(value, place, lines)
    return values


def _line(part: yaml.Node | yaml.Event) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name} is larger than {MAX_BYTES:,} bytes",
        expected="a document written by hand, far below that",
        remedy="check that this is the file you meant",
    )
