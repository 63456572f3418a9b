"""What labels say of several models, side by side: accuracy, its worst case, balanced, and differences from the first.

Differences are paired over the images, as of any line. Their claims are a family of their own under Holm's correction,
so that labels change no verdict on a measure; a claim that several groups share (pictures as they are) counts once.
Larger is better, so that a verdict is ``higher`` or ``lower``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.mismatch import labels_mismatch, mixed_architectures
from geed_cli.comparison.pairing import pairs_of
from geed_cli.comparison.schema import Delta, Line, Side, Verdict
from geed_cli.comparison.subjects import Contender
from geed_cli.documents.pattern import Pattern
from geed_cli.measures.label_metrics import ACCURACY, BALANCED, WORST_CASE
from geed_cli.result.labelled_rows import RATE, labelled_rows
from geed_cli.result.schema import Result
from geed_cli.statistics.difference import Difference, DifferenceAt, differences
from geed_cli.statistics.enough import images_to_decide
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.multiple import holm
from geed_cli.statistics.population import Model, paired, population, unpaired
from geed_cli.statistics.sample import MeanSample, finite_rows
from geed_cli.statistics.validity import has_estimate, withheld_reason

COMPARED = (ACCURACY, WORST_CASE, BALANCED)
"""The calibration error has bins of each network's own, which cannot be paired."""
Key = tuple[str, str]
"""Metric and group."""


@dataclass(frozen=True)
class _Terms:
    """How lines are made; ``same_images`` is whether all results are over the same images."""

    options: IntervalOptions
    same_images: bool
    runs: Pattern | None


def label_lines(
    contenders: Sequence[Contender], options: IntervalOptions, runs: Pattern | None, *, same_images: bool
) -> tuple[Line, ...]:
    """A line for each number and group; none without labels, or where these differ.

    Args:
        contenders: at least two, the reference first.
        options: of all intervals, which hold each by itself.
        runs: finds the run in the names of two populations' files.
        same_images: whether all results are over the same images.
    """
    results = [result for contender in contenders for result in contender.results]
    if not same_images or any(labels_mismatch(results[0], result) for result in results):
        return ()
    terms = _Terms(options, same_images, runs)
    sides = [[_samples(result) for result in contender.results] for contender in contenders]
    found = dict.fromkeys(key for side in sides for samples in side for key in samples)
    keys = [key for group in dict.fromkeys(group for _, group in found) for key in found if key[1] == group]
    cells = {
        key: [
            _difference(
                contenders[0], other, [of.get(key) for of in sides[0]], [of.get(key) for of in side], terms
            )
            for other, side in zip(contenders[1:], sides[1:], strict=True)
        ]
        for key in keys
    }
    corrected = _corrected([cell for key in keys for cell in cells[key]])
    alpha = 1.0 - options.confidence
    return tuple(
        Line(
            metric=key[0],
            group=key[1],
            layer=None,
            sides=tuple(
                _side(contender, [of.get(key) for of in side], options)
                for contender, side in zip(contenders, sides, strict=True)
            ),
            deltas=tuple(_delta(cell, corrected, alpha) for cell in cells[key]),
        )
        for key in keys
    )


def _samples(result: Result) -> dict[Key, MeanSample]:
    return {
        (row.metric, row.group): row.sample
        for row in labelled_rows(result)
        if row.metric in COMPARED and isinstance(row.sample, MeanSample)
    }


def _side(contender: Contender, samples: Sequence[MeanSample | None], options: IntervalOptions) -> Side:
    """A model's value with its exact limits; of a population the mean over models."""
    there = [sample for sample in samples if sample is not None]
    if not there:
        return Side(value=None, ci=None, notes=(f"{contender.label} has no labels under this group",))
    if contender.is_population:
        mean = population(_models(there, options), confidence=options.confidence, scale=RATE)
        mixed = mixed_architectures(contender.label, contender.results) is not None
        notes = (
            (*mean.notes, "interval withheld: the models are of several architectures")
            if mixed
            else mean.notes
        )
        ci = None if mixed or mean.low is None or mean.high is None else (mean.low, mean.high)
        return Side(value=mean.value, ci=ci, within=mean.within, notes=notes)
    made = interval(
        there[0],
        method=options.method,
        confidence=options.confidence,
        resamples=options.resamples,
        seed=options.seed,
    )
    ci = None if made.low is None or made.high is None else (made.low, made.high)
    return Side(value=made.value, ci=ci, notes=made.notes)


