"""Which images: one dot for each image's own value, and the names of the least and the most moved one."""

import statistics
from collections.abc import Callable, Sequence

from markupsafe import Markup

from geed_cli.report.html.colours import INK, ZONE
from geed_cli.report.html.depth_figure import ident
from geed_cli.report.html.drawing import (
    PANEL,
    Ends,
    alike,
    bar,
    dots,
    figure,
    line,
    lines,
    name,
    shape,
    text,
    ticks,
)
from geed_cli.report.html.shown_model import ShownModel
from geed_cli.verdict.digits import percent
from geed_cli.verdict.features import FEATURES

MOST_DOTS = 120
"""Images that have a dot each; of more, a dot is one percent of them."""
ROW, LEFT, RIGHT = 76, 8, PANEL - 8
DOT = 2.4
Value = tuple[float, str]
"""An image's place on the scale, and its path."""


def image_values(model: ShownModel, group: str) -> list[tuple[float, str]]:
    """Each image's place between unchanged and another image by its features, with its path, least first.

    The mean of the numerators over M is the value on the scale: d_i / M. Results before ``geed.result/2`` have v_i / M,
    the measure's own unit over that of the scale's end.
    """
    entry = model.entry(group, FEATURES)
    if entry is None or not entry.normaliser:
        return []
    images = [image.path for image in model.result.data.images]
    way = model.way(entry)
    if entry.to_another is not None and entry.to_another.per_image is not None:
        rows, end = entry.to_another.per_image, entry.normaliser
    elif entry.per_image is not None and way is not None and way.value > 0 and entry.value:
        rows, end = entry.per_image.value, entry.normaliser * entry.value / way.value
    else:
        return []
    return sorted((row / end, path) for row, path in zip(rows, images, strict=True) if row is not None)


def image_figure(models: Sequence[ShownModel], group: str, title: str) -> Markup | None:
    """A row of dots for each model; None where no image has a value."""
    rows = [(model, values) for model in models if (values := image_values(model, group))]
    if not rows:
        return None
    top = max(value for _, values in rows for value, _ in values) or 1.0
    height = ROW * len(rows) + 20

    def x(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * min(max(value, 0.0), top) / top

    body = lines([(x(tick), 4, x(tick), height - 18) for tick in ticks(top)])
    for tick in ticks(top):
        anchor = "start" if tick == 0 else "end" if x(tick) > RIGHT - 12 else "middle"
        body += text(x(tick), height - 5, f"{100 * tick:g}%", anchor=anchor)
    leaders, names = list[Ends](), ""
    for number, (model, values) in enumerate(rows):
        y = ROW * number + 42
        body += _row(model, values, group, y, x, strong=model is models[0])
        ends, named = _named(values, x, y)
        leaders, names = leaders + ends, names + named
    body += lines(leaders, css="ink", colour=INK, width=0.7) + alike(names, ink=True)
    told = " ".join(
        f"{model.label}: least {_image(values[0])}, median {percent(statistics.median(v for v, _ in values))}, "
        f"most {_image(values[-1])}."
        for model, values in rows
    )
    description = f"How far each image's features move on the way to another image. {told}"
    return figure(body, height, f"images-{ident(group)}", f"{title}: features of each image", description)


def _image(value: tuple[float, str]) -> str:
    return f"{name(value[1], 80)} {percent(value[0])}"


def _row(
    model: ShownModel,
    values: Sequence[Value],
    group: str,
    y: float,
    x: Callable[[float], float],
    *,
    strong: bool,
) -> str:
    entry = model.entry(group, FEATURES)
    way = None if entry is None else model.way(entry)
    body = ""
    if way is not None:
        if way.ci is not None:
            low, high = map(x, way.ci)
            body += bar(low, y - 19, high - low, 38, css="zone", colour=ZONE)
        body += line(x(way.value), y - 19, x(way.value), y + 19, css="ink", colour=INK, width=1.6)
    places = dodged([x(value) for value in shown_values([value for value, _ in values])], DOT, 16)
    body += dots(
        [(at, y + off) for at, off in places],
        css=f"s{model.paint.css}",
        colour=model.paint.colour,
        width=2 * DOT - 0.4,
    )
    body += shape(model.paint, LEFT + 4, y - 29, 3.5)
    body += text(LEFT + 12, y - 25, name(model.label, 30), paint=model.paint, strong=strong, size=12)
    return body


def _named(values: Sequence[Value], x: Callable[[float], float], y: float) -> tuple[list[Ends], str]:
    """The extremes by name: the least below its dot, the most behind it, or above where it is far right.

    Returns:
        lines from dots to names, and the names.
    """
    least, most = ((x(value), short_path(path)) for value, path in (values[0], values[-1]))
    leaders = [(least[0], y + 4, least[0], y + 21)]
    width = 6.1 * len(least[1])
    names = text(min(max(least[0] - 2, 0), RIGHT - width), y + 31, least[1])
    if len(values) == 1:
        return leaders, names
    if most[0] + 6 + 6.1 * len(most[1]) < RIGHT:
        return leaders, names + text(most[0] + 6, y + 4, most[1])
    leaders.append((most[0], y - 4, most[0], y - 17))
    return leaders, names + text(most[0] + 2, y - 20, most[1], anchor="end")


def short_path(path: str) -> str:
    """The file's name without its suffix, as figures have room for it."""
    last = path.replace("\\", "/").rpartition("/")[2]
    return name(last.rpartition(".")[0] or last, 24)


def shown_values(values: Sequence[float]) -> list[float]:
    """The values, or of more than have room 100 quantiles, a dot for each percent."""
    if len(values) <= MOST_DOTS:
        return list(values)
    ordered = sorted(values)
    return [ordered[int((percentile + 0.5) / 100 * len(ordered))] for percentile in range(100)]


def dodged(places: Sequence[float], radius: float, room: float) -> list[tuple[float, float]]:
    """Dots that do not cover each other while there is room: each as near to the middle line as the others leave."""
    placed: list[tuple[float, float]] = []
    for at in sorted(places):
        near = [dot for dot in placed if abs(dot[0] - at) < 2 * radius]
        step = 0
        while True:
            off = (step + 1) // 2 * (1 if step % 2 else -1) * radius
            free = all((at - a) ** 2 + (off - b) ** 2 >= (2 * radius) ** 2 for a, b in near)
            if free or abs(off) > room:
                placed.append((at, max(-room, min(room, off))))
                break
            step += 1
    return placed
