"""Shards that are killed and continued, shards and merges whose disk is full: nothing is lost, or counts twice."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.pictures import smooth_pictures

import geed_cli

TESTS = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join([str(Path(geed_cli.__file__).parents[1]), str(TESTS)]),
}
AUDIT = (
    "audit timm:test_resnet --weights random --img-size 32 -d pictures -g flip --samples 22 --batch-size 8 "
    "--device cpu --metric latent.l2 -q"
)
KILLED = """
import json, os, random, signal, sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from support.networks import small_conv_net
from support.pictures import smooth_pictures
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.draw import listed
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.shards.from_rows import assemble
from geed_cli.pipeline.shards.shard import Shard, run_shard
from geed_cli.rows import row_file
from geed_cli.rows.row_folder import read_rows, union_of

folder = Path(sys.argv[1])
smooth_pictures(folder / "pictures", 96, 16)
options = AuditOptions(
    DataOptions(folder / "pictures", samples=96), run=RunOptions("cpu", 8), controls=ControlOptions(4)
)
options = replace(options, data=listed(options.data))

def make(left):
    write = row_file.os.write
    def killing(file, data):
        nonlocal left
        if len(data) > left:
            write(file, data[:left])
            os.kill(os.getpid(), signal.SIGKILL)
        left -= len(data)
        return write(file, data)
    if left is not None:
        row_file.os.write = killing
    return run_shard([small_conv_net()], ["flip"], options, Shard(1, 1), folder / "rows", Silent())

chance, ends = random.Random(0), Counter()
for _ in range(20):
    child = os.fork()
    if not child:
        make(chance.randrange(12_000))
        os._exit(0)
    chance.random()
    ends[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])] += 1
done = make(None)
files = read_rows(folder / "rows", done.recipe)
images = [image.path for file in files for record in file.records for image in record.images]
(result,) = assemble([small_conv_net()], ["flip"], options, done.recipe, union_of(files, "fp32"), Silent())
(whole,) = audit_together([small_conv_net()], ["flip"], options)
print(json.dumps({
    "killed": ends[-signal.SIGKILL], "files": len(files), "harmed": sum(file.harmed for file in files),
    "images": len(images), "different": len(set(images)), "made last": done.made,
    "same": result.digest == whole.digest,
}))
"""
FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
from geed_cli.__main__ import main
main()
"""

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(sys.platform == "win32", reason="a limit on files, and SIGKILL"),
]


def test_killed_at_twenty_places_of_its_row_files(tmp_path: Path) -> None:
    """In the middle of any write: the next process goes on, each image has one row, and the digest is the same."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["killed"] >= 10  # the others found nothing left to do
    assert found["harmed"] >= 5
    assert (found["images"], found["different"], found["same"]) == (96, 96, True)


def limited(most: int, words: str) -> subprocess.CompletedProcess[str]:
    """A command of which no file may be larger: a write beyond it fails, as on a full disk."""
    return subprocess.run(
        [sys.executable, "-c", FULL, str(most), *shlex.split(words)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3, whole tiles stay, no half result is left; the same commands go on once there is room."""
    monkeypatch.chdir(tmp_path)
    smooth_pictures(tmp_path / "pictures", 22, 32)
    part, merge, room = f"{AUDIT} --shard 1/1 --json part.json", "merge part.json --json all.json -q", 10**9
    assert limited(room, f"{AUDIT} --shard 1/1 --json whole.json").returncode == 0
    (whole,) = Path("whole.rows").iterdir()
    enough = whole.stat().st_size - 1  # but for a byte of the second and last tile
    full = limited(enough, part)
    assert full.returncode == 3, full.stderr
    assert "rows could not be written to" in full.stderr
    assert not Path("part.json").exists()
    (rows,) = Path("part.rows").iterdir()
    assert 0 < rows.stat().st_size <= enough
    again = limited(room, part.replace(" -q", ""))
    assert again.returncode == 0, again.stderr
    assert "rows of 6 images made now" in again.stderr
    full = limited(2_000, merge)
    assert full.returncode == 3, full.stderr
    assert "all.json could not be written" in full.stderr
    assert [path.name for path in tmp_path.glob("*all.json*")] == []
    assert limited(room, merge).returncode == 0
    assert limited(room, f"{AUDIT} --no-cache --json one.json").returncode == 0
    digests = [
        limited(room, f"validate {name}.json").stdout.split("digest")[1].split()[0] for name in ("all", "one")
    ]
    assert digests[0] == digests[1]
