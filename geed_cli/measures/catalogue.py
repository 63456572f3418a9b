"""What each measure is, for tables and for statistics; nothing here needs torch.

``unit`` and ``range`` are printed.
"""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from geed_cli.errors import InputError, nearest

Site = Literal["latent", "softmax", "channelwise", "prediction"]


@dataclass(frozen=True)
class Measure:
    """One measure of the family.

    Attributes:
        name: as printed and as given to ``--metric``.
        site: where in the network it is taken.
        normalised: whether the value is the raw mean divided by a normaliser M.
        unit: printed behind values, empty where there is none.
        range: the values it can take, as text.
        definition: m and the value in one line.
    """

    name: str
    site: Site
    normalised: bool
    unit: str
    range: str
    definition: str


MEASURES = (
    Measure(
        "latent.l2",
        "latent",
        True,
        "",
        "≥ 0",
        "mean ‖f1(gx) − f̂1(x)‖₂ / M, M = mean ‖f1(x) − f1(x')‖₂ over distinct images",
    ),
    Measure(
        "latent.cosine",
        "latent",
        True,
        "",
        "any; undefined unless M > 0",
        "mean −cos(f1(gx), f̂1(x)) / M, M = mean cos(f1(x), f1(x')) over distinct images",
    ),
    Measure(
        "softmax.kl",
        "softmax",
        False,
        "nats",
        "0 to ln|G|",
        "mean KL(p(gx) ‖ p̂(x)), p̂ the orbit mean of the class probabilities",
    ),
    Measure(
        "channelwise.cosine",
        "channelwise",
        False,
        "",
        "−1 to 1",
        "mean over x, g and live channels i of −cos([f_l(gx)]_i, g·[f̂_l(x)]_i), per layer",
    ),
    Measure(
        "channelwise.correlation",
        "channelwise",
        False,
        "",
        "−1 to 1",
        "channelwise.cosine of maps from which each channel's own mean has been taken, per layer",
    ),
    Measure(
        "prediction.flip_rate",
        "prediction",
        False,
        "",
        "0 to 1",
        "part of (x, g), g ≠ e, with arg max f(gx) ≠ arg max f(x)",
    ),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


def select_measures(patterns: Sequence[str]) -> tuple[Measure, ...]:
    """The measures that match any name or glob, in the catalogue's order; all where no pattern is given.

    Raises:
        InputError: a pattern matches nothing.
    """
    for pattern in patterns:
        if not fnmatch.filter(BY_NAME, pattern):
            close = nearest(pattern, BY_NAME) or list(BY_NAME)
            raise InputError(
                f"there is no metric {pattern!r}", expected=f"{', '.join(close)}", remedy="geed ls metrics"
            )
    chosen = {name for pattern in patterns or ["*"] for name in fnmatch.filter(BY_NAME, pattern)}
    return tuple(measure for measure in MEASURES if measure.name in chosen)
