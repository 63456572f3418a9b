"""``geed explain``: what a name means, or a saved file from top to bottom."""

from typing import Annotated

import typer

from geed_cli.cli.guard import guarded
from geed_cli.cli.panels import Debug

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME | FILE]",
        help="A measure, column, control, group, set, verdict or exit code, as it is printed.",
    ),
]


@guarded
def explain(name: Names = None, *, debug: Debug = False) -> None:
    """Say what a name means: definition, formula, range, how to read it, an example. Without a name: all names.

    Example: geed explain latent.l2
    """
    del debug  # read by the guard
    from geed_cli.report.console import result_console  # noqa: PLC0415 - --help stays light
    from geed_cli.report.explain.topic_page import names_page, topic_page  # noqa: PLC0415
    from geed_cli.report.explain.topics import named, topic_of  # noqa: PLC0415
    from geed_cli.report.page import print_page  # noqa: PLC0415

    written = " ".join(name or ())
    blocks = names_page() if name is None else topic_page(named(topic_of(written), written))
    print_page(blocks, result_console())
