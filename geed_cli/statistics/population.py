"""Several checkpoints of one recipe as a population of models, whose interval is over models and images.

Members audited on the same images share them, so that more members do not average the images away. With ū_i the mean
over the k members of what image i moves each by, u_ij, the variance of their mean is that of a two-way analysis of
variance,

    V = s²/k + Σū_i²/(n(n − 1)) − Σ_j Σ_i (u_ij − ū_i)²/(n(n − 1)) / (k(k − 1)),

the members' spread, the images', and what both have counted. Its degrees of freedom are Satterthwaite's.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr, stdtrit

from geed_cli.statistics.difference import UNBOUNDED, Difference, PairedLimits
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.jackknife_t import effective_freedom
from geed_cli.statistics.sample import Interval
from geed_cli.statistics.scale import Array, Scale


@dataclass(frozen=True)
class Model:
    """One member.

    Attributes:
        interval: its value with its own limits over images.
        estimate: how each image moves it; None where it has no rows.
        withheld: why its images are too few for an interval, over models as well; None where they are not.
    """

    interval: Interval
    estimate: Estimate | None = None
    withheld: str | None = None


@dataclass(frozen=True)
class Population:
    """The mean over the ``count`` models that have a value, and how sure it is.

    Attributes:
        value: None where no member has one; limits and deviation are None for fewer than two.
        deviation: standard deviation between members.
        within: root mean square of the members' own half-widths, the uncertainty of one model over images;
            None where no member has an interval.
        notes: what was left out, one sentence each.
    """

    value: float | None
    low: float | None
    high: float | None
    deviation: float | None
    within: float | None
    count: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spread:
    """The variance of a mean, or of a difference of means, over models and images.

    Attributes:
        models: the part that the members' own spread says.
        images: the part that the images say, whose members' mean is taken image by image.
        both: what the two have both counted.
        freedom: degrees of freedom of each part, in that order.
    """

    models: float
    images: float
    both: float
    freedom: tuple[float, float, float]

    @property
    def variance(self) -> float:
        """Never below either part: what both have counted is estimated, too."""
        return max(self.models + self.images - self.both, self.models, self.images)

    @property
    def whole_freedom(self) -> float:
        """Satterthwaite's: V² over the sum of each part's square over its own."""
        parts = (self.models, self.images, self.both)
        return float(self.variance**2 / sum(p * p / f for p, f in zip(parts, self.freedom, strict=True)))

    @property
    def views(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Variance and degrees of freedom: of all, and of the models alone, who may be too few to say how much."""
        whole = (self.variance, self.whole_freedom if self.variance > 0.0 else 1.0)
        return whole, (self.models, self.freedom[0])

    def __add__(self, other: "Spread") -> "Spread":
        """Of a sum or difference of two independent populations; the images' part is taken from the first."""
        pairs = [(self.models, other.models), (self.both, other.both)]
        freedoms = [(self.freedom[0], other.freedom[0]), (self.freedom[2], other.freedom[2])]
        models, both = (_joined(*each) for each in zip(pairs, freedoms, strict=True))
        return Spread(sum(pairs[0]), self.images, sum(pairs[1]), (models, self.freedom[1], both))


def population(members: Sequence[Model], *, confidence: float = 0.95, scale: Scale = UNBOUNDED) -> Population:
    """The mean of the members that have a value, with Student's t interval over models and images.

    Cut off at the range of the measure's scale.
    """
    there = [member for member in members if member.interval.value is not None]
    values, k = _values(there), len(there)
    notes = _lost(members)
    if k == 0:
        return Population(None, None, None, None, None, 0, (*notes, "undefined: no model has a value"))
    mean, within = float(values.mean()), _within(members)
    if k < 2:
        return Population(
            mean, None, None, None, within, k, (*notes, "interval withheld: one model, two needed")
        )
    deviation = float(values.std(ddof=1))
    if few := _withheld(there):
        return Population(mean, None, None, deviation, within, k, (*notes, *few))
    spread = spread_of(there)
    if spread.variance == 0.0:
        notes = (*notes, f"all {k} models have the same value: no width")
    low, high = t_limits(mean, spread)(confidence)
    return Population(mean, scale.clip(low), scale.clip(high), deviation, within, k, notes)


