"""The figure of a comparison: a panel for each group and measure, layers against depth and all else by model."""

from collections.abc import Iterator, Sequence

from geed_cli.comparison.schema import Comparison, Line
from geed_cli.report.figures.panel import Point, Series, axis_of
from geed_cli.report.figures.scatter_panel import ScatterPanel
from geed_cli.report.figures.sheet import Sheet
from geed_cli.report.figures.values_sheet import Labels, Shown, values_sheet
from geed_cli.report.figures.words import LONGEST_PLACE, intervals_over, named, shown_measures
from geed_cli.report.html.drawing import name
from geed_cli.verdict.comparison import accuracy_line


def comparison_sheet(
    comparison: Comparison, metrics: Sequence[str] = (), groups: Sequence[str] = (), *, share_y: bool = False
) -> Sheet:
    """The values that are compared, not their differences.

    Args:
        comparison: what is drawn.
        metrics: names or globs; empty is what a track shows unasked, and measures of layers.
        groups: names; empty is all.
        share_y: whether panels of one measure have one vertical axis.

    Raises:
        InputError: no value, or none of such a measure.
    """
    lines = [line for line in comparison.lines if not groups or line.group in groups]
    valued = [line.metric for line in lines if any(side.value is not None for side in line.sides)]
    measures = shown_measures(valued, metrics)
    lines = [line for line in lines if line.metric in measures]
    values = [
        Shown(line.group, line.metric, line.layer, "", number, side.value, side.ci)
        for line in lines
        for number, side in enumerate(line.sides)
    ]
    populations = [subject.is_population for subject in comparison.subjects]
    over = {"models" if populations[each.model] else "images" for each in values if each.ci is not None}
    said = [
        f"{comparison.images} images",
        intervals_over(comparison.confidence, over, together=comparison.simultaneous),
    ]
    labels = Labels(tuple(named(each.label, len(each.models)) for each in comparison.subjects), ("",))
    beside = dict(_against_accuracy(comparison, lines))
    if beside:
        said.append("the last panel of a group is against accuracy, of which higher is better")
    return values_sheet(values, labels, said, share_y=share_y, beside=beside)


def _against_accuracy(comparison: Comparison, lines: Sequence[Line]) -> Iterator[tuple[str, ScatterPanel]]:
    """By group its first drawn measure of the whole network against accuracy, where two models have both."""
    for group in dict.fromkeys(line.group for line in lines):
        moved = next((line for line in lines if line.group == group and line.layer is None), None)
        right = accuracy_line(comparison, group)
        if moved is None or right is None:
            continue
        both = [
            (number, side, accuracy)
            for number, (side, accuracy) in enumerate(zip(moved.sides, right.sides, strict=True))
            if side.value is not None and accuracy.value is not None
        ]
        if len(both) > 1:
            yield (
                group,
                ScatterPanel(
                    axis=axis_of(moved.metric),
                    about=f"under {name(group, LONGEST_PLACE)}",
                    series=tuple(
                        Series(number, (Point(accuracy.value or 0.0, side.value, side.ci),))
                        for number, side, accuracy in both
                    ),
                    across=tuple(accuracy.ci for _, _, accuracy in both),
                ),
            )
