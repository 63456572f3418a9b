"""The store in several processes: writing at once, locked, killed, on a disk without room."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.cache import NETWORK, as_named, assert_true, digest_of, fill, key, named, serves, values

from geed_cli.cache.store import RowStore
from geed_cli.cache.tables import FILE_NAME

HEAD = """
import os, sqlite3, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.cache import NETWORK, key, values
from geed_cli.cache.store import RowStore
folder = Path(sys.argv[1])
"""


def start(code: str, folder: Path) -> subprocess.Popen[str]:
    """A fresh interpreter that runs this code on a store in the folder."""
    arguments = [sys.executable, "-c", HEAD + code, str(folder), str(Path(__file__).resolve().parents[1])]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    """The next line that it prints; it runs on."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str], answer: str = "") -> str:
    """Let it end, and what it still printed."""
    out, _ = process.communicate(answer, timeout=60)
    assert process.returncode == 0
    return out


def kill(process: subprocess.Popen[str]) -> None:
    """End it as ``kill -9`` does."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


WRITER = """
print("ready", flush=True)
sys.stdin.readline()
with RowStore(folder) as store:
    store.register(NETWORK, "network one", {})
    for start in range(0, 400, 20):  # all write the same rows, as two runs of one audit do
        store.put_many(NETWORK, values(20, start=start))
        assert len(store.get_many([key(n) for n in range(start + 20)])) == start + 20
print(store.notes)
"""


def test_processes_that_make_and_write_one_file_at_once(tmp_path: Path) -> None:
    """Four start together on a folder that is not there yet; nobody loses a row or has a note."""
    folder = tmp_path / "cache"
    processes = [start(WRITER, folder) for _ in range(4)]
    assert [said(process) for process in processes] == ["ready"] * 4
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [end(process).strip() for process in processes] == ["()"] * 4
    with RowStore(folder) as store:
        found = store.get_many([key(n) for n in range(400)])
        assert_true(found, 400)
        assert len(found) == 400
        assert store.notes == ()


def test_threads_that_add_to_the_same_rows_at_once(tmp_path: Path) -> None:
    """Four stores put values of other names into the same rows: all of them are there in the end."""

    def write(writer: int) -> tuple[str, ...]:
        with RowStore(tmp_path, patience_s=60) as store:
            store.register(NETWORK, "network one", {})
            for turn in range(10):
                store.put_many(NETWORK, {key(n): named(**{f"{writer} {turn}": n + turn}) for n in range(5)})
            return store.notes

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, range(4))) == [()] * 4
    with RowStore(tmp_path) as store:
        found = store.get_many([key(n) for n in range(5)])
    for n in range(5):
        expected = {f"{writer} {turn}": n + turn for writer in range(4) for turn in range(10)}
        assert as_named(found[key(n)]) == expected


HOLDER = """
connection = sqlite3.connect(folder / "rows-4.sqlite", isolation_level=None)
connection.execute(sys.stdin.readline())
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE networks SET created = 0")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


def hold(folder: Path, setting: str) -> subprocess.Popen[str]:
    """A process that writes and does not come to an end."""
    process = start(HOLDER, folder)
    assert process.stdin is not None
    process.stdin.write(f"{setting}\n")
    process.stdin.flush()
    assert said(process) == "held"
    return process


def test_another_process_that_holds_the_lock_for_writing(tmp_path: Path) -> None:
    """Rows are found, new ones are not stored until it ends; one note, and the waiting is short from then on."""
    fill(tmp_path, 5)
    holder = hold(tmp_path, "SELECT 1")
    with RowStore(tmp_path, patience_s=0.3) as store:
        store.register(NETWORK, "network one", {})
        assert len(store.get_many([key(n) for n in range(5)])) == 5
        store.put_many(NETWORK, {key(9): values(10)[key(9)]})
        assert len(store.notes) == 1
        assert "locked" in store.notes[0]
        end(holder, "\n")
        assert store.get_many([key(9)]) == {}
        store.put_many(NETWORK, {key(9): values(10)[key(9)]})
        assert len(store.get_many([key(9)])) == 1


def test_a_process_that_has_the_file_for_itself(tmp_path: Path) -> None:
    """Nothing can be read: the run goes on without a cache."""
    file = fill(tmp_path, 5)
    holder = hold(tmp_path, "PRAGMA locking_mode=EXCLUSIVE")
    with RowStore(tmp_path, patience_s=0.2) as store:
        store.register(NETWORK, "network one", {})
        store.put_many(NETWORK, values(9))
        assert store.get_many([key(1)]) == {}
        assert len(store.notes) == 1
        assert "locked" in store.notes[0]
    end(holder, "\n")
    assert file.exists()
    assert serves(tmp_path)


def test_a_lock_that_passes_is_waited_for(tmp_path: Path) -> None:
    """SQLite itself would give up at once where a file is being made."""
    fill(tmp_path, 5)
    holder = hold(tmp_path, "PRAGMA locking_mode=EXCLUSIVE")
    release = threading.Timer(0.4, end, (holder, "\n"))
    release.start()
    with RowStore(tmp_path, patience_s=30) as store:
        assert len(store.get_many([key(n) for n in range(5)])) == 5
        assert store.notes == ()
    release.join()


KILLED_WITHIN = """
class Slow(dict):
    def items(self):
        yield from values(3000, 1000, start=100).items()  # 24 MB, more than SQLite holds in memory
        print("within", flush=True)
        sys.stdin.readline()

with RowStore(folder) as store:
    store.register(NETWORK, "network one", {})
    store.put_many(NETWORK, values(100, 1000))
    store.put_many(NETWORK, Slow({b"": 0}))
"""


