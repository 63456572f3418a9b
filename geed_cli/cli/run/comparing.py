"""The work of ``geed compare``; models are loaded, and torch imported, only where a subject is one."""

import fnmatch
import glob
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import audit_options, refuse
from geed_cli.cli.command import declared
from geed_cli.cli.startup import uncollected
from geed_cli.comparison.compare import ComparisonOptions, compare
from geed_cli.comparison.mismatch import require_comparable
from geed_cli.comparison.subjects import Contender, distinct
from geed_cli.errors import InputError
from geed_cli.measures.catalogue import BY_NAME, select_measures
from geed_cli.pipeline.options import AuditOptions, IntervalOptions
from geed_cli.report.comparison_table import print_comparison, to_csv
from geed_cli.report.console import message_console, result_console
from geed_cli.result.file import (
    check_writable,
    read_result,
    require_distinct,
    to_strict_json,
    write_atomically,
)
from geed_cli.result.schema import Result

STDOUT = Path("-")
OF_COMPARISONS = {"metric", "layer", "confidence", "resamples", "ci", "simultaneous", "seed"}
"""The options that act on saved results, too."""


@dataclass(frozen=True)
class CompareRequest:
    """What the user asked for; see ``geed_cli.cli.compare``."""

    subjects: tuple[str, ...]
    asked: AuditArguments
    json: Path | None = None
    csv: Path | None = None
    allow_mismatch: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Named:
    """One argument: its label, and the saved results it names; none where it is a model to be audited."""

    label: str
    files: tuple[Path, ...]
    model: str | None = None


def run_compare(request: CompareRequest) -> None:
    """Read, audit what has to be audited, refuse what cannot be compared, print and save."""
    options = audit_options(request.asked)
    for target in (request.json, request.csv):
        if target is not None and target != STDOUT:
            check_writable(target)
    if request.json == STDOUT and request.csv == STDOUT:
        raise InputError("--json - and --csv -", expected="one of them on stdout", remedy="name a file")
    named = [parse_subject(text) for text in request.subjects]
    if len(named) < 2:
        raise InputError("one subject", expected="two or more", remedy="geed compare A.json B.json")
    _distinct(named)
    _require_models(named, request.asked)
    select_measures(options.metrics)
    require_distinct((request.json, request.csv), [file for one in named for file in one.files])
    saved = {one.label: _once(one.label, map(read_result, one.files)) for one in named if one.files}
    audited = _audit([one for one in named if one.model is not None], request, options)
    contenders = [
        Contender(one.label, _selected(saved.get(one.label) or audited[one.label], options)) for one in named
    ]
    _require_layers(contenders, options.layers)
    if not request.allow_mismatch:
        results = [(result, c.label) for c in contenders for result in c.results]
        require_comparable([result for result, _ in results], [label for _, label in results])
    _show(contenders, request, options.interval)


def parse_subject(text: str) -> Named:
    """``LABEL=GLOB`` and ``*.json`` name saved results; anything else is a model.

    Raises:
        InputError: a glob that matches nothing, or a saved result that is not there.
    """
    label, sign, pattern = text.partition("=")
    if sign and label and not Path(text).exists():
        files = tuple(sorted(Path(name) for name in glob.glob(pattern, recursive=True)))
        if not files:
            raise InputError(
                f"no file matches {pattern!r}",
                expected=f"saved results for {label!r}",
                remedy="check the pattern; quote it, so that geed expands it",
            )
        return Named(label, files)
    path = Path(text)
    if path.suffix == ".json":
        return Named(path.stem, (path,))
    return Named(text, (), text)


def _distinct(named: Sequence[Named]) -> Sequence[Named]:
    labels = [one.label for one in named]
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        raise InputError(
            f"two subjects are called {repeated[0]!r}",
            expected="a label of its own for each",
            remedy=f"label them: before={repeated[0]}.json after=…",
        )
    return named


def _require_models(named: Sequence[Named], asked: AuditArguments) -> None:
    """Refuse the options of audits where nothing is audited."""
    if all(one.model is None for one in named):
        idle = {option.name for option in declared()} - OF_COMPARISONS
        refuse(asked, idle, "saved results", "leave it out, or audit again with it and compare the new files")


def _audit(
    named: Sequence[Named], request: CompareRequest, options: AuditOptions
) -> dict[str, tuple[Result, ...]]:
    """Audit the models among the subjects; those that see the same pixels share decoding and transforms."""
    if not named:
        return {}
    with uncollected():
        from geed_cli.cli.run.compared_models import audit_models  # noqa: PLC0415 - imports torch

    results = audit_models([one.model or "" for one in named], request, options)
    return {one.label: (result,) for one, result in zip(named, results, strict=True)}


def _once(label: str, results: Iterable[Result]) -> tuple[Result, ...]:
    """The results of different weights; how many are copies is said."""
    found = tuple(results)
    once = distinct(found)
    if len(once) < len(found):
        message_console().print(
            f"{label}: {len(found)} results of {len(once)} different weights, which count once"
        )
    return once


def _require_layers(contenders: Sequence[Contender], patterns: Sequence[str]) -> None:
    """Refuse --layer that is nowhere, which would leave all layers out without a word."""
    known = {entry.layer for one in contenders for result in one.results for entry in result.results}
    if patterns and known <= {None}:
        raise InputError(
            f"no layer of these results matches {' or '.join(patterns)}",
            expected="names or globs of layers that were audited",
            remedy="leave --layer out to see them",
        )


def _selected(results: Sequence[Result], options: AuditOptions) -> tuple[Result, ...]:
    """The results with only the entries that --metric and --layer ask for.

    The correlation, a control of the cosine beside it, has to be asked for: as claims of their own its lines would
    only weaken the others under Holm's correction.
    """
    metrics = options.metrics or tuple(name for name, measure in BY_NAME.items() if measure.beside is None)

    def wanted(name: str | None, patterns: tuple[str, ...]) -> bool:
        return not patterns or name is None or any(fnmatch.fnmatchcase(name, p) for p in patterns)

    return tuple(
        result.model_copy(
            update={
                "results": tuple(
                    entry
                    for entry in result.results
                    if wanted(entry.metric, metrics) and wanted(entry.layer, options.layers)
                ),
                "hidden_actions": tuple(
                    action for action in result.hidden_actions if wanted(action.layer, options.layers)
                ),
            }
        )
        for result in results
    )


def _show(contenders: Sequence[Contender], request: CompareRequest, options: IntervalOptions) -> None:
    comparison = compare(
        contenders,
        ComparisonOptions(
            options.confidence, options.method, options.resamples, options.seed, options.simultaneous
        ),
    )
    texts = {"json": (request.json, to_strict_json(comparison)), "csv": (request.csv, to_csv(comparison))}
    to_stdout = [text for target, text in texts.values() if target == STDOUT]
    for target, text in texts.values():
        if target is not None and target != STDOUT:
            write_atomically(text, target)
            message_console().print(f"wrote {target}")
    if to_stdout:
        sys.stdout.write(to_stdout[0])
    else:
        print_comparison(comparison, result_console())
