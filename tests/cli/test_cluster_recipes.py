"""The recipes of docs/cluster.md in miniature: their own text, with another network and few parts.

Clusters are stood in for by what a process finds of them: variables, several processes, and SIGKILL at any moment.
"""

import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.pictures import smooth_pictures

from geed_cli.result.file import read_result
from geed_cli.rows.row_file import MAGIC, read_row_file

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cluster.md").read_text()
COUNT = 60
AUDIT = (
    f"timm:test_resnet --weights random --img-size 64 -d DATA -g flip -g c4 --samples {COUNT} --batch-size 8 "
    "--device cpu --metric latent.l2 --metric channelwise.cosine"
)
TYPED = re.compile(r"resnet50 -d \S+ --samples 50000 -g d8")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with pictures, and ``geed``, ``ssh`` and ``scp`` to be found there."""
    smooth_pictures(tmp_path / "pictures", COUNT, 64)
    commands = {
        "geed": f'exec "{sys.executable}" -m geed_cli "$@"',
        "ssh": 'shift; cd "$1"; shift; exec sh -c "$*"',
        "scp": 'shift; for to; do :; done; for f; do [ "$f" = "$to" ] || cp $(echo "$f" | tr : /) "$to"; done',
    }
    (tmp_path / "bin").mkdir()
    for name, text in commands.items():
        script = tmp_path / "bin" / name
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
    return tmp_path


def environment(here: Path, **variables: object) -> dict[str, str]:
    """One thread each, and whatever a cluster adds."""
    path = {"PATH": f"{here / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return {**os.environ, **path, **{name: str(value) for name, value in variables.items()}}


def recipe(heading: str, language: str) -> str:
    """The block of a section, of the small audit."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    block = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert block is not None
    text, found = TYPED.subn(AUDIT, block[1])
    assert found == 1
    return text


def started(
    script: str, here: Path, folder: Path | None = None, **variables: object
) -> subprocess.Popen[bytes]:
    """A process in a group of its own, as a scheduler starts it."""
    return subprocess.Popen(
        ["bash", "-c", script], cwd=folder or here, env=environment(here, **variables), start_new_session=True
    )


def run(script: str, here: Path, **variables: object) -> None:
    """A script that ends well."""
    assert started(script, here, **variables).wait(timeout=600) == 0


def require_whole(here: Path) -> None:
    """``all.json`` has the digest of one process, and row files have every image at least once."""
    run(f"geed audit {AUDIT.replace('DATA', 'pictures')} --json one.json --no-cache -q", here)
    one, merged = read_result(here / "one.json"), read_result(here / "all.json")
    assert merged.digest == one.digest
    assert len({image.path for image in merged.data.images}) == len(merged.data.images) == COUNT


def finished_rows(folder: Path) -> int:
    """How many images have rows in whole records."""
    files = [file for file in folder.glob("*.rows") if file.stat().st_size > len(MAGIC)]
    return sum(len(record.images) for file in files for record in read_row_file(file).records)


def killed_when(process: subprocess.Popen[bytes], rows: Path, images: int) -> bool:
    """SIGKILL for the whole group once so many images have rows; False where it ended before."""
    while process.poll() is None:
        if finished_rows(rows) >= images:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.02)
    return False


def slurm(task: int, count: int) -> Mapping[str, int]:
    """What a task of an array finds in its environment."""
    found = {"ID": task, "COUNT": count, "MIN": 1}
    return {f"SLURM_ARRAY_TASK_{name}": value for name, value in found.items()} | {"SLURM_CPUS_PER_TASK": 1}


def test_a_slurm_array_that_is_preempted_and_requeued(here: Path) -> None:
    """Two tasks are killed after some of their images, at the same time, and started again."""
    script = recipe("Slurm", "bash").replace("DATA", "pictures")
    tasks = {number: started(script, here, **slurm(number, 3)) for number in (3, 1, 2)}
    assert killed_when(tasks[1], here / "rows", 1)
    tasks[2].kill()
    tasks[2].wait()
    assert tasks[3].wait(timeout=600) == 0
    for number in (2, 1):
        run(script, here, **slurm(number, 3))
    run("geed merge part*.json --json all.json", here)
    require_whole(here)


def test_an_indexed_job_of_kubernetes(here: Path) -> None:
    """The container's own words, in two pods at once."""
    text = recipe("Kubernetes", "yaml").replace("/16", "/2").replace("/out", str(here))
    words = re.search(r"args:\n\s+- (.*?)\n\s+volumeMounts", text, re.DOTALL)
    assert words is not None
    script = " ".join(textwrap.dedent(words[1]).split()).replace("DATA", "pictures")
    pods = [started(script, here, JOB_COMPLETION_INDEX=index) for index in (0, 1)]
    assert [pod.wait(timeout=600) for pod in pods] == [0, 0]
    run("geed merge part*.json --json all.json", here)
    require_whole(here)


def test_machines_that_are_reached_by_ssh(here: Path) -> None:
    """Hosts are folders; nothing is shared, and the parts are copied to one."""
    hosts = ("ada", "emmy")
    for host in hosts:
        (here / host).mkdir()
        (here / host / "pictures").symlink_to(here / "pictures")
    (here / "hosts").write_text("".join(f"{host}\n" for host in hosts))
    (here / "parts").mkdir()
    run(recipe("Machines that are reached by ssh", "bash").replace("DATA", "pictures"), here)
    require_whole(here)


def test_a_shard_that_is_killed_at_random_points_is_continued(here: Path) -> None:
    """Each process makes only what lacks: together every image once, but for those of a tile that was not done."""
    chance, kills = random.Random(0), 0
    command = f"geed audit {AUDIT.replace('DATA', 'pictures')} --shard 1/1 --rows rows --json part.json"
    for _ in range(4):
        kills += killed_when(
            started(command, here), here / "rows", finished_rows(here / "rows") + chance.randint(1, 12)
        )
    run(command, here)
    assert kills >= 3
    made = finished_rows(here / "rows")
    assert made == COUNT  # a tile that was cut short is no whole record
    run("geed merge part.json --json all.json", here)
    require_whole(here)
