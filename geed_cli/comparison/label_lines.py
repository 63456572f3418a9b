"""What labels say of several models, side by side: accuracy, its worst case, balanced, and every number by class.

Differences are paired over the images, as of any line. Claims of accuracy are a family of their own under Holm's
correction, and those by class another, so that labels change no verdict on a measure.
"""

from collections.abc import Sequence

from geed_cli.choices import IntervalOptions
from geed_cli.comparison.line_difference import rounding_floor
from geed_cli.comparison.mismatch import labels_mismatch
from geed_cli.comparison.sample_lines import Lines, Rows
from geed_cli.comparison.schema import ClassLine, Line, Verdict
from geed_cli.comparison.subjects import Contender
from geed_cli.documents.pattern import Pattern
from geed_cli.errors import InputError
from geed_cli.measures.label_metrics import ACCURACY, BALANCED, LABEL_METRICS, WORST_CASE, sign_of
from geed_cli.result.by_class import classed_rows, classes_of
from geed_cli.result.labelled_rows import labelled_rows
from geed_cli.result.schema import Result
from geed_cli.statistics.sample import MeanSample

COMPARED = (ACCURACY, WORST_CASE, BALANCED)
"""The calibration error has bins of each network's own, which cannot be paired."""
WITHOUT = "the result has no labels under this group"
Key = tuple[str, str]
"""Metric and group."""


def label_lines(
    contenders: Sequence[Contender], options: IntervalOptions, runs: Pattern | None
) -> tuple[Line, ...]:
    """A line for each number and group; none without labels, or where these differ.

    Args:
        contenders: at least two, over the same images, the reference first.
        options: of all intervals, which hold each by itself.
        runs: finds the run in the names of two populations' files.
    """
    if _labelled(contenders) is None:
        return ()
    groups = list(dict.fromkeys(group for each in _results(contenders) for _, group in label_rows_of(each)))

    def rows_of(result: Result) -> dict[Key, Rows]:
        found = label_rows_of(result)
        return {
            (metric, group): found.get((metric, group), WITHOUT) for group in groups for metric in COMPARED
        }

    made = Lines(contenders, options, runs, rows_of, _words, lambda _: 0.0).made()
    return tuple(
        Line(metric=each.key[0], group=each.key[1], layer=None, sides=each.sides, deltas=each.deltas)
        for each in made
        if any(side.value is not None for side in each.sides)
    )


def class_lines(
    contenders: Sequence[Contender], options: IntervalOptions, runs: Pattern | None
) -> tuple[ClassLine, ...]:
    """A line for each class and number of the whole network; arguments as above.

    Raises:
        InputError: no result has labels.
    """
    if all(result.data.labels is None for result in _results(contenders)):
        raise InputError(
            "--by class without a labelled result",
            expected="results of geed audit --labels",
            remedy="audit again with --labels folder, or a table of labels",
        )
    labelled = _labelled(contenders)
    if labelled is None:
        return ()
    classes = classes_of(labelled)

    def rows_of(result: Result) -> dict[tuple[str, str, int], Rows]:
        return {
            (rows.key[0], rows.key[1], label): rows.of(kept)
            if rows.sample is not None
            else "; ".join(rows.missing)
            for rows in classed_rows(result)
            if rows.key[2] is None
            for label, kept in classes.items()
        }

    def floor(key: tuple[str, str, int]) -> float:
        metric, group, _ = key
        members = (
            []
            if metric in LABEL_METRICS
            else [m for c in contenders for m in c.members((metric, group, None))]
        )
        return rounding_floor((metric, group, None), members)

    made = Lines(contenders, options, runs, rows_of, _words, floor).made()
    return tuple(
        ClassLine(
            metric=each.key[0],
            group=each.key[1],
            layer=None,
            label=each.key[2],
            images=len(classes[each.key[2]]),
            sides=each.sides,
            deltas=each.deltas,
        )
        for each in made
    )


def class_names_of(contenders: Sequence[Contender]) -> dict[int, str]:
    """What the classes are called at whose places ``class_lines`` have them."""
    labelled = _labelled(contenders)
    return {} if labelled is None else labelled.class_names


def _results(contenders: Sequence[Contender]) -> list[Result]:
    return [result for contender in contenders for result in contender.results]


def _labelled(contenders: Sequence[Contender]) -> Result | None:
    """The first result with labels; None where there is none, or labels differ."""
    labelled = [result for result in _results(contenders) if result.data.labels is not None]
    if not labelled or any(labels_mismatch(labelled[0], each) for each in labelled):
        return None
    return labelled[0]


def label_rows_of(result: Result) -> dict[Key, MeanSample]:
    """The rows of what is compared, by metric and group; none without labels."""
    return {
        (row.metric, row.group): row.sample
        for row in labelled_rows(result)
        if row.metric in COMPARED and isinstance(row.sample, MeanSample)
    }


def _words(key: tuple[str, *tuple[object, ...]]) -> tuple[Verdict, Verdict]:
    """What a difference above 0 is, and one below; ``more`` is further from invariance, whichever way it is read."""
    metric = key[0]
    if metric in LABEL_METRICS:
        return "higher", "lower"
    return ("more", "less") if sign_of(metric) > 0 else ("less", "more")
