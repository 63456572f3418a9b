"""``geed.part/1``: what a shard of an audit leaves: what it is a part of, and which files have its rows."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from geed_cli.documents.document import name_there
from geed_cli.errors import InputError
from geed_cli.result.file import first_fault, read_strict_json
from geed_cli.result.part import Part
from geed_cli.result.schema import Completeness, Environment

SCHEMA: Literal["geed.part/1"] = "geed.part/1"


class ShardPart(Part):
    """One shard of an audit; ``geed merge`` makes one result of all of them."""

    schema_: Literal["geed.part/1"] = Field(SCHEMA, alias="schema", description="the version of this format")
    status: Completeness = Field(
        description="partial where the run was interrupted: the same command goes on"
    )
    number: int = Field(ge=1, description="which shard, from 1")
    count: int = Field(ge=1, description="of how many")
    command: tuple[str, ...] = Field(description="the command line that made it, as it was typed")
    recipe: dict[str, str] = Field(description="everything but the image that determines a row, by name")
    asked: dict[str, str] = Field(description="what else the result depends on: statistics, labels, weights")
    rows: tuple[str, ...] = Field(
        description="the row files that have its rows, from the folder of this file"
    )
    device: str = Field(description="where it ran, as settings.device of a result")
    batch_size: int = Field(description="rows of a batch, as in the settings of a result")
    threads: int = Field(description="of torch, likewise")
    environment: Environment

    model_config = Part.model_config | {"populate_by_name": True}

    @property
    def shard(self) -> str:
        """As ``--shard`` takes it."""
        return f"{self.number}/{self.count}"


def read_part(path: Path) -> ShardPart:
    """A saved part.

    Raises:
        InputError: missing, no regular file, not strict JSON, another schema, or broken.
    """
    content = read_strict_json(path)
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        raise _not_a_part(path, f"its schema is {schema!r}")
    try:
        return ShardPart.model_validate(content)
    except ValidationError as error:
        raise _not_a_part(path, first_fault(error)) from error


def row_files(part: ShardPart, path: Path) -> list[Path]:
    """Where the row files of a part are: where it says, or beside it, where they were copied to one folder.

    Raises:
        InputError: one of them is at neither place.
    """
    found = []
    for name in part.rows:
        places = [Path(name_there(str(path.parent / each))) for each in (name, Path(name).name)]
        there = next((place for place in places if place.is_file()), None)
        if there is None:
            raise InputError(
                f"{path} has rows in {name}, which is not there",
                expected="the row files of a part where it was written, or beside it",
                remedy=f"copy {Path(name).name} to {path.parent}",
            )
        found.append(there)
    return found


def _not_a_part(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is not a part of an audit: {why}",
        expected="a file that geed audit … --shard i/n --json FILE wrote",
        remedy="run that shard again",
    )
