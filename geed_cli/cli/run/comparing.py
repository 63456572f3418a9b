"""The work of ``geed compare``; models are loaded, and torch imported, only where a subject is one."""

import glob
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from geed_cli.choices import View
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import audit_options, refuse
from geed_cli.cli.command import declared
from geed_cli.cli.run.labels import split_label
from geed_cli.cli.run.outputs import check_outputs, hand_over
from geed_cli.cli.run.pages import check_pages, pages_to_write
from geed_cli.cli.startup import uncollected
from geed_cli.comparison.compare import compare
from geed_cli.comparison.margins import margins_of
from geed_cli.comparison.mismatch import require_comparable, require_one_architecture
from geed_cli.comparison.pairing import pair_pattern
from geed_cli.comparison.schema import Comparison
from geed_cli.comparison.subjects import Contender, distinct
from geed_cli.documents.document import path_text, unicode_text
from geed_cli.errors import InputError, meant
from geed_cli.globs import listed
from geed_cli.measures.catalogue import BY_NAME, audited_for, require_guaranteed, select_measures
from geed_cli.phrases import shell_joined
from geed_cli.report.comparison_page import print_comparison, to_csv
from geed_cli.report.console import message_console, result_console
from geed_cli.report.html.page_contents import PageContents
from geed_cli.result.clusters import read_clustering, with_clusters, with_shared_clusters
from geed_cli.result.embedded import is_page, read_page
from geed_cli.result.file import read_result, require_distinct, to_strict_json
from geed_cli.result.raw_and_m import with_parts
from geed_cli.result.schema import Result
from geed_cli.statistics.methods import check_options

OPTIONS_OF_COMPARISONS = {
    "metric",
    "layer",
    "confidence",
    "resamples",
    "ci",
    "simultaneous",
    "seed",
    "cluster",
}
"""The options that act on saved results, too."""


@dataclass(frozen=True)
class Subject:
    """One argument: its label, and the saved results it names; none where it is a model to be audited.

    Attributes:
        in_page: the result itself, of a report page, whose file may hold several.
    """

    label: str
    files: tuple[Path, ...]
    model: str | None = None
    in_page: Result | None = None


@dataclass(frozen=True)
class ComparisonRequest:
    """What the user asked for; see ``geed_cli.cli.compare``."""

    subjects: tuple[str, ...]
    asked: AuditArguments
    json: Path | None = None
    csv: Path | None = None
    margins: tuple[str, ...] = ()
    pair_runs: str | None = None
    allow_mismatch: bool = False
    view: View = field(default_factory=View)
    pages: tuple[Path, ...] = ()


def run_compare(request: ComparisonRequest) -> None:
    """Read, audit what has to be audited, refuse what cannot be compared, print and save."""
    asked, json, csv, view = request.asked, request.json, request.csv, request.view
    options, margins = audit_options(asked), margins_of(request.margins)
    metrics, options = options.metrics, replace(options, metrics=audited_for(options.metrics))
    runs = pair_pattern(request.pair_runs)
    check_options(options.interval.method, options.interval.confidence, options.interval.resamples)
    check_outputs(json, csv)
    subjects = [subject for text in request.subjects for subject in parse_subjects(text)]
    _check_labels(subjects)
    if all(subject.model is None for subject in subjects):
        idle = {option.name for option in declared()} - OPTIONS_OF_COMPARISONS
        refuse(asked, idle, "saved results", "audit again with it and compare the new files")
    if any(subject.model is not None for subject in subjects):
        require_guaranteed(options.interval.method, select_measures(options.metrics))
    files = [file for subject in subjects for file in subject.files]
    check_pages(request.pages)
    require_distinct((json, csv, *request.pages), files)
    read = {each.label: _read(each) for each in subjects if each.files}
    results = {label: tuple(by_file.values()) for label, by_file in read.items()}
    models = {each.label: each.model for each in subjects if each.model is not None}
    if models:
        with uncollected():
            from geed_cli.cli.run.compared_models import audit_models  # noqa: PLC0415 - imports torch

        audited = audit_models(tuple(models.values()), asked, options, quiet=view.quiet)
        results |= {label: (result,) for label, result in zip(models, audited, strict=True)}
    results = _in_clusters(results, asked.cluster)
    contenders = [
        Contender(
            each.label,
            _selected(results[each.label], metrics, options.layers),
            tuple(read.get(each.label, {})),
        )
        for each in subjects
    ]
    _require_populations(contenders, request.pair_runs)
    entries = [entry for each in results.values() for result in each for entry in result.results]
    _require_layers(contenders, options.layers, [each.layer for each in entries if each.layer is not None])
    if not request.allow_mismatch:
        for each in contenders:
            require_one_architecture(each.label, each.results)
        labelled = [(result, each.label) for each in contenders for result in each.results]
        require_comparable([result for result, _ in labelled], [label for _, label in labelled])
    comparison = compare(contenders, options.interval, margins, runs)
    hand_over(
        [
            (json, lambda: to_strict_json(comparison)),
            (csv, lambda: to_csv(comparison)),
            *pages_to_write(request.pages, lambda: _contents(contenders, comparison)),
        ],
        lambda: print_comparison(comparison, result_console(), view),
    )


def _contents(contenders: Sequence[Contender], comparison: Comparison) -> PageContents:
    """Of a page: single models with their results, populations with the comparison alone."""
    if any(contender.is_population for contender in contenders):
        return PageContents(comparison=comparison)
    return PageContents({contender.label: contender.results[0] for contender in contenders}, comparison)


