"""One other's difference from the reference in one line of a comparison, before anything is corrected for the table.

Paired over images where both are single models, over models and images where one is a population. Rows that are the
same, or the same within rounding, are no difference, whatever their interval.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.margins import Margins
from geed_cli.comparison.mismatch import mixed_architectures
from geed_cli.comparison.pairing import pairs_of
from geed_cli.comparison.subjects import Contender, Key, Member, models_of
from geed_cli.documents.pattern import Pattern
from geed_cli.measures.catalogue import measure_named
from geed_cli.measures.floating_point import floating_noise, measured_noise, noise_at
from geed_cli.statistics.difference import Difference, DifferenceAt, Paired, differences
from geed_cli.statistics.effect import Effect, effect_of
from geed_cli.statistics.equivalence import Margin, Sides, paired_sides, shifted
from geed_cli.statistics.methods import SMALLEST_P
from geed_cli.statistics.population import Contrast, Model, unpaired
from geed_cli.statistics.population import paired as paired_contrast
from geed_cli.statistics.sample import RatioSample, Sample, finite_rows
from geed_cli.statistics.scale import Array


@dataclass(frozen=True)
class Equivalence:
    """The test of a margin.

    Attributes:
        amount: the margin in the measure's unit, at the reference's value.
        sides: what has to lie on its side; None where there is no interval, or no margin.
        notes: why not.
    """

    amount: float
    sides: Sides | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One other's difference in one line, before correction.

    Attributes:
        difference: at the comparison's confidence.
        images: behind it; 0 where more images would not decide it.
        at: the same difference at another confidence; None where images do not decide.
        floor: what rounding alone can make of a difference.
        same: whether the rows are the same, digit for digit.
        alike: whether they are the same within rounding.
        equivalence: the test of the margin; None where none was asked for.
        effect: the standardised difference; None where it is not paired over images, or none varies.
    """

    difference: Difference
    images: int = 0
    at: DifferenceAt | None = None
    floor: float = 0.0
    same: bool = False
    alike: bool = False
    equivalence: Equivalence | None = None
    effect: Effect | None = None


@dataclass(frozen=True)
class Terms:
    """How lines are compared.

    Attributes:
        options: of all intervals.
        margins: what differences are asked to be within.
        same_images: whether all results are over the same images.
        runs: finds the run in the names of the files of two populations, whose models then belong together.
    """

    options: IntervalOptions
    margins: Margins = field(default_factory=Margins)
    same_images: bool = True
    runs: Pattern | None = None


def cells_of(reference: Contender, others: Sequence[Contender], key: Key, terms: Terms) -> list[Cell]:
    """The difference of each other in one line; resamples are drawn once for all of them.

    Raises:
        InputError: populations whose runs cannot be paired.
    """
    made = [_pair_of(reference, other, key, terms) for other in others]
    options = terms.options
    drawn = differences(
        [each.samples for each in made if isinstance(each, _Pair)],
        method=options.method,
        resamples=options.resamples,
        seed=options.seed,
    )
    each_drawn = iter(drawn)
    return [each if isinstance(each, Cell) else _paired(each, next(each_drawn), key, terms) for each in made]


@dataclass(frozen=True)
class _Pair:
    """Two single models that are paired over images."""

    members: tuple[Member, Member]
    samples: tuple[Sample, Sample]


def _pair_of(reference: Contender, other: Contender, key: Key, terms: Terms) -> _Pair | Cell:
    """What is drawn together with others, or the cell of what is not."""
    sides = reference.members(key), other.members(key)
    if not all(sides):
        return _without("only one of the two has such an entry")
    if not terms.same_images:
        return _without("not paired: the images differ")
    if reference.is_population or other.is_population:
        return _of_populations(reference, other, key, terms)
    first, second = sides[0][0], sides[1][0]
    if first.sample is None or second.sample is None:
        return _without(*first.entry.notes, *second.entry.notes)
    return _Pair((first, second), (first.sample, second.sample))


def _of_populations(reference: Contender, other: Contender, key: Key, terms: Terms) -> Cell:
    """Over models and images; pair by pair where runs are to be paired."""
    for each in (reference, other):
        if mixed_architectures(each.label, each.results) is not None:
            return _without(f"{each.label} is of several architectures")
    sides = reference.members(key), other.members(key)
    if terms.runs is not None and reference.is_population and other.is_population:
        places = [{member.place: member for member in side} for side in sides]
        pairs = pairs_of(reference.names, other.names, terms.runs)
        both = [(a, b) for a, b in pairs if a in places[0] and b in places[1]]
        sides = tuple(places[0][a] for a, _ in both), tuple(places[1][b] for _, b in both)
        contrast = paired_contrast
    else:
        contrast = unpaired
    made = contrast(*map(models_of, sides))
    found = made if isinstance(made, Difference) else made.at(terms.options.confidence)
    margin, equivalence = terms.margins.of(key[0]), None
    if margin is not None and isinstance(made, Contrast):
        equivalence = _populations_within(key[0], sides, margin, contrast, made)
    return Cell(found, floor=rounding_floor(key, [*sides[0], *sides[1]]), equivalence=equivalence)


Sided = tuple[tuple[Member, ...], tuple[Member, ...]]
Compared = Callable[[Sequence[Model], Sequence[Model]], Contrast | Difference]


