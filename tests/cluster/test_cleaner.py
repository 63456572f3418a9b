"""What is left of a cluster goes with its folder, also where the process that started it is killed; without Ray."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from geed_cli.cluster.cleaner import cluster_folder

CODE = """
import subprocess
from geed_cli.cluster.cleaner import cluster_folder

with cluster_folder() as folder, open(f"{folder}/log", "w") as log:
    server = subprocess.Popen(["sleep", "3600"], stdout=log, start_new_session=True)
    print(folder, server.pid, flush=True)
    input()
"""
PAUSE_S = 0.02


def is_running(process: int) -> bool:
    """Whether it has not ended, or has and is only waited for."""
    try:
        return (Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]) != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="processes are found by /proc")
def test_servers_and_files_go_when_their_owner_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        folder, server = owner.stdout.readline().split()
        assert Path(folder, "log").exists()
        assert is_running(int(server))
        owner.kill()
    while Path(folder).exists():
        time.sleep(PAUSE_S)
    assert not is_running(int(server))


def test_the_owner_itself_is_not_ended() -> None:
    """It has a file of the folder open, as Ray leaves some behind."""
    around = cluster_folder()
    folder = around.__enter__()
    with Path(folder, "log").open("w"):
        around.__exit__(None, None, None)
        assert not Path(folder).exists()
