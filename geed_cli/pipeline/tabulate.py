"""From rows to the entries of the result: raw means, normalisers, values, intervals, controls.

All statistics are made here from rows alone, in float64, so any engine and any batch size give the same entries.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from geed_cli.actions.view import View
from geed_cli.choices import IntervalOptions
from geed_cli.engine.plan import GroupPlan
from geed_cli.engine.row import Cell, Rounding, Row
from geed_cli.measures.measure import LayerMeasure, Measure, VectorMeasure
from geed_cli.pipeline.controls import controls_of, fourier_of
from geed_cli.pipeline.planning import Planned
from geed_cli.result.schema import Entry, PerImage
from geed_cli.statistics.interval import interval
from geed_cli.statistics.multiple import simultaneous
from geed_cli.statistics.sample import Interval, MeanSample, RatioSample, row_means_of
from geed_cli.statistics.validity import concentration_note

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """The rows of a run, in the order of the images.

    Attributes:
        audited: rows with deviations.
        normaliser: rows whose embeddings give M; None where they are the audited ones.
    """

    audited: tuple[Row, ...]
    normaliser: tuple[Row, ...] | None

    @cached_property
    def _distances(self) -> dict[tuple[str, View], Array]:
        return {}

    def distances(self, measure: VectorMeasure, identity: View) -> Array:
        """d(f1(x), f1(x')) over the normaliser images, shape (m, m), made once for all groups."""
        assert measure.pairs is not None, "asked of normalised measures alone"
        key = measure.name, identity
        if key not in self._distances:
            rows = self.audited if self.normaliser is None else self.normaliser
            embeddings = torch.from_numpy(np.stack([row.embeddings[identity] for row in rows]))
            self._distances[key] = measure.pairs(embeddings).numpy()
        return self._distances[key]


@dataclass(frozen=True)
class _Filled:
    """A cell with its rows, before its interval is made."""

    cell: Cell
    measure: Measure
    group: GroupPlan
    deviations: Array
    sample: MeanSample | RatioSample


def tabulate(
    rows: Rows,
    planned: Planned,
    options: IntervalOptions,
    layers: Sequence[str],
    rounding: Rounding,
    *,
    confidence: float,
) -> tuple[Entry, ...]:
    """One entry for each group, measure and layer, in that nesting."""
    per_layer: Sequence[str | None] = layers or [None]
    cells = [
        (Cell(measure.name, group.group.name, layer), measure, group)
        for group in planned.plan.groups
        for measure in planned.plan.measures
        for layer in (per_layer if isinstance(measure, LayerMeasure) else [None])
    ]
    filled = [
        _fill(*one, rows, moves_logits=planned.moves_logits)
        for one in cells
        if one[0] not in planned.not_applicable
    ]
    found = _intervals([one.sample for one in filled], options, confidence)
    entries = {
        one.cell: _entry(one, rows, limits, planned, rounding)
        for one, limits in zip(filled, found, strict=True)
    }
    return tuple(entries.get(cell) or _blank(cell, planned.not_applicable[cell]) for cell, _, _ in cells)


def _intervals(
    samples: Sequence[MeanSample | RatioSample], options: IntervalOptions, confidence: float
) -> Sequence[Interval]:
    """The interval of each cell by itself, or of all together."""
    if options.simultaneous:
        return simultaneous(
            samples,
            method=options.method,
            confidence=confidence,
            resamples=options.resamples,
            seed=options.seed,
        )
    return [
        interval(
            sample,
            method=options.method,
            confidence=confidence,
            resamples=options.resamples,
            seed=options.seed,
        )
        for sample in samples
    ]


def _fill(cell: Cell, measure: Measure, group: GroupPlan, rows: Rows, *, moves_logits: bool) -> _Filled:
    deviations = np.stack([row.deviations[cell] for row in rows.audited])
    sample = _sample(measure, group, rows, measure.per_image(deviations), moves_logits=moves_logits)
    return _Filled(cell, measure, group, deviations, sample)


def _blank(cell: Cell, reason: str) -> Entry:
    return Entry(
        metric=cell.metric,
        group=cell.group,
        layer=cell.layer,
        status="not_applicable",
        value=None,
        ci=None,
        raw=None,
        normaliser=None,
        notes=(reason,),
    )


def _entry(one: _Filled, rows: Rows, found: Interval, planned: Planned, rounding: Rounding) -> Entry:
    sample = one.sample
    # one image has no pairs, so that M is not 0 but not there
    pairs = sample.row_means if isinstance(sample, RatioSample) and len(sample.row_means) > 1 else None
    normaliser = None if pairs is None else float(pairs.mean())
    row_means = None if pairs is None else tuple(map(float, pairs))
    profile = _per_element(one.measure, one.group, one.deviations)
    return Entry(
        metric=one.cell.metric,
        group=one.cell.group,
        layer=one.cell.layer,
        status="undefined" if found.value is None else "ok",
        value=found.value,
        ci=_limits(found),
        raw=_mean(sample.values),
        normaliser=normaliser,
        controls=controls_of(
            one.cell, one.measure, one.group, one.deviations, rows.audited, normaliser, rounding
        ),
        per_element=profile,
        fourier=fourier_of(one.group, profile),
        per_image=PerImage(value=tuple(_finite(v) for v in sample.values), normaliser=row_means),
        notes=(*found.notes, *_concentration(one), *planned.notes.get(one.cell, ())),
    )


def _concentration(one: _Filled) -> tuple[str, ...]:
    """Whether a few images carry a mean of distances or divergences."""
    watched = isinstance(one.measure, VectorMeasure) and one.measure.positive_tail
    return concentration_note(one.sample.values) if watched else ()


def _sample(
    measure: Measure, group: GroupPlan, rows: Rows, values: Array, *, moves_logits: bool
) -> MeanSample | RatioSample:
    scale = measure.scale_for(group.group.order, moves_logits=moves_logits)
    if not isinstance(measure, VectorMeasure) or not measure.normalised:
        return MeanSample(values, scale)
    distances = rows.distances(measure, group.identity)
    return RatioSample(values, row_means_of(distances), rows.normaliser is None, scale, distances)


def _per_element(measure: Measure, group: GroupPlan, deviations: Array) -> dict[str, float | None]:
    """Each element's own mean over the images, raw, by the element's name."""
    names = group.group.elements[measure.first :]
    columns = deviations[:, measure.first :].T
    return {name: _mean(column) for name, column in zip(names, columns, strict=True)}


def _limits(found: Interval) -> tuple[float, float] | None:
    return None if found.low is None or found.high is None else (found.low, found.high)


def _mean(values: Array) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
