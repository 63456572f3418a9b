"""Where in the network: how far each layer's maps are on the way to another image's maps, from first to last."""

from collections.abc import Sequence

from markupsafe import Markup

from geed_cli.report.html.colours import MUTED, UNTRAINED, ZONE
from geed_cli.report.html.drawing import (
    PANEL,
    Paint,
    alike,
    apart,
    area,
    bar,
    dots,
    figure,
    line,
    lines,
    name,
    polyline,
    shapes,
    short_number,
    text,
)
from geed_cli.report.html.shown_model import ShownModel
from geed_cli.result.schema import Entry
from geed_cli.verdict.digits import percent, percents
from geed_cli.verdict.way import Way, floor_on_scale, twin_on_scale

LEFT, RIGHT, TOP, BOTTOM = 36, 214, 22, 186
MOST_NAMES = 9
"""Layers that are named below the axis."""
MOST_MARKS = 16
"""Layers from which on only the lines are drawn, without marks on them."""
TWIN = Paint(UNTRAINED, "u", "diamond", hollow=True)

Placed = tuple[Entry, Way]


def placed_layers(model: ShownModel, group: str) -> list[Placed]:
    """The layers that have a place on the scale, in the order of the network."""
    return [(entry, way) for entry in model.layers(group) if (way := model.way(entry)) is not None]


def depth_figure(models: Sequence[ShownModel], group: str, title: str) -> Markup | None:
    """One group's layers, all models above each other; None where no layer has a place on the scale.

    Layers of models that have others than the first are placed by their order.
    """
    placed = {at: layers for at, model in enumerate(models) if (layers := placed_layers(model, group))}
    if not placed:
        return None
    ends = [end for layers in placed.values() for _, way in layers for end in (way.value, *(way.ci or ()))]
    drawing = _Drawing(max(1.0, *ends))
    body, told = drawing.axis(), list[str]()
    labels: list[tuple[float, str, Paint | None, bool]] = []
    floors = [
        floor
        for at, layers in placed.items()
        for entry, _ in layers
        if (floor := floor_on_scale(entry, models[at].groups[group].order)) is not None
    ]
    if floors:
        body += drawing.floor(max(floors))
        labels.append((drawing.y(max(floors)), "floor", None, False))
    for at in sorted(placed, reverse=True):
        model, layers = models[at], placed[at]
        body += drawing.model(layers, model.paint, first=at == 0)
        labels.append((drawing.y(layers[-1][1].value), model.label, model.paint, at == 0))
        told.insert(0, _told(model, layers))
    first = models[min(placed)]
    twins = _twins(first, placed[min(placed)])
    if len(twins) > 1 and not any(model.untrained for model in models):
        count = len(placed[min(placed)])
        points = [(drawing.x(number, count), drawing.y(part)) for number, part in twins]
        body += polyline(points, TWIN, width=1.5)
        labels.append((points[-1][1], "random twin", TWIN, False))
        told.append(f"Random twin of {first.label}: {percent(twins[0][1])} to {percent(twins[-1][1])}.")
    places = apart([label[0] for label in labels], 13, TOP + 4, BOTTOM)
    for place, (_, said, paint, strong) in zip(places, labels, strict=True):
        body += text(
            RIGHT + 6, place + 4, name(said, 12), paint=paint, strong=strong, size=11.5 if paint else 10.5
        )
    body += _below(first, [entry for entry, _ in placed[min(placed)]], group, drawing)
    description = (
        "How far each layer's maps are on the way to another image's maps, from the first layer to the last: 0% "
        f"unchanged, 100% another image. {' '.join(told)}"
    )
    return figure(body, BOTTOM + 48, f"depth-{ident(group)}", f"{title}: deviation by depth", description)


def ident(group: str) -> str:
    """The group's name as part of an id, which names no other group."""
    return "".join(sign if sign.isascii() and sign.isalnum() else f"_{ord(sign):x}" for sign in group)


