"""From rows to the entries of the result: raw means, normalisers, values, intervals, controls.

All statistics are made here from rows alone, in float64, so any engine and any batch size give the same entries.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geed_cli.actions.view import View
from geed_cli.choices import IntervalOptions
from geed_cli.engine.plan import GroupPlan
from geed_cli.engine.row import Cell, Noise
from geed_cli.engine.shared_action import Families
from geed_cli.measures.measure import LayerMeasure, Measure, RetrievalMeasure, VectorMeasure
from geed_cli.measures.pairs import Pairs, pairs_of
from geed_cli.pipeline.controls import controls_of, fourier_of
from geed_cli.pipeline.entries.among_images import deviations_among, why_none
from geed_cli.pipeline.entries.per_element import Limits, Profile, element_limits, elements_at, mean_over
from geed_cli.pipeline.entries.row_table import Table
from geed_cli.pipeline.entries.way_to_another import (
    as_recorded,
    distances_of_copies,
    layers_against_null,
    way_part,
)
from geed_cli.pipeline.planning import Planned
from geed_cli.result.by_element import Elements
from geed_cli.result.schema import Entry, PerImage
from geed_cli.statistics.bootstrap import draws_are_kept
from geed_cli.statistics.bootstrap_t import SharedDraws
from geed_cli.statistics.interval import IntervalAt, intervals_at
from geed_cli.statistics.multiple import simultaneous
from geed_cli.statistics.sample import (
    Interval,
    MeanSample,
    NullRatioSample,
    RatioSample,
    Sample,
    Units,
    normaliser_of,
)
from geed_cli.statistics.validity import concentration_note
from geed_cli.statistics.weighting import Weighting

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """The rows of a run, in the order of the images.

    Attributes:
        audited: rows with deviations.
        normaliser: rows whose embeddings give M; None where they are the audited ones.
        weighting: how much the audited images count; None is alike.
        units: the cluster of each audited image; None where every image is drawn by itself.
    """

    audited: Table
    normaliser: Table | None
    weighting: Weighting | None = None
    units: Units | None = None

    @cached_property
    def _pairs(self) -> dict[tuple[str, View], Pairs]:
        return {}

    def pairs(self, measure: VectorMeasure, identity: View) -> Pairs:
        """How far the normaliser images are from each other, found once for all groups."""
        key = measure.name, identity
        if key not in self._pairs:
            rows = self.audited if self.normaliser is None else self.normaliser
            self._pairs[key] = pairs_of(measure, rows.embeddings(identity), self.weighting)
        return self._pairs[key]


@dataclass(frozen=True)
class _Filled:
    """A cell with its rows, before its interval is made."""

    cell: Cell
    measure: Measure
    group: GroupPlan
    deviations: Array
    sample: MeanSample | RatioSample
    way: RatioSample | NullRatioSample | None

    def profile(self, rows: Rows) -> Profile:
        """Its deviations element by element."""
        return Profile(self.measure, self.group, self.deviations, rows.weighting, rows.units)


def tabulate(
    rows: Rows,
    planned: Planned,
    families: Families,
    options: IntervalOptions,
    layers: Sequence[str],
    noise: Noise,
    *,
    confidence: float,
) -> tuple[Entry, ...]:
    """One entry for each group, measure and layer, in that nesting."""
    per_layer: Sequence[str | None] = layers or [None]
    cells = [
        (Cell(measure.name, group.group.name, layer), measure, group)
        for group in planned.plan.groups
        for measure in planned.plan.measures
        for layer in (per_layer if _per_layer(measure, group) else [None])
    ]
    reasons = {**planned.not_applicable, **_among_others(cells, rows)}
    filled = [
        _fill(cell, measure, group, rows, families, planned)
        for cell, measure, group in cells
        if cell not in reasons
    ]
    ways = [each.way for each in filled if each.way is not None]
    limits = _ElementLimits(filled, rows, options, confidence, moves_logits=planned.moves_logits)
    samples = [*(each.sample for each in filled), *ways]
    intervals = iter(_intervals(samples, options, confidence, limits.draws))
    entries = {each.cell: _entry(each, rows, next(intervals), planned, noise) for each in filled}
    for each in filled:
        if each.way is not None:
            part = way_part(each.way, next(intervals))
            entries[each.cell] = entries[each.cell].model_copy(update={"to_another": part})
    for cell, of_elements in limits.of([cell for cell, entry in entries.items() if entry.ci is not None]):
        entries[cell] = entries[cell].model_copy(update={"per_element_ci": of_elements})
    return tuple(entries.get(cell) or _blank(cell, reasons[cell]) for cell, _, _ in cells)


def _per_layer(measure: Measure, group: GroupPlan) -> bool:
    """Whether there is a line for each layer: of a derivative along what does not flow there is one for all."""
    return isinstance(measure, LayerMeasure) and (group.is_flow or not measure.of_flows)


def _intervals(
    samples: Sequence[Sample], options: IntervalOptions, confidence: float, draws: SharedDraws | None
) -> Sequence[Interval]:
    """The interval of each cell by itself, or of all together."""
    method, resamples, seed = options.method, options.resamples, options.seed
    if options.simultaneous:
        return simultaneous(
            samples, method=method, confidence=confidence, resamples=resamples, seed=seed, draws=draws
        )
    made = intervals_at(samples, method=method, resamples=resamples, seed=seed, draws=draws)
    return [at(confidence) for at in made]


class _ElementLimits:
    """Limits of the elements of entries, which share what they need.

    Of few images those of one group are made together, of the entries that have an interval. Of many, whose resamples
    are not kept, those of all entries are asked for before the entries' own intervals are made, of the same draws.

    Attributes:
        draws: of many images, for those intervals; None of few.
    """

    def __init__(
        self,
        filled: Sequence[_Filled],
        rows: Rows,
        options: IntervalOptions,
        confidence: float,
        *,
        moves_logits: bool,
    ) -> None:
        self._options, self._confidence, self._moves_logits = options, confidence, moves_logits
        self._profiles = {each.cell: each.profile(rows) for each in filled}
        few = draws_are_kept(len(rows.audited.subjects), options.resamples)
        self.draws = None if few else SharedDraws(options.resamples, options.seed)
        self._asked = {} if self.draws is None else self._made(self._profiles, self.draws)

    def of(self, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Elements[Limits]]]:
        """The limits of the elements of some entries, all of those that have an interval."""
        made = dict(self._asked)
        if self.draws is None:
            for group in dict.fromkeys(cell.group for cell in cells):
                some = [cell for cell in cells if cell.group == group]
                made |= self._made(some, SharedDraws(self._options.resamples, self._options.seed))
        for cell in cells:
            yield cell, Elements(element_limits(self._profiles[cell], made[cell], self._confidence))

    def _made(self, cells: Iterable[Cell], draws: SharedDraws) -> dict[Cell, dict[str, IntervalAt]]:
        return {
            cell: elements_at(self._profiles[cell], self._options, draws, moves_logits=self._moves_logits)
            for cell in cells
        }


def _among_others(cells: Sequence[tuple[Cell, Measure, GroupPlan]], rows: Rows) -> dict[Cell, str]:
    """Why measures that look for images among all others have no value with these."""
    images, weighted = len(rows.audited.subjects), rows.weighting is not None
    whys = {
        cell: why_none(each, images, weighted=weighted)
        for cell, each, _ in cells
        if isinstance(each, RetrievalMeasure)
    }
    return {cell: why for cell, why in whys.items() if why is not None}


def _fill(
    cell: Cell, measure: Measure, group: GroupPlan, rows: Rows, families: Families, planned: Planned
) -> _Filled:
    if isinstance(measure, RetrievalMeasure):
        representation = planned.plan.vectors[measure.site, group.name]
        deviations = deviations_among(measure, group, rows.audited, representation)
    else:
        deviations = rows.audited.deviations(cell)
    values = measure.per_image(deviations)
    sample = _sample(measure, group, rows, values, moves_logits=planned.moves_logits)
    way: RatioSample | NullRatioSample | None = None
    if isinstance(measure, VectorMeasure) and isinstance(sample, RatioSample):
        way = distances_of_copies(cell, measure, rows.audited, sample)
    elif isinstance(measure, LayerMeasure) and _is_plain(cell, group, families):
        way = layers_against_null(cell, measure, deviations, rows.audited, rows.weighting, rows.units)
    return _Filled(cell, measure, group, deviations, sample, way)


def _is_plain(cell: Cell, group: GroupPlan, families: Families) -> bool:
    """Whether f̂ of a layer is f, and there are elements beside e."""
    assert cell.layer is not None, "asked of layers"
    return len(group.views) > 1 and families[cell.layer][cell.group].kernel == (group.identity,)


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


def _entry(filled: _Filled, rows: Rows, estimate: Interval, planned: Planned, noise: Noise) -> Entry:
    sample = filled.sample
    # one image has no pairs, so that M is not 0 but not there
    pairs = sample.row_means if isinstance(sample, RatioSample) and len(sample.row_means) > 1 else None
    normaliser = normaliser_of(sample) if isinstance(sample, RatioSample) and pairs is not None else None
    row_means = None if pairs is None else tuple(pairs.tolist())
    profile = filled.profile(rows).means
    # a few images may carry a mean of distances or divergences
    concentration = concentration_note(_counted(sample)) if filled.measure.positive_tail else ()
    return Entry(
        metric=filled.cell.metric,
        group=filled.cell.group,
        layer=filled.cell.layer,
        status="undefined" if estimate.value is None else "ok",
        value=estimate.value,
        ci=None if estimate.low is None or estimate.high is None else (estimate.low, estimate.high),
        raw=mean_over(sample.values, rows.weighting),
        normaliser=normaliser,
        controls=controls_of(
            filled.cell,
            filled.measure,
            filled.group,
            filled.deviations,
            rows.audited,
            normaliser,
            noise,
            planned.plan.output,
        ),
        per_element=profile,
        fourier=fourier_of(filled.group, profile),
        per_image=PerImage(value=as_recorded(sample.values), normaliser=row_means),
        notes=(*estimate.notes, *concentration, *planned.notes.get(filled.cell, ())),
    )


def _sample(
    measure: Measure, group: GroupPlan, rows: Rows, values: Array, *, moves_logits: bool
) -> MeanSample | RatioSample:
    scale = measure.scale_for(group.group.order, moves_logits=moves_logits)
    if not isinstance(measure, VectorMeasure) or not measure.normalised:
        return MeanSample(values, scale, rows.units, rows.weighting)
    pairs, shared = rows.pairs(measure, group.identity), rows.normaliser is None
    return RatioSample(values, pairs.row_means, shared, scale, pairs.distances, rows.units, rows.weighting)


def _counted(sample: MeanSample | RatioSample) -> Array:
    """What each image that has a row adds to the mean."""
    counted = sample.values if sample.weighting is None else sample.values * sample.weighting.weights
    return counted[np.isfinite(counted)]
