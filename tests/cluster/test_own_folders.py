"""Folders of rows that one run has at a time: two runs at once, and what killed runs left."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from geed_cli.cluster.own_folders import OwnFolders
from geed_cli.errors import RunError


def test_runs_at_once_have_folders_of_their_own_and_a_later_one_has_all(tmp_path: Path) -> None:
    first, second, third = (OwnFolders(tmp_path / "rows" / "key") for _ in range(3))
    assert [run.paths for run in (first, second, third)] == [
        (tmp_path / "rows" / name,) for name in ("key", "key.2", "key.3")
    ]
    for run in (first, third):
        (run.paths[0] / "made.rows").touch()
        run.release()
    again = OwnFolders(tmp_path / "rows" / "key")
    assert [folder.name for folder in again.paths] == ["key", "key.3"]
    second.release()
    again.release()
    assert sorted(folder.name for folder in (tmp_path / "rows").iterdir() if folder.is_dir()) == [
        "key",
        "key.3",
    ]


def test_a_killed_run_lets_go_of_its_folder(tmp_path: Path) -> None:
    code = (
        "from geed_cli.cluster.own_folders import OwnFolders; import pathlib, sys; "
        "own = OwnFolders(pathlib.Path(sys.argv[1])); print(own.paths[0].name, flush=True); input()"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "key")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "key\n"
        beside = OwnFolders(tmp_path / "key")
        assert beside.paths == (tmp_path / "key.2",)
        beside.release()
        other.kill()
        other.wait()
    assert OwnFolders(tmp_path / "key").paths == (tmp_path / "key",)


def test_no_folder_is_had_twice_however_many_come_and_go(tmp_path: Path) -> None:
    """Threads that take and release folders; each puts a file there that no other may find."""
    found: list[str] = []

    def come_and_go() -> None:
        for _ in range(10):
            own = OwnFolders(tmp_path / "key")
            mark = own.paths[0] / "mine"
            try:
                mark.touch(exist_ok=False)
            except FileExistsError:
                found.append(str(mark))
            mark.unlink()
            own.release()

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not found
    assert [each.name for each in tmp_path.iterdir()] == [".lock"]


def test_a_place_where_nothing_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows").touch()
    with pytest.raises(RunError, match="could not be locked"):
        OwnFolders(tmp_path / "rows" / "key")
