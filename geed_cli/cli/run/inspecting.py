"""The work of ``geed inspect``."""

import sys
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

from geed_cli.choices import View
from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.cli.run.outputs import save
from geed_cli.errors import InputError
from geed_cli.models.write_spec import starting_spec
from geed_cli.pipeline.auditable import inspect
from geed_cli.report.console import result_console
from geed_cli.report.inspection_page import print_inspection
from geed_cli.result.file import check_writable


def run_inspect(request: ModelRequest, write_spec: Path | None, *, every: bool, view: View) -> None:
    """Load, trace plain pictures through the network, print."""
    if write_spec is not None:
        check_writable(write_spec)
        _refuse_existing(write_spec)
    network = request.load(propose=write_spec is not None)
    with redirect_stdout(sys.stderr):  # what the network prints
        found = inspect(network, every=every)
    if write_spec is not None:  # before the table, whose reader may have gone
        measured = tuple(layer.name for layer in found.layers if layer.why_not is None)
        save(starting_spec(replace(network, layers=measured)), write_spec)
    print_inspection(found, result_console(), view)


def _refuse_existing(path: Path) -> None:
    """A spec that somebody may have edited is never overwritten."""
    if path.exists():
        raise InputError(
            f"{path} exists already",
            expected="a new file for the spec",
            remedy="another name, or move it away",
        )
