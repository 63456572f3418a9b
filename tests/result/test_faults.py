"""Fault injection: whatever happens while a result is written, the file is absent, old, or whole."""

import json
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command import Geed, geed
from support.pictures import smooth_pictures
from support.results import small_result

from geed_cli.engine.engine import Engine
from geed_cli.result.file import read_result, to_strict_json, write_result

__all__ = ["geed"]

LOOP = """
import sys
from pathlib import Path
from geed_cli.result.file import write_atomically
texts = [Path(name).read_text() for name in sys.argv[2:]]
print("ready", flush=True)
while True:
    for text in texts:
        write_atomically(text, Path(sys.argv[1]))
"""


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
def test_killed_at_random_points(tmp_path: Path, seed: int) -> None:
    """Kill -9 between 0 and 30 ms into a loop of writes: the file is one of the two texts, byte for byte."""
    texts = []
    for number in (0, 1):
        path = tmp_path / f"source_{number}"
        path.write_text(to_strict_json(small_result(number)) * 20)
        texts.append(path)
    target = tmp_path / "out" / "r.json"
    target.parent.mkdir()
    pause = random.Random(seed)
    for _ in range(4):
        command = [sys.executable, "-c", LOOP, str(target), *map(str, texts)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(pause.uniform(0, 0.03))
            child.send_signal(signal.SIGKILL)
        if target.exists():
            assert target.read_text() in {path.read_text() for path in texts}


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from geed_cli.cli.app import app
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
app(["compare", sys.argv[1], sys.argv[2], "--json", sys.argv[3]])
"""


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """Writes beyond 2000 bytes fail, as on a full disk: exit 3, the old file is untouched, nothing else is left."""
    for seed in (0, 1):
        write_result(small_result(seed), tmp_path / f"{seed}.json")
    target = tmp_path / "c.json"
    target.write_text("old")
    command = [sys.executable, "-c", FULL_DISK, *(str(tmp_path / n) for n in ("0.json", "1.json", "c.json"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.json", "1.json", "c.json"]


LITTLE_MEMORY = """
import resource, sys
from geed_cli.cli.app import app
import geed_cli.pipeline.audit, timm, scipy.special, torch
torch.nn.functional.conv2d(torch.rand(1, 3, 8, 8), torch.rand(4, 3, 3, 3))  # libraries that load late are in by now
torch.rand(64, 64) @ torch.rand(64, 64)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[3]), used + int(sys.argv[3])))
options = ["--weights", "random", "-g", "flip", "--samples", "4", "--floor", "0", "--no-cache"]
app(["audit", sys.argv[1], *options, "--batch-size", "640", "--json", sys.argv[2]])
"""


def with_little_memory(target: Path, spare: int) -> subprocess.CompletedProcess[str]:
    """An audit with batches of 640 rows of 224 pixels that may take so many bytes more than its libraries."""
    command = [sys.executable, "-c", LITTLE_MEMORY, "efficientnet_lite0", str(target), str(spare)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow  # a limit on address space also fails in places where torch does not say that it is memory
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_a_batch_too_large_for_the_memory_is_halved_until_it_fits(tmp_path: Path) -> None:
    """700 MB hold some smaller batch: the run says so, starts over, and its result records the size."""
    target = tmp_path / "r.json"
    done = with_little_memory(target, 700_000_000)
    assert done.returncode == 0, done.stderr
    assert "memory ran out on cpu at batch size 640; starting over with 320" in done.stderr
    assert read_result(target).settings.batch_size < 320


INTERRUPT = """
import os, signal, sys
from geed_cli.cli.app import app
from geed_cli.report.terminal_progress import TerminalProgress
plain = TerminalProgress.images
def images(self, done, total):
    plain(self, done, total)
    if done >= 2 and not self.stopping():
        os.kill(os.getpid(), signal.SIGINT)
TerminalProgress.images = images
small = ["timm:test_resnet", "--weights", "random", "--img-size", "32", "--batch-size", "2"]
app(["audit", *small, "--metric", "latent.l2", "--json", sys.argv[1]])
"""


@pytest.mark.heavy
def test_exhausted_memory_is_exit_3_and_leaves_the_old_file(
    geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not even one row fits: halved down to 1, then a clear error, no traceback, the old file stays."""

    def exhausted(_engine: Engine, _batch: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Engine, "feed", exhausted)
    target = tmp_path / "r.json"
    target.write_text("old")
    small = ("timm:test_resnet", "--weights", "random", "--img-size", "32", "--batch-size", "4")
    done = geed("audit", *small, "-d", smooth_pictures(tmp_path / "pictures", 2, 32), "--json", target)
    assert done.exit_code == 3, done.stderr
    assert "starting over with 1\n" in done.stderr
    assert "memory ran out on cpu at batch size 1" in done.stderr
    assert "Traceback" not in done.stderr
    assert target.read_text() == "old"


@pytest.mark.heavy
def test_ctrl_c_writes_a_partial_result(tmp_path: Path) -> None:
    """A real SIGINT in a real run: exit 130, a whole file that says partial, and fewer images than there are."""
    target = tmp_path / "r.json"
    target.write_text("old")
    command = [sys.executable, "-c", INTERRUPT, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr
    assert "finishing the current image" in done.stderr
    result = read_result(target)
    assert result.status == "partial"
    assert 2 <= result.data.count < 40
    assert json.loads(target.read_text())["data"]["not_drawn"] == 40 - result.data.count
    assert "ended early" in " ".join(done.stdout.split())


def test_limits_are_available() -> None:
    """These tests mean nothing where the system has no such limits."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)
