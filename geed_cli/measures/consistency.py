"""Consistency: whether two copies of an image get the same top class, or one that is among the other's five.

Every copy is set against every other, e among them, and no class of the image has a say that another copy's has not.
Ties go to the lowest class.
"""

from functools import partial
from typing import TYPE_CHECKING

from geed_cli.explanation import Explanation
from geed_cli.measures.measure import VectorMeasure
from geed_cli.statistics.scale import Scale

if TYPE_CHECKING:
    from torch import Tensor

FIVE = 5


def agreement(one: "Tensor", other: "Tensor", k: int = 1) -> "Tensor":
    """1 where the top class of each is among the k highest of the other, else 0; (..., categories) to (...)."""
    return _agree(_highest(one, k), _highest(other, k)).double()


def among_copies(back: "Tensor", whole: bool, k: int = 1) -> "Tensor":
    """The part of the other copies that each agrees with: from (n, places, categories) to (n,), float64.

    Args:
        back: probabilities of n copies; a place is a row of classes, a label, or a pixel.
        whole: whether copies agree where all places do; else the mean over places counts.
        k: how many of the highest classes.
    """
    import torch  # noqa: PLC0415 - see measure.py

    highest, count = _highest(back, k), len(back)
    rows = []
    for each in highest:  # a row of n at a time: n × n × pixels may be large
        same = _agree(each, highest).double()
        rows.append((same.amin(dim=1) if whole else same.mean(dim=1)).sum() - 1)  # but for itself
    return torch.stack(rows) / (count - 1 if count > 1 else torch.nan)


def _highest(p: "Tensor", k: int) -> "Tensor":
    """The k highest categories in order, of equal ones the lowest first; (..., k)."""
    return p.sort(dim=-1, descending=True, stable=True).indices[..., :k]


def _agree(one: "Tensor", other: "Tensor") -> "Tensor":
    """Whether the first of each is in the other; shapes that broadcast, (..., k)."""
    return (one[..., :1] == other).any(dim=-1) & (other[..., :1] == one).any(dim=-1)


CONSISTENCY = VectorMeasure(
    name="prediction.consistency",
    site="logits",
    deviation=agreement,
    among=among_copies,
    any_label=True,
    larger_is_better=True,
    on_request=True,
    scale=Scale.rate(),
    best=1.0,
    rounding_order=None,
    percent=True,
    label="consistency",
    range="0 to 1",
    definition="part of pairs of different copies gx, g'x with arg max f(gx) = arg max f(g'x)",
    equation="the mean over x, g and g' ≠ g",
    told="Of the pairs of an image's copies, {value} have the same top class.",
    explained=Explanation(
        what="how often two copies of an image, transformed differently, get the same top class.",
        reading="100% is invariant: larger is nearer. The image itself is one of the copies. Under a group of two it "
        "is 1 − prediction.flip_rate, and of more copies it may be far from that, since they may agree with each other "
        "and not with the image. A network that gives one class to every image has 100%.",
        example="Four copies have the classes 7, 7, 7 and 3: 3 of their 6 pairs agree, 50%, where 1 of 3 copies has "
        "another class than the image.",
        source="after Zhang 2019, consistency under shifts",
        see=("prediction.flip_rate", "prediction.consistency5", "sensitivity"),
    ),
)
CONSISTENCY_5 = VectorMeasure(
    name="prediction.consistency5",
    site="logits",
    deviation=partial(agreement, k=FIVE),
    among=partial(among_copies, k=FIVE),
    any_label=True,
    larger_is_better=True,
    on_request=True,
    fewest=FIVE + 1,
    scale=Scale.rate(),
    best=1.0,
    rounding_order=None,
    percent=True,
    label="top-5 consistency",
    range="0 to 1",
    definition="part of pairs of different copies gx, g'x with the top class of each among the other's five highest",
    equation="the mean over x, g and g' ≠ g",
    told="Of the pairs of an image's copies, {value} have each other's top class among their five highest.",
    explained=Explanation(
        what="how often two copies of an image each have the other's top class among their own five highest.",
        reading="100% is invariant: larger is nearer. It forgives what prediction.consistency counts, a change between "
        "classes that are nearly tied. It needs six classes or more.",
        example="Copies with the highest classes 7, 3, 1, 4, 8 and 3, 7, 2, 5, 9 agree: 7 and 3 are in both.",
        source="geed",
        see=("prediction.consistency",),
    ),
)
