"""What the auditing process asks the reading one: plain values, sent over its standard input."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geed_cli.checkpoints.reader.resource_limits import Limits


@dataclass(frozen=True)
class Request:
    """One file to be converted.

    Attributes:
        source: the file, of a kind that ``container`` names.
        target: the safetensors file to write; its folder exists and is private.
        container: a value of ``Container``.
        key: which entry holds the weights, see ``choose_entry``.
        usual: the entries that ``auto`` looks for, in order.
        allow_pickle: whether the file may import and run code of its own.
        limits: of the process.
    """

    source: Path
    target: Path
    container: str
    key: str
    usual: tuple[str, ...]
    allow_pickle: bool
    limits: Limits

    @property
    def most_bytes(self) -> int:
        """How many bytes the tensors may take together."""
        return self.limits.output

    def values(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "source": str(self.source),
            "target": str(self.target),
            "container": self.container,
            "key": self.key,
            "usual": list(self.usual),
            "allow_pickle": self.allow_pickle,
            "limits": [self.limits.memory, self.limits.seconds, self.limits.output],
        }

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Request":
        """The inverse of ``values``."""
        return cls(
            source=Path(values["source"]),
            target=Path(values["target"]),
            container=values["container"],
            key=values["key"],
            usual=tuple(values["usual"]),
            allow_pickle=values["allow_pickle"],
            limits=Limits(*values["limits"]),
        )
