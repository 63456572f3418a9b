"""The intervals of a saved result, made anew from its rows: what an audit over the same rows would record."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from geed_cli.choices import IntervalOptions
from geed_cli.result.accuracy import accuracies
from geed_cli.result.by_class import with_classes
from geed_cli.result.by_element import Elements
from geed_cli.result.samples import confidence_of, sample_of, used_method, way_sample_of
from geed_cli.result.schema import Entry, Result
from geed_cli.statistics.interval import interval, intervals_at
from geed_cli.statistics.multiple import simultaneous
from geed_cli.statistics.sample import Interval, Sample


def remade(result: Result) -> Result:
    """The result with new limits wherever it has rows, by its own method, or the default where that is no more.

    The limits of elements and of the twin, whose rows are in no file, are left out.

    Where rows are cut down to row means of distances, resampling methods differ in the order of 1/m of what an audit
    makes of the distances themselves.
    """
    settings = result.settings.model_copy(update={"ci": used_method(result)})
    result = result.model_copy(update={"settings": settings})
    sampled = [(entry, sample_of(result, entry), way_sample_of(result, entry)) for entry in result.results]
    samples = [sample for _, *both in sampled for sample in both if sample is not None]
    made = iter(zip(samples, _intervals(result, samples), strict=True))
    entries = tuple(
        _without_unmade(_entry(entry, own is not None, way is not None, made)) for entry, own, way in sampled
    )
    options = IntervalOptions(method=used_method(result), resamples=settings.resamples, seed=settings.seed)
    accuracy = accuracies(result.data, result.top_classes, options, confidence_of(result))
    again = result.model_copy(update={"results": entries, "accuracy": accuracy})
    return with_classes(again) if result.by_class else again


def _intervals(result: Result, samples: Sequence[Sample]) -> Sequence[Interval]:
    used = result.settings
    method, confidence = used_method(result), confidence_of(result)
    if used.simultaneous:
        return simultaneous(
            samples, method=method, confidence=confidence, resamples=used.resamples, seed=used.seed
        )
    made = intervals_at(samples, method=method, resamples=used.resamples, seed=used.seed)
    return [at(confidence) for at in made]


def _entry(entry: Entry, own: bool, way: bool, made: Iterator[tuple[Sample, Interval]]) -> Entry:
    """The entry with the next limits, of its value and of where it stands, if it has rows of them."""
    parts: dict[str, object] = {}
    if own:
        sample, found = next(made)
        parts = {"ci": _limits(found), "notes": _notes(entry.notes, sample, found)}
    if way and entry.to_another is not None:
        sample, found = next(made)
        new = {"ci": _limits(found), "notes": _notes(entry.to_another.notes, sample, found)}
        parts["to_another"] = entry.to_another.model_copy(update=new)
    return entry.model_copy(update=parts)


def _without_unmade(entry: Entry) -> Entry:
    """The entry without the limits that only an audit can make."""
    way = entry.to_another and entry.to_another.model_copy(update={"twin_ci": None})
    return entry.model_copy(update={"per_element_ci": Elements(), "twin_ci": None, "to_another": way})


def _limits(found: Interval) -> tuple[float, float] | None:
    return None if found.low is None or found.high is None else (found.low, found.high)


def _notes(before: Sequence[str], sample: Sample, found: Interval) -> tuple[str, ...]:
    """The new interval's notes, and those of before that were not about an interval."""
    old = interval(replace(sample, units=None)).notes
    return (*found.notes, *(note for note in before if note not in {*old, *found.notes}))
