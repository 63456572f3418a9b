"""Planar groups and their action on square arrays, from explicit coordinates.

An element is (turn, mirror): mirror left-right first, then rotate counter-clockwise, as displayed, by `turn`
of a full turn. It acts on the left by (g·x)(u) = x(g⁻¹u). Pixel (h, w) of a frame of side S has its centre at
x = w − (S−1)/2 to the right and y = (S−1)/2 − h upwards; the code uses twice these, which are integers.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BOUNDARIES = ("zero", "disc", "reflect")


class Element(NamedTuple):
    """Mirror left-right if `mirror`, then rotate counter-clockwise by `turn` in [0, 1)."""

    turn: Fraction
    mirror: bool


IDENTITY = Element(Fraction(0), False)
LEFT_RIGHT = Element(Fraction(0), True)
UP_DOWN = Element(Fraction(1, 2), True)
HALF_TURN = Element(Fraction(1, 2), False)


def planar_group(name: str) -> list[Element]:
    """The elements of flip, vflip, flips, c<n> or d<n> (order 2n), the identity first."""
    if name == "flip":
        return [IDENTITY, LEFT_RIGHT]
    if name == "vflip":
        return [IDENTITY, UP_DOWN]
    if name == "flips":
        return [IDENTITY, LEFT_RIGHT, UP_DOWN, HALF_TURN]
    n = int(name[1:])
    rotations = [Element(Fraction(k, n), False) for k in range(n)]
    mirrors = [Element(Fraction(k, n), True) for k in range(n)]
    return {"c": rotations, "d": rotations + mirrors}[name[0]]


def compose(g: Element, h: Element) -> Element:
    """The element gh, "first h, then g": a mirror in g reverses the turn of h."""
    turn = g.turn - h.turn if g.mirror else g.turn + h.turn
    return Element(turn % 1, g.mirror != h.mirror)


def is_exact(g: Element) -> bool:
    """Whether g only permutes the pixels of a square: its turn is a multiple of a quarter."""
    return (4 * g.turn).denominator == 1


def interpolates(group: list[Element]) -> bool:
    """Whether the group has an element that is not exact; only then does the boundary matter."""
    return any(not is_exact(g) for g in group)


def cosine_and_sine(turn: Fraction) -> tuple[float, float]:
    """Cosine and sine of 2π·turn, without rounding for quarter turns."""
    quarters = {Fraction(0): (1, 0), Fraction(1, 4): (0, 1), Fraction(1, 2): (-1, 0), Fraction(3, 4): (0, -1)}
    angle = 2 * math.pi * float(turn)
    return quarters.get(turn, (math.cos(angle), math.sin(angle)))


def source(size: int, g: Element) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns of g⁻¹u for every pixel u, each of shape (size, size).

    g⁻¹ undoes g in reverse order: a clockwise turn, (x, y) → (x cos + y sin, −x sin + y cos), then x → −x.
    """
    h, w = np.mgrid[0:size, 0:size]
    x = 2 * w - (size - 1)
    y = (size - 1) - 2 * h
    cos, sin = cosine_and_sine(g.turn)
    x, y = x * cos + y * sin, -x * sin + y * cos
    if g.mirror:
        x = -x
    return ((size - 1) - y) / 2, (x + (size - 1)) / 2


def inside_disc(size: int) -> NDArray[np.bool_]:
    """Pixels whose centre is at most (S−1)/2 from the centre of the frame, compared in integers."""
    h, w = np.mgrid[0:size, 0:size]
    inside: NDArray[np.bool_] = (2 * w - (size - 1)) ** 2 + (2 * h - (size - 1)) ** 2 <= (size - 1) ** 2
    return inside


def reflect(position: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Positions mirrored at the outer edges −1/2 and S−1/2 until they lie between them."""
    from_edge = np.mod(position + 0.5, 2 * size)
    return np.where(from_edge > size, 2 * size - from_edge, from_edge) - 0.5


def bilinear(
    values: NDArray[np.float64], row: NDArray[np.float64], column: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bilinear samples of values (..., S, S); a neighbour outside the frame counts as 0."""
    size = values.shape[-1]
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    total = np.zeros(values.shape)
    for r, c in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        weight = (1 - np.abs(row - r)) * (1 - np.abs(column - c))
        exists = (r >= 0) & (r < size) & (c >= 0) & (c < size)
        neighbour = values[..., r.clip(0, size - 1), c.clip(0, size - 1)]
        total += np.where(exists, weight * neighbour, 0.0)
    return total


def rotate_and_mirror(values: NDArray[np.float64], g: Element, boundary: str) -> NDArray[np.float64]:
    """The values x(g⁻¹u) over the whole frame, before any mask; `boundary` says what lies outside."""
    size = values.shape[-1]
    row, column = source(size, g)
    if is_exact(g):
        return values[..., row.astype(int), column.astype(int)]
    if boundary == "reflect":
        row, column = reflect(row, size), reflect(column, size)
    if boundary in {"reflect", "disc"}:
        row, column = row.clip(0, size - 1), column.clip(0, size - 1)
    return bilinear(values, row, column)


def mask(values: NDArray[np.float64], group: list[Element], boundary: str) -> NDArray[np.float64]:
    """Zero outside the inscribed disc, if the boundary is "disc" and the group interpolates."""
    if boundary == "disc" and interpolates(group):
        return np.where(inside_disc(values.shape[-1]), values, 0.0)
    return values


def act(g: Element, values: NDArray[np.float64], group: list[Element], boundary: str) -> NDArray[np.float64]:
    """g·x for an image or a stack of maps, as a member of the orbit under `group`.

    Args:
        g: the element.
        values: shape (..., S, S).
        group: the group that g is taken from; it decides whether the disc masks, the identity too.
        boundary: "zero", "disc" or "reflect".

    Returns:
        the same shape; for an exact group a permutation of the pixels, bit for bit.

    Raises:
        ValueError: values are not square, or the boundary is unknown.
    """
    if values.shape[-1] != values.shape[-2]:
        raise ValueError(f"expected square maps, found {values.shape}")
    if boundary not in BOUNDARIES:
        raise ValueError(f"expected one of {BOUNDARIES}, found {boundary!r}")
    return mask(rotate_and_mirror(values, g, boundary), group, boundary)
