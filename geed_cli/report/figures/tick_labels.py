"""Names below the horizontal axis that do not lie on each other: broken into lines, turned, or fewer of them."""

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

MOST_LINES = 3
GAP = 6.0
"""Pixels between two names, of 100 to an inch."""
_PIECES = re.compile(r"[^-_./:@ ]+[-_./:@ ]*|[-_./:@ ]+")


def fit_labels(axes: "Axes", names: Sequence[str]) -> bool:
    """Break the names where they overlap, and turn them where that is not enough; whether anything changed."""
    labels = axes.get_xticklabels()
    if not _overlap(labels) or labels[0].get_rotation():
        return False
    broken = [label.get_text() for label in labels] != list(names)
    lines = [] if broken else _broken(axes, labels, names)
    if lines:
        axes.set_xticks(range(len(names)), lines)
    else:
        axes.set_xticks(range(len(names)), names, rotation=90)
    return True


def thin_labels(axes: "Axes", names: Sequence[str]) -> bool:
    """Leave every second, third … name, turned where that leaves more; whether anything changed."""
    labels = axes.get_xticklabels()
    if len(labels) < len(names) or not _overlap(labels):
        return False
    boxes = [_box(label) for label in labels]
    slot = _slot(axes)
    every = math.ceil((max(box.width for box in boxes) + GAP) / slot)
    turned = math.ceil((max(box.height for box in boxes) + GAP) / slot)
    upright = every <= max(2 * turned, 4)
    chosen = range(0, len(names), every if upright else turned)
    axes.set_xticks(list(chosen), [names[at] for at in chosen], rotation=0 if upright else 90)
    return True


def _broken(axes: "Axes", labels: "Sequence[Text]", names: Sequence[str]) -> list[str]:
    """The names in lines that are no wider than their place; none where one has too many lines, or too long a word."""
    slot = _slot(axes) - GAP
    widths = [_box(label).width / max(len(name), 1) for label, name in zip(labels, names, strict=True)]
    lines = []
    for name, width in zip(names, widths, strict=True):
        most = int(slot / width) if width else len(name)
        made = _in_lines(name, most)
        if len(made) > MOST_LINES or any(len(line) > most for line in made):
            return []
        lines.append("\n".join(made))
    return lines


def _in_lines(name: str, most: int) -> list[str]:
    """Lines of at most so many characters, broken behind what parts a name: ``-``, ``_``, ``.``, ``/``."""
    lines = [""]
    for piece in _PIECES.findall(name):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > most:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _slot(axes: "Axes") -> float:
    """Pixels from one place to the next."""
    places = axes.transData.transform([(0, 0), (1, 0)])
    return float(places[1][0] - places[0][0])


def _overlap(labels: "Sequence[Text]") -> bool:
    """Whether one of them lies on the next, or almost."""
    boxes = [_box(label) for label in labels]
    return any(one.x1 + GAP > other.x0 for one, other in pairwise(boxes))


def _box(label: "Text") -> "Bbox":
    """Where it lies, in pixels."""
    return label.get_window_extent()
