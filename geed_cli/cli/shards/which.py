"""``--shard``: which part of an audit a process makes, as typed or as a cluster says in the environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from geed_cli.cli.panels import RUN
from geed_cli.errors import InputError

AUTO = "auto"
Parts = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Make only the I-th of N parts, such as 3/16, or auto: the task of a Slurm array, or RANK of WORLD_SIZE. "
        "Needs --json; 'geed merge' makes one result of all parts.",
        rich_help_panel=RUN,
    ),
]
RowFolder = Annotated[
    Path | None,
    typer.Option(
        "--rows",
        metavar="DIR",
        help="Of --shard: write rows to a file in this folder, and make none that a file there has. "
        "Default: FILE.rows beside the FILE.json of --json.",
        rich_help_panel=RUN,
    ),
]


def shard_in(text: str, environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """The number of the part, from 1, and how many there are.

    Raises:
        InputError: neither I/N nor auto, or an environment that does not say.
    """
    if text == AUTO:
        return _of_cluster(environment)
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(
            f"--shard {text}",
            expected="I/N with 1 ≤ I ≤ N, such as 3/16, or auto",
            remedy="--shard 1/4, then 2/4 …",
        )
    return int(found[1]), int(found[2])


def _of_cluster(environment: Mapping[str, str]) -> tuple[int, int]:
    """What a Slurm array says, else RANK and WORLD_SIZE."""
    if "SLURM_ARRAY_TASK_ID" in environment:
        return _of_array(environment)
    if {"RANK", "WORLD_SIZE"} <= environment.keys():
        rank, size = (_number(environment, name) for name in ("RANK", "WORLD_SIZE"))
        return _checked(rank + 1, size, f"RANK={rank} WORLD_SIZE={size}")
    raise InputError(
        "--shard auto, and the environment has neither SLURM_ARRAY_TASK_ID nor RANK and WORLD_SIZE",
        expected="a task of a Slurm array, or a process that a launcher has numbered",
        remedy="--shard I/N, such as --shard $((JOB_COMPLETION_INDEX + 1))/8",
    )


def _of_array(environment: Mapping[str, str]) -> tuple[int, int]:
    """The place of this task among those of its array, which may begin anywhere and take steps."""
    names = ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT")
    task, count = (_number(environment, name) for name in names)
    first = _number(environment, "SLURM_ARRAY_TASK_MIN") if "SLURM_ARRAY_TASK_MIN" in environment else 0
    step = _number(environment, "SLURM_ARRAY_TASK_STEP") if environment.get("SLURM_ARRAY_TASK_STEP") else 1
    what = f"task {task} of an array of {count} from {first} by steps of {step}"
    if (task - first) % max(step, 1):
        raise _unclear(what)
    return _checked((task - first) // max(step, 1) + 1, count, what)


def _number(environment: Mapping[str, str], name: str) -> int:
    value = environment.get(name, "")
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise InputError(
            f"--shard auto, and the environment has {name}={value!r}",
            expected="a whole number",
            remedy="--shard I/N",
        )
    return int(value)


def _checked(number: int, count: int, what: str) -> tuple[int, int]:
    if not 1 <= number <= count:
        raise _unclear(what)
    return number, count


def _unclear(what: str) -> InputError:
    return InputError(
        f"--shard auto as {what}",
        expected="tasks that are numbered one after the other, such as sbatch --array=1-16",
        remedy="--shard I/N",
    )
