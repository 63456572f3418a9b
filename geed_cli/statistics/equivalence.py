"""Whether two values are alike to within a margin, by two one-sided tests (Schuirmann 1987).

H: |θ_B − θ_A| ≥ δ is rejected at α where the interval of the difference, at 1 − α, lies within ±δ: each of the two
one-sided tests then has α/2, as a pass of the release gate has. A margin in percent is δ = p(θ_A − θ⁰), a part of the
reference's distance from the perfect value θ⁰. It is never formed: θ_B − θ_A ∓ p(θ_A − θ⁰) are two paired differences
against moved rows of the reference, which have to lie below and above 0.
"""

import math
import re
from dataclasses import dataclass, replace

from geed_cli.choices import IntervalOptions
from geed_cli.statistics.difference import Difference, Paired, PairedLimits, smallest_level
from geed_cli.statistics.estimate import Estimate
from geed_cli.statistics.methods import closed_sides, smallest_p
from geed_cli.statistics.sample import Sample, finite_rows

_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?%")


@dataclass(frozen=True)
class Margin:
    """How far apart two values may be.

    Attributes:
        amount: in the measure's own unit, or a fraction of the reference's distance from perfect; at least 0.
        relative: whether it is such a fraction.
    """

    amount: float
    relative: bool

    def __str__(self) -> str:
        """As it is typed."""
        return f"{100 * self.amount:g}%" if self.relative else f"{self.amount:g}"


def parse_margin(value: object) -> Margin | None:
    """``0.01`` is an amount, ``"5%"`` a fraction; None for what is neither, negative, or not finite."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return Margin(float(value), relative=False)
    if isinstance(value, str) and len(value) <= 40 and (match := _PERCENT.fullmatch(value)):
        return Margin(float(match[1]) / 100.0, relative=True)
    return None


def moved(sample: Sample, share: float, best: float) -> Sample:
    """The sample whose value lies further from the perfect one by a share of its distance: rows v + share (v − best).

    Args:
        sample: of a mean, or of a ratio to M, whose perfect value is best/M.
        share: of the distance; below 0 is nearer.
        best: the row of a perfect network.
    """
    factor, shift = 1.0 + share, -share * best
    return replace(sample, values=factor * sample.values + shift, scale=sample.scale.moved(factor, shift))


@dataclass(frozen=True, eq=False)
class Sides:
    """The two differences that a margin limits, with their intervals at any confidence.

    Attributes:
        upper: of θ_B − θ_A − δ, which is to lie below 0.
        lower: of θ_B − θ_A + δ, which is to lie above 0.
        values: of the two.
        smallest: the smallest p-value that can be told.
        estimates: how each image moves the two, of single models.
        closed: the p-value, where the method has it without a search.
    """

    upper: PairedLimits
    lower: PairedLimits
    values: tuple[float, float]
    smallest: float
    estimates: tuple[Estimate, ...] = ()
    closed: float | None = None

    def within(self, confidence: float) -> bool:
        """Whether both intervals lie on their sides; reaching the margin is allowed."""
        upper, lower = self.upper(confidence), self.lower(confidence)
        return upper is not None and lower is not None and upper[1] <= 0.0 <= lower[0]

    def differences(self, confidence: float) -> tuple[Difference, Difference] | None:
        """Both differences with their intervals; None where an interval is withheld."""
        spans = self.upper(confidence), self.lower(confidence)
        made = [
            Difference(value, *span, None) for value, span in zip(self.values, spans, strict=True) if span
        ]
        return (made[0], made[1]) if len(made) == len(spans) else None

    @property
    def p_value(self) -> float:
        """The smallest α at which the values are within the margin; 1 where they are at none."""
        if self.closed is not None:
            return max(self.closed, self.smallest)
        return smallest_level(lambda alpha: self.within(1.0 - alpha), self.smallest)


def paired_sides(
    reference: Sample,
    other: Sample,
    margin: Margin,
    best: float,
    options: IntervalOptions,
    *,
    sign: int = 1,
) -> Sides | None:
    """The two differences of samples over the same images; None where they have no interval.

    Args:
        reference: the sample whose distance from perfect a margin in percent is of.
        other: over the same images.
        margin: to test.
        best: the row of a perfect network.
        options: of the intervals.
        sign: −1 where values lie below the best.
    """
    rows = finite_rows(other)

    def pair(share: float) -> Paired:
        return Paired.of(finite_rows(moved(reference, share, best)), rows)

    above = sign * margin.amount  # the share at which the reference's value is larger
    pairs = [pair(above), pair(-above)] if margin.relative else [pair(0.0)] * 2
    upper, lower = (each.estimate for each in pairs)
    if upper is None or lower is None:
        return None
    limits = [each.limits(options.method, options.resamples, options.seed) for each in pairs]
    shift = 0.0 if margin.relative else margin.amount
    sides = [
        None if each.copies else closed_sides(each.statistic, options.method, end)
        for each, end in zip(pairs, (shift, -shift), strict=True)
    ]
    return Sides(
        upper=shifted(limits[0], -shift),
        lower=shifted(limits[1], shift),
        values=(upper.value - shift, lower.value + shift),
        estimates=(upper, lower),
        closed=max(sides[0][0], sides[1][1]) if sides[0] is not None and sides[1] is not None else None,
        smallest=smallest_p(options.method, options.resamples),
    )


def shifted(limits: PairedLimits, by: float) -> PairedLimits:
    """The same interval about a value so much larger."""

    def at(confidence: float) -> tuple[float, float] | None:
        span = limits(confidence)
        return None if span is None else (span[0] + by, span[1] + by)

    return at
