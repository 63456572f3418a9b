"""The figure of a comparison: a panel for each group and measure, layers against depth and all else by model."""

from collections.abc import Sequence

from geed_cli.comparison.schema import Comparison
from geed_cli.report.figures.sheet import Sheet
from geed_cli.report.figures.values_sheet import Labels, Shown, values_sheet
from geed_cli.report.figures.words import intervals_over, named, shown_measures


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
    return values_sheet(values, labels, said, share_y=share_y)
