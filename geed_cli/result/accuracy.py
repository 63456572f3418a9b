"""What labels say of predictions: accuracy, also under each element and over whole orbits, balanced, and calibration.

Everything is made of the top classes that a result holds, so that a saved result gives the same numbers again. Rows
are 0 or 1 for each picture, so that limits are those of rates (``statistics.exact``), with clusters and weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geed_cli.choices import IntervalOptions
from geed_cli.result.samples import units_in, weighting_of
from geed_cli.result.schema import Accuracy, Data, TopClasses
from geed_cli.statistics.calibration import calibration_error
from geed_cli.statistics.difference import differences
from geed_cli.statistics.interval import intervals
from geed_cli.statistics.sample import Interval, MeanSample, Units
from geed_cli.statistics.scale import Array, Scale
from geed_cli.statistics.weighting import Weighting, balanced

RATE = Scale.rate()
Limits = tuple[float, float] | None
WEIGHTED = "undefined: the images have weights of their own"


def accuracies(
    data: Data, tops: Sequence[TopClasses], options: IntervalOptions, confidence: float
) -> tuple[Accuracy, ...]:
    """What the labels say of each group, in the order of the groups; nothing without labels.

    Args:
        data: the pictures and their labels.
        tops: their top classes under each element.
        options: how limits are made.
        confidence: of each interval.
    """
    if data.labels is None:
        return ()
    labels = np.array(data.labels.of)
    return tuple(
        entry
        for each in tops
        for entry in _Labelled.of(each, labels, data, replace(options, confidence=confidence)).entries()
    )


@dataclass(frozen=True, eq=False)
class _Labelled:
    """The pictures of one group, element by element.

    Attributes:
        right: by element, 1 where the top class is the label, shape (n,).
        probabilities: by element, of the top class, shape (n,).
        labels: shape (n,).
    """

    group: str
    right: Mapping[str, Array]
    probabilities: Mapping[str, Array]
    labels: np.ndarray
    units: Units | None
    weighting: Weighting | None
    options: IntervalOptions

    @classmethod
    def of(cls, tops: TopClasses, labels: np.ndarray, data: Data, options: IntervalOptions) -> "_Labelled":
        right = {name: (np.array(top) == labels).astype(np.float64) for name, top in tops.classes.items()}
        probabilities = {name: np.array(column) for name, column in tops.probabilities.items()}
        return cls(tops.group, right, probabilities, labels, units_in(data), weighting_of(data), options)

    def entries(self) -> tuple[Accuracy, ...]:
        """Every number that labels give of this group."""
        return self._accuracy(), self._worst_case(), self._balanced(), self._calibration()

    @property
    def _plain(self) -> str:
        """The name of e, which is the first."""
        return next(iter(self.right))

    def _accuracy(self) -> Accuracy:
        found = self._intervals(self.right, self.weighting)
        moved = [name for name in self.right if name != self._plain]
        # the lowest of several is looked at, so that their limits hold together (Bonferroni)
        confidence = 1.0 - (1.0 - self.options.confidence) / max(len(moved), 1)
        pairs = [(self._sample(self._plain), self._sample(name)) for name in moved]
        method, resamples, seed = self.options.method, self.options.resamples, self.options.seed
        made = differences(pairs, method=method, resamples=resamples, seed=seed)
        changes = {name: at(confidence) for name, at in zip(moved, made, strict=True)}
        own = found[self._plain]
        return Accuracy(
            metric="accuracy",
            group=self.group,
            value=own.value,
            ci=_limits(own),
            per_element={name: each.value for name, each in found.items()},
            per_element_ci={name: _limits(each) for name, each in found.items()},
            change={name: each.value for name, each in changes.items()},
            change_ci={
                name: None if each.low is None or each.high is None else (each.low, each.high)
                for name, each in changes.items()
            },
            notes=own.notes,
        )

    def _worst_case(self) -> Accuracy:
        always = np.minimum.reduce(list(self.right.values()))
        (found,) = self._intervals({self._plain: always}, self.weighting).values()
        return self._entry("worst_case", found)

    def _balanced(self) -> Accuracy:
        if self.weighting is not None:
            return self._entry("balanced_accuracy", Interval(None, None, None, (WEIGHTED,)))
        found = self._intervals(self.right, balanced(self.labels))
        return self._entry("balanced_accuracy", found[self._plain], found)

    def _calibration(self) -> Accuracy:
        found = {
            name: calibration_error(self.probabilities[name], right, self.options, self.units, self.weighting)
            for name, right in self.right.items()
        }
        return self._entry("calibration_error", found[self._plain], found)

    def _entry(self, metric: str, own: Interval, found: Mapping[str, Interval] | None = None) -> Accuracy:
        each = found or {}
        return Accuracy(
            metric=metric,
            group=self.group,
            value=own.value,
            ci=_limits(own),
            per_element={name: one.value for name, one in each.items()},
            per_element_ci={name: _limits(one) for name, one in each.items()},
            notes=own.notes,
        )

    def _sample(self, element: str) -> MeanSample:
        return MeanSample(self.right[element], RATE, self.units, self.weighting)

    def _intervals(self, rows: Mapping[str, Array], weighting: Weighting | None) -> dict[str, Interval]:
        samples = [MeanSample(row, RATE, self.units, weighting) for row in rows.values()]
        made = intervals(
            samples,
            method=self.options.method,
            confidence=self.options.confidence,
            resamples=self.options.resamples,
            seed=self.options.seed,
        )
        return dict(zip(rows, made, strict=True))


def _limits(found: Interval) -> Limits:
    return None if found.low is None or found.high is None else (found.low, found.high)
