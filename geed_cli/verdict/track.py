"""What a track says: what changed in the features over the whole run, by differences paired over the images.

One checkpoint at either end has its rows, so that the same images are set against each other; populations are set
against each other over their models. The claims of all runs and groups hold together (Holm). Where rows are lacking,
only intervals that lie apart are a change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geed_cli.choices import NAMED
from geed_cli.comparison.mismatch import same_images
from geed_cli.comparison.pairing import pair_pattern, pairs_of
from geed_cli.comparison.subjects import Member, models_of
from geed_cli.measures.floating_point import floating_noise
from geed_cli.result.samples import independent, sample_of
from geed_cli.result.schema import Entry
from geed_cli.statistics.difference import Difference, difference
from geed_cli.statistics.multiple import holm
from geed_cli.statistics.population import paired_difference, population_difference
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.tracking.columns import Column, groups_of, labels_of, rows_of
from geed_cli.tracking.record import Record, Row, Track
from geed_cli.verdict.advice import ENOUGH, GOOD_NUMBER, MORE_CLUSTERS, STEADY
from geed_cli.verdict.digits import (
    decimals_of,
    difference_decimals,
    difference_text,
    number_text,
    percent,
    percent_decimals,
)
from geed_cli.verdict.features import FEATURES, moved_back
from geed_cli.verdict.names import listed
from geed_cli.verdict.said import Said
from geed_cli.verdict.way import way_of


@dataclass(frozen=True)
class _Ends:
    """The first and the last step of one run under one group, with what is known of the difference.

    Attributes:
        change: last − first; None where neither rows nor models can be set against each other.
        over: what the difference is paired or taken over.
    """

    label: str
    group: str
    first: Row
    last: Row
    change: Difference | None
    over: str
    ways: str


def bands(track: Track) -> str:
    """What the bands in figures of a track are: intervals at its confidence, and over what."""
    over = {row.over for row in track.rows if row.ci is not None}
    if not over:
        return "no intervals"
    level = f"bands: {100 * track.confidence:g}% intervals over"
    if over == {"images"}:
        return f"{level} images"
    return f"{level} models and images{', over images where there is one model' * ('images' in over)}"


def say_track(track: Track) -> dict[tuple[str, str], Said]:
    """What is said of each run and group, by label and group, in the track's order."""
    places = [(label, group) for group in groups_of(track) for label in labels_of(track)]
    ends = {place: _ends(track, *place) for place in places}
    claims = [None if each is None or each.change is None else each.change.p_value for each in ends.values()]
    corrected = dict(zip(places, holm(claims), strict=True))
    return {place: _said(track, place[1], ends[place], corrected[place]) for place in places}


def next_track(track: Track, compare: str = "") -> str:
    """One line on what to do next.

    Args:
        track: the whole.
        compare: the command that compares its first step with its last, where there is one.
    """
    steps = {record.step for record in track.records}
    if track.status == "partial":
        return "run the same command again; checkpoints that are done are kept"
    if any(record.result.unsteady is not None for record in track.records):
        return STEADY
    if len(steps) < 2:
        return "add a checkpoint of another step"
    data = track.records[0].result.data
    count, noun = independent(data)
    if count < MIN_IMAGES:
        more = f": --samples {GOOD_NUMBER} -d DIR" if data.source in NAMED else f": samples={GOOD_NUMBER}"
        return MORE_CLUSTERS if noun == "cluster" else ENOUGH + more
    if compare:
        return f"pair its ends in every number: {compare}"
    return "geed compare FIRST LAST pairs layers and predictions, too"


def _said(track: Track, group: str, ends: _Ends | None, p_holm: float | None) -> Said:
    """The verdict of one run."""
    if ends is None:
        reason = _why_no_ends(track, group)
        return Said(group, "no verdict", "No verdict.", (reason,))
    results = [record.result for record in track.records if record.label == ends.label]
    if any(result.unsteady is not None for result in results):
        reason = (
            "The network is no function of one image, so that values are about chance or neighbours, too."
        )
        return Said(group, "no verdict", "No verdict.", (reason,))
    direction = _direction(track, ends, p_holm)
    if direction is None:
        count, noun = independent(track.records[0].result.data)
        few = count < MIN_IMAGES
        why = (
            f"There are no intervals below {MIN_IMAGES} {noun}s"
            if few
            else "There is no interval at both ends"
        )
        reason = f"{why}, so that is not an estimate."
        return Said(group, "no verdict", "No verdict.", (f"{_numbers(track, ends)}.", reason))
    aim = "equivariance" if all(map(moved_back, results)) else "invariance"
    word, verdict = {
        -1: ("nearer", f"Features come nearer to {aim}."),
        0: ("no change shown", "No change shown in the features."),
        1: ("further", f"Features move away from {aim}."),
    }[direction]
    return Said(group, word, verdict, (f"{_numbers(track, ends)}.", *_between(track, ends)))


def _why_no_ends(track: Track, group: str) -> str:
    """Why there are no two values of the features; of a measure that is not on the track nothing is said."""
    there = list(dict.fromkeys(row.metric for row in track.rows if row.group == group))
    if FEATURES in there:
        return f"{FEATURES} has a value at one {track.unit} at most; a change needs two."
    return f"The track has {listed(there)}, of which no change is claimed."


