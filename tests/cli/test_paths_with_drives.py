"""Paths of Windows on the command line, which no part of it takes apart."""

import re
from pathlib import Path

import pytest
from support.command import Geed


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (r"audit C:\none.yaml", r"C:\none.yaml"),
        (r"audit C:\none.pt --arch resnet18", r"C:\none.pt"),
        (r"audit lenet -d C:\none", r"'C:\none'"),
        (r"audit lenet --cluster C:\none.csv", r"C:\none.csv"),
        (r"audit resnet50 --set C:\none.yaml", r"C:\none.yaml"),
        (r"audit resnet50 -g C:\none.yaml", r"C:\none.yaml"),
        (r"compare a=C:\none.json b=D:\none.json", r"'C:\none.json'"),
        (r"compare C:\none.json D:\none.json", r"C:\none.json"),
        (r"report before=C:\none.json -o x.html", r"C:\none.json"),
        (r"check C:\none.json --policy D:\none.yaml", r"D:\none.yaml"),
        (r"track C:\none.pt --model resnet50", r"C:\none.pt"),
        (r"plan C:\none.json --width 1", r"C:\none.json"),
        (r"explain C:\none.json", r"C:\none.json"),
        (r"validate C:\none.yaml", r"C:\none.yaml"),
    ],
)
def test_paths_with_drives_are_paths(
    geed: Geed, words: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No colon or backslash in them is taken for a prefix, and messages have them as they were typed."""
    monkeypatch.chdir(tmp_path)
    done = geed(*words.split())
    assert done.exit_code == 2
    assert re.search(rf" {re.escape(named)}( |$)", done.stderr.splitlines()[0]), done.stderr