class _Drawing:
    """The plane of one figure: where a part of the way and a layer lie."""

    def __init__(self, top: float) -> None:
        self._top = top

    def x(self, number: int, count: int) -> float:
        return LEFT + 8 + (RIGHT - LEFT - 14) * (number / (count - 1) if count > 1 else 0.5)

    def y(self, part: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * min(max(part, 0.0), self._top) / self._top

    def axis(self) -> str:
        parts = (0.0, 0.5, 1.0)
        body = lines([(LEFT, self.y(part), RIGHT, self.y(part)) for part in parts])
        numbers = "".join(text(LEFT - 5, self.y(part) + 4, f"{100 * part:g}%") for part in parts)
        body += alike(numbers, anchor="end")
        return (
            body + text(LEFT, self.y(1.0) - 6, "another image’s maps") + text(LEFT, BOTTOM + 13, "unchanged")
        )

    def floor(self, part: float) -> str:
        y = self.y(part)
        body = bar(LEFT, y, RIGHT - LEFT, BOTTOM - y, css="zone", colour=ZONE)
        return body + line(LEFT, y, RIGHT, y, css="zl", colour=MUTED, width=0.7)

    def model(self, layers: Sequence[Placed], paint: Paint, *, first: bool) -> str:
        count = len(layers)
        points = [(self.x(at, count), self.y(way.value)) for at, (_, way) in enumerate(layers)]
        limits = [
            (self.x(at, count), self.y(way.ci[0]), self.y(way.ci[1]))
            for at, (_, way) in enumerate(layers)
            if way.ci is not None
        ]
        body = ""
        if len(limits) > 1:
            body = area(
                [*((x, low) for x, low, _ in limits), *((x, high) for x, _, high in limits[::-1])], paint
            )
        elif limits:
            x, low, high = limits[0]
            body = line(x, low, x, high, css=f"s{paint.css}", colour=paint.colour)
        body += polyline(points, paint, width=2.2 if first else 1.6)
        if count <= MOST_MARKS:
            body += shapes(paint, points, 3)
        return body


def _told(model: ShownModel, layers: Sequence[Placed]) -> str:
    def of(place: Placed) -> str:
        entry, way = place
        limits = "" if way.ci is None else f" ({percents(*way.ci)})"
        return f"{percent(way.value)}{limits} at {name(entry.layer or '', 60)}"

    ends = of(layers[0]) if len(layers) == 1 else f"{of(layers[0])}, {of(layers[-1])}"
    return f"{model.label}: {ends}."


def _twins(model: ShownModel, layers: Sequence[Placed]) -> list[tuple[int, float]]:
    found = []
    for number, (entry, _) in enumerate(layers):
        twin = twin_on_scale(entry, model.groups[entry.group].order)
        if twin is not None:
            found.append((number, twin))
    return found


def _below(model: ShownModel, entries: Sequence[Entry], group: str, drawing: _Drawing) -> str:
    """The names of the first model's layers, and which sampling grids the group does not map onto themselves."""
    names = [entry.layer or "" for entry in entries]
    prefix, shown = shortened(names)
    faulty = {phase.layer for phase in model.result.grid_phase if phase.group == group}
    every = -(-len(names) // MOST_NAMES)
    places = [drawing.x(number, len(names)) for number in range(len(names))]
    below = "".join(
        text(places[number], BOTTOM + 28, name(shown[number], 6 if len(names) > 4 else 10))
        for number in range(0, len(names), every)
    )
    body = alike(below, anchor="middle")
    marked = [x for x, layer in zip(places, names, strict=True) if layer in faulty]
    if marked and len(names) <= MOST_MARKS:
        squares = "".join(f"M{short_number(x - 4)} {BOTTOM + 34}v8h8v-8z" for x in marked)
        body += f'<path class="zl" d="{squares}" stroke="{MUTED}" fill="none"/>'
        body += dots([(x + 1.7, BOTTOM + 39.7) for x in marked], css="zl", colour=MUTED, width=2.8)
    body += text(RIGHT + 6, BOTTOM + 28, name(prefix, 12))
    if faulty and len(names) <= MOST_MARKS:
        body += text(RIGHT + 6, BOTTOM + 42, "grid off centre")
    elif faulty:
        body += text(
            PANEL, BOTTOM + 42, f"grid off centre at {len(faulty)} of {len(names)} layers", anchor="end"
        )
    return body


def shortened(names: Sequence[str]) -> tuple[str, list[str]]:
    """What the names begin with alike, up to a dot, and what is left of each; ``layer`` where they share nothing."""
    parts = [each.split(".") for each in names]
    shared = 0
    while len(parts) > 1 and all(
        len(part) > shared + 1 and part[shared] == parts[0][shared] for part in parts
    ):
        shared += 1
    prefix = ".".join(parts[0][:shared]) if parts else ""
    return prefix or "layer", [".".join(part[shared:]) for part in parts]
