"""The root command and its subcommands; importing this module imports neither torch nor timm."""

from typing import Annotated

import typer

from geed_cli import __version__
from geed_cli.cli.audit import audit
from geed_cli.cli.cache import cache
from geed_cli.cli.check import check
from geed_cli.cli.command import stand_once
from geed_cli.cli.compare import compare
from geed_cli.cli.explain import explain
from geed_cli.cli.images_needed import plan
from geed_cli.cli.init import init
from geed_cli.cli.inspect import inspect
from geed_cli.cli.ls import ls
from geed_cli.cli.selftest import selftest
from geed_cli.cli.track import track
from geed_cli.cli.usage_errors import PlainErrors
from geed_cli.cli.validate import validate

app = typer.Typer(
    cls=PlainErrors,
    help="Audit pretrained image models for invariance and equivariance (G-EED, NeurIPS 2022).",
    epilog="Exit codes: 0 done, 1 a gate did not pass, 2 bad usage or input, 3 could not run, 130 interrupted; "
    "geed explain exit 1 says more.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"geed {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Audit pretrained image models for invariance and equivariance (G-EED, NeurIPS 2022)."""
    del version


app.command()(audit)
app.command()(check)
app.command()(compare)
app.command()(explain)
app.command()(init)
app.command()(inspect)
app.command()(plan)
app.command()(selftest)
app.command()(track)
app.command()(validate)
app.add_typer(cache, name="cache")
app.add_typer(ls, name="ls")
stand_once(app)
