"""The work of ``geed report``: saved files of every kind become one page, or one figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from geed_cli.api.compare import compare
from geed_cli.api.saved_files import saved_of
from geed_cli.choices import By, Plot
from geed_cli.cli.panels import PAGE
from geed_cli.cli.run.labels import split_label
from geed_cli.cli.run.outputs import save
from geed_cli.cli.run.pages import comparison_of
from geed_cli.cli.run.validating import read_saved
from geed_cli.cli.startup import uncollected
from geed_cli.comparison.schema import Comparison
from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError
from geed_cli.gate.outcome import GateReport
from geed_cli.phrases import shell_joined
from geed_cli.report.console import message_console
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.report.html.single_figure import single_figure
from geed_cli.result.by_class import with_classes
from geed_cli.result.embedded import is_page, page_files
from geed_cli.result.file import check_writable, require_distinct
from geed_cli.result.gallery import Gallery
from geed_cli.result.part import Part
from geed_cli.result.schema import Result
from geed_cli.sweeps.manifest import MANIFEST, Sweep
from geed_cli.sweeps.sweep_folder import files_in, is_sweep, read_sweep
from geed_cli.tracking.named_steps import names_step, results_named, steps_named, tracks_named
from geed_cli.tracking.record import Track

Kind = TypeVar("Kind", bound=Part)


@dataclass(frozen=True)
class Pictures:
    """How many pictures of each group are shown, and what may be run to show them to the network again."""

    count: int | None = None
    allow_code: bool = False
    allow_pickle: bool = False


def run_report(
    sources: Sequence[str],
    output: Path,
    plot: Plot | None,
    group: str | None,
    pictures: Pictures = Pictures(),
    by: By | None = None,
) -> None:
    """Read everything, compare several results with the first, and write the page or the figure.

    Raises:
        InputError: what cannot be read, labelled or shown, or an output of another kind.
    """
    _check_output(output, plot, group)
    _check_pictures(pictures, plot)
    labelled = [(label, Path(name)) for label, name in map(split_label, sources)]
    require_distinct([output], [file for _, path in labelled for file in tracks_named(str(path))])
    results, others = _read(labelled)
    if by is not None:
        results = _by_class(results, plot)
    if plot is not None:
        if not results:
            raise InputError(
                "--plot without a result",
                expected="saved results",
                remedy="geed report result.json --plot depth -o d.svg",
            )
        save(single_figure(plot, results, group), output)
        return
    given = _only(others, Comparison)
    if given is not None and results:
        raise InputError(
            "a saved comparison beside results",
            expected="the results alone, which are compared for the page, or the comparison alone",
            remedy="leave out the comparison",
        )
    contents = PageContents(
        results,
        given or comparison_of(results),
        _only(others, GateReport),
        _only(others, Track),
        _gallery(results, pictures),
        _only(others, Sweep),
    )
    save(report_page(contents), output)


def _by_class(results: Mapping[str, Result], plot: Plot | None) -> dict[str, Result]:
    """The results with their classes, those that have labels.

    Raises:
        InputError: no result has labels, or a figure was asked for.
    """
    if plot is not None:
        raise InputError("--by with --plot", expected="classes on a page", remedy="leave out one of them")
    if not any(result.data.labels is not None for result in results.values()):
        raise InputError(
            "--by class without a labelled result",
            expected="a result of geed audit --labels",
            remedy="audit again with --labels folder, or a table of labels",
        )
    return {label: with_classes(result) for label, result in results.items()}


def _check_pictures(pictures: Pictures, plot: Plot | None) -> None:
    """Refuse options that could not act."""
    if pictures.count is None and (pictures.allow_code or pictures.allow_pickle):
        raise InputError(
            "--allow-code or --allow-pickle without --images",
            expected="pictures that a network is shown again",
            remedy="--images 5, or leave it out",
        )
    if pictures.count is not None and plot is not None:
        raise InputError(
            "--images with --plot", expected="pictures on a page", remedy="leave out one of them"
        )


def _gallery(results: Mapping[str, Result], pictures: Pictures) -> Gallery | None:
    """Pictures of the first result."""
    if pictures.count is None:
        return None
    if not results:
        raise InputError(
            "--images without a result",
            expected="saved results",
            remedy="geed report result.json --images 5 -o r.html",
        )
    with uncollected():
        from geed_cli.cli.run.reloaded_model import gallery_of  # noqa: PLC0415 - imports torch
        from geed_cli.report.terminal_progress import TerminalProgress  # noqa: PLC0415

    first = next(iter(results.values()))
    with TerminalProgress(message_console(), quiet=False) as progress:
        progress.step(f"loading {first.model.id}")
        return gallery_of(
            first, pictures.count, allow_code=pictures.allow_code, allow_pickle=pictures.allow_pickle
        )


def _check_output(output: Path, plot: Plot | None, group: str | None) -> None:
    if plot is None and group is not None:
        raise InputError(
            "--group without --plot", expected="the figure that is to be drawn of it", remedy="--plot depth"
        )
    kind, suffix = ("a page", PAGE) if plot is None else ("a figure", ".svg")
    if output.suffix.lower() != suffix:
        raise InputError(
            f"-o {output} for {kind}",
            expected=f"a file that ends in {suffix}",
            remedy=f"-o {output.with_suffix(suffix)}",
        )
    check_writable(output)


def _read(labelled: Sequence[tuple[str | None, Path]]) -> tuple[dict[str, Result], list[Part]]:
    """The results by label, and everything else."""
    results: dict[str, Result] = {}
    files: dict[str, Path] = {}
    others: list[Part] = []
    for label, path in labelled:
        for name, part in _parts_of(label, path).items():
            if isinstance(part, Comparison | GateReport | Track | Sweep):
                others.append(part)
            elif not isinstance(part, Result):
                raise InputError(
                    f"{path} is a saved {type(part).__name__.lower()}",
                    expected="what a page shows: results, comparisons, tracks, sweeps and gates' reports",
                    remedy="leave it out",
                )
            elif name in results:
                labelled_anew = f"before={files[name]}", f"after={path}"
                raise InputError(
                    f"two results are called {name!r}",
                    expected="a label of its own for each",
                    remedy=f"geed report {shell_joined(labelled_anew)} -o report.html",
                )
            else:
                results[name], files[name] = part, path
    return results, others


def _parts_of(label: str | None, path: Path) -> dict[str, Part]:
    """What a file holds, by name: a page and a sweep's folder several; of a sweep's populations their comparison."""
    if (path / MANIFEST).is_file() and len((whole := read_sweep(path / MANIFEST)).data) > 1:
        return {label or unicode_text(path.name): whole}
    if label is None and is_sweep(str(path)):
        files = files_in(str(path))
        if any(len(own) > 1 for own in files.values()):
            return {path.name: compare(str(path))}
        return {name: read_saved(own[0])[0] for name, own in files.items()}
    if names_step(str(path)):
        return _at_steps(label, str(path))
    if not is_page(path):
        return {label or unicode_text(path.stem): read_saved(path)[0]}
    found: dict[str, Part] = {name: saved_of(content, path) for name, content in page_files(path).items()}
    return {label: next(iter(found.values()))} if label is not None and len(found) == 1 else found


def _at_steps(label: str | None, named: str) -> dict[str, Part]:
    """The step of a track: each run's checkpoint there; of several checkpoints each under its own name."""
    if label is None:
        return {
            step.label if len(step.results) == 1 else name: result
            for step in steps_named(named)
            for name, result in step.results.items()
        }
    results = results_named(named)
    return {label if len(results) == 1 else f"{label}: {name}": each for name, each in results.items()}


def _only(parts: Sequence[Part], kind: type[Kind]) -> Kind | None:
    """The one part of that kind, if there is one.

    Raises:
        InputError: several.
    """
    found = [part for part in parts if isinstance(part, kind)]
    if len(found) > 1:
        what = kind.__name__.lower()
        raise InputError(
            f"{len(found)} files of kind {what}", expected="one of them", remedy="make a page of each"
        )
    return found[0] if found else None
