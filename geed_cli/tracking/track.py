"""From audited checkpoints to a track: one value a step, over images for one model, over models for a population.

Files with the same label and the same step are a population. All results must be comparable, so that what moves
along a track is the network alone.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.label_lines import label_rows_of
from geed_cli.comparison.mismatch import labels_mismatch, mismatches
from geed_cli.comparison.sample_lines import side_of
from geed_cli.comparison.subjects import Contender, Key, Member, distinct, keys_of, models_of
from geed_cli.errors import InputError
from geed_cli.result.raw_and_m import with_parts
from geed_cli.result.samples import confidence_of, scale_in, used_method
from geed_cli.statistics.population import population
from geed_cli.statistics.sample import MeanSample
from geed_cli.tracking.record import Failure, Recipe, Record, Row, Track, Unit


def track_of(
    records: Sequence[Record],
    recipe: Recipe | None,
    *,
    complete: bool = True,
    pair_runs: str | None = None,
    parts: Sequence[str] = (),
    failures: Sequence[Failure] = (),
    recipes: Mapping[str, Recipe] = MappingProxyType({}),
) -> Track:
    """The track of these records, at least one; it is partial while checkpoints are still to be audited.

    Raw and M have rows where ``parts`` names them; ``pair_runs`` is kept for what is said of populations. A failure
    whose audit was made after all goes.

    Raises:
        InputError: records that cannot stand on one track.
    """
    require_one_track(records)
    labels = list(dict.fromkeys(record.label for record in records))
    ordered = sorted(records, key=lambda record: (labels.index(record.label), record.step))
    made = {_place(record) for record in records}
    units: set[Unit] = {record.unit for record in records}
    return Track(
        status="complete" if complete else "partial",
        recipe=recipe,
        confidence=records[0].result.settings.confidence,
        unit=units.pop() if len(units) == 1 else "step",
        rows=tuple(_rows(ordered, parts)),
        records=tuple(ordered),
        pair_runs=pair_runs,
        failures=tuple(
            dict.fromkeys(each for each in failures if each.what != "audit" or _place(each) not in made)
        ),
        recipes=dict(recipes),
    )


def _place(at: Record | Failure) -> tuple[str, int]:
    return at.label, at.step


def require_one_track(records: Sequence[Record]) -> None:
    """Refuse records that differ in anything but the weights.

    Raises:
        InputError: naming what differs and in which files: images, groups, input geometry, precision, the kind of
            interval, or architectures under one label.
    """
    first = records[0]
    for other in records[1:]:
        if differing := _differing(first, other):
            raise InputError(
                f"{first.file} and {other.file} cannot stand on one track: they differ in {'; '.join(differing)}",
                expected="one recipe audited with the same options on the same images",
                remedy=f"audit all of them with the same options, or leave {_stray(records, first, other)} out",
            )
    _require_one_architecture(records)


def _differing(first: Record, other: Record) -> list[str]:
    """What keeps two records from one track, in words."""
    labels = filter(None, (labels_mismatch(first.result, other.result),))
    return [*mismatches(first.result, other.result), *_interval_mismatches(first, other), *labels]


def _stray(records: Sequence[Record], first: Record, other: Record) -> str:
    """Which of two that differ is unlike most of the others, and how many are like it; ``one`` where neither is."""
    like_first, like_other = (
        [each for each in records if not _differing(one, each)] for one in (first, other)
    )
    if len(like_first) == len(like_other):
        return "one"
    stray, like = (other, like_other) if len(like_first) > len(like_other) else (first, like_first)
    more = len(like) - 1
    return stray.file + (f" and {more} more like it" if more else "")


def _interval_mismatches(first: Record, other: Record) -> Iterator[str]:
    settings, others = first.result.settings, other.result.settings
    if settings.confidence != others.confidence:
        yield f"confidence: {settings.confidence:g} and {others.confidence:g}"
    if settings.ci != others.ci:
        yield f"interval method: {settings.ci} and {others.ci}"
    if settings.simultaneous != others.simultaneous:
        yield "kind of interval: simultaneous and not"
    if (one := _clusters(first)) != (two := _clusters(other)):
        yield f"clusters (--cluster): {one} and {two}"


def _clusters(record: Record) -> str:
    """What is drawn of its images, as text."""
    clusters = record.result.data.clusters
    if clusters is None:
        return "none"
    which = hashlib.sha256(str(clusters.of).encode()).hexdigest()[:6]
    return f"{len(clusters.names)} ({which})"


def _require_one_architecture(records: Sequence[Record]) -> None:
    """A population of different architectures is no population of one recipe."""
    first: dict[str, Record] = {}
    for record in records:
        earlier = first.setdefault(record.label, record)
        if earlier.result.model.arch != record.result.model.arch:
            raise InputError(
                f"'{record.label}' mixes architectures: {earlier.file} is {earlier.result.model.arch}, "
                f"{record.file} is {record.result.model.arch}",
                expected="one architecture under one label",
                remedy="give each its own label: LABEL=GLOB",
            )


def _rows(records: Sequence[Record], parts: Sequence[str]) -> Iterator[Row]:
    """By key, then label, then step; an entry that no checkpoint of a step has makes no row."""
    places: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        places.setdefault((record.label, record.step), []).append(record)
    contenders = {
        place: Contender(place[0], distinct(with_parts(record.result, parts) for record in there))
        for place, there in places.items()
    }
    copies = {place: len(there) - len(contenders[place].results) for place, there in places.items()}
    for key in keys_of(contenders.values()):
        for place, contender in contenders.items():
            members = contender.members(key)
            if members:
                yield _row(place, key, members, contender, copies[place])
    labelled = {place: [label_rows_of(each) for each in of.results] for place, of in contenders.items()}
    for said in dict.fromkeys(key for each in labelled.values() for rows in each for key in rows):
        for place, contender in contenders.items():
            samples = [rows[said] for rows in labelled[place] if said in rows]
            if samples:
                yield _label_row(place, said, samples, contender, copies[place])


def _label_row(
    place: tuple[str, int],
    said: tuple[str, str],
    samples: Sequence[MeanSample],
    contender: Contender,
    copies: int,
) -> Row:
    """What labels say at one step, with the limits that the result has."""
    first = contender.results[0]
    used = first.settings
    options = IntervalOptions(confidence_of(first), used.resamples, used_method(first), used.seed)
    side = side_of(contender, samples, options)
    return Row(
        label=place[0],
        step=place[1],
        metric=said[0],
        group=said[1],
        layer=None,
        models=len(contender.results),
        value=side.value,
        ci=side.ci,
        over="models" if contender.is_population else "images",
        within=side.within,
        notes=(*_counted_once(copies), *side.notes),
    )


def _counted_once(copies: int) -> tuple[str, ...]:
    return (f"{copies} more with the same weights counted once",) if copies else ()


def _row(
    place: tuple[str, int], key: Key, members: Sequence[Member], contender: Contender, copies: int
) -> Row:
    label, step = place
    metric, group, layer = key
    notes = _counted_once(copies)
    if not contender.is_population:
        entry = members[0].entry
        value, ci, within = entry.value, entry.ci, None
        notes += entry.notes
    else:
        confidence = contender.results[0].settings.confidence
        scale = scale_in(contender.results[0], metric, group)
        mean = population(models_of(members), confidence=confidence, scale=scale)
        value, within = mean.value, mean.within
        ci = None if mean.low is None or mean.high is None else (mean.low, mean.high)
        notes += mean.notes
    return Row(
        label=label,
        step=step,
        metric=metric,
        group=group,
        layer=layer,
        models=len(contender.results),
        value=value,
        ci=ci,
        over="models" if contender.is_population else "images",
        within=within,
        notes=notes,
    )
