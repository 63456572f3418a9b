"""Parts of figures as SVG: text, lines, marks, and the frame that gives a figure its title and description.

Coordinates are in units of a figure, of which a panel is 304 wide. Whatever a result names is escaped, and its control
characters are shown as such.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from geed_cli.documents.document import printable
from geed_cli.report.html.colours import GROUND, INK, MUTED, RULE

PANEL = 304
"""Units that a figure is wide: legible from 360 pixels, with or without styles."""
SWATCH = 14
"""Units of a mark before a label."""
SHRINKS = 120
"""Units of a mark from which on print draws it smaller."""
LONGEST_NAME = 200
"""Characters of a name on the page; figures show fewer."""
Ends = tuple[float, float, float, float]
"""Of a straight line: x1, y1, x2, y2."""
_FONT = "Helvetica Neue,Arial,Liberation Sans,sans-serif"


@dataclass(frozen=True)
class Paint:
    """How one model is drawn: its colour, its class of styles, its shape, and whether it is hollow and dashed."""

    colour: str
    css: str
    shape: str
    hollow: bool = False

    @property
    def key(self) -> str:
        """What the ids of its marks end with on a page, where they are defined once."""
        return f"{self.css}{self.shape[0]}"


def short_number(number: float) -> str:
    """A coordinate to a tenth of a unit."""
    shown = f"{number:.1f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def name(text: str, most: int = LONGEST_NAME) -> str:
    """A name from a result, harmless and at most so long; the end is kept, in which names of one kind differ."""
    shown = printable(text, len(text))
    return shown if len(shown) <= most else "…" + shown[len(shown) - most + 1 :]


def text(
    x: float,
    y: float,
    what: str,
    *,
    anchor: str = "start",
    paint: Paint | None = None,
    strong: bool = False,
    ink: bool = False,
    size: float = 11,
) -> str:
    """A text in muted colour, in a model's, or in ink."""
    look = _look(anchor, ink=ink, size=size) + ' font-weight="700"' * strong
    if paint is not None:
        look += f' class="f{paint.css}" fill="{paint.colour}"'
    return f'<text x="{short_number(x)}" y="{short_number(y)}"{look}>{escape(what)}</text>'


def alike(texts: str, *, anchor: str = "start", ink: bool = False, size: float = 11) -> str:
    """Several texts that look the same, which says it once."""
    return f"<g{_look(anchor, ink=ink, size=size)}>{texts}</g>" if texts else ""


def _look(anchor: str, *, ink: bool, size: float) -> str:
    look = f' text-anchor="{anchor}"' * (anchor != "start") + f' font-size="{short_number(size)}"' * (
        size != 11
    )
    return look + f' class="ik" fill="{INK}"' * ink


def line(
    x1: float, y1: float, x2: float, y2: float, *, css: str = "rl", colour: str = RULE, width: float = 1
) -> str:
    """A straight line, a rule unless it is said otherwise."""
    return lines([(x1, y1, x2, y2)], css=css, colour=colour, width=width)


def lines(
    ends: Sequence[tuple[float, float, float, float]],
    *,
    css: str = "rl",
    colour: str = RULE,
    width: float = 1,
) -> str:
    """Straight lines that look the same."""
    wide = "" if width == 1 else f' stroke-width="{width:g}"'
    path = "".join(_line(*each) for each in ends)
    return f'<path class="{css}" d="{path}" stroke="{colour}"{wide}/>' if path else ""


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    to = f"L{short_number(x2)} {short_number(y2)}"
    if x1 == x2 or y1 == y2:
        to = f"V{short_number(y2)}" if x1 == x2 else f"H{short_number(x2)}"
    return f"M{short_number(x1)} {short_number(y1)}{to}"


def dots(points: Sequence[tuple[float, float]], *, css: str, colour: str, width: float) -> str:
    """Round dots so many units wide: lines without a length, each from where the last one ended."""
    path, at = "", (0, 0)
    for x, y in points:
        to = round(10 * x), round(10 * y)
        step = [short_number((new - old) / 10) for new, old in zip(to, at, strict=True)]
        path += f"{'m' if path else 'M'}{step[0]}{' ' * (step[1][0] != '-')}{step[1]}h0"
        at = to
    return (
        f'<path class="{css}" d="{path}" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round"/>'
    )


def polyline(
    points: Sequence[tuple[float, float]], paint: Paint, *, width: float = 1.8, closed: bool = False
) -> str:
    """A line through points, dashed for a hollow paint."""
    if len(points) < 2:
        return ""
    dash = ' stroke-dasharray="5 3"' * paint.hollow
    return (
        f'<path class="s{paint.css}" d="{_path(points)}{"z" * closed}" fill="none" stroke="{paint.colour}" '
        f'stroke-width="{width:g}"{dash}/>'
    )


def area(points: Sequence[tuple[float, float]], paint: Paint) -> str:
    """A band in a model's colour, pale."""
    return f'<path class="f{paint.css}" d="{_path(points)}z" fill="{paint.colour}" fill-opacity=".2"/>'


def bar(x: float, y: float, width: float, height: float, *, css: str, colour: str) -> str:
    """A filled rectangle."""
    sides = f'width="{short_number(max(width, 0))}" height="{short_number(max(height, 0))}"'
    return f'<rect class="{css}" x="{short_number(x)}" y="{short_number(y)}" {sides} fill="{colour}"/>'


