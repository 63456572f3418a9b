"""Small JSON files in the cache's folder that spare a run what an earlier one found out, and are never needed.

A file that is missing, damaged, too large or another program's counts as missing. One that cannot be written is not
kept. Neither is an error of the run.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeGuard, TypeVar

from geed_cli.errors import RunError
from geed_cli.result.file import write_atomically

Value = TypeVar("Value")


@dataclass(frozen=True)
class JsonMemory(Generic[Value]):
    """Values by name.

    Attributes:
        path: of the file; None remembers nothing.
        format: written into the file; a file with another one is not read.
        section: under which the values stand in it.
        sound: whether something is a value that can have been kept; what else stands there, however deep, is never
            written back.
        max_bytes: of a file that is read.
        most: values that are kept, the newest.
    """

    path: Path | None
    format: str
    section: str
    sound: Callable[[object], TypeGuard[Value]]
    max_bytes: int
    most: int

    def recall(self, name: str) -> Value | None:
        """The value kept under a name; None where there is none."""
        return self._read().get(name)

    def keep(self, name: str, value: Value) -> None:
        """Keep a value as the newest, if the file can be written at all."""
        if self.path is None:
            return
        known = {key: old for key, old in self._read().items() if key != name} | {name: value}
        newest = dict(list(known.items())[-self.most :])
        content = json.dumps({"format": self.format, self.section: newest}, indent=1) + "\n"
        with suppress(OSError, RunError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(content, self.path)

    def _read(self) -> dict[str, Value]:
        try:
            if self.path is None or not self.path.is_file() or self.path.stat().st_size > self.max_bytes:
                return {}
            found = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        kept = (
            found.get(self.section)
            if isinstance(found, dict) and found.get("format") == self.format
            else None
        )
        return (
            {key: value for key, value in kept.items() if self.sound(value)} if isinstance(kept, dict) else {}
        )
