"""Single figures of a result, as SVG files: those of the report page, for papers and slides."""

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from geed_cli.choices import Plot
from geed_cli.errors import InputError, meant, nearest
from geed_cli.report.html.depth_figure import depth_figure
from geed_cli.report.html.element_figures import polar_figure, profile_figure
from geed_cli.report.html.heat_figure import heat_figure
from geed_cli.report.html.image_figure import image_figure
from geed_cli.report.html.shown_model import ShownModel, shown_models
from geed_cli.result.schema import Result
from geed_cli.verdict.features import FEATURES
from geed_cli.verdict.transformations import title_of

Draw = Callable[[Sequence[ShownModel], str, str], Markup | None]
FIGURES: dict[Plot, tuple[Draw, str]] = {
    "depth": (depth_figure, "layers with a place between unchanged and another image"),
    "polar": (
        lambda m, g, t: polar_figure(m, g, FEATURES, t),
        f"{FEATURES} under a group of four turns or more",
    ),
    "elements": (
        lambda m, g, t: profile_figure(m, g, FEATURES, t),
        f"{FEATURES} with a value at each element",
    ),
    "images": (image_figure, f"{FEATURES} with a row for each image"),
    "layers": (lambda m, g, t: heat_figure(m[0], g, t), "layers with a value at each element"),
}
"""What draws each figure, and what it needs. ``layers`` is of the first result alone."""


def single_figure(kind: Plot, results: Mapping[str, Result], group: str | None) -> str:
    """One figure as the text of an SVG file.

    Args:
        kind: which.
        results: by label, in the order of their colours.
        group: its name; None is the first that the figure can be drawn of.

    Raises:
        InputError: no such group, or nothing to draw.
    """
    models = shown_models(results)
    names = list(dict.fromkeys(each.name for model in models for each in model.result.groups))
    if group is not None and group not in names:
        raise InputError(
            f"no group {group!r} in these results",
            expected=f"{meant(group, names)}one of {', '.join(names)}",
            remedy=f"--group {next(iter(nearest(group, names, 1)), names[0])}",
        )
    draw, needed = FIGURES[kind]
    for each in names if group is None else [group]:
        there = [model for model in models if each in model.groups]
        drawn = draw(there, each, title_of(there[0].groups[each]))
        if drawn is not None:
            return f"{drawn}\n"
    raise InputError(
        f"nothing to draw as {kind}{f' under {group}' if group else ''}",
        expected=needed,
        remedy="audit again with it, or choose another figure",
    )
