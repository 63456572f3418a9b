"""Comparing contenders: paired over images where both are single models, over models where they are populations.

All lines see the same resamples. Verdicts are Holm's over the whole table, so that a long table does not turn
chance into findings; a line that is not decided says how many images would decide it, never that both are equal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.comparison.joint import joint_level
from geed_cli.comparison.mismatch import mismatches, same_images
from geed_cli.comparison.schema import Comparison, Delta, Line, Side, Subject, Verdict
from geed_cli.comparison.subjects import Contender, Key, Member, keys_of
from geed_cli.result.samples import scale_in
from geed_cli.result.schema import Result
from geed_cli.statistics.difference import Difference, difference
from geed_cli.statistics.enough import images_to_decide
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import check_options
from geed_cli.statistics.multiple import holm
from geed_cli.statistics.population import population, population_difference
from geed_cli.statistics.sample import Interval, Sample


@dataclass(frozen=True)
class ComparisonOptions:
    """How intervals are made and at which level lines are decided.

    Attributes:
        simultaneous: whether all intervals of the table hold together; verdicts are Holm's either way.
    """

    confidence: float = 0.95
    method: IntervalMethod = DEFAULT_METHOD
    resamples: int = 2000
    seed: int = 0
    simultaneous: bool = False

    def __post_init__(self) -> None:
        check_options(self.method, self.confidence, self.resamples)


@dataclass(frozen=True)
class _Cell:
    """One other's difference in one line, before correction.

    Attributes:
        difference: at the comparison's confidence.
        images: behind it; 0 where more images would not decide it.
        at: the same difference at another confidence; None where images do not decide.
    """

    difference: Difference
    images: int = 0
    at: Callable[[float], Difference] | None = None


def compare(contenders: Sequence[Contender], options: ComparisonOptions) -> Comparison:
    """Every measure, group and layer of all contenders, against the first.

    Args:
        contenders: at least two, the reference first; checked for comparability by the caller.
        options: of the statistics.
    """
    reference, others = contenders[0], contenders[1:]
    first = reference.results[0]
    pairable = all(same_images(first, result) for c in contenders for result in c.results)
    keys = keys_of(contenders)
    intervals = _of_intervals(contenders, keys, options, paired=pairable)
    cells = [[_cell(reference, other, key, intervals, paired=pairable) for other in others] for key in keys]
    deltas = _decide(cells, options)
    lines = [
        Line(
            metric=key[0],
            group=key[1],
            layer=key[2],
            sides=tuple(_side(contender, key, intervals) for contender in contenders),
            deltas=tuple(row),
        )
        for key, row in zip(keys, deltas, strict=True)
    ]
    found = [m for c in contenders for result in c.results for m in mismatches(first, result)]
    return Comparison(
        confidence=options.confidence,
        method=options.method,
        simultaneous=options.simultaneous,
        images=first.data.count,
        paired=pairable,
        mismatches=tuple(dict.fromkeys(found)),
        subjects=tuple(_subject(contender) for contender in contenders),
        lines=tuple(lines),
    )


def _of_intervals(
    contenders: Sequence[Contender], keys: Sequence[Key], options: ComparisonOptions, *, paired: bool
) -> ComparisonOptions:
    """The options with the confidence at which each interval is taken."""
    if not options.simultaneous:
        return options
    level = joint_level(
        contenders,
        keys,
        paired=paired,
        confidence=options.confidence,
        resamples=options.resamples,
        seed=options.seed,
    )
    return replace(options, confidence=level)


def _subject(contender: Contender) -> Subject:
    alone = None if contender.is_population else contender.results[0]
    return Subject(
        label=contender.label,
        models=tuple(result.model.id for result in contender.results),
        signatures=tuple(result.signature for result in contender.results),
        twin=alone.settings.twin if alone else None,
        hidden_actions=alone.hidden_actions if alone else (),
    )


def _with_group(results: Sequence[Result], group: str) -> Result:
    """The first of them that has the group; where settings are mixed not all have."""
    return next(result for result in results if any(each.name == group for each in result.groups))


def _side(contender: Contender, key: Key, options: ComparisonOptions) -> Side:
    members = contender.members(key)
    if not members:
        return Side(value=None, ci=None, notes=(f"{contender.label} has no such entry",))
    if contender.is_population:
        mean = population(
            [_over_images(member, options) for member in members],
            confidence=options.confidence,
            scale=scale_in(_with_group(contender.results, key[1]), key[0], key[1]),
        )
        return Side(value=mean.value, ci=_pair(mean.low, mean.high), within=mean.within, notes=mean.notes)
    sample, controls = members[0].sample, members[0].entry.controls
    if sample is None:
        return Side(value=None, ci=None, notes=members[0].entry.notes, controls=controls)
    found = _interval(sample, options)
    return Side(value=found.value, ci=_pair(found.low, found.high), notes=found.notes, controls=controls)


def _over_images(member: Member, options: ComparisonOptions) -> Interval:
    """A model's saved value, with the limits that its rows have by this comparison's options."""
    if member.sample is None:
        return member.interval
    found = _interval(member.sample, options)
    return replace(member.interval, low=found.low, high=found.high)


def _interval(sample: Sample, options: ComparisonOptions) -> Interval:
    return interval(
        sample,
        method=options.method,
        confidence=options.confidence,
        resamples=options.resamples,
        seed=options.seed,
    )


def _cell(
    reference: Contender, other: Contender, key: Key, options: ComparisonOptions, *, paired: bool
) -> _Cell:
    """The difference of one other in one line."""
    sides = reference.members(key), other.members(key)
    if not all(sides):
        return _Cell(_none("only one of the two has such an entry"))
    if reference.is_population or other.is_population:
        intervals = [[member.interval for member in side] for side in sides]
        return _Cell(population_difference(*intervals, confidence=options.confidence))
    if not paired:
        return _Cell(_none("not paired: the images differ"))
    return _paired(sides[0][0], sides[1][0], options)


def _paired(reference: Member, other: Member, options: ComparisonOptions) -> _Cell:
    if reference.sample is None or other.sample is None:
        return _Cell(_none(*reference.entry.notes, *other.entry.notes))
    samples = reference.sample, other.sample

    def at(confidence: float) -> Difference:
        return difference(
            *samples,
            method=options.method,
            confidence=confidence,
            resamples=options.resamples,
            seed=options.seed,
        )

    return _Cell(at(options.confidence), len(reference.sample.values), at)


def _decide(cells: Sequence[Sequence[_Cell]], options: ComparisonOptions) -> list[list[Delta]]:
    """Holm's correction over the whole table, and a verdict for each cell."""
    p_values = [cell.difference.p_value for row in cells for cell in row]
    corrected = iter(holm(p_values))
    claims = sum(p is not None for p in p_values)
    alpha = 1 - options.confidence
    return [[_delta(cell, next(corrected), alpha, claims) for cell in row] for row in cells]


def _delta(cell: _Cell, p_holm: float | None, alpha: float, claims: int) -> Delta:
    found = cell.difference
    verdict = _verdict(found, p_holm, alpha)
    return Delta(
        value=found.value,
        ci=_pair(found.low, found.high),
        p_value=found.p_value,
        p_holm=p_holm,
        verdict=verdict,
        images_to_decide=_images_needed(cell, alpha / max(claims, 1)) if verdict == "undecided" else None,
        notes=found.notes,
    )


def _images_needed(cell: _Cell, alpha: float) -> int | None:
    """Images at which the difference would be decided at Holm's strictest step, α over the number of claims."""
    return images_to_decide(cell.at(1 - alpha), cell.images) if cell.at is not None else None


def _verdict(found: Difference, p_holm: float | None, alpha: float) -> Verdict:
    if found.value is None or p_holm is None:
        return "incomparable" if found.value is None else "undecided"
    if p_holm > alpha or found.value == 0:
        return "undecided"
    return "more" if found.value > 0 else "less"


def _none(*notes: str) -> Difference:
    return Difference(None, None, None, None, tuple(dict.fromkeys(notes)))


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
