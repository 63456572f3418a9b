"""Report pages beside the table of a command; what makes a page is imported only where one was asked for."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import get_args

from geed_cli.choices import DEFAULT_METHOD, IntervalMethod, IntervalOptions
from geed_cli.cli.panels import PAGE
from geed_cli.cli.run.outputs import Output
from geed_cli.comparison.compare import compare
from geed_cli.comparison.schema import Comparison
from geed_cli.comparison.subjects import Contender
from geed_cli.errors import InputError
from geed_cli.report.html.page_contents import PageContents
from geed_cli.result.clusters import with_shared_clusters
from geed_cli.result.file import check_writable
from geed_cli.result.samples import confidence_of
from geed_cli.result.schema import Result


def check_pages(pages: Sequence[Path]) -> None:
    """Refuse report pages before the work that they show.

    Raises:
        InputError: another suffix, or a target that cannot be written.
    """
    for path in pages:
        if path.suffix.lower() != PAGE:
            raise InputError(
                f"-o {path} is no report page",
                expected=f"a file that ends in {PAGE}",
                remedy=f"-o {path.with_suffix(PAGE)}",
            )
        check_writable(path)


def pages_to_write(pages: Sequence[Path], make: Callable[[], PageContents]) -> list[Output]:
    """The pages among a command's outputs; ``make`` is called for each."""

    def written() -> str:
        from geed_cli.report.html.report_page import report_page  # noqa: PLC0415 - jinja2

        return report_page(make())

    return [(path, written) for path in pages]


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