def _in_clusters(
    results: Mapping[str, tuple[Result, ...]], rule: str | None
) -> dict[str, tuple[Result, ...]]:
    """The results in the clusters of the rule; without one, in those that any of them over the same images has."""
    every = [(label, result) for label, side in results.items() for result in side]
    labels, found = [label for label, _ in every], [result for _, result in every]
    if rule is not None:
        clustering = read_clustering(rule)
        made = iter([with_clusters(result, clustering) for result in found])
    else:
        made = iter(with_shared_clusters(found, labels))
    return {label: tuple(next(made) for _ in side) for label, side in results.items()}


def parse_subjects(text: str) -> list[Subject]:
    """What one argument names: a report page all results in it, anything else one subject.

    Raises:
        InputError: a glob that matches nothing, a saved result that is not there, or a page without results.
    """
    label, name = split_label(text)
    path = Path(name)
    if not is_page(path) or (label is not None and glob.has_magic(name)):
        return [parse_subject(text)]
    found = read_page(path)
    if label is not None and len(found) == 1:
        return [Subject(label, (path,), None, next(iter(found.values())))]
    return [Subject(each, (path,), None, result) for each, result in found.items()]


def parse_subject(text: str) -> Subject:
    """``LABEL=GLOB`` and ``*.json`` name saved results; anything else is a model.

    Raises:
        InputError: a glob that matches nothing, or a saved result that is not there.
    """
    label, pattern = split_label(text)
    if label is not None:
        files = tuple(sorted(Path(name) for name in glob.glob(pattern, recursive=True)))
        if not files:
            raise InputError(
                f"no file matches {path_text(pattern)}",
                expected=f"saved results for {label!r}",
                remedy="check the pattern; quote it, so that geed expands it",
            )
        return Subject(label, files)
    path = Path(text)
    if path.suffix == ".json":
        return Subject(unicode_text(path.stem), (path,))
    return Subject(text, (), text)


def _check_labels(subjects: Sequence[Subject]) -> None:
    if len(subjects) < 2:
        raise InputError("one subject", expected="two or more", remedy="geed compare A.json B.json")
    label, count = Counter(subject.label for subject in subjects).most_common(1)[0]
    if count > 1:
        raise InputError(
            f"two subjects are called {label!r}",
            expected="a label of its own for each",
            remedy=_labels_for([subject for subject in subjects if subject.label == label]),
        )


def _labels_for(same: Sequence[Subject]) -> str:
    """Labels for saved results of one name, as they are typed; a model is named by its own name alone."""
    if any(not subject.files for subject in same):
        return "name each model once"
    labelled = (
        f"{label}={subject.files[0]}" for label, subject in zip(("before", "after"), same, strict=False)
    )
    return f"geed compare {shell_joined(labelled)}"


def _read(subject: Subject) -> dict[str, Result]:
    """The results of a subject, by their files' names."""
    if subject.in_page is not None:
        return {f"{subject.files[0]}: {subject.label}": subject.in_page}
    return _once(subject.label, subject.files)


def _once(label: str, files: Sequence[Path]) -> dict[str, Result]:
    """The results of different weights, by their files' names; how many are copies is said."""
    every = {str(file): read_result(file) for file in files}
    once = distinct(every.values())
    if len(once) < len(every):
        message_console().print(
            f"{label}: {len(every)} results of {len(once)} different weights, which count once"
        )
    # of copies the last file stands for all, as in distinct
    names = {id(result): name for name, result in every.items()}
    return {names[id(result)]: result for result in once}


def _require_populations(contenders: Sequence[Contender], pair_runs: str | None) -> None:
    """Refuse to pair the runs of what are not all populations."""
    alone = [each.label for each in contenders if not each.is_population]
    if pair_runs is not None and alone:
        raise InputError(
            f"--pair-runs {pair_runs!r} with {alone[0]}, which is one model",
            expected="populations, LABEL=GLOB of saved results, on every side",
            remedy="leave out --pair-runs, or name several results under each label",
        )


def _require_layers(contenders: Sequence[Contender], patterns: Sequence[str], audited: Sequence[str]) -> None:
    """Refuse --layer that is nowhere, which would leave all layers out without a word."""
    layers = {entry.layer for each in contenders for result in each.results for entry in result.results}
    if patterns and layers <= {None}:
        raise InputError(
            f"no layer of these results matches {' or '.join(patterns)}",
            expected=f"{meant(patterns[0], audited)}names or globs of layers that were audited",
            remedy="leave out --layer to see them",
        )


def _selected(results: Sequence[Result], metrics: Sequence[str], layers: Sequence[str]) -> tuple[Result, ...]:
    """The results with only the entries that --metric and --layer ask for, raw and M among them.

    The correlation, a control of the cosine beside it, has to be asked for: as claims of their own its lines would
    only weaken the others under Holm's correction.
    """
    metrics = metrics or tuple(name for name, measure in BY_NAME.items() if measure.beside is None)
    layers = layers or ("*",)

    def parts(result: Result) -> dict[str, object]:
        entries = [each for each in with_parts(result, metrics).results if listed(each.metric, metrics)]
        return {
            "results": tuple(each for each in entries if each.layer is None or listed(each.layer, layers)),
            "hidden_actions": tuple(each for each in result.hidden_actions if listed(each.layer, layers)),
        }

    return tuple(result.model_copy(update=parts(result)) for result in results)
