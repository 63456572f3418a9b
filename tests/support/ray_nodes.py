"""A Ray cluster of several nodes, all of this machine, in a process of its own, that is told what to do.

``python -m support.ray_nodes`` writes the cluster's address; then ``add`` and ``remove`` of a second node, and any
other line, are answered by how many processes of the first are running. It ends with its input.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

from support.ray_runs import descendants_of

TESTS = Path(__file__).parents[1]
BYTES = 100 << 20
"""Of the object store of each node."""


class Nodes:
    """The cluster, as the process that asks for it sees it.

    Attributes:
        address: where runs find it.
    """

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(
            prefix="ray-"
        )  # with the names of sockets in it, which have to be short
        paths = os.pathsep.join([str(TESTS.parent), str(TESTS)])
        settings = {
            "PYTHONPATH": paths,
            "OMP_NUM_THREADS": "1",
            "RAY_TMPDIR": self._folder,
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.ray_nodes"],
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        everything = descendants_of(self.process.pid)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        for process in everything:
            subprocess.run(["kill", "-KILL", str(process)], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, word: str) -> str:
        """Have it do something."""
        assert self.process.stdin is not None
        print(word, file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


def main() -> None:
    """Do what is asked."""
    from ray.cluster_utils import Cluster

    answers, sys.stdout = sys.stdout, sys.stderr
    node = {
        "num_cpus": 1,
        "object_store_memory": BYTES,
        "include_dashboard": False,
    }
    cluster = Cluster(initialize_head=True, head_node_args=node)
    second = None
    print(cluster.address, file=answers, flush=True)
    for line in sys.stdin:
        word = line.strip()
        if word == "add":
            second = cluster.add_node(**node)
        elif word == "remove":
            cluster.remove_node(second, allow_graceful=False)
        print(len(cluster.head_node.live_processes()), file=answers, flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