def population_difference(
    reference: Sequence[Model], other: Sequence[Model], *, confidence: float = 0.95
) -> Difference:
    """Mean of ``other`` − mean of ``reference``, over independent models and the same images."""
    made = unpaired(reference, other)
    return made if isinstance(made, Difference) else made.at(confidence)


def paired_difference(
    reference: Sequence[Model], other: Sequence[Model], *, confidence: float = 0.95
) -> Difference:
    """The mean of other − reference over pairs of models that belong together, and the same images."""
    made = paired(reference, other)
    return made if isinstance(made, Difference) else made.at(confidence)


@dataclass(frozen=True)
class Contrast:
    """A difference of two populations that has an interval."""

    value: float
    spread: Spread
    notes: tuple[str, ...] = ()

    @property
    def limits(self) -> PairedLimits:
        """Its interval as a function of the confidence."""
        return t_limits(self.value, self.spread)

    def at(self, confidence: float) -> Difference:
        """With its interval and the two-sided p-value of no difference."""
        low, high = t_limits(self.value, self.spread)(confidence)
        if self.spread.variance == 0.0:
            note = "the models of each side agree exactly: no width"
            return Difference(self.value, self.value, self.value, None, (*self.notes, note))
        p = max(
            2.0 * float(stdtr(freedom, -abs(self.value) / math.sqrt(variance)))
            for variance, freedom in self.spread.views
            if variance > 0.0
        )
        return Difference(self.value, low, high, p, self.notes)


def unpaired(reference: Sequence[Model], other: Sequence[Model]) -> Contrast | Difference:
    """The contrast of two independent populations over the same images; a bare difference where it has no interval.

    The parts of the models add up, as in Welch's test; the images' is that of the difference of the two means.
    """
    sides = [[m for m in side if m.interval.value is not None] for side in (reference, other)]
    notes = (*_lost(reference), *_lost(other))
    if min(map(len, sides)) == 0:
        return Difference(None, None, None, None, (*notes, "undefined: no model has a value"))
    value = float(_values(sides[1]).mean() - _values(sides[0]).mean())
    if min(map(len, sides)) < 2:
        return Difference(value, None, None, None, (*notes, "interval withheld: two models a side needed"))
    if few := _withheld([*sides[0], *sides[1]]):
        return Difference(value, None, None, None, (*notes, *few))
    first, second = map(spread_of, sides)
    means = [_mean_estimate(side) for side in sides]
    images = None if means[0] is None or means[1] is None else combined([means[0], means[1]], (-1.0, 1.0))
    part, freedom = _of_images(images)
    second = replace(second, images=part, freedom=(second.freedom[0], freedom, second.freedom[2]))
    return Contrast(value, second + first, notes)


def paired(reference: Sequence[Model], other: Sequence[Model]) -> Contrast | Difference:
    """The contrast of two populations whose members belong together one by one: that of their differences.

    Runs that share a seed, or the order of the data, share what these do to both.
    """
    pairs = [
        (a, b)
        for a, b in zip(reference, other, strict=True)
        if a.interval.value is not None and b.interval.value is not None
    ]
    lost = len(reference) - len(pairs)
    notes = (f"{lost} of {len(reference)} pairs of models without a value left out",) if lost else ()
    if not pairs:
        return Difference(None, None, None, None, (*notes, "undefined: no pair of models has a value"))
    differences = [
        Model(
            Interval((b.interval.value or 0.0) - (a.interval.value or 0.0), None, None),
            None
            if a.estimate is None or b.estimate is None
            else combined([a.estimate, b.estimate], (-1.0, 1.0)),
        )
        for a, b in pairs
    ]
    value = float(_values(differences).mean())
    if len(pairs) < 2:
        return Difference(value, None, None, None, (*notes, "interval withheld: two pairs of models needed"))
    if few := _withheld([model for pair in pairs for model in pair]):
        return Difference(value, None, None, None, (*notes, *few))
    return Contrast(value, spread_of(differences), notes)


