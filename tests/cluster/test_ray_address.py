"""An audit on a cluster that is there already: a node joins in the middle and goes, and the cluster is left running."""

import os
import signal
from pathlib import Path

import pytest
from support.pictures import smooth_pictures
from support.ray_nodes import Nodes
from support.ray_runs import RayRun, killed, workers_of

from geed_cli.result.file import read_result

SAMPLES = 600
AUDIT = (
    *(
        "audit",
        "timm:test_resnet",
        "--weights",
        "random",
        "--img-size",
        "64",
        "-g",
        "c4",
        "-d",
        "photos",
    ),
    *("--samples", str(SAMPLES), "--json", "made.json"),
)


@pytest.mark.heavy
def test_a_node_joins_and_goes_and_the_cluster_stays(tmp_path: Path) -> None:
    """The worker on the first node is stopped until one on the second was at a task and went with it."""
    pytest.importorskip("ray", reason="needs the extra integrations")
    smooth_pictures(tmp_path / "photos", SAMPLES, 64)
    RayRun(tmp_path, *AUDIT).said()
    local = read_result(tmp_path / "made.json")
    with Nodes() as nodes:
        run = RayRun(
            tmp_path,
            *AUDIT,
            "--engine",
            "ray",
            "--ray-address",
            nodes.address,
            "--workers",
            "2",
            cache=tmp_path / "own",
        )
        run.wait_for(run.written)
        (first,) = run.wait_for(lambda: workers_of(nodes.process.pid))
        os.kill(first, signal.SIGSTOP)
        before = nodes.ask("add")
        # the first may just have ended its task when it was stopped, and is then not among those at one
        (second,) = run.wait_for(lambda: set(workers_of(nodes.process.pid)) - {first})
        os.kill(second, signal.SIGSTOP)
        nodes.ask("remove")
        killed(second)
        # Ray may take longer to find out than the first worker takes for all the rest
        run.wait_until_said("a worker died")
        os.kill(first, signal.SIGCONT)
        run.said()
        made = read_result(tmp_path / "made.json")
        assert made.digest == local.digest
        assert made.environment.cluster is not None
        assert made.environment.cluster.deaths >= 1
        assert made.environment.cluster.workers >= 2
        assert nodes.ask("processes") == before != "0"
        assert not workers_of(nodes.process.pid)
        RayRun(
            tmp_path, *AUDIT, "--engine", "ray", "--ray-address", nodes.address, cache=tmp_path / "again"
        ).said()
        assert read_result(tmp_path / "made.json").digest == local.digest
