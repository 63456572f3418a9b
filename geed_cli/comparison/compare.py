"""Comparing contenders: paired over images where both are single models, over models where they are populations.

All lines see the same resamples. Verdicts are Holm's over the whole table, so that a long table does not turn
chance into findings; a line that is not decided says how many images would decide it, never that both are equal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.joint import joint_level
from geed_cli.comparison.mismatch import mismatches, mixed_architectures, same_images
from geed_cli.comparison.schema import Comparison, Delta, Line, Side, Subject, Verdict
from geed_cli.comparison.subjects import Contender, Key, Member, keys_of
from geed_cli.measures.floating_point import floating_noise
from geed_cli.result.samples import output_kind, scale_in
from geed_cli.statistics.difference import Difference, difference
from geed_cli.statistics.enough import images_to_decide
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import check_options
from geed_cli.statistics.multiple import holm
from geed_cli.statistics.population import population, population_difference
from geed_cli.statistics.sample import Interval, Sample


@dataclass(frozen=True)
class _Cell:
    """One other's difference in one line, before correction.

    Attributes:
        difference: at the comparison's confidence.
        images: behind it; 0 where more images would not decide it.
        at: the same difference at another confidence; None where images do not decide.
        floor: what rounding alone can make of a difference.
    """

    difference: Difference
    images: int = 0
    at: Callable[[float], Difference] | None = None
    floor: float = 0.0


def compare(contenders: Sequence[Contender], options: IntervalOptions) -> Comparison:
    """Every measure, group and layer of all contenders, against the first.

    Args:
        contenders: at least two, the reference first; checked for comparability by the caller.
        options: of all intervals; verdicts are Holm's whether they are simultaneous or not.

    Raises:
        InputError: options that no interval can be made with.
    """
    check_options(options.method, options.confidence, options.resamples)
    reference, others = contenders[0], contenders[1:]
    first = reference.results[0]
    pairable = all(same_images(first, result) for c in contenders for result in c.results)
    keys = keys_of(contenders)
    level = options.confidence
    if options.simultaneous:
        level = joint_level(contenders, keys, options, paired=pairable)
    intervals = replace(options, confidence=level)
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
    differing = [part for c in contenders for result in c.results for part in mismatches(first, result)]
    differing += filter(None, (mixed_architectures(c.label, c.results) for c in contenders))
    return Comparison(
        confidence=options.confidence,
        method=options.method,
        simultaneous=options.simultaneous,
        images=first.data.count,
        paired=pairable,
        mismatches=tuple(dict.fromkeys(differing)),
        subjects=tuple(_subject(contender) for contender in contenders),
        lines=tuple(lines),
    )


def _subject(contender: Contender) -> Subject:
    alone = None if contender.is_population else contender.results[0]
    return Subject(
        label=contender.label,
        models=tuple(result.model.id for result in contender.results),
        signatures=tuple(result.signature for result in contender.results),
        output=output_kind(contender.results[0]),
        actions=tuple(contender.results[0].model.actions),
        twin=alone.settings.twin if alone else None,
        hidden_actions=alone.hidden_actions if alone else (),
    )


def _side(contender: Contender, key: Key, options: IntervalOptions) -> Side:
    members = contender.members(key)
    if not members:
        return Side(value=None, ci=None, notes=(f"{contender.label} has no such entry",))
    if contender.is_population:
        metric, group, _ = key
        # where settings are mixed, not every model was audited under the group
        with_group = next(each for each in contender.results if group in {g.name for g in each.groups})
        mean = population(
            [_over_images(member, options) for member in members],
            confidence=options.confidence,
            scale=scale_in(with_group, metric, group),
        )
        return Side(value=mean.value, ci=_pair(mean.low, mean.high), within=mean.within, notes=mean.notes)
    sample, controls = members[0].sample, members[0].entry.controls
    if sample is None:
        return Side(value=None, ci=None, notes=members[0].entry.notes, controls=controls)
    made = _interval(sample, options)
    return Side(value=made.value, ci=_pair(made.low, made.high), notes=made.notes, controls=controls)


def _over_images(member: Member, options: IntervalOptions) -> Interval:
    """A model's saved value, with the limits that its rows have by this comparison's options."""
    if member.sample is None:
        return member.interval
    made = _interval(member.sample, options)
    return replace(member.interval, low=made.low, high=made.high)


def _interval(sample: Sample, options: IntervalOptions) -> Interval:
    return interval(
        sample,
        method=options.method,
        confidence=options.confidence,
        resamples=options.resamples,
        seed=options.seed,
    )


def _cell(
    reference: Contender, other: Contender, key: Key, options: IntervalOptions, *, paired: bool
) -> _Cell:
    """The difference of one other in one line."""
    sides = reference.members(key), other.members(key)
    if not all(sides):
        return _Cell(_none("only one of the two has such an entry"))
    if reference.is_population or other.is_population:
        intervals = [[member.interval for member in side] for side in sides]
        return _Cell(
            population_difference(*intervals, confidence=options.confidence),
            floor=_floor(reference, other, key),
        )
    if not paired:
        return _Cell(_none("not paired: the images differ"))
    return replace(_paired(sides[0][0], sides[1][0], options), floor=_floor(reference, other, key))


def _floor(reference: Contender, other: Contender, key: Key) -> float:
    """The smallest difference that is more than rounding, in the coarsest precision of any of the results."""
    results = (*reference.results, *other.results)
    return max(floating_noise(key[0], result.settings.precision) for result in results)


def _paired(reference: Member, other: Member, options: IntervalOptions) -> _Cell:
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


def _decide(cells: Sequence[Sequence[_Cell]], options: IntervalOptions) -> list[list[Delta]]:
    """Holm's correction over the whole table, and a verdict for each cell."""
    p_values = [cell.difference.p_value for row in cells for cell in row]
    corrected = iter(holm(p_values))
    claims = sum(p is not None for p in p_values)
    alpha = 1 - options.confidence
    return [[_delta(cell, next(corrected), alpha, claims) for cell in row] for row in cells]


def _delta(cell: _Cell, p_holm: float | None, alpha: float, claims: int) -> Delta:
    made = cell.difference
    verdict, notes = _verdict(made, p_holm, alpha), made.notes
    if verdict in {"more", "less"} and abs(made.value or 0.0) < cell.floor:
        verdict, notes = "undecided", (*notes, f"rounding alone can make a difference of {cell.floor:.2g}")
    needed = None
    if verdict == "undecided" and cell.at is not None and abs(made.value or 0.0) >= cell.floor:
        # at Holm's strictest step, α over the number of claims
        needed = images_to_decide(cell.at(1 - alpha / max(claims, 1)), cell.images)
    return Delta(
        value=made.value,
        ci=_pair(made.low, made.high),
        p_value=made.p_value,
        p_holm=p_holm,
        verdict=verdict,
        images_to_decide=needed,
        notes=notes,
    )


def _verdict(made: Difference, p_holm: float | None, alpha: float) -> Verdict:
    if made.value is None:
        return "incomparable"
    if p_holm is None or p_holm > alpha or made.value == 0:
        return "undecided"
    return "more" if made.value > 0 else "less"


def _none(*notes: str) -> Difference:
    return Difference(None, None, None, None, tuple(dict.fromkeys(notes)))


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
