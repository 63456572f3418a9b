"""What the repository keeps of the experiments."""

import csv
import json
from pathlib import Path

from examples.paper.collect import COLUMNS, collect

RESULTS = Path(__file__).parents[3] / "examples" / "paper" / "results"


def test_results_stay_small_and_name_no_machine() -> None:
    """Under 3 MB in all; names of files, and no path of whoever ran it."""
    files = [file for file in RESULTS.rglob("*") if file.is_file()]
    assert files
    assert sum(file.stat().st_size for file in files) < 3_000_000
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "/tmp/" not in text
        assert "/home/" not in text


def test_every_audited_checkpoint_of_a_track_has_a_row(tmp_path: Path) -> None:
    """With its hashes and signature; comparisons and sweeps' own files have none."""
    weights = {"detail": "/somewhere/runs/cnn_1/step_4.pt", "sha256": "ab"}
    result = {
        "model": {"weights": weights},
        "data": {"count": 5, "sha256": "cd", "seed": 0},
        "signature": "measure=1",
    }
    folder = tmp_path / "4.1"
    folder.mkdir()
    (folder / "track.json").write_text(json.dumps({"records": [{"result": result}]}))
    (folder / "one.json").write_text(json.dumps({"schema": "geed.result/2", **result}))
    (folder / "comparison.json").write_text(json.dumps({"schema": "geed.comparison/1", "lines": []}))
    collect(folder, tmp_path / "kept")
    rows = list(csv.reader((tmp_path / "kept" / "audited.csv").read_text().splitlines()))
    assert rows[0] == list(COLUMNS)
    shared = ["runs/cnn_1/step_4.pt", "ab", "5", "cd", "0", "measure=1"]
    assert rows[1:] == [["one.json", *shared], ["track.json", *shared]]
