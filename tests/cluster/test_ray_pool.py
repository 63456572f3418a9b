"""A real Ray cluster of this machine, with cells that need no network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from geed_cli.cluster.ray_cluster import ClusterOptions
from geed_cli.cluster.ray_pool import DIED
from geed_cli.errors import InputError

TESTS = Path(__file__).parents[1]


@pytest.mark.heavy
def test_a_cluster_of_this_machine_does_all_that_can_be_done(tmp_path: Path) -> None:
    """Workers that die, refuse and fail; it listens on the loopback address alone, and nothing of it is left."""
    pytest.importorskip("ray", reason="needs the extra integrations")
    paths = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    words = [sys.executable, "-m", "support.toy_cluster", str(tmp_path)]
    run = subprocess.run(
        words, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, ""), run.stderr
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["workers"] == 2
    assert told["listens"]
    assert not told["beyond loopback"]
    assert told["files"] == [True, False]
    assert told["processes left"] == 0
    assert told["environment"]
    every = set(range(20))
    done = {"deadly": every - {5}, "odd": every - {2}, "unlucky": every}
    for name, numbers in done.items():
        assert told["values"][name] == [[number, number**2] for number in sorted(numbers)]
    assert not told["twice"]
    assert told["lost"] == [["deadly", 5, DIED], ["odd", 2, "ZeroDivisionError: odd"]]
    assert told["failed"] == ["refused", "wrong"]
    assert told["errors"] == ["an image is wrong", "no such network"]
    # of each image that is lost 2 deaths of the tile, 1 of a half and 3 of the image; and the unlucky one. A death that
    # takes the last answer of its worker with it is charged to a piece that was done, and tells nothing; nor does that
    # of a worker that had a copy
    assert told["deaths"] >= 2 * (2 + 1 + 3) + 1


def test_what_is_no_number_of_workers_or_gpus_is_refused() -> None:
    with pytest.raises(InputError, match="--workers 0"):
        ClusterOptions(workers=0)
    for gpus in (-1.0, 1.5):
        with pytest.raises(InputError, match="--gpus-per-worker"):
            ClusterOptions(gpus_per_worker=gpus)
