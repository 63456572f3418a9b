"""``--by class``: every number of a labelled result over the images of one class at a time, made of its rows.

M stays that of all images, so that classes have one unit and their values are parts of the whole: over images that
count alike, the mean of the classes' values by their images is the value. Limits are of the mean over the class's
images, each class by itself; those of ``joint_ci`` hold for all classes of a number that have an interval together
(Bonferroni), which is what a claim about the furthest class needs. M is taken as it is in both: it is the same for
every class.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.label_metrics import ACCURACY, WORST_CASE
from geed_cli.measures.measure import RetrievalMeasure
from geed_cli.result.labelled_rows import labelled_rows
from geed_cli.result.samples import confidence_of, sample_of, used_method
from geed_cli.result.schema import ClassEntry, Entry, Result
from geed_cli.statistics.interval import intervals
from geed_cli.statistics.sample import Interval, MeanSample, NullRatioSample, RatioSample, Sample, finite_rows
from geed_cli.statistics.validity import undefined_reason, withheld_reason

Key = tuple[str, str, str | None]
"""Metric, group, layer."""
OF_CLASSES = (ACCURACY, WORST_CASE)
"""What labels say of one class; balanced accuracy is the mean of the first over classes."""


@dataclass(frozen=True, eq=False)
class ClassedRows:
    """The rows of one number, in its own unit, of all images; ``missing`` says why there are none."""

    key: Key
    sample: MeanSample | None
    missing: tuple[str, ...] = ()

    def of(self, kept: NDArray[np.intp]) -> MeanSample:
        """Those of some images."""
        assert self.sample is not None, "the caller has seen them"
        return part_of(self.sample, kept)


def part_of(sample: MeanSample, kept: NDArray[np.intp]) -> MeanSample:
    """The mean over some of the images, with their clusters and weights."""
    units, weighting = sample.units, sample.weighting
    return MeanSample(
        sample.values[kept],
        sample.scale,
        None if units is None else units[kept],
        None if weighting is None else weighting.of(kept),
    )


def classed_rows(result: Result) -> tuple[ClassedRows, ...]:
    """Every number that a class may have: the result's entries, then accuracy and its worst case of each group."""
    entries = [_of_entry(result, entry) for entry in result.results if _has_own_rows(entry.metric)]
    said = [
        ClassedRows((row.metric, row.group, None), row.sample)
        for row in labelled_rows(result)
        if row.metric in OF_CLASSES and isinstance(row.sample, MeanSample)
    ]
    return (*entries, *said)


def _has_own_rows(metric: str) -> bool:
    """Whether the row of an image is its own number: only then is their mean over a class that of the class."""
    measure = measure_named(metric)
    return not isinstance(measure, RetrievalMeasure) or measure.own_rows


def classes_of(result: Result) -> dict[int, NDArray[np.intp]]:
    """The images of each class that occurs among the labels, in the order of their places; none without labels."""
    if result.data.labels is None:
        return {}
    of = np.array(result.data.labels.of, dtype=np.intp)
    return {int(place): np.flatnonzero(of == place) for place in np.unique(of)}


def with_classes(result: Result) -> Result:
    """The result with an entry for each class and number, by its own method and confidence."""
    return result.model_copy(update={"by_class": tuple(_class_entries(result))})


def _of_entry(result: Result, entry: Entry) -> ClassedRows:
    key = entry.metric, entry.group, entry.layer
    sample = sample_of(result, entry)
    if entry.status != "ok" or sample is None:
        return ClassedRows(key, None, entry.notes)
    return ClassedRows(key, _over_m(sample, entry))


def _over_m(sample: Sample, entry: Entry) -> MeanSample:
    """Rows over the M of all images, as numbers without an M of their own."""
    assert not isinstance(sample, NullRatioSample), "entries have none"
    if isinstance(sample, MeanSample):
        return sample
    assert isinstance(sample, RatioSample), "the one that is left"
    return MeanSample(sample.values / (entry.normaliser or 1.0), sample.scale, sample.units, sample.weighting)


def _class_entries(result: Result) -> Iterator[ClassEntry]:
    rows, classes = classed_rows(result), classes_of(result)
    there = [row for row in rows if row.sample is not None]
    confidence = confidence_of(result)
    # a claim about the furthest of some classes holds where each of them has its part of what may be missed
    told = max((sum(_is_told(row.of(kept)) for kept in classes.values()) for row in there), default=0)
    together = 1.0 - (1.0 - confidence) / max(told, 1)
    for place, kept in classes.items():
        samples = [row.of(kept) for row in there]
        made = zip(
            _intervals(result, samples, confidence), _intervals(result, samples, together), strict=True
        )
        for row in rows:
            own, joint = (
                next(made) if row.sample is not None else (Interval(None, None, None, row.missing),) * 2
            )
            metric, group, layer = row.key
            yield ClassEntry(
                label=place,
                images=len(kept),
                metric=metric,
                group=group,
                layer=layer,
                value=own.value,
                ci=_limits(own),
                joint_ci=_limits(joint),
                notes=own.notes,
            )


def _is_told(sample: MeanSample) -> bool:
    """Whether there are images enough for an interval."""
    rows = finite_rows(sample)
    return undefined_reason(rows) is None and withheld_reason(rows) is None


def _intervals(result: Result, samples: Sequence[MeanSample], confidence: float) -> list[Interval]:
    used = result.settings
    return list(
        intervals(
            samples,
            method=used_method(result),
            confidence=confidence,
            resamples=used.resamples,
            seed=used.seed,
        )
    )


def _limits(found: Interval) -> tuple[float, float] | None:
    return None if found.low is None or found.high is None else (found.low, found.high)