def _populations_within(
    metric: str, sides: Sided, margin: Margin, contrast: Compared, made: Contrast
) -> Equivalence:
    """The test of a margin about the reference population's mean."""
    distances = [
        measure_named(metric).distance(member.entry.value, _perfect(metric, member))
        for member in sides[0]
        if member.entry.value is not None
    ]
    amount = margin.amount * float(np.mean(distances)) if margin.relative else margin.amount
    if not amount > 0:
        return Equivalence(0.0, None, (f"{margin} of a distance of 0 from perfect is no margin",))
    ends, best = [made, made], measure_named(metric).best
    if margin.relative:
        above = (
            measure_named(metric).sign * margin.amount
        )  # the share at which the reference's value is larger
        for at, share in enumerate((above, -above)):
            end = contrast(models_of(sides[0], share, best), models_of(sides[1]))
            assert isinstance(end, Contrast), "the same models have one"
            ends[at] = end
    shift = 0.0 if margin.relative else amount
    upper, lower = ends
    limits = Sides(
        upper=shifted(upper.limits, -shift),
        lower=shifted(lower.limits, shift),
        values=(upper.value - shift, lower.value + shift),
        smallest=SMALLEST_P,
    )
    return Equivalence(amount, limits)


def _paired(pair: _Pair, at: DifferenceAt, key: Key, terms: Terms) -> Cell:
    samples, options = pair.samples, terms.options
    made, margin = at(options.confidence), terms.margins.of(key[0])
    equivalence = None
    if margin is not None and made.value is not None:
        equivalence = _equivalence(key[0], pair.members[0], samples, margin, options)
    return Cell(
        difference=made,
        images=len(samples[0].values),
        at=at,
        floor=rounding_floor(key, pair.members),
        same=same_rows(*samples),
        alike=_alike(key[0], pair.members),
        equivalence=equivalence,
        effect=_effect(made, samples, options),
    )


def _effect(made: Difference, samples: tuple[Sample, Sample], options: IntervalOptions) -> Effect | None:
    if made.low is None:
        return None
    estimated = Paired.of(*map(finite_rows, samples)).estimate
    return None if estimated is None else effect_of(estimated, options.confidence)


def same_rows(one: Sample, other: Sample) -> bool:
    """Whether two samples are the same in every row, digit for digit; rows without a value are alike."""
    if not isinstance(one, RatioSample) or not isinstance(other, RatioSample):
        return np.array_equal(one.values, other.values, equal_nan=True)
    same = np.array_equal(one.row_means, other.row_means, equal_nan=True)
    return same and np.array_equal(one.values, other.values, equal_nan=True)


def _alike(metric: str, members: tuple[Member, Member]) -> bool:
    """Whether every image's value, in the unit of the measure, is the same within rounding."""
    if measure_named(metric).rounding_order is None:
        return False
    values = [_in_unit(member) for member in members]
    finite = [np.isfinite(each) for each in values]
    both = finite[0] & finite[1]
    if not both.any() or not np.array_equal(finite[0], finite[1]):
        return False
    apart = np.abs(values[1] - values[0])[both]
    sign = measure_named(metric).sign
    distances = [
        sign * (each[both] - _perfect(metric, member)) for each, member in zip(values, members, strict=True)
    ]
    noise = max(_noise(metric, member) for member in members)
    return bool(np.all(apart <= noise_at(metric, noise, np.maximum(*distances))))


def _in_unit(member: Member) -> Array:
    assert member.sample is not None, "the caller has seen it"
    return member.sample.values / (member.entry.normaliser or 1.0)


def _perfect(metric: str, member: Member) -> float:
    """The value of a perfectly invariant network with the same M."""
    return measure_named(metric).best / (member.entry.normaliser or 1.0)


def rounding_floor(key: Key, members: Sequence[Member]) -> float:
    """The smallest difference that is more than rounding, of the coarsest of the members; 0 without any."""
    return max(
        (
            max(floating_noise(key[0], member.precision), _measured(key[0], member) or 0.0)
            for member in members
        ),
        default=0.0,
    )


def _noise(metric: str, member: Member) -> float:
    """What rounding makes of a perfect value: as measured of this network, else what its type makes of any."""
    return _measured(metric, member) or floating_noise(metric, member.precision)


def _measured(metric: str, member: Member) -> float | None:
    rounding = member.entry.controls.get("rounding")
    return None if rounding is None else measured_noise(metric, rounding, _perfect(metric, member))


def _equivalence(
    metric: str, first: Member, samples: tuple[Sample, Sample], margin: Margin, options: IntervalOptions
) -> Equivalence:
    amount = margin.amount
    if margin.relative:
        amount *= measure_named(metric).distance(first.entry.value or 0.0, _perfect(metric, first))
        if not amount > 0:
            return Equivalence(0.0, None, (f"{margin} of a distance of 0 from perfect is no margin",))
    measure = measure_named(metric)
    sides = paired_sides(*samples, margin, measure.best, options, sign=measure.sign)
    return Equivalence(amount, sides)


def _without(*notes: str) -> Cell:
    return Cell(Difference(None, None, None, None, tuple(dict.fromkeys(notes))))
