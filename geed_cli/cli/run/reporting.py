"""The work of ``geed report``, and the pages that other commands write beside their tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod, IntervalOptions, Plot
from geed_cli.cli.panels import PAGE
from geed_cli.cli.run.outputs import Output, save
from geed_cli.cli.run.validating import read_saved
from geed_cli.cli.startup import uncollected
from geed_cli.comparison.compare import compare
from geed_cli.comparison.schema import Comparison
from geed_cli.comparison.subjects import Contender
from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError
from geed_cli.gate.outcome import GateReport
from geed_cli.report.console import message_console
from geed_cli.report.html.report_page import PageContents, report_page
from geed_cli.report.html.single_figure import single_figure
from geed_cli.result.clusters import with_shared_clusters
from geed_cli.result.embedded import is_page, read_page
from geed_cli.result.file import check_writable, require_distinct
from geed_cli.result.gallery import Gallery
from geed_cli.result.samples import confidence_of
from geed_cli.result.schema import Part, Result
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
) -> None:
    """Read everything, compare several results with the first, and write the page or the figure.

    Raises:
        InputError: what cannot be read, labelled or shown, or an output of another kind.
    """
    _check_output(output, plot, group)
    _check_pictures(pictures, plot)
    labelled = [_labelled(text) for text in sources]
    require_distinct([output], [path for _, path in labelled])
    results, others = _read(labelled)
    if plot is not None:
        if not results:
            raise InputError(
                "--plot without a result",
                expected="saved results",
                remedy="geed report result.json --plot depth -o d.svg",
            )
        save(single_figure(plot, results, group), output)
        return
    contents = PageContents(
        results,
        _only(others, Comparison) or comparison_of(results),
        _only(others, GateReport),
        _only(others, Track),
        _gallery(results, pictures),
    )
    save(report_page(contents), output)


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
        from geed_cli.cli.run.terminal_progress import TerminalProgress  # noqa: PLC0415

    first = next(iter(results.values()))
    with TerminalProgress(message_console(), quiet=False) as progress:
        progress.step(f"loading {first.model.id}")
        return gallery_of(
            first, pictures.count, allow_code=pictures.allow_code, allow_pickle=pictures.allow_pickle
        )


def comparison_of(results: Mapping[str, Result]) -> Comparison | None:
    """All results against the first, with its own options of intervals; None of one result."""
    if len(results) < 2:
        return None
    first = next(iter(results.values()))
    settings = first.settings
    method: IntervalMethod = next(
        (word for word in get_args(IntervalMethod) if word == settings.ci), DEFAULT_METHOD
    )
    options = IntervalOptions(
        confidence_of(first), settings.resamples, method, settings.seed, settings.simultaneous
    )
    clustered = with_shared_clusters(list(results.values()), list(results))
    contenders = [
        Contender(label, (result,), (label,)) for label, result in zip(results, clustered, strict=True)
    ]
    return compare(contenders, options)


def check_pages(pages: Sequence[Path] | None, inputs: Sequence[Path] = ()) -> tuple[Path, ...]:
    """The report pages that a command is to write, refused before its work where they cannot be written.

    Raises:
        InputError: another suffix, a target that cannot be written, or one that the command reads.
    """
    for path in pages or ():
        if path.suffix.lower() != PAGE:
            raise InputError(
                f"-o {path} is no report page",
                expected=f"a file that ends in {PAGE}",
                remedy=f"-o {path.with_suffix(PAGE)}",
            )
        check_writable(path)
    require_distinct(tuple(pages or ()), inputs)
    return tuple(pages or ())


def pages_to_write(pages: Sequence[Path], make: Callable[[], PageContents]) -> list[Output]:
    """The pages among a command's outputs."""
    return [(path, lambda: report_page(make())) for path in pages]


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


def _labelled(text: str) -> tuple[str | None, Path]:
    """``LABEL=FILE``, or a file, whose name is the label."""
    label, sign, name = text.partition("=")
    if sign and label and not Path(text).exists():
        return unicode_text(label), Path(name)
    return None, Path(text)


def _read(labelled: Sequence[tuple[str | None, Path]]) -> tuple[dict[str, Result], list[Part]]:
    """The results by label, and everything else."""
    results: dict[str, Result] = {}
    others: list[Part] = []
    for label, path in labelled:
        if is_page(path):
            found: Mapping[str, Part] = read_page(path)
            if label is not None and len(found) == 1:
                found = {label: next(iter(found.values()))}
        else:
            found = {label or unicode_text(path.stem): read_saved(path)[0]}
        for name, part in found.items():
            if isinstance(part, Comparison | GateReport | Track):
                others.append(part)
            elif not isinstance(part, Result):
                raise InputError(
                    f"{path} is a saved {type(part).__name__.lower()}",
                    expected="what a page shows: results, comparisons, tracks and gates' reports",
                    remedy="leave it out",
                )
            elif name in results:
                raise InputError(
                    f"two results are called {name!r}",
                    expected="a label of its own for each",
                    remedy=f"geed report before={path} after={path.with_stem('other')} -o report.html",
                )
            else:
                results[name] = part
    return results, others


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
