"""The printed track and its CSV, from a track alone."""

import csv
import io

from rich.console import Console
from support.results import record_at

from geed_cli.report.numbers import interval, number, percent
from geed_cli.report.track_table import print_track, to_csv
from geed_cli.tracking.columns import columns_of
from geed_cli.tracking.record import Track
from geed_cli.tracking.track import track_of


def printed(track: Track, width: int = 110) -> str:
    """The track as plain text."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, no_color=True, markup=False, highlight=False)
    print_track(track, columns_of(track), console)
    return stream.getvalue()


def test_a_line_for_each_step_with_every_shown_value() -> None:
    """Values and intervals of all shown columns, a block for each group."""
    track = track_of([record_at(3), record_at(20, 1)], None)
    text = printed(track)
    shown = {(column.metric, column.layer) for column in columns_of(track)}
    for row in track.rows:
        if (row.metric, row.layer) in shown and row.value is not None:
            rate = row.metric == "prediction.flip_rate"
            assert (percent(row.value) if rate else number(row.value)) in text
            assert rate or interval(row.ci) in text
    assert "\nflip\n" in text
    assert "\nc4\n" in text
    steps = [line.split()[0] for line in text.splitlines() if line.lstrip()[:2].strip() in {"3", "20"}]
    assert steps == ["3", "20", "3", "20"]
    assert "over images" in text
    assert "over models" not in text
    assert max(map(len, text.splitlines())) <= 110


def test_populations_show_how_many_models_and_the_width_of_one() -> None:
    """And the legend says what their intervals are over."""
    text = printed(track_of([record_at(3), record_at(3, 1), record_at(9)], None))
    assert "models" in text
    assert "within ±" in text
    assert "over models (t)" in text
    assert "up to 2 checkpoints a step" in text


def test_runs_have_blocks_of_their_own() -> None:
    """Labels stand in the headings once there are several."""
    text = printed(track_of([record_at(3, 0, "a"), record_at(3, 1, "b")], None))
    assert "flip · a" in text
    assert "flip · b" in text


def test_the_csv_has_every_value() -> None:
    """Shown or not, to full precision, with empty fields for what is not there."""
    track = track_of([record_at(3), record_at(9), record_at(9, 1)], None)
    rows = list(csv.DictReader(io.StringIO(to_csv(track))))
    assert len(rows) == len(track.rows)
    for line, row in zip(rows, track.rows, strict=True):
        assert (line["metric"], line["group"], line["layer"]) == (row.metric, row.group, row.layer or "")
        assert int(line["step"]) == row.step
        assert (float(line["value"]) if line["value"] else None) == row.value
        assert (float(line["low"]) if line["low"] else None) == (row.ci[0] if row.ci else None)
        assert (line["over"], line["within"] != "") == (row.over, row.within is not None)
