"""``--shard``: which part of an audit a process makes, as typed and as clusters say."""

from collections.abc import Mapping

import pytest

from geed_cli.cli.shards.which import shard_in
from geed_cli.errors import InputError


def slurm(task: int, count: int, least: int, step: int = 1) -> dict[str, str]:
    """What a task of an array finds in its environment."""
    names = ("ID", "COUNT", "MIN", "STEP")
    return {
        f"SLURM_ARRAY_TASK_{name}": str(n) for name, n in zip(names, (task, count, least, step), strict=True)
    }


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        (slurm(1, 16, 1), (1, 16)),
        (slurm(0, 4, 0), (1, 4)),
        (slurm(13, 4, 10), (4, 4)),
        (slurm(9, 3, 1, 4), (3, 3)),
        ({"RANK": "0", "WORLD_SIZE": "8"}, (1, 8)),
        ({"RANK": "7", "WORLD_SIZE": "8"}, (8, 8)),
        (slurm(2, 2, 1) | {"RANK": "0", "WORLD_SIZE": "1"}, (2, 2)),
    ],
)
def test_what_clusters_say(environment: Mapping[str, str], shard: tuple[int, int]) -> None:
    """Arrays that begin anywhere and take steps, before what a launcher says."""
    assert shard_in("auto", environment) == shard


@pytest.mark.parametrize(
    ("text", "environment", "found"),
    [
        ("auto", {}, "the environment has neither SLURM_ARRAY_TASK_ID nor RANK and WORLD_SIZE"),
        ("auto", {"RANK": "0"}, "neither"),
        ("auto", {"RANK": "x", "WORLD_SIZE": "2"}, "RANK='x'"),
        ("auto", {"RANK": "2", "WORLD_SIZE": "2"}, "RANK=2 WORLD_SIZE=2"),
        ("auto", slurm(7, 3, 1), "task 7 of an array of 3 from 1"),
        ("auto", slurm(4, 3, 1, 2), "by steps of 2"),
        ("auto", {"SLURM_ARRAY_TASK_ID": "1"}, "SLURM_ARRAY_TASK_COUNT=''"),
        ("0/4", {}, "--shard 0/4"),
        ("5/4", {}, "--shard 5/4"),
        ("three", {}, "--shard three"),
    ],
)
def test_what_is_no_shard(text: str, environment: Mapping[str, str], found: str) -> None:
    """An array such as 1,3,7 does not say which place a task has; nobody guesses."""
    with pytest.raises(InputError) as caught:
        shard_in(text, environment)
    assert found in caught.value.found
    assert caught.value.exit_code == 2
