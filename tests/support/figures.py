"""How tests look at a figure for a paper: its artists, its texts and where they lie."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from geed_cli.report.figures.sheet import Sheet
from geed_cli.report.figures.style import settings

SVG = "{http://www.w3.org/2000/svg}"


@lru_cache(maxsize=16)
def canvas_of(sheet: Sheet) -> Figure:
    """The sheet as matplotlib's figure, laid out and drawn."""
    with settings():
        canvas = sheet.canvas()
        canvas.draw_without_rendering()
    return canvas


def axes_of(sheet: Sheet) -> list[Axes]:
    """The axes that are seen."""
    return [axes for axes in canvas_of(sheet).axes if axes.get_visible()]


def shown_texts(canvas: Figure) -> Iterator[Text]:
    """Every text that is drawn inside the figure: of ticks within their axes, of names and of the legend."""
    for axes in (axes for axes in canvas.axes if axes.get_visible()):
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            yield from (tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high)
            yield axis.label
        yield from axes.texts
    for legend in canvas.legends:
        yield from legend.get_texts()


def overlapping(canvas: Figure) -> list[tuple[str, str]]:
    """The texts that lie on each other, or beyond the edge."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown_texts(canvas) if text.get_text()]
    found = [
        (one, other)
        for (one, box), (other, beside) in combinations(boxes, 2)
        if min(box.x1, beside.x1) - max(box.x0, beside.x0) > 0.5
        and min(box.y1, beside.y1) - max(box.y0, beside.y0) > 0.5
    ]
    page = canvas.bbox
    return found + [
        (text, "the edge")
        for text, box in boxes
        if min(box.x0, box.y0, page.x1 - box.x1, page.y1 - box.y1) < -0.5
    ]


def points_of(axes: Axes) -> dict[str, list[tuple[float, float]]]:
    """The places of the marks of every line that has them, by its colour and mark, as the axes have them."""
    found: dict[str, list[tuple[float, float]]] = {}
    for line in (line for line in axes.lines if line.get_marker() != "None"):
        places = [(float(x), float(y)) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]
        found.setdefault(f"{line.get_color()}{line.get_marker()}", []).extend(places)
    return found


def bands_of(axes: Axes) -> dict[str, list[tuple[float, float, float]]]:
    """The edges of every band, by its colour: where, and its limits."""
    edges: dict[str, list[Line2D]] = {}
    for line in (line for line in axes.lines if line.get_marker() == "None"):
        edges.setdefault(str(line.get_color()), []).append(line)
    return {
        colour: [
            (float(x), float(low), float(high))
            for x, low, high in zip(below.get_xdata(), below.get_ydata(), above.get_ydata(), strict=True)
        ]
        for colour, (below, above) in edges.items()
    }


def spans_of(axes: Axes) -> list[tuple[float, float, float]]:
    """Every interval that is drawn as a vertical line: where, and its limits."""
    segments = [
        segment
        for drawn in axes.collections
        if hasattr(drawn, "get_segments")
        for segment in drawn.get_segments()
    ]
    return sorted((float(one[0]), float(one[1]), float(other[1])) for one, other in segments)


def text_of(svg: bytes) -> str:
    """All text of an SVG."""
    return " ".join("".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text"))
