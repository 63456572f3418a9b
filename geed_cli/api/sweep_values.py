"""The values of a sweep: each model's on each data set, and what holds of its difference from the first one's."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from geed_cli.api.named_results import Say, once
from geed_cli.choices import IntervalOptions
from geed_cli.comparison.compare import compare
from geed_cli.comparison.mismatch import mismatches, mixed_architectures
from geed_cli.comparison.schema import Comparison, Delta
from geed_cli.comparison.subjects import Contender
from geed_cli.measures.latent import L2
from geed_cli.result.file import read_result
from geed_cli.result.raw_and_m import with_parts
from geed_cli.result.schema import Result
from geed_cli.sweeps.manifest import Value
from geed_cli.verdict.comparison import claim_of, difference_warnings

SHOWN = (L2.name,)
"""The measures of the table where none was asked for."""
NOT_COMPARED = "not compared"


def values_on(
    data: str,
    files: Mapping[str, Sequence[Path]],
    reference: str,
    metrics: Sequence[str],
    interval: IntervalOptions,
    say: Say,
) -> tuple[list[Value], list[str]]:
    """The values on one data set, and warnings about them.

    Args:
        data: its label.
        files: saved results by the label of their model; a model that failed has none.
        reference: the label of the model that others are compared with.
        metrics: names or globs of the measures; their differences are what Holm's correction is over.
        interval: how intervals are made.
        say: is told which results are copies.
    """
    contenders = [_contender(label, paths, metrics, say) for label, paths in files.items()]
    first = next((each for each in contenders if each.label == reference), None)
    comparable, warnings = _comparable(first, contenders)
    alone = [each for each in contenders if each not in comparable]
    sides = [comparable] if comparable else []
    values: list[Value] = []
    for contended in [*sides, *([each] for each in alone)]:
        made = compare(contended, interval)
        values += _values(data, made, {each.label: len(each.results) for each in contended}, reference)
        warnings += difference_warnings(made)
    if first is None and contenders:
        warnings.append(f"{reference} has no result, so that nothing is compared with it")
    order = list(files)
    values.sort(key=lambda each: order.index(each.model))
    return values, [f"{data}: {warning}" for warning in dict.fromkeys(warnings)]


def _contender(label: str, paths: Sequence[Path], metrics: Sequence[str], say: Say) -> Contender:
    """The results of a label with those of their entries that are shown."""
    return once(label, {str(path): _shown(read_result(path), metrics) for path in paths}, say)


def _shown(result: Result, metrics: Sequence[str]) -> Result:
    entries = with_parts(result, metrics).results
    kept = tuple(each for each in entries if any(fnmatchcase(each.metric, name) for name in metrics))
    return result.model_copy(update={"results": kept})


def _comparable(
    first: Contender | None, contenders: Sequence[Contender]
) -> tuple[list[Contender], list[str]]:
    """The first and those that can be compared with it, and why others cannot."""
    mixed = [mixed_architectures(each.label, each.results) for each in contenders]
    warnings = [f"{each}: they are no population of one recipe" for each in mixed if each is not None]
    if first is None:
        return [], warnings
    comparable = []
    for each in contenders:
        differing = [part for result in each.results for part in mismatches(first.results[0], result)]
        if differing:
            differs = "; ".join(dict.fromkeys(differing))
            warnings.append(f"{each.label} is not compared with {first.label}: they differ in {differs}")
        elif each is first or mixed_architectures(each.label, each.results) is None:
            comparable.append(each)
    return comparable if first in comparable else [], warnings


def _values(data: str, comparison: Comparison, models: Mapping[str, int], reference: str) -> Iterator[Value]:
    compared = comparison.subjects[0].label == reference
    for line in (*comparison.lines, *comparison.accuracy):
        for at, (subject, side) in enumerate(zip(comparison.subjects, line.sides, strict=True)):
            delta: Delta | None = line.deltas[at - 1] if at else None
            claim = claim_of(comparison, line, at - 1) if at else "" if compared else NOT_COMPARED
            yield Value(
                data=data,
                group=line.group,
                metric=line.metric,
                layer=line.layer,
                model=subject.label,
                models=models[subject.label],
                value=side.value,
                ci=side.ci,
                difference=delta and delta.value,
                difference_ci=delta and delta.ci,
                p_holm=delta and delta.p_holm,
                claim=claim,
                notes=tuple(dict.fromkeys((*side.notes, *(delta.notes if delta else ())))),
            )
