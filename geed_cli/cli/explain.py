"""``geed explain``: what a name means, or a saved file from top to bottom."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geed_cli.cli.completion import offered
from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug

if TYPE_CHECKING:
    from geed_cli.report.page import Block

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME | FILE]",
        autocompletion=offered.topics,
        help="A measure, column, control, group, set, verdict, warning or exit code, as it is printed; or a saved "
        "result, comparison, track, gate report or self-test (JSON).",
    ),
]


@guarded
def explain(name: Names = None, *, debug: Debug = False) -> None:
    """Say what a name means: definition, formula, range, how to read it, an example. Without a name: all names.

    Of a saved file it says what each number is, from top to bottom.

    Example: geed explain latent.l2
    """
    del debug  # read by the guard
    from geed_cli.report.console import result_console  # noqa: PLC0415 - --help stays light
    from geed_cli.report.page import print_page  # noqa: PLC0415

    print_page(_blocks(" ".join(name or ())), result_console())


def _blocks(written: str) -> "Iterator[Block]":
    """All names, a saved file, or one name, which comes before a file that is called so."""
    from geed_cli.errors import InputError, no_such_file  # noqa: PLC0415
    from geed_cli.report.explain.topic_page import names_page, topic_page  # noqa: PLC0415
    from geed_cli.report.explain.topics import named, topic_of  # noqa: PLC0415

    if not written:
        return names_page()
    path = Path(written)
    if path.suffix == ".json":
        return _walk(path)
    is_yaml = path.suffix in (".yaml", ".yml")
    if is_yaml and "*" not in written and not _is_file(path):  # a product of groups may end so
        raise no_such_file(path, written)
    try:
        return topic_page(named(topic_of(written), written))
    except InputError:
        if _is_file(path) and not is_yaml:
            return _walk(path)
        raise


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a text may be longer than any file's name."""
    try:
        return path.is_file()
    except OSError:
        return False


def _walk(path: Path) -> "Iterator[Block]":
    from geed_cli.cli.run.validating import read_saved  # noqa: PLC0415 - schemas
    from geed_cli.errors import no_such_file  # noqa: PLC0415
    from geed_cli.report.explain.report_walks import walk  # noqa: PLC0415

    if not _is_file(path):
        raise no_such_file(path, str(path))
    return walk(read_saved(path)[0], path.name)
