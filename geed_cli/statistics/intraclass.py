"""How alike the rows of one folder are: the intraclass correlation of a one-way analysis of variance.

Of n rows in C folders of m_c, with MSB = Σ m_c (ū_c − ū)²/(C − 1) and MSW = Σ_c Σ_i (u_i − ū_c)²/(n − C):
ρ = (MSB − MSW)/(MSB + (m₀ − 1) MSW), m₀ = (n − Σm_c²/n)/(C − 1). Intervals over rows that are drawn by folders are too
narrow by the root of the design effect 1 + (Σm_c²/n − 1) ρ (Kish 1965).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from geed_cli.statistics.sample import Units, places_of
from geed_cli.statistics.scale import Array


@dataclass(frozen=True)
class Intraclass:
    """What folders have to do with the rows.

    Attributes:
        correlation: ρ, at most 1; below 0 where rows of one folder differ more than those of different ones.
        width: by what intervals over images are too narrow if folders are what is drawn; at least 1.
        p_value: of F = MSB/MSW where folders have nothing to do with the rows.
    """

    correlation: float
    width: float
    p_value: float


def intraclass(rows: Array, folders: Units) -> Intraclass | None:
    """The intraclass correlation of finite rows; None where folders, or images of one, are too few, or nothing varies.

    Args:
        rows: u_i: of a mean its values, else how each image moves the value; shape (n,).
        folders: which folder each is of, shape (n,).
    """
    places = places_of(folders)
    sizes = np.bincount(places).astype(np.float64)
    n, count = len(rows), len(sizes)
    if count < 2 or n <= count:
        return None
    means = np.bincount(places, rows) / sizes
    between = float(sizes @ (means - rows.mean()) ** 2) / (count - 1)
    within = float(np.sum((rows - means[places]) ** 2)) / (n - count)
    squares = float(sizes @ sizes) / n
    typical = (n - squares) / (count - 1)
    whole = between + (typical - 1.0) * within
    if not whole > 0.0:
        return None
    correlation = (between - within) / whole
    p_value = float(fdtrc(count - 1, n - count, between / within)) if within > 0.0 else 0.0
    return Intraclass(correlation, float(np.sqrt(max(1.0 + (squares - 1.0) * correlation, 1.0))), p_value)
