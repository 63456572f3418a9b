"""The work of ``geed compare``; models are loaded, and torch imported, only where a subject is one."""

import glob
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geed_cli.api.compare import SideBySide, check_asked, side_by_side
from geed_cli.api.named_results import once
from geed_cli.choices import View
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import audit_options, refuse
from geed_cli.cli.command import declared
from geed_cli.cli.run.figures import AskedFigure
from geed_cli.cli.run.labels import split_label
from geed_cli.cli.run.outputs import check_outputs, hand_over
from geed_cli.cli.run.pages import check_pages, pages_to_write
from geed_cli.cli.startup import uncollected
from geed_cli.comparison.subjects import Contender
from geed_cli.documents.document import path_text, unicode_text
from geed_cli.errors import InputError
from geed_cli.measures.catalogue import audited_for, require_guaranteed, select_measures
from geed_cli.phrases import shell_joined
from geed_cli.report.comparison_page import print_comparison, to_csv
from geed_cli.report.console import message_console, result_console
from geed_cli.report.html.page_contents import PageContents
from geed_cli.result.embedded import is_page, read_page
from geed_cli.result.file import read_result, require_distinct, to_strict_json
from geed_cli.result.schema import Result
from geed_cli.sweeps.sweep_folder import files_in, is_sweep
from geed_cli.tracking.named_steps import names_step, results_named, steps_named, tracks_named

if TYPE_CHECKING:
    from geed_cli.report.figures.sheet import Sheet

OPTIONS_OF_COMPARISONS = {
    "metric",
    "layer",
    "confidence",
    "resamples",
    "ci",
    "simultaneous",
    "seed",
    "cluster",
    "by",
}
"""The options that act on saved results, too."""


@dataclass(frozen=True)
class Subject:
    """One argument: its label, and the saved results it names; none where it is a model to be audited.

    Attributes:
        in_file: the results themselves by name, of a report page or a track, whose files may hold several.
        word: what names it alone, where that is not its file.
    """

    label: str
    files: tuple[Path, ...]
    model: str | None = None
    in_file: Mapping[str, Result] | None = None
    word: str = ""


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
    figure: AskedFigure = AskedFigure()  # noqa: RUF009 - it is frozen


def run_compare(request: ComparisonRequest) -> None:
    """Read, audit what has to be audited, compare, print and save; what can be refused is refused before an audit."""
    asked, json, csv, view = request.asked, request.json, request.csv, request.view
    options = audit_options(replace(asked, by=None))  # classes are compared of the rows
    metrics, options = options.metrics, replace(options, metrics=audited_for(options.metrics))
    check_asked(metrics, options.interval, request.margins, request.pair_runs)
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
    request.figure.check()
    require_distinct((json, csv, request.figure.path, *request.pages), files)
    contenders = {each.label: _read(each) for each in subjects if each.model is None}
    models = {each.label: each.model for each in subjects if each.model is not None}
    if models:
        with uncollected():
            from geed_cli.cli.run.compared_models import audit_models  # noqa: PLC0415 - imports torch

        audited = audit_models(tuple(models.values()), asked, options, quiet=view.quiet)
        contenders |= {
            label: Contender(label, (result,)) for label, result in zip(models, audited, strict=True)
        }
    made = side_by_side(
        [contenders[each.label] for each in subjects],
        metrics,
        options.layers,
        options.interval,
        request.margins,
        request.pair_runs,
        cluster=asked.cluster,
        allow_mismatch=request.allow_mismatch,
        by=asked.by,
    )

    def sheet() -> "Sheet":
        """What --figure draws."""
        from geed_cli.report.figures.comparison_figure import comparison_sheet  # noqa: PLC0415 - where it is asked for

        return comparison_sheet(made.comparison, metrics, share_y=request.figure.share_y)

    hand_over(
        [
            (json, lambda: to_strict_json(made.comparison)),
            (csv, lambda: to_csv(made.comparison)),
            *request.figure.outputs(sheet),
            *pages_to_write(request.pages, lambda: _contents(made)),
        ],
        lambda: print_comparison(made.comparison, result_console(), view),
    )


def _contents(made: SideBySide) -> PageContents:
    """Of a page: single models with their results, populations with the comparison alone."""
    if any(contender.is_population for contender in made.contenders):
        return PageContents(comparison=made.comparison)
    return PageContents({each.label: each.results[0] for each in made.contenders}, made.comparison)


def parse_subjects(text: str) -> list[Subject]:
    """What one argument names: a report page all results in it, a sweep's folder its models, a track's step its runs.

    Raises:
        InputError: a glob that matches nothing, a saved result that is not there, or a page without results.
    """
    if is_sweep(text):
        return [Subject(label, files) for label, files in files_in(text).items()]
    label, name = split_label(text)
    if names_step(name):
        return _of_tracks(label, name)
    path = Path(name)
    if not is_page(path) or (label is not None and glob.has_magic(name)):
        return [parse_subject(text)]
    found = read_page(path)
    if label is not None and len(found) == 1:
        return [_in_page(label, path, next(iter(found.values())))]
    return [_in_page(each, path, result) for each, result in found.items()]


def _in_page(label: str, path: Path, result: Result) -> Subject:
    """One of the results in a page."""
    return Subject(label, (path,), None, {f"{path}: {label}": result})


def _of_tracks(label: str | None, name: str) -> list[Subject]:
    """The step of a track, or of several: under a label all of them together, else each run by itself."""
    if label is not None:
        return [Subject(label, tracks_named(name), None, results_named(name), name)]
    return [Subject(step.label, (step.file,), None, step.results, step.word) for step in steps_named(name)]


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
        f"{label}={subject.word or subject.files[0]}"
        for label, subject in zip(("before", "after"), same, strict=False)
    )
    return f"geed compare {shell_joined(labelled)}"


def _read(subject: Subject) -> Contender:
    """The results of a subject, by their files' names."""
    results = subject.in_file or {str(file): read_result(file) for file in subject.files}
    return once(subject.label, results, message_console().print)
