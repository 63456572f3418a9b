"""The root command and its subcommands; importing this module imports neither torch nor timm."""

from typing import Annotated

import typer

from geed_cli import __version__
from geed_cli.cli.audit import audit
from geed_cli.cli.cache import cache
from geed_cli.cli.check import check
from geed_cli.cli.command import finish
from geed_cli.cli.compare import compare
from geed_cli.cli.explain import explain
from geed_cli.cli.images_needed import plan
from geed_cli.cli.init import init
from geed_cli.cli.inspect import inspect
from geed_cli.cli.ls import ls
from geed_cli.cli.report import report
from geed_cli.cli.selftest import selftest
from geed_cli.cli.shards.merge import merge
from geed_cli.cli.sweep import sweep
from geed_cli.cli.track import track
from geed_cli.cli.usage_errors import PlainErrors
from geed_cli.cli.validate import validate
from geed_cli.errors import WRONG_INPUT

EXAMPLE = "geed audit efficientnet_lite0 --group flip"
START = f"""\
geed measures how far an image model is from treating a picture and its mirror image, or its rotations, alike.

  geed audit      one model on your pictures: a sentence, values and intervals for each group
  geed compare    two models or more, or their saved results, side by side: what differs, what does not
  geed check      saved results by a policy: a gate for releases, with exit codes for CI

try:              {EXAMPLE}
                  (its weights are a package: python -m pip install "geed-cli[demo]")
every command:    geed --help
every option:     geed audit --help
every name:       geed explain NAME"""
"""What ``geed`` by itself prints: the commands people start with, and how to see the others."""

app = typer.Typer(
    cls=PlainErrors,
    help="Audit pretrained image models for invariance and equivariance (G-EED, NeurIPS 2022).",
    epilog="Exit codes: 0 done, 1 a gate did not pass, 2 bad usage or input, 3 could not run, 130 interrupted; "
    "geed explain exit 1 says more.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"geed {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Audit pretrained image models for invariance and equivariance (G-EED, NeurIPS 2022)."""
    del version
    if context.invoked_subcommand is None:
        typer.echo(START, err=True)
        raise typer.Exit(WRONG_INPUT)


app.command()(audit)
app.command()(check)
app.command()(compare)
app.command()(explain)
app.command()(init)
app.command()(inspect)
app.command()(merge)
app.command()(plan)
app.command()(report)
app.command()(selftest)
app.command()(sweep)
app.command()(track)
app.command()(validate)
app.add_typer(cache, name="cache")
app.add_typer(ls, name="ls")
finish(app)
