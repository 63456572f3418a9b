"""What the auditing process and the reading one tell each other.

The request goes over standard input. The tensors come back as safetensors, which knows no order and no other values;
the answer, a JSON file of limited size beside them, carries the order of the names, the whole numbers at the file's
top level and the notes, or the refusal. The auditing process trusts it no more than the file: every field has its type
and limit, and anything else ends the run.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geed_cli.checkpoints.reader.resource_limits import MOST_TENSORS, Limits
from geed_cli.errors import RunError


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


LARGEST_ANSWER = 64 * 2**20
MOST_NUMBERS = 100
LONGEST_TENSOR_NAME = 1000

Text = Annotated[str, Field(max_length=5000)]
TensorName = Annotated[str, Field(max_length=LONGEST_TENSOR_NAME)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Taken(_Message):
    """The file was read.

    Attributes:
        order: the names of the tensors, in the order of the file.
        numbers: whole numbers at the top level, such as ``epoch``.
        notes: what a reader of the result should know.
    """

    kind: Literal["taken"] = "taken"
    order: Annotated[tuple[TensorName, ...], Field(max_length=MOST_TENSORS)]
    numbers: Annotated[dict[Text, int], Field(max_length=MOST_NUMBERS)]
    notes: Annotated[tuple[Text, ...], Field(max_length=20)]


class Refused(_Message):
    """The file was refused (``input``), or could not be converted for want of room (``run``)."""

    kind: Literal["input", "run"]
    found: Text
    expected: Text
    remedy: Text


class Answer(_Message):
    """One of the two."""

    answer: Annotated[Taken | Refused, Field(discriminator="kind")]


def write_answer(answer: Taken | Refused, path: Path) -> None:
    """Write the answer as ASCII, whatever the names hold."""
    path.write_text(json.dumps(Answer(answer=answer).model_dump()), encoding="ascii")


def read_answer(path: Path) -> Taken | Refused:
    """Read an answer.

    Raises:
        RunError: there is none, or it is not one.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_ANSWER + 1)
        if len(text) > LARGEST_ANSWER:
            raise ValueError("too long")
        return Answer.model_validate_json(text).answer
    except (OSError, ValueError, ValidationError) as error:
        raise RunError(
            f"the process that reads checkpoint files gave no usable answer ({type(error).__name__})",
            expected="the tensors of the file, or a refusal",
            remedy="try again; if it happens again, report it with the file's sha256",
        ) from error
