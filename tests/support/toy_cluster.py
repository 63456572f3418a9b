"""A cluster of this machine with cells that need no network, in a process of its own; writes what came of it.

``python -m support.toy_cluster FOLDER`` leaves ``FOLDER/told.json``.
"""

import json
import os
import sys
from pathlib import Path

from geed_cli.cluster.ray_cluster import ClusterOptions, ray_cluster
from geed_cli.cluster.ray_pool import RayPool
from geed_cli.scheduling.drive import drive
from geed_cli.scheduling.piece import Cell
from geed_cli.scheduling.scheduler import Scheduler
from support.toy_cells import Kept, Toy, numbers

SIZE, TILES = 4, 5
LISTENS = "0A"
"""The state of a socket that listens, as /proc/net/tcp writes it."""
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
"""127.0.0.1, the same as an address of IPv6, and ::1, as /proc/net writes them."""


def descendants() -> set[int]:
    """The processes that this one started, and those that they did."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended
            continue
    found = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def listening(processes: set[int]) -> set[str]:
    """The addresses at which those processes listen, as the kernel writes them."""
    sockets = set()
    for process in processes:
        for file in Path(f"/proc/{process}/fd").glob("*"):
            try:
                sockets.add(os.readlink(file))
            except OSError:  # it ended
                continue
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return {
        line[1].partition(":")[0] for line in lines if line[3] == LISTENS and f"socket:[{line[9]}]" in sockets
    }


def main(folder: Path) -> None:
    """Five cells: one with a deadly image, one that nobody can open, one that ends in an error, one over whose image
    the code of a worker fails, and one whose worker dies once.
    """  # noqa: D205
    jobs = {
        "deadly": Toy(deadly=frozenset({5})),
        "refused": Toy(refuses=True),
        "wrong": Toy(wrong=3),
        "odd": Toy(odd=2),
        "unlucky": Toy(once=folder / "once"),
    }
    cells = [Cell(name, [(tile, SIZE) for tile in range(TILES)], TILES * SIZE) for name in jobs]
    environment = dict(os.environ)
    scheduler, kept = Scheduler(cells), Kept()
    with ray_cluster(ClusterOptions(workers=2)) as (ray, workers):
        pool = RayPool(ray, workers, 0.0, jobs.__getitem__, lambda piece: numbers(piece, SIZE))
        for _ in drive(scheduler, pool, kept):
            pass
        addresses = listening(descendants())
        files = Path(ray._private.worker._global_node.get_temp_dir_path())
        there = files.exists()
    told = {
        "workers": workers,
        "beyond loopback": sorted(addresses - LOOPBACK),
        "listens": bool(addresses),
        "files": [there, files.exists()],
        "processes left": len(descendants()) - 1,
        "environment": dict(os.environ) == environment,
        "values": {name: sorted(own.items()) for name, own in kept.values.items()},
        "twice": kept.twice,
        "errors": sorted(set(kept.errors)),
        "lost": sorted([each.cell, each.tile * SIZE + each.place, each.reason] for each in scheduler.lost),
        "failed": sorted(scheduler.failed),
        "deaths": scheduler.counts.deaths,
    }
    (folder / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
