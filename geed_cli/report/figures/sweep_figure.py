"""The figure of a sweep: values by data set and model, layers against depth."""

from collections.abc import Sequence

from geed_cli.report.figures.sheet import Sheet
from geed_cli.report.figures.values_sheet import Labels, Shown, values_sheet
from geed_cli.report.figures.words import intervals_over, named, shown_measures
from geed_cli.sweeps.manifest import Sweep


def sweep_sheet(
    sweep: Sweep, metrics: Sequence[str] = (), groups: Sequence[str] = (), *, share_y: bool = False
) -> Sheet:
    """Every value of the sweep.

    Args:
        sweep: what is drawn.
        metrics: names or globs; empty is all that it has.
        groups: names; empty is all.
        share_y: whether panels of one measure have one vertical axis.

    Raises:
        InputError: no value, or none of such a measure.
    """
    models = [model.label for model in sweep.models]
    values = [each for each in sweep.values if not groups or each.group in groups]
    valued = [each.metric for each in values if each.value is not None]
    wanted = shown_measures(valued, metrics or tuple(dict.fromkeys(valued)))
    values = [each for each in values if each.metric in wanted]
    shown = [
        Shown(each.group, each.metric, each.layer, each.data, models.index(each.model), each.value, each.ci)
        for each in values
    ]
    over = {"models" if each.models > 1 else "images" for each in values if each.ci is not None}
    sizes = {
        label: max((each.models for each in values if each.model == label), default=1) for label in models
    }
    labels = Labels(
        tuple(named(label, size) for label, size in sizes.items()), tuple(data.label for data in sweep.data)
    )
    together = bool(sweep.settings.get("interval", {}).get("simultaneous"))
    return values_sheet(
        shown, labels, [intervals_over(sweep.confidence, over, together=together)], share_y=share_y
    )