def _models(samples: Sequence[MeanSample], options: IntervalOptions) -> list[Model]:
    made = []
    for sample in samples:
        rows = finite_rows(sample)
        known = estimate(rows) if has_estimate(rows) else None
        own = interval(
            sample,
            method=options.method,
            confidence=options.confidence,
            resamples=options.resamples,
            seed=options.seed,
        )
        made.append(Model(own, known, withheld_reason(rows)))
    return made


@dataclass(frozen=True, eq=False)
class _Cell:
    """One other's difference before correction; ``claim`` is what several groups share."""

    made: Difference
    claim: object
    at: DifferenceAt | None = None
    images: int = 0


def _difference(
    reference: Contender,
    other: Contender,
    mine: Sequence[MeanSample | None],
    theirs: Sequence[MeanSample | None],
    terms: _Terms,
) -> _Cell:
    if None in mine or None in theirs:
        return _Cell(Difference(None, None, None, None, ("only one of the two has labels",)), object())
    first, second = ([sample for sample in side if sample is not None] for side in (mine, theirs))
    options = terms.options
    if reference.is_population or other.is_population:
        return _Cell(_of_populations(reference, other, first, second, terms), object())
    pair = first[0], second[0]
    (at,) = differences([pair], method=options.method, resamples=options.resamples, seed=options.seed)
    weights = [b"" if each.weighting is None else each.weighting.weights.tobytes() for each in pair]
    claim = (id(other), *(each.values.tobytes() for each in pair), *weights)
    return _Cell(at(options.confidence), claim, at, len(pair[0].values))


def _of_populations(
    reference: Contender,
    other: Contender,
    first: Sequence[MeanSample],
    second: Sequence[MeanSample],
    terms: _Terms,
) -> Difference:
    """Over models and images; pair by pair where runs are to be paired."""
    for each in (reference, other):
        if mixed_architectures(each.label, each.results) is not None:
            return Difference(None, None, None, None, (f"{each.label} is of several architectures",))
    contrast = unpaired
    if terms.runs is not None and reference.is_population and other.is_population:
        pairs = pairs_of(reference.names, other.names, terms.runs)
        first, second = [first[a] for a, _ in pairs], [second[b] for _, b in pairs]
        contrast = paired
    made = contrast(_models(first, terms.options), _models(second, terms.options))
    return made if isinstance(made, Difference) else made.at(terms.options.confidence)


def _corrected(cells: Sequence[_Cell]) -> dict[object, float | None]:
    """Holm's adjusted p-value of each claim."""
    claims = {cell.claim: cell.made.p_value for cell in cells}
    return dict(zip(claims, holm(list(claims.values())), strict=True))


def _delta(cell: _Cell, corrected: dict[object, float | None], alpha: float) -> Delta:
    made, p_holm = cell.made, corrected[cell.claim]
    verdict: Verdict = "undecided"
    if made.value is None:
        verdict = "incomparable"
    elif p_holm is not None and p_holm <= alpha and made.value:
        verdict = "higher" if made.value > 0 else "lower"
    needed = None
    if verdict == "undecided" and cell.at is not None:
        claims = max(sum(p is not None for p in corrected.values()), 1)
        needed = images_to_decide(cell.at(1.0 - alpha / claims), cell.images)
    return Delta(
        value=made.value,
        ci=None if made.low is None or made.high is None else (made.low, made.high),
        p_value=made.p_value,
        p_holm=p_holm,
        verdict=verdict,
        images_to_decide=needed,
        notes=made.notes,
    )
