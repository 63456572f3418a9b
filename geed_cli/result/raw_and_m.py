"""Entries of raw and M beside those of a normalised measure, made from the same rows (``geed_cli.measures.parts``)."""

from collections.abc import Iterator, Sequence

import numpy as np

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod
from geed_cli.measures.catalogue import named_parts
from geed_cli.measures.parts import RAW, M
from geed_cli.result.samples import confidence_of, sample_of
from geed_cli.result.schema import Entry, PerImage, Result
from geed_cli.statistics.estimate import normaliser_estimate
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import METHODS
from geed_cli.statistics.sample import RatioSample


def with_parts(result: Result, patterns: Sequence[str]) -> Result:
    """The result with entries of the parts that the patterns name, after the entries that they are parts of."""
    wanted = named_parts(patterns)
    if not wanted:
        return result
    entries: list[Entry] = []
    for entry in result.results:
        entries.append(entry)
        for ending, made in ((RAW, _raw), (M, _normaliser)):
            if entry.metric + ending in wanted and entry.per_image is not None:
                entries += [_with_interval(result, part) for part in made(result, entry)]
    return result.model_copy(update={"results": tuple(entries)})


def _raw(_: Result, entry: Entry) -> Iterator[Entry]:
    """The mean of the images' own values."""
    assert entry.per_image is not None, "the caller has seen it"
    yield _part(entry, RAW, PerImage(value=entry.per_image.value))


def _normaliser(result: Result, entry: Entry) -> Iterator[Entry]:
    """M, whose rows are its jackknife's pseudo-values: their mean is M, and their spread is what M varies by.

    Of a normaliser sample of its own there are no rows of the audited images, and no interval.
    """
    sample = sample_of(result, entry)
    if not isinstance(sample, RatioSample):
        return
    if not sample.shared or len(sample.row_means) < 3 or not np.isfinite(sample.row_means).all():
        value = float(np.nanmean(sample.row_means))
        note = "interval withheld: M is over a normaliser sample of its own"
        yield _part(entry, M, None).model_copy(update={"value": value, "notes": (note,)})
        return
    made = normaliser_estimate(sample)
    rows = made.value + made.deviations[0]
    yield _part(entry, M, PerImage(value=tuple(map(float, rows))))


def _part(entry: Entry, ending: str, rows: PerImage | None) -> Entry:
    return Entry(
        metric=entry.metric + ending,
        group=entry.group,
        layer=entry.layer,
        status="ok",
        value=None,
        ci=None,
        raw=None,
        normaliser=None,
        controls={name: entry.controls[name] for name in ("repeat",) if name in entry.controls},
        per_image=rows,
    )


def _with_interval(result: Result, entry: Entry) -> Entry:
    """With its value and interval by the result's own method, as the entries of the audit have theirs."""
    sample = sample_of(result, entry)
    if sample is None:
        return entry
    settings = result.settings
    method: IntervalMethod = next((each for each in METHODS if each == settings.ci), DEFAULT_METHOD)
    made = interval(
        sample,
        method=method,
        confidence=confidence_of(result),
        resamples=settings.resamples,
        seed=settings.seed,
    )
    ci = None if made.low is None or made.high is None else (made.low, made.high)
    status = "ok" if made.value is not None else "undefined"
    return entry.model_copy(update={"value": made.value, "ci": ci, "notes": made.notes, "status": status})
