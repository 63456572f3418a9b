"""The rows behind what labels say of a result: for each picture whether the network is right, under each element.

Everything is made of the top classes that a result holds. Rows are 0 or 1, so that limits are those of rates
(``statistics.exact``); the calibration error is none of a mean of rows, and has limits of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from geed_cli.measures.label_metrics import ACCURACY, BALANCED, CALIBRATION, CHANGE, WORST_CASE
from geed_cli.result.samples import units_in, weighting_of
from geed_cli.result.schema import Data, Result, TopClasses
from geed_cli.statistics.calibration import Calibration
from geed_cli.statistics.sample import MeanSample, Units
from geed_cli.statistics.scale import Array, Scale
from geed_cli.statistics.weighting import Weighting, balanced

RATE = Scale.rate()
CHANGES = Scale("rate", -1.0, 1.0)
"""Of right under an element less right under e, for each picture: a difference of rates."""
WEIGHTED = "undefined: the images have weights of their own"


@dataclass(frozen=True, eq=False)
class LabelledRow:
    """The rows of one number that labels give; ``missing`` says why there are none."""

    metric: str
    group: str
    element: str | None
    sample: MeanSample | Calibration | None
    missing: str = ""


@dataclass(frozen=True, eq=False)
class LabelledGroup:
    """The pictures of one group, element by element.

    Attributes:
        right: by element, 1 where the top class is the label, shape (n,); e first.
        probabilities: by element, of the top class, shape (n,).
        labels: shape (n,).
    """

    group: str
    right: Mapping[str, Array]
    probabilities: Mapping[str, Array]
    labels: np.ndarray
    units: Units | None
    weighting: Weighting | None

    @classmethod
    def of(cls, tops: TopClasses, data: Data) -> "LabelledGroup":
        """Those of labelled pictures."""
        assert data.labels is not None, "the caller has seen them"
        labels = np.array(data.labels.of)
        right = {name: (np.array(top) == labels).astype(np.float64) for name, top in tops.classes.items()}
        probabilities = {name: np.array(column) for name, column in tops.probabilities.items()}
        return cls(tops.group, right, probabilities, labels, units_in(data), weighting_of(data))

    @property
    def plain(self) -> str:
        """The name of e, which is the first."""
        return next(iter(self.right))

    @property
    def moved(self) -> list[str]:
        """The other elements."""
        return [name for name in self.right if name != self.plain]

    @property
    def always(self) -> Array:
        """1 where the top class is the label under every element, shape (n,)."""
        return np.asarray(np.minimum.reduce(list(self.right.values())), dtype=np.float64)

    def accuracy(self, element: str) -> MeanSample:
        """Right or wrong under an element."""
        return self.mean(self.right[element])

    def mean(self, rows: Array, scale: Scale = RATE) -> MeanSample:
        """The mean of rows of one's own over the pictures, with their clusters and weights."""
        return MeanSample(rows, scale, self.units, self.weighting)

    def balanced(self, element: str) -> MeanSample | None:
        """Right or wrong under an element, every class counting alike; None where pictures have their own weights."""
        if self.weighting is not None:
            return None
        return MeanSample(self.right[element], RATE, self.units, balanced(self.labels))

    def calibration(self, element: str) -> Calibration:
        """Probabilities of top classes beside right and wrong, under an element."""
        return Calibration(self.probabilities[element], self.right[element], self.units, self.weighting)

    def rows(self) -> Iterator[LabelledRow]:
        """What labels say of the pictures as they are, of the whole orbit, and of each element's change."""
        e, group = self.plain, self.group
        yield LabelledRow(ACCURACY, group, None, self.accuracy(e))
        for name in self.moved:
            change = self.mean(self.right[name] - self.right[e], CHANGES)
            yield LabelledRow(CHANGE, group, name, change)
        yield LabelledRow(WORST_CASE, group, None, self.mean(self.always))
        even = self.balanced(e)
        yield LabelledRow(BALANCED, group, None, even, "" if even is not None else WEIGHTED)
        yield LabelledRow(CALIBRATION, group, None, self.calibration(e))


def labelled_groups(result: Result) -> tuple[LabelledGroup, ...]:
    """Each group that a labelled result has top classes of; none without labels."""
    if result.data.labels is None:
        return ()
    return tuple(LabelledGroup.of(tops, result.data) for tops in result.top_classes)


def labelled_rows(result: Result) -> tuple[LabelledRow, ...]:
    """Everything that labels say of a result, with its rows."""
    return tuple(row for group in labelled_groups(result) for row in group.rows())


def labels_differ(one: Result, other: Result) -> str | None:
    """How the labels of two results over the same pictures differ; None where each picture has the same class.

    By the names of classes where both results know them, since two networks may have the same classes in another
    order; else by their places.
    """
    mine, theirs = one.data.labels, other.data.labels
    if mine is None or theirs is None:
        return None if mine is theirs else "only one of the two has labels"
    names = [each.class_names for each in (one, other)]
    named = all(place in known for known, of in zip(names, (mine.of, theirs.of), strict=True) for place in of)
    pairs = [
        (names[0][a], names[1][b]) if named else (str(a), str(b))
        for a, b in zip(mine.of, theirs.of, strict=True)
    ]
    apart = [place for place, (a, b) in enumerate(pairs) if a != b]
    if not apart:
        return None
    a, b = pairs[apart[0]]
    return f"{len(apart)} of {len(pairs)} labels differ, the first {a} and {b}"