def interval(x1: float, x2: float, y: float, paint: Paint, cap: float = 5) -> str:
    """A horizontal interval with ends."""
    low, high, top = short_number(x1), short_number(x2), short_number(y - cap)
    ends = f"M{low} {top}v{2 * cap:g}m0-{cap:g}H{high}m0-{cap:g}v{2 * cap:g}"
    return f'<path class="s{paint.css}" d="{ends}" stroke="{paint.colour}" stroke-width="1.8"/>'


def whiskers(spans: Sequence[tuple[float, float, float]], paint: Paint) -> str:
    """Vertical intervals, each (x, one end, the other)."""
    if not spans:
        return ""
    path = "".join(f"M{short_number(x)} {short_number(low)}V{short_number(high)}" for x, low, high in spans)
    return f'<path class="s{paint.css}" d="{path}" stroke="{paint.colour}" stroke-width="1.3"/>'


def shape(paint: Paint, x: float, y: float, size: float = 3.5) -> str:
    """The model's own mark; hollow for untrained networks."""
    return shapes(paint, [(x, y)], size)


def shapes(paint: Paint, points: Sequence[tuple[float, float]], size: float = 3.5) -> str:
    """The same mark at every point."""
    look = f'class="f{paint.css}" fill="{paint.colour}"'
    if paint.hollow:
        look = f'class="s{paint.css} hollow" fill="{GROUND}" stroke="{paint.colour}" stroke-width="1.6"'
    outline = "".join(_outline(paint.shape, x, y, size) for x, y in points)
    return f'<path {look} d="{outline}"/>' if points else ""


def definitions(paint: Paint) -> str:
    """The model's mark in the two sizes that a page refers to: ``k`` before labels, ``m`` on intervals."""
    sizes = {"k": 3.5, "m": 2.8}
    return "".join(
        f'<g id="{kind}{paint.key}">{shape(paint, 0, 0, size)}</g>' for kind, size in sizes.items()
    )


def reference(ident: str, x: float, y: float) -> str:
    """What is defined under that id, its middle at (x, y)."""
    return f'<use href="#{ident}" x="{short_number(x)}" y="{short_number(y)}"/>'


def _outline(kind: str, x: float, y: float, s: float) -> str:
    if kind == "circle":
        return f"M{short_number(x - s)} {short_number(y)}a{s:g} {s:g} 0 1 0 {2 * s:g} 0a{s:g} {s:g} 0 1 0-{2 * s:g} 0"
    if kind == "square":
        return f"M{short_number(x - s)} {short_number(y - s)}h{2 * s:g}v{2 * s:g}h-{2 * s:g}z"
    if kind == "diamond":
        side = f"{s + 1:g}"
        return f"M{short_number(x)} {short_number(y - s - 1)}l{side} {side}-{side} {side}-{side}-{side}z"
    return f"M{short_number(x)} {short_number(y - s - 0.6)}l{s + 0.8:g} {2 * s:g}h-{2 * s + 1.6:g}z"


def figure(body: str, height: float, ident: str, title: str, description: str) -> Markup:
    """A figure that stands for itself, with what it shows as text for who does not see it."""
    size = f'width="{PANEL}" height="{short_number(height)}" viewBox="0 0 {PANEL} {short_number(height)}"'
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fig" {size} role="img" '
        f'aria-labelledby="{ident}-t {ident}-d" font-family="{_FONT}" font-size="11" fill="{MUTED}">'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(description)}</desc>{body}</svg>'
    )


def decoration(body: str, width: float, height: float) -> Markup:
    """A mark whose numbers stand beside it as text; styles know it by its lack of a class."""
    size = f'width="{width:g}" height="{height:g}"'
    if width >= SHRINKS:
        size += f' viewBox="0 0 {width:g} {height:g}"'
    if "<text" in body:
        size += f' fill="{MUTED}" font-size="11"'
    return Markup(f'<svg {size} aria-hidden="true">{body}</svg>')


def apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places of labels, moved until none are nearer to each other than the gap, in their order, between two ends.

    Where there is no room for all of them, they are spread evenly.
    """
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    placed: list[float] = []
    for number, at in enumerate(order):
        # room has to be left above for the labels that follow
        highest = high - gap * (len(order) - 1 - number)
        lowest = low if not placed else placed[-1] + gap
        placed.append(min(max(wanted[at], lowest), highest))
    for number in range(
        len(placed) - 2, -1, -1
    ):  # one that was pushed up pulls the one below it half-way back
        spare = placed[number] - wanted[order[number]]
        if spare > 0:
            below = placed[number - 1] + gap if number else low
            placed[number] = max(below, placed[number] - spare / 2)
    places = [0.0] * len(wanted)
    for at, place in zip(order, placed, strict=True):
        places[at] = place
    return places


def ticks(top: float, most: int = 4) -> list[float]:
    """Round numbers from 0 to the top, at most so many steps."""
    step = next(s for s in _STEPS if top / s <= most)
    return [round(number * step, 10) for number in range(int(top / step + 1e-9) + 1)]


_STEPS = tuple(base * 10.0**power for power in range(-6, 13) for base in (1, 2, 2.5, 5))


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{short_number(x)} {short_number(y)}" for x, y in points)
