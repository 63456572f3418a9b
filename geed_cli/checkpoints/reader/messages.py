"""What the auditing process and the reading one tell each other.

The request goes over standard input. The tensors come back as safetensors, which knows no order and no other values;
the answer, a JSON file of limited size beside them, carries the order of the names, the whole numbers at the file's
top level and the notes, or the refusal. The auditing process trusts it no more than the file: every field has its type
and limit, and anything else ends the run.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geed_cli.checkpoints.reader.resource_limits import MOST_TENSORS, Limits
from geed_cli.checkpoints.rules import USUAL_ENTRIES
from geed_cli.errors import RunError

LARGEST_ANSWER = 64 * 2**20
MOST_NUMBERS = 100
LONGEST_TENSOR_NAME = 1000

Text = Annotated[str, Field(max_length=5000)]
TensorName = Annotated[str, Field(max_length=LONGEST_TENSOR_NAME)]


@dataclass(frozen=True)
class Choice:
    """Which weights are wanted from a file.

    Attributes:
        key: the entry that holds them, see ``choose_entry``; ``auto`` looks for the usual ones.
        usual: the entries that ``auto`` looks for, in order of preference.
        allow_pickle: whether code that the file names may run, in the reading process.
    """

    key: str = "auto"
    usual: tuple[str, ...] = USUAL_ENTRIES
    allow_pickle: bool = False


@dataclass(frozen=True)
class Request:
    """One file to be converted.

    Attributes:
        source: the file, of a kind that ``container`` names.
        target: the safetensors file to write; its folder exists and is private.
        container: a value of ``Container``.
        choice: which entry, and whether the file may run code.
        limits: of the process.
    """

    source: Path
    target: Path
    container: str
    choice: Choice
    limits: Limits

    def values(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**asdict(self), "source": str(self.source), "target": str(self.target)}

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Request":
        """The inverse of ``values``."""
        source, target = Path(values["source"]), Path(values["target"])
        return cls(
            source, target, values["container"], Choice(**values["choice"]), Limits(**values["limits"])
        )


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Taken(_Message):
    """The file was read.

    Attributes:
        order: the names of the tensors, in the order of the file.
        numbers: whole numbers at the top level, such as ``epoch``.
        notes: what a reader of the result should know.
        entries: names at the top level, whatever they hold; some say which program wrote the file.
    """

    kind: Literal["taken"] = "taken"
    order: Annotated[tuple[TensorName, ...], Field(max_length=MOST_TENSORS)]
    numbers: Annotated[dict[Text, int], Field(max_length=MOST_NUMBERS)]
    notes: Annotated[tuple[Text, ...], Field(max_length=20)]
    entries: Annotated[tuple[TensorName, ...], Field(max_length=MOST_NUMBERS)] = ()


class Refused(_Message):
    """The file was refused (``input``), or could not be converted for want of room (``run``)."""

    kind: Literal["input", "run"]
    found: Text
    expected: Text
    remedy: Text


class Answer(_Message):
    """One of the two."""

    answer: Annotated[Taken | Refused, Field(discriminator="kind")]


@dataclass(frozen=True)
class Conversion:
    """A safetensors file made from another, while it exists.

    Attributes:
        path: the file.
        taken: the order of its tensors, the whole numbers beside them, notes.
        sha256: of the original, where it was taken on the way.
    """

    path: Path
    taken: Taken
    sha256: str | None = None


def write_answer(answer: Taken | Refused, path: Path) -> None:
    """Write the answer as ASCII, whatever the names hold."""
    path.write_text(json.dumps(Answer(answer=answer).model_dump()), encoding="ascii")


def read_answer(path: Path) -> Taken | Refused:
    """Read an answer; a ``RunError`` where there is none, or it is not one."""
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