def spread_of(members: Sequence[Model]) -> Spread:
    """The variance of the mean of at least two members that have a value, and its parts."""
    k = len(members)
    models = float(_values(members).var(ddof=1)) / k
    mean = _mean_estimate(members)
    if mean is None:
        return Spread(models, 0.0, 0.0, (k - 1.0, 1.0, 1.0))
    rest = [
        combined([member.estimate, mean], (1.0, -1.0)) for member in members if member.estimate is not None
    ]
    both = sum(each.variance for each in rest) / (k * (k - 1))
    images, freedom = _of_images(mean)
    return Spread(models, images, both, (k - 1.0, freedom, (k - 1.0) * (min(mean.counts) - 1.0)))


def combined(estimates: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """Σ w_j θ_j over the same images: the deviations add up image by image, rescaled to as many images as any has."""
    sets = range(max(len(each.deviations) for each in estimates))
    deviations, counts = [], []
    for at in sets:
        parts = [(w, each) for w, each in zip(weights, estimates, strict=True) if at < len(each.deviations)]
        count = max(each.counts[at] for _, each in parts)
        counts.append(count)
        deviations.append(sum(w * each.deviations[at] * (count / each.counts[at]) for w, each in parts))
    value = sum(w * each.value for w, each in zip(weights, estimates, strict=True))
    return Estimate(float(value), tuple(map(np.asarray, deviations)), tuple(counts))


def t_limits(value: float, spread: Spread) -> Callable[[float], tuple[float, float]]:
    """Student's t interval at any confidence; never narrower than over the models alone."""

    def at(confidence: float) -> tuple[float, float]:
        half = max(
            (
                float(stdtrit(freedom, (1.0 + confidence) / 2.0)) * math.sqrt(variance)
                for variance, freedom in spread.views
                if variance > 0.0
            ),
            default=0.0,
        )
        return value - half, value + half

    return at


def _mean_estimate(members: Sequence[Model]) -> Estimate | None:
    """Of the mean over the members; None where one of them has no rows, or rows of other images."""
    made = [member.estimate for member in members if member.estimate is not None]
    sizes = {tuple(map(len, each.deviations)) for each in made}
    if len(made) < len(members) or len(sizes) > 1 or not all(math.isfinite(each.variance) for each in made):
        return None
    return combined(made, [1.0 / len(made)] * len(made))


def _of_images(mean: Estimate | None) -> tuple[float, float]:
    """The images' part and its degrees of freedom."""
    if mean is None or not mean.variance > 0.0:
        return 0.0, 1.0
    return mean.variance, effective_freedom(mean)


def _joined(parts: tuple[float, float], freedoms: tuple[float, float]) -> float:
    """Satterthwaite's degrees of freedom of a sum of two."""
    squares = sum(p * p / f for p, f in zip(parts, freedoms, strict=True))
    return sum(parts) ** 2 / squares if squares > 0.0 else min(freedoms)


def _values(members: Sequence[Model]) -> Array:
    return np.array([m.interval.value for m in members if m.interval.value is not None], dtype=np.float64)


def _within(members: Sequence[Model]) -> float | None:
    widths = [m.interval.width for m in members if m.interval.width is not None]
    return math.sqrt(sum((w / 2.0) ** 2 for w in widths) / len(widths)) if widths else None


def _withheld(members: Sequence[Model]) -> tuple[str, ...]:
    """Why the images of some members are too few, each reason once."""
    return tuple(dict.fromkeys(m.withheld for m in members if m.withheld is not None))


def _lost(members: Sequence[Model]) -> tuple[str, ...]:
    lost = sum(m.interval.value is None for m in members)
    return (f"{lost} of {len(members)} models without a value left out",) if lost else ()
