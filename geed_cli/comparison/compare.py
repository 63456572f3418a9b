"""Comparing contenders: over images, paired, where both are single models, over models and images of populations.

All lines see the same resamples. Verdicts are Holm's over the whole table, so that a long table does not turn
chance into findings; a line that is not decided says how many images would decide it, never that both are equal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from geed_cli.choices import By, IntervalOptions
from geed_cli.comparison.decide import decide
from geed_cli.comparison.joint import joint_level
from geed_cli.comparison.label_lines import class_lines, class_names_of, label_lines
from geed_cli.comparison.line_difference import Terms, cells_of
from geed_cli.comparison.margins import Margins
from geed_cli.comparison.mismatch import labels_mismatch, mismatches, mixed_architectures, same_images
from geed_cli.comparison.schema import Comparison, Line, Side, Subject
from geed_cli.comparison.subjects import Contender, Key, Member, keys_of, models_of
from geed_cli.documents.pattern import Pattern
from geed_cli.measures.catalogue import require_bounds
from geed_cli.result.samples import output_kind, scale_in
from geed_cli.statistics.bounded_mean import is_bounded
from geed_cli.statistics.interval import intervals
from geed_cli.statistics.methods import check_options
from geed_cli.statistics.population import population
from geed_cli.statistics.sample import Interval


def compare(
    contenders: Sequence[Contender],
    options: IntervalOptions,
    margins: Margins = Margins(),  # noqa: B008 - it is frozen
    runs: Pattern | None = None,
    by: By | None = None,
) -> Comparison:
    """Every measure, group and layer of all contenders, against the first.

    Args:
        contenders: at least two, the reference first; checked for comparability by the caller.
        options: of all intervals; verdicts are Holm's whether they are simultaneous or not.
        margins: what differences are asked to be within.
        runs: finds the run in the names of the files of two populations, whose models then belong together.
        by: ``class`` makes lines of each class of the labels as well.

    Raises:
        InputError: options that no interval can be made with, or runs that cannot be paired.
    """
    check_options(options.method, options.confidence, options.resamples)
    reference, others = contenders[0], contenders[1:]
    first = reference.results[0]
    pairable = all(same_images(first, result) for c in contenders for result in c.results)
    keys = keys_of(contenders)
    if options.method == "bounded":
        require_bounds("--ci bounded", _unbounded(contenders, keys))
    level = options.confidence
    if options.simultaneous:
        level = joint_level(contenders, keys, options, paired=pairable)
    options_of_each = replace(options, confidence=level)
    terms = Terms(options_of_each, margins, pairable, runs)
    cells = [cells_of(reference, others, key, terms) for key in keys]
    deltas = decide(keys, cells, margins, options.confidence)
    lines = [
        Line(
            metric=key[0],
            group=key[1],
            layer=key[2],
            sides=tuple(_sides(contenders, key, options_of_each)),
            deltas=tuple(row),
        )
        for key, row in zip(keys, deltas, strict=True)
    ]
    differing = [part for c in contenders for result in c.results for part in mismatches(first, result)]
    differing += filter(None, (mixed_architectures(c.label, c.results) for c in contenders))
    differing += filter(None, (labels_mismatch(first, result) for c in contenders for result in c.results))
    return Comparison(
        confidence=options.confidence,
        method=options.method,
        simultaneous=options.simultaneous,
        images=first.data.count,
        clusters=first.data.clusters and len(first.data.clusters.names),
        paired=pairable,
        mismatches=tuple(dict.fromkeys(differing)),
        margins=margins.texts,
        subjects=tuple(_subject(contender) for contender in contenders),
        lines=tuple(lines),
        accuracy=label_lines(contenders, options, runs) if pairable else (),
        by_class=class_lines(contenders, options, runs) if pairable and by == "class" else (),
        class_names=class_names_of(contenders) if by == "class" else {},
    )


def _unbounded(contenders: Sequence[Contender], keys: Sequence[Key]) -> Iterator[str]:
    """The metrics of lines whose values do not lie between two known numbers."""
    for key in keys:
        for member in (member for contender in contenders for member in contender.members(key)):
            if member.sample is not None and not is_bounded(member.sample):
                yield key[0]


def _subject(contender: Contender) -> Subject:
    alone = None if contender.is_population else contender.results[0]
    origins = {result.model.weights.origin for result in contender.results}
    return Subject(
        label=contender.label,
        models=tuple(result.model.id for result in contender.results),
        signatures=tuple(result.signature for result in contender.results),
        output=output_kind(contender.results[0]),
        actions=tuple(contender.results[0].model.actions),
        twin=alone.settings.twin if alone else None,
        hidden_actions=alone.hidden_actions if alone else (),
        weights=origins.pop() if len(origins) == 1 else None,
    )


def _sides(contenders: Sequence[Contender], key: Key, options: IntervalOptions) -> list[Side]:
    """Of one line; resamples are drawn once for all members that have rows."""
    members = [contender.members(key) for contender in contenders]
    samples = [member.sample for of in members for member in of if member.sample is not None]
    drawn = iter(
        intervals(
            samples,
            method=options.method,
            confidence=options.confidence,
            resamples=options.resamples,
            seed=options.seed,
        )
    )
    made = [[None if member.sample is None else next(drawn) for member in of] for of in members]
    return [
        _side(contender, key, options.confidence, of, own)
        for contender, of, own in zip(contenders, members, made, strict=True)
    ]


def _side(
    contender: Contender,
    key: Key,
    confidence: float,
    members: Sequence[Member],
    made: Sequence[Interval | None],
) -> Side:
    """From the interval of each member's rows by the comparison's options."""
    if not members:
        return Side(value=None, ci=None, notes=(f"{contender.label} has no such entry",))
    if contender.is_population:
        metric, group, _ = key
        # where settings are mixed, not every model was audited under the group
        with_group = next(each for each in contender.results if group in {g.name for g in each.groups})
        models = [
            model
            if own is None
            else replace(model, interval=replace(member.interval, low=own.low, high=own.high))
            for model, member, own in zip(models_of(members), members, made, strict=True)
        ]
        scale = scale_in(with_group, metric, group)
        mean = population(models, confidence=confidence, scale=scale)
        if reason := _no_recipe(contender):
            return Side(value=mean.value, ci=None, within=mean.within, notes=(*mean.notes, reason))
        return Side(value=mean.value, ci=_pair(mean.low, mean.high), within=mean.within, notes=mean.notes)
    (own,), entry = made, members[0].entry
    if own is None:
        return Side(value=entry.value, ci=None, notes=entry.notes, controls=entry.controls)
    return Side(value=own.value, ci=_pair(own.low, own.high), notes=own.notes, controls=entry.controls)


def _no_recipe(contender: Contender) -> str:
    """Why results under one label are no population, and their mean has no interval; empty where they are one."""
    if mixed_architectures(contender.label, contender.results) is not None:
        return "interval withheld: the models are of several architectures"
    first = contender.results[0]
    alike = all(same_images(first, result) for result in contender.results)
    return "" if alike else "interval withheld: the models saw different images"


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
