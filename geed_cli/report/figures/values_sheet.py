"""The panels of values by group, measure, layer, data set and model: layers against depth, all else as points.

A measure that has several layers of a model is drawn against depth, a panel for each data set. Any other has one panel
for all data sets, of which one alone is not named: its points are named by their models.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from geed_cli.errors import InputError
from geed_cli.report.figures.depth_panel import DepthPanel
from geed_cli.report.figures.panel import Panel, Point, Series, axis_of
from geed_cli.report.figures.points_panel import PointsPanel
from geed_cli.report.figures.sheet import Sheet, side_by_side
from geed_cli.report.figures.words import LONGEST_PLACE, absent, caption_of, nearer
from geed_cli.report.html.depth_figure import shortened
from geed_cli.report.html.drawing import name
from geed_cli.verdict.names import listed


@dataclass(frozen=True)
class Shown:
    """One value of one model on one data set; ``model`` is its place in the order of the models."""

    group: str
    metric: str
    layer: str | None
    data: str
    model: int
    value: float | None
    ci: tuple[float, float] | None

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None and math.isfinite(self.value)


@dataclass(frozen=True)
class Labels:
    """What the models and data sets are called; of one data set the name is not shown."""

    models: tuple[str, ...]
    data: tuple[str, ...]


def values_sheet(
    values: Iterable[Shown],
    labels: Labels,
    said: Sequence[str],
    *,
    share_y: bool,
    beside: Mapping[str, Panel] | None = None,
) -> Sheet:
    """A panel for each group and measure, groups below each other where there are several measures.

    Args:
        values: in the order in which groups, measures and layers are drawn.
        labels: of models and data sets.
        said: what the caption has beside what is drawn and what has no value.
        share_y: whether panels of one measure have one vertical axis.
        beside: a panel more of some groups, which stands last.

    Raises:
        InputError: there is no value.
    """
    parts: dict[tuple[str, str], list[Shown]] = {}
    for each in values:
        parts.setdefault((each.group, each.metric), []).append(each)
    parts = {key: part for key, part in parts.items() if any(each.known for each in part)}
    if not parts:
        raise InputError(
            "nothing to draw: there is no value",
            expected="a value of one model",
            remedy="leave out --figure, or choose another --metric",
        )
    groups, measures = (list(dict.fromkeys(key[at] for key in parts)) for at in (0, 1))
    made = {key: _panels(part, labels) for key, part in parts.items()}
    more = {group: [panel] for group, panel in (beside or {}).items()}
    panels = tuple(
        panel
        for group in groups
        for of in (*(made.get((group, metric), []) for metric in measures), more.get(group, []))
        for panel in of
    )
    a_row = bool(more) + max(
        sum(len(made.get((group, metric), ())) for metric in measures) for group in groups
    )
    on = f" on {listed(labels.data)}" if len(labels.data) > 1 else ""
    title = f"values of {listed(measures)} under {listed(groups)}{on}"
    caption = caption_of(title, *said, nearer(measures), absent(_without_value(parts.values(), labels)))
    return Sheet(panels, side_by_side(len(groups), a_row), labels.models, title, caption, share_y)


def _panels(part: Sequence[Shown], labels: Labels) -> list[Panel]:
    """Of one group and measure."""
    layers = list(dict.fromkeys(each.layer for each in part if each.layer is not None))
    counts = {(each.data, each.model): 0 for each in part}
    for each in part:
        counts[each.data, each.model] += each.known
    if layers and max(counts.values()) > 1:
        there = [data for data in labels.data if any(each.data == data for each in part)]
        return [_depth([each for each in part if each.data == data], layers, labels) for data in there]
    return [_points(part, layers, labels)]


def _points(part: Sequence[Shown], layers: Sequence[str], labels: Labels) -> PointsPanel:
    """One value a model and data set."""
    by_model = len(labels.data) == 1
    series = []
    for model in range(len(labels.models)):
        own = {each.data: each for each in part if each.model == model and each.known}
        points = tuple(
            Point(model if by_model else at, own[data].value, own[data].ci)
            for at, data in enumerate(labels.data)
            if data in own
        )
        series.append(Series(model, points))
    place = f"at {layers[0]} " if len(layers) == 1 else "at one layer of each " if layers else ""
    return PointsPanel(
        axis=axis_of(part[0].metric),
        about=f"{place}under {name(part[0].group, LONGEST_PLACE)}",
        series=tuple(series),
        names=labels.models if by_model else tuple(name(each, LONGEST_PLACE) for each in labels.data),
        of_models=by_model,
    )


def _depth(part: Sequence[Shown], layers: Sequence[str], labels: Labels) -> DepthPanel:
    """Layers that most models have are named; those of models that have others are placed by their order."""
    own = {
        model: {each.layer: each for each in part if each.model == model and each.known}
        for model in range(len(labels.models))
    }
    own = {model: values for model, values in own.items() if values}
    layers = [layer for layer in layers if any(layer in values for values in own.values())]
    shared = all(2 * len(values) > len(layers) for values in own.values())
    series = tuple(
        Series(
            model,
            tuple(_placed(values, layers) if shared else _spread([values[x] for x in layers if x in values])),
        )
        for model, values in own.items()
    )
    within, shown = shortened(layers) if shared else ("", [])
    on = f" on {name(part[0].data, LONGEST_PLACE)}" if len(labels.data) > 1 else ""
    return DepthPanel(
        axis=axis_of(part[0].metric),
        about=f"under {name(part[0].group, LONGEST_PLACE)}{on}",
        series=series,
        layers=tuple(name(each, LONGEST_PLACE) for each in shown),
        within="" if within == "layer" else name(within, LONGEST_PLACE),
    )


def _placed(values: dict[str | None, Shown], layers: Sequence[str]) -> Iterable[Point]:
    """A point at each layer's number; a gap where the model has no value."""
    for at, layer in enumerate(layers):
        each = values.get(layer)
        yield Point(at, None) if each is None else Point(at, each.value, each.ci)


def _spread(values: Sequence[Shown]) -> Iterable[Point]:
    """The points from the first layer, 0, to the last, 1."""
    for at, each in enumerate(values):
        yield Point(at / (len(values) - 1) if len(values) > 1 else 0.5, each.value, each.ci)


def _without_value(parts: Iterable[Sequence[Shown]], labels: Labels) -> Iterable[str]:
    """Each model and data set that a panel has no value of."""
    for part in parts:
        there = {(each.model, each.data) for each in part if each.known}
        for model, label in enumerate(labels.models):
            for data in labels.data:
                if (model, data) not in there:
                    on = f" on {data}" if len(labels.data) > 1 else ""
                    yield f"{part[0].metric} of {label}{on} under {part[0].group}"
