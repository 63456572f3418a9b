"""From a stream of YAML events to plain values with line numbers, refusing what settings have no use for.

Events are taken one at a time and the open containers are kept in a list, so a limit stops the work where it
is passed, and no nesting depth can exhaust the stack.
"""

from dataclasses import dataclass, field

import yaml

from geed_cli.documents.document import Path, Value, printable
from geed_cli.documents.yaml_scalars import CORE_TAGS, resolve_scalar
from geed_cli.errors import InputError

MAX_DEPTH = 30
MAX_NODES = 20_000

_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")


def refusal(
    name: str, line: int, found: str, expected: str = "plain YAML: mappings, lists and scalars"
) -> InputError:
    """The error for something on a line of a document."""
    return InputError(f"{name}:{line}: {found}", expected=expected, remedy=f"edit line {line} of {name}")


@dataclass
class _Open:
    """A mapping or list that is still being read; ``key`` is the mapping's pending key."""

    value: dict[str, Value] | list[Value]
    path: Path
    key: str | None = None


@dataclass
class DocumentBuilder:
    """Turns events into values, one at a time; the open containers are the only state."""

    name: str
    root: Value = None
    lines: dict[Path, int] = field(default_factory=lambda: {(): 1})
    _open: list[_Open] = field(default_factory=list)
    _nodes: int = 0
    _documents: int = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event of the stream."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise refusal(self.name, line, "a second document", "one document in a file")
        elif isinstance(event, yaml.AliasEvent):
            raise refusal(
                self.name, line, f"an alias, *{printable(str(event.anchor))}", "every value written out"
            )
        elif isinstance(event, yaml.NodeEvent):
            self._check_node(event, line)
            self._take_node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def _check_node(self, event: yaml.NodeEvent, line: int) -> None:
        self._nodes += 1
        if any("\ud800" <= c <= "\udfff" for c in getattr(event, "value", "")):
            raise refusal(self.name, line, "half of a surrogate pair", "text in UTF-8")
        if event.anchor is not None:
            raise refusal(
                self.name, line, f"an anchor, &{printable(event.anchor)}", "every value written out"
            )
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in CORE_TAGS and tag not in _TEXT_TAGS:
            raise refusal(self.name, line, f"the tag {printable(tag)}", "values without tags")
        if self._nodes > MAX_NODES:
            raise refusal(self.name, line, f"more than {MAX_NODES:,} values", "a document written by hand")
        if len(self._open) > MAX_DEPTH:
            raise refusal(self.name, line, f"nesting deeper than {MAX_DEPTH}", "a document written by hand")

    def _take_node(self, event: yaml.NodeEvent, line: int) -> None:
        parent = self._open[-1] if self._open else None
        if parent and isinstance(parent.value, dict) and parent.key is None:
            self._take_key(parent, event, line)
            return
        path = _child_path(parent)
        self.lines.setdefault(path, line)
        value = self._value(event, line)
        self._attach(parent, value)
        if isinstance(value, dict | list):
            self._open.append(_Open(value, path))

    def _take_key(self, parent: _Open, event: yaml.NodeEvent, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise refusal(self.name, line, "a key that is a list or a mapping", "keys that are text")
        if event.value == "<<" and event.style is None:
            raise refusal(self.name, line, "a merge key, <<", "every value written out")
        if event.value in parent.value:
            first = self.lines[(*parent.path, event.value)]
            raise refusal(
                self.name,
                line,
                f"the key '{printable(event.value)}' again; it is already on line {first}",
                "every key once",
            )
        parent.key = event.value
        self.lines[(*parent.path, event.value)] = line

    def _value(self, event: yaml.NodeEvent, line: int) -> Value:
        if isinstance(event, yaml.MappingStartEvent):
            return {}
        if isinstance(event, yaml.SequenceStartEvent):
            return []
        assert isinstance(event, yaml.ScalarEvent)
        quoted = event.style is not None and event.tag is None
        if quoted or event.tag in _TEXT_TAGS:
            return str(event.value)
        try:
            return resolve_scalar(event.value)
        except ValueError as error:
            raise refusal(self.name, line, str(error), "a number of ordinary size") from error

    def _attach(self, parent: _Open | None, value: Value) -> None:
        if parent is None:
            self.root = value
        elif isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key is not None:
            parent.value[parent.key] = value
            parent.key = None


def _child_path(parent: _Open | None) -> Path:
    if parent is None:
        return ()
    if isinstance(parent.value, list):
        return (*parent.path, len(parent.value))
    return (*parent.path, str(parent.key))
