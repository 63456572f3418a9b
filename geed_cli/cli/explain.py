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
    from geed_cli.report.explain.topic_page import print_names, print_topic  # noqa: PLC0415
    from geed_cli.report.explain.topics import named, topic_of  # noqa: PLC0415

    if not name:
        print_names(result_console())
        return
    written = " ".join(name)
    print_topic(named(topic_of(written), written), result_console())
