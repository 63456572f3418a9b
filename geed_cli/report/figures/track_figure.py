"""The figure of a track: a panel for each group and measure, values along training."""

from collections.abc import Sequence

from geed_cli.report.figures.panel import Point, Series, axis_of
from geed_cli.report.figures.sheet import Sheet, side_by_side
from geed_cli.report.figures.trajectory_panel import TrajectoryPanel
from geed_cli.report.figures.words import caption_of, named, nearer
from geed_cli.tracking.columns import Column, groups_of, labels_of, rows_of
from geed_cli.tracking.record import Track
from geed_cli.verdict.names import listed
from geed_cli.verdict.track import bands


def track_sheet(
    track: Track, columns: Sequence[Column], groups: Sequence[str] = (), *, share_y: bool = False
) -> Sheet:
    """Values against steps with their bands, a line for each run or population; without groups of all of them."""
    groups, labels = groups or groups_of(track), labels_of(track)
    panels = [_panel(track, group, column, labels) for group in groups for column in columns]
    shown = listed([column.title for column in columns])
    title = f"values of {shown} under {listed(groups)} by training {track.unit}"
    images = track.records[0].result.data.count
    caption = caption_of(title, f"{images} images", bands(track), nearer(column.metric for column in columns))
    names = tuple(named(label, _models(track, label)) for label in labels)
    return Sheet(tuple(panels), side_by_side(len(groups), len(columns)), names, title, caption, share_y)


def _panel(track: Track, group: str, column: Column, labels: Sequence[str]) -> TrajectoryPanel:
    """One group and column, of the runs that have it."""
    about = f"under {group}" if column.layer is None else f"at {column.layer} under {group}"
    series = tuple(
        Series(number, tuple(Point(row.step, row.value, row.ci) for row in rows))
        for number, label in enumerate(labels)
        if (rows := rows_of(track, group, column, label))
    )
    return TrajectoryPanel(axis=axis_of(column.metric), about=about, series=series, unit=track.unit)


def _models(track: Track, label: str) -> int:
    """The size of a population at the step where it is largest."""
    return max((row.models for row in track.rows if row.label == label), default=1)
