"""The layers of a network by element, as a heat map: where a layer disagrees, and for which element."""

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from geed_cli.measures.catalogue import measure_named
from geed_cli.report.html.colours import FIRST_DARK, GROUND, HEAT, INK
from geed_cli.report.html.depth_figure import ident, shortened
from geed_cli.report.html.drawing import PANEL, alike, figure, name, short_number, text
from geed_cli.report.html.element_figures import spoken
from geed_cli.report.html.shown_model import ShownModel
from geed_cli.verdict.digits import percent
from geed_cli.verdict.way import distance_to_another

LEFT, TOP, ROW = 74, 24, 24
MOST_LAYERS = 40
"""Rows; of more layers, some evenly from the first to the last."""
NARROWEST = 22
"""Units of a cell from which on it has a number."""
WIDEST = 44

Row = tuple[str, Mapping[str, float]]
"""A layer, and its place between unchanged and another image at each element."""


def heat_figure(model: ShownModel, group: str, title: str) -> Markup | None:
    """Layers down, elements across, in percent of the way to another image's maps; None where no layer has a place."""
    rows = _rows(model, group)
    if not rows:
        return None
    elements = [element for element in model.groups[group].elements if element != "e"]
    width = min(float(WIDEST), (PANEL - LEFT - 2) / len(elements))
    end = TOP + ROW * len(rows) + 12
    body = _headings(elements, width) + _names(rows) + _cells(rows, elements, width) + _legend(end)
    told = "; ".join(_furthest(*row) for row in rows if row[1])
    what = f"{model.label}, {title}: layers by element"
    return figure(
        body, end + 28, f"heat-{ident(group)}", what, f"Percent of the way to another image's maps. {told}."
    )


def _rows(model: ShownModel, group: str) -> list[Row]:
    """At each element (m_g − best) / the mean distance from best of another image's maps."""
    rows: list[Row] = []
    for entry in model.layers(group):
        best = measure_named(entry.metric).best
        end = distance_to_another(entry, best)
        if end is not None:
            parts = {
                element: (value - best) / end
                for element, value in entry.per_element.items()
                if element != "e" and value is not None
            }
            rows.append((entry.layer or "", parts))
    if len(rows) > MOST_LAYERS:
        kept = {round(k * (len(rows) - 1) / (MOST_LAYERS - 1)) for k in range(MOST_LAYERS)}
        rows = [row for at, row in enumerate(rows) if at in kept]
    return rows


def _headings(elements: Sequence[str], width: float) -> str:
    every = max(1, math.ceil(30 / width))
    headings = "".join(
        text(LEFT + width * (at + 0.5), TOP - 8, name(spoken(elements[at]), 8))
        for at in range(0, len(elements), every)
    )
    return alike(headings, anchor="middle", size=10.5)


def _names(rows: Sequence[Row]) -> str:
    names = [layer for layer, _ in rows]
    if any(len(layer) > 10 for layer in names):
        names = shortened(names)[1]
    texts = "".join(text(LEFT - 8, TOP + ROW * at + 16, name(each, 10)) for at, each in enumerate(names))
    return alike(texts, anchor="end", ink=True)


def _cells(rows: Sequence[Row], elements: Sequence[str], width: float) -> str:
    """One path for each step of the scale, and the numbers, dark on pale cells and pale on dark ones."""
    paths, numbers = [""] * len(HEAT), {False: "", True: ""}
    for down, (_, parts) in enumerate(rows):
        for across, element in enumerate(elements):
            part = parts.get(element)
            if part is None:
                continue
            step = min(int(max(part, 0.0) * len(HEAT)), len(HEAT) - 1)
            x, y, side = LEFT + width * across, TOP + ROW * down, short_number(width - 1)
            paths[step] += f"M{short_number(x)} {y}h{side}v{ROW - 1}h-{side}z"
            if width >= NARROWEST:
                middle = short_number(x + width / 2 - 0.5)
                numbers[step >= FIRST_DARK] += f'<text x="{middle}" y="{y + 16}">{100 * part:.0f}</text>'
    body = "".join(
        f'<path class="h{step}" d="{path}" fill="{HEAT[step]}"/>' for step, path in enumerate(paths) if path
    )
    for dark, css, fill in ((False, "tp", INK), (True, "td", GROUND)):
        if numbers[dark]:
            body += f'<g class="{css}" fill="{fill}" text-anchor="middle">{numbers[dark]}</g>'
    return body


def _legend(y: float) -> str:
    body = "".join(
        f'<path class="h{step}" d="M{LEFT + 18 * step} {y}h18v9h-18z" fill="{fill}"/>'
        for step, fill in enumerate(HEAT)
    )
    return body + text(LEFT, y + 22, "0% unchanged") + text(LEFT + 150, y + 9, "100% another")


def _furthest(layer: str, parts: Mapping[str, float]) -> str:
    far = max(parts, key=lambda element: parts[element])
    return f"{name(layer, 60)} furthest at {spoken(far)} ({percent(parts[far])})"
