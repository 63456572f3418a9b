"""Lines of a comparison that are made of rows alone: each subject's value, and its paired difference from the first.

Claims of all of them are one family under Holm's correction; a claim whose rows stand in several lines, such as the
accuracy of pictures as they are under several groups, counts once. Rows that are the same are a fact and no claim,
where the measures' rows are the same, too: many networks have the same rates.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.line_difference import same_rows
from geed_cli.comparison.mismatch import mixed_architectures
from geed_cli.comparison.pairing import pairs_of
from geed_cli.comparison.schema import Delta, Side, Verdict
from geed_cli.comparison.subjects import Contender, keys_of
from geed_cli.documents.pattern import Pattern
from geed_cli.result.schema import Result
from geed_cli.statistics.difference import Difference, DifferenceAt, differences
from geed_cli.statistics.enough import images_to_decide
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.multiple import holm
from geed_cli.statistics.population import Model, paired, population, unpaired
from geed_cli.statistics.sample import Interval, MeanSample, finite_rows
from geed_cli.statistics.validity import has_estimate, withheld_reason

Key = TypeVar("Key", bound=Hashable)
Rows = MeanSample | str
"""Of one number, or why a result has none."""
ABSENT = "not in this result"


@dataclass(frozen=True)
class Made(Generic[Key]):
    """One line before it is given its names."""

    key: Key
    sides: tuple[Side, ...]
    deltas: tuple[Delta, ...]


@dataclass(frozen=True)
class Lines(Generic[Key]):
    """How lines are made.

    Attributes:
        contenders: at least two, over the same images, the reference first.
        options: of all intervals, which hold each by itself.
        runs: finds the run in the names of two populations' files.
        rows_of: the rows of each number of a result.
        words: what a number is called that is larger, and one that is smaller, after correction.
        floor: what rounding alone can make of a difference.
    """

    contenders: Sequence[Contender]
    options: IntervalOptions
    runs: Pattern | None
    rows_of: Callable[[Result], Mapping[Key, Rows]]
    words: Callable[[Key], tuple[Verdict, Verdict]]
    floor: Callable[[Key], float]

    def made(self) -> list[Made[Key]]:
        """A line for each number of any result, in the order of the first."""
        found = [[self.rows_of(result) for result in contender.results] for contender in self.contenders]
        keys = list(dict.fromkeys(key for side in found for rows in side for key in rows))
        sides = {key: [[rows.get(key, ABSENT) for rows in side] for side in found] for key in keys}
        cells = self._with_facts({key: self._cells(sides[key]) for key in keys})
        every = {cell.claim: cell.made.p_value for key in keys for cell in cells[key]}
        corrected = dict(zip(every, holm(list(every.values())), strict=True))
        claims = max(sum(p is not None for p in every.values()), 1)
        return [
            Made(
                key,
                tuple(
                    side_of(of, rows, self.options)
                    for of, rows in zip(self.contenders, sides[key], strict=True)
                ),
                tuple(self._delta(key, cell, corrected[cell.claim], claims) for cell in cells[key]),
            )
            for key in keys
        ]

    def _cells(self, sides: Sequence[Sequence[Rows]]) -> list["_Cell"]:
        return [
            self._difference(other, sides[0], rows)
            for other, rows in zip(self.contenders[1:], sides[1:], strict=True)
        ]

    def _with_facts(self, cells: Mapping[Key, list["_Cell"]]) -> dict[Key, list["_Cell"]]:
        """The same, where copies of the reference are identical to it and claim nothing."""
        copies = [
            all(row[at].same for row in cells.values() if row[at].made.value is not None)
            and _same_measures(self.contenders[0], other)
            for at, other in enumerate(self.contenders[1:])
        ]
        return {
            key: [
                cell.identical() if copy and cell.same else cell
                for cell, copy in zip(row, copies, strict=True)
            ]
            for key, row in cells.items()
        }

    def _difference(self, other: Contender, mine: Sequence[Rows], theirs: Sequence[Rows]) -> "_Cell":
        reference, both = self.contenders[0], (mine, theirs)
        missing = [each for side in both for each in side if isinstance(each, str)]
        if missing:
            return _Cell(Difference(None, None, None, None, tuple(dict.fromkeys(missing))), object())
        first, second = ([each for each in side if isinstance(each, MeanSample)] for side in both)
        if reference.is_population or other.is_population:
            return _Cell(self._of_populations(other, first, second), object())
        pair, used = (first[0], second[0]), self.options
        (at,) = differences([pair], method=used.method, resamples=used.resamples, seed=used.seed)
        weights = [b"" if each.weighting is None else each.weighting.weights.tobytes() for each in pair]
        claim = (id(other), *(each.values.tobytes() for each in pair), *weights)
        same = same_rows(*pair) and weights[0] == weights[1]
        return _Cell(at(used.confidence), claim, at, len(pair[0].values), same)

    def _of_populations(
        self, other: Contender, first: Sequence[MeanSample], second: Sequence[MeanSample]
    ) -> Difference:
        """Over models and images; pair by pair where runs are to be paired."""
        reference = self.contenders[0]
        for each in (reference, other):
            if mixed_architectures(each.label, each.results) is not None:
                return Difference(None, None, None, None, (f"{each.label} is of several architectures",))
        contrast = unpaired
        if self.runs is not None and reference.is_population and other.is_population:
            pairs = pairs_of(reference.names, other.names, self.runs)
            first, second = [first[a] for a, _ in pairs], [second[b] for _, b in pairs]
            contrast = paired
        made = contrast(_models(first, self.options), _models(second, self.options))
        return made if isinstance(made, Difference) else made.at(self.options.confidence)

    def _delta(self, key: Key, cell: "_Cell", p_holm: float | None, claims: int) -> Delta:
        made, alpha = cell.made, 1.0 - self.options.confidence
        size, floor = abs(made.value or 0.0), self.floor(key)
        verdict: Verdict = (
            "identical" if cell.is_fact else "incomparable" if made.value is None else "undecided"
        )
        if p_holm is not None and p_holm <= alpha and size > floor:
            verdict = self.words(key)[0 if (made.value or 0.0) > 0 else 1]
        needed = None
        if verdict == "undecided" and cell.at is not None and size > floor:
            # at Holm's strictest step, α over the number of claims
            needed = images_to_decide(cell.at(1.0 - alpha / claims), cell.images)
        return Delta(
            value=made.value,
            ci=_pair(made.low, made.high),
            p_value=made.p_value,
            p_holm=p_holm,
            verdict=verdict,
            images_to_decide=needed,
            notes=made.notes,
        )


def _same_measures(one: Contender, other: Contender) -> bool:
    """Whether two models have the same rows in every measure of both, digit for digit."""
    shared = [(one.members(key), other.members(key)) for key in keys_of([one, other])]
    samples = [(a[0].sample, b[0].sample) for a, b in shared if a and b]
    return all(same_rows(a, b) for a, b in samples if a is not None and b is not None)


def side_of(contender: Contender, rows: Sequence[Rows], options: IntervalOptions) -> Side:
    """A model's value with its own limits; of a population the mean over models."""
    there = [each for each in rows if isinstance(each, MeanSample)]
    if not there:
        return Side(value=None, ci=None, notes=tuple(dict.fromkeys(map(str, rows))))
    if not contender.is_population:
        own = _interval(there[0], options)
        return Side(value=own.value, ci=_pair(own.low, own.high), notes=own.notes)
    mean = population(_models(there, options), confidence=options.confidence, scale=there[0].scale)
    ci, notes = _pair(mean.low, mean.high), mean.notes
    if mixed_architectures(contender.label, contender.results) is not None:
        ci, notes = None, (*notes, "interval withheld: the models are of several architectures")
    return Side(value=mean.value, ci=ci, within=mean.within, notes=notes)


def _interval(sample: MeanSample, used: IntervalOptions) -> Interval:
    return interval(
        sample, method=used.method, confidence=used.confidence, resamples=used.resamples, seed=used.seed
    )


def _models(samples: Sequence[MeanSample], options: IntervalOptions) -> list[Model]:
    made = []
    for sample in samples:
        rows = finite_rows(sample)
        known = estimate(rows) if has_estimate(rows) else None
        made.append(Model(_interval(sample, options), known, withheld_reason(rows)))
    return made


@dataclass(frozen=True, eq=False)
class _Cell:
    """One other's difference before correction.

    Attributes:
        claim: the same for lines of the same rows.
        images: behind it.
        same: whether the rows are the same as the reference's, digit for digit.
        is_fact: whether that is said of it, so that it claims nothing.
    """

    made: Difference
    claim: object
    at: DifferenceAt | None = None
    images: int = 0
    same: bool = False
    is_fact: bool = False

    def identical(self) -> "_Cell":
        """The same as a fact."""
        return replace(self, made=replace(self.made, p_value=None), is_fact=True)


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
