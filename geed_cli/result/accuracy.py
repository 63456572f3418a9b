"""What labels say of predictions: accuracy, also under each element and over whole orbits, balanced, and calibration.

Everything is made of the top classes that a result holds, so that a saved result gives the same numbers again. Rows
are 0 or 1 for each picture, so that limits are those of rates (``statistics.exact``), with clusters and weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from geed_cli.choices import IntervalOptions
from geed_cli.result.by_element import Elements
from geed_cli.result.labelled_rows import WEIGHTED, LabelledGroup
from geed_cli.result.schema import Accuracy, AccuracyMetric, Data, TopClasses
from geed_cli.statistics.difference import Difference, differences
from geed_cli.statistics.interval import intervals
from geed_cli.statistics.sample import Interval, MeanSample

Limits = tuple[float, float] | None


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
    options = replace(options, confidence=confidence)
    return tuple(entry for each in tops for entry in _Entries(LabelledGroup.of(each, data), options).made())


@dataclass(frozen=True, eq=False)
class _Entries:
    """What is said of one group, with its limits."""

    pictures: LabelledGroup
    options: IntervalOptions

    def made(self) -> tuple[Accuracy, ...]:
        """Every number that labels give of this group."""
        return self._accuracy(), self._worst_case(), self._balanced(), self._calibration()

    def _accuracy(self) -> Accuracy:
        pictures = self.pictures
        found = self._intervals({name: pictures.accuracy(name) for name in pictures.right})
        moved = pictures.moved
        # the lowest of several is looked at, so that their limits hold together (Bonferroni)
        confidence = 1.0 - (1.0 - self.options.confidence) / max(len(moved), 1)
        pairs = [(pictures.accuracy(pictures.plain), pictures.accuracy(name)) for name in moved]
        method, resamples, seed = self.options.method, self.options.resamples, self.options.seed
        made = differences(pairs, method=method, resamples=resamples, seed=seed)
        changes = {name: at(confidence) for name, at in zip(moved, made, strict=True)}
        return self._entry("accuracy", found[pictures.plain], found).model_copy(
            update={
                "change": Elements({name: each.value for name, each in changes.items()}),
                "change_ci": Elements({name: _limits(each) for name, each in changes.items()}),
            }
        )

    def _worst_case(self) -> Accuracy:
        plain = self.pictures.plain
        found = self._intervals({plain: self.pictures.mean(self.pictures.always)})
        return self._entry("worst_case", found[plain])

    def _balanced(self) -> Accuracy:
        even = {name: self.pictures.balanced(name) for name in self.pictures.right}
        samples = {name: sample for name, sample in even.items() if sample is not None}
        if not samples:
            return self._entry("balanced_accuracy", Interval(None, None, None, (WEIGHTED,)))
        found = self._intervals(samples)
        return self._entry("balanced_accuracy", found[self.pictures.plain], found)

    def _calibration(self) -> Accuracy:
        found = {name: self.pictures.calibration(name).error(self.options) for name in self.pictures.right}
        return self._entry("calibration_error", found[self.pictures.plain], found)

    def _entry(
        self, metric: AccuracyMetric, own: Interval, found: Mapping[str, Interval] | None = None
    ) -> Accuracy:
        each = found or {}
        return Accuracy(
            metric=metric,
            group=self.pictures.group,
            value=own.value,
            ci=_limits(own),
            per_element={name: one.value for name, one in each.items()},
            per_element_ci={name: _limits(one) for name, one in each.items()},
            notes=own.notes,
        )

    def _intervals(self, samples: Mapping[str, MeanSample]) -> dict[str, Interval]:
        made = intervals(
            list(samples.values()),
            method=self.options.method,
            confidence=self.options.confidence,
            resamples=self.options.resamples,
            seed=self.options.seed,
        )
        return dict(zip(samples, made, strict=True))


def _limits(found: Interval | Difference) -> Limits:
    return None if found.low is None or found.high is None else (found.low, found.high)