def _between(track: Track, ends: _Ends) -> Iterator[str]:
    """A step whose interval lies below, or above, those of both ends: the run went somewhere and came back."""
    first, last = ends.first.ci, ends.last.ci
    rows = [
        row for row in rows_of(track, ends.group, Column(FEATURES, None), ends.label) if row.ci is not None
    ]
    if first is None or last is None or not rows:
        return
    lowest, highest = (choose(rows, key=lambda row: row.value or 0.0) for choose in (min, max))
    for word, row in (("lowest", lowest), ("highest", highest)):
        assert row.ci is not None
        beyond = (
            row.ci[1] < min(first[0], last[0]) if word == "lowest" else row.ci[0] > max(first[1], last[1])
        )
        if beyond:
            decimals = decimals_of(*row.ci)
            value, low, high = (number_text(number, decimals) for number in (row.value or 0.0, *row.ci))
            yield f"In between it is {word} at {track.unit} {row.step}: {value} ({low} to {high})."


def _direction(track: Track, ends: _Ends, p_holm: float | None) -> int | None:
    """−1 nearer, 1 further, 0 not shown; None where there is no interval at all."""
    change, alpha = ends.change, 1 - track.confidence
    if change is not None and change.low is not None:
        noise = max(floating_noise(FEATURES, record.result.settings.precision) for record in track.records)
        value = change.value or 0.0
        if p_holm is None or p_holm > alpha or abs(value) < noise:
            return 0
        return (value > 0) - (value < 0)
    if ends.first.ci is None or ends.last.ci is None:
        return None
    return (ends.last.ci[0] > ends.first.ci[1]) - (ends.last.ci[1] < ends.first.ci[0])


def _numbers(track: Track, ends: _Ends) -> str:
    """Both values with the interval of their difference, and where they stand on the way to another image."""
    first, last, change = ends.first, ends.last, ends.change
    span = None if change is None or change.low is None or change.high is None else (change.low, change.high)
    decimals = None if span is None else difference_decimals(FEATURES, *span)
    values = [number_text(row.value or 0.0, decimals) for row in (first, last)]
    if span is not None:
        how = f" ({difference_text(FEATURES, *span)}, {ends.over})"
    elif first.ci is not None and last.ci is not None:
        apart = first.ci[0] > last.ci[1] or last.ci[0] > first.ci[1]
        how = f" (intervals {'lie apart' if apart else 'overlap'})"
    else:
        how = ""
    steps = f"From {track.unit} {first.step} to {last.step}"
    return f"{steps} {FEATURES} goes from {values[0]} to {values[1]}{how}{ends.ways}"


def _ends(track: Track, label: str, group: str) -> _Ends | None:
    """The first and last step that have a value; None of fewer than two."""
    rows = [row for row in rows_of(track, group, Column(FEATURES, None), label) if row.value is not None]
    if len(rows) < 2:
        return None
    first, last = rows[0], rows[-1]
    sides = [_members(track, label, group, row.step) for row in (first, last)]
    change, over = _change(track, sides)
    return _Ends(label, group, first, last, change, over, _ways(sides, group))


def _members(track: Track, label: str, group: str, step: int) -> list[tuple[Record, Entry]]:
    """The results of a step with their entries; copies of the same weights once."""
    records = {
        record.result.model.weights.state_sha256: record
        for record in track.records
        if (record.label, record.step) == (label, step)
    }
    return [
        (record, entry)
        for record in records.values()
        for entry in record.result.results
        if (entry.metric, entry.group, entry.layer) == (FEATURES, group, None)
    ]


def _change(track: Track, sides: Sequence[Sequence[tuple[Record, Entry]]]) -> tuple[Difference | None, str]:
    """Last − first: over the images of two models, over the models and images of two populations."""
    if not all(sides):
        return None, ""
    if all(len(side) == 1 for side in sides):
        (before, first), (after, last) = (
            (record.result, entry) for record, entry in (sides[0][0], sides[1][0])
        )
        samples = sample_of(before, first), sample_of(after, last)
        if samples[0] is None or samples[1] is None or not same_images(before, after):
            return None, ""
        settings = before.settings
        made = difference(
            samples[0],
            samples[1],
            confidence=track.confidence,
            resamples=settings.resamples,
            seed=settings.seed,
        )
        return made, "paired over the images"
    models = [
        models_of(
            [
                Member(entry, sample_of(record.result, entry), record.result.settings.precision)
                for record, entry in side
            ]
        )
        for side in sides
    ]
    runs = pair_pattern(track.pair_runs)
    if runs is None or not all(len(side) > 1 for side in sides):
        return population_difference(*models, confidence=track.confidence), "over the models"
    before_files, after_files = ([record.file for record, _ in side] for side in sides)
    pairs = pairs_of(before_files, after_files, runs)
    earlier, later = ([models[at][pair[at]] for pair in pairs] for at in (0, 1))
    return paired_difference(earlier, later, confidence=track.confidence), "paired over the runs"


def _ways(sides: Sequence[Sequence[tuple[Record, Entry]]], group: str) -> str:
    """Where single models stand on the way to another image; nothing of populations."""
    if not all(len(side) == 1 for side in sides):
        return ""
    ways = [
        way_of(entry, next(each.order for each in record.result.groups if each.name == group))
        for [(record, entry)] in sides
    ]
    if ways[0] is None or ways[1] is None:
        return ""
    first, last = ways[0].value, ways[1].value
    decimals = percent_decimals(min(first, last), max(first, last))
    about = "about " * (ways[0].about or ways[1].about)
    return f", {about}{percent(first, decimals)} to {percent(last, decimals)} of the way to another image"