def test_killed_within_a_transaction(tmp_path: Path) -> None:
    """What was put before is there, nothing of what was being put."""
    process = start(KILLED_WITHIN, tmp_path)
    assert said(process) == "within"
    kill(process)
    assert (tmp_path / f"{FILE_NAME}-wal").stat().st_size > 10_000_000  # it had begun to reach the disk
    with RowStore(tmp_path) as store:
        found = store.get_many([key(n) for n in range(3100)])
        assert_true(found, 3100, 1000)
        assert found.keys() == values(100, 1000).keys()
        assert store.notes == ()
    assert serves(tmp_path)


KILLED_ANYWHERE = """
print("ready", flush=True)
while True:
    with RowStore(folder) as store:
        store.register(NETWORK, "network one", {})
        for start in range(0, 1000, 50):
            store.put_many(NETWORK, values(50, start=start))
"""


def test_killed_anywhere(tmp_path: Path) -> None:
    """While opening, writing, closing: afterwards everything found is true and the file is sound."""
    for wait_s in (0, 0.003, 0.01, 0.03, 0.1):
        process = start(KILLED_ANYWHERE, tmp_path)
        assert said(process) == "ready"
        time.sleep(wait_s)
        kill(process)
        with RowStore(tmp_path) as store:
            assert_true(store.get_many([key(n) for n in range(1000)]), 1000)
            assert store.notes == ()
        assert serves(tmp_path)
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


FULL = """
import resource
with RowStore(folder) as store:
    store.register(NETWORK, "network one", {})
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    store.put_many(NETWORK, values(3000, 1000, start=100))
    store.put_many(NETWORK, values(3000, 1000, start=100))
    print(len(store.get_many([key(n) for n in range(3100)])))
print(*store.notes, sep="\\n")
"""


def test_no_room(tmp_path: Path) -> None:
    """A file that cannot grow, as on a full disk or over a quota: a note, and what was there stays."""
    fill(tmp_path, 100, 1000)
    count, *notes = end(start(FULL, tmp_path)).splitlines()
    assert int(count) in {0, 100}
    assert len(notes) == 1
    with RowStore(tmp_path) as store:
        assert store.get_many([key(n) for n in range(3100)]).keys() == values(100).keys()
    assert serves(tmp_path)


@pytest.mark.skipif(not Path("/dev/shm").is_dir() or os.geteuid() != 0, reason="needs to mount a small disk")
def test_a_full_disk(tmp_path: Path) -> None:
    """A real one of 400 kB: rows found before are still found."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs to mount a small disk")
    try:
        fill(tmp_path, 10, 100)
        with RowStore(tmp_path) as store:
            store.register(NETWORK, "network one", {})
            store.put_many(NETWORK, values(1000, 1000))
            assert len(store.notes) == 1
            assert "full" in store.notes[0]
            assert len(store.get_many([key(n) for n in range(10)])) == 10
    finally:
        subprocess.run(["umount", tmp_path], check=True)


PRUNER = """
from geed_cli.cache.database import Database
from geed_cli.cache.prune import PruneRule, prune
print("ready", flush=True)
sys.stdin.readline()
pruned = 0
with Database(folder) as database:
    for turn in range(12):
        gone = prune(database, PruneRule(everything=turn % 3 == 0, max_bytes=5_000), dry_run=False)
        pruned += sum(network.rows for network in gone)
print(pruned, database.notes)
"""
SHORT_WRITER = """
print("ready", flush=True)
sys.stdin.readline()
with RowStore(folder) as store:
    store.register(NETWORK, "network one", {})
    for start in range(0, 400, 20):
        store.put_many(NETWORK, values(20, start=start))
        for found, got in store.get_many([key(n) for n in range(start, start + 20)]).items():
                assert got.tobytes() == values(20, start=start)[found].tobytes()
print(store.notes)
"""


@pytest.mark.heavy
def test_processes_that_prune_and_write_at_once(tmp_path: Path) -> None:
    """No note, no wrong value, a sound file; what is left belongs to the network."""
    fill(tmp_path, 400)
    pruners, writers = ([start(code, tmp_path) for _ in range(2)] for code in (PRUNER, SHORT_WRITER))
    processes = [*pruners, *writers]
    assert [said(process) for process in processes] == ["ready"] * 4
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [end(process).strip() for process in writers] == ["()"] * 2
    pruned, notes = zip(*(end(process).split() for process in pruners), strict=True)
    assert notes == ("()", "()")
    assert sum(map(int, pruned)) >= 400
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    lost = "SELECT COUNT(*) FROM rows WHERE network NOT IN (SELECT id FROM networks)"
    assert connection.execute(lost).fetchone() == (0,)
    connection.close()
    assert serves(tmp_path)


def test_threads_that_write_beyond_the_limit_at_once(tmp_path: Path) -> None:
    """Four stores of one limit, each of which cuts the file when it has grown: it stays below, without notes."""
    most = 300_000

    def write(number: int) -> tuple[str, ...]:
        with RowStore(tmp_path, most_bytes=most) as store:
            network = digest_of(f"network {number}")
            store.register(network, f"network {number}", {})
            for start in range(0, 400, 20):
                store.put_many(network, values(20, 100, start=1000 * number + start))
            return store.notes

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, range(4))) == [()] * 4
    with RowStore(tmp_path, most_bytes=most) as store:
        store.register(NETWORK, "network one", {})
        store.put_many(NETWORK, values(20, 100))
        assert len(store.get_many([key(n) for n in range(20)])) == 20
    assert (tmp_path / FILE_NAME).stat().st_size <= most
