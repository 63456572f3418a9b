"""The work of ``geed inspect``."""

import sys
from contextlib import redirect_stdout
from pathlib import Path

from rich.table import Table
from rich.text import Text

from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.cli.run.outputs import save
from geed_cli.engine.map_layout import Layout
from geed_cli.engine.shapes import trace, trace_all
from geed_cli.errors import InputError
from geed_cli.models.network import Network, module_of
from geed_cli.models.write_spec import starting_spec
from geed_cli.pipeline.chosen_layers import read_layers
from geed_cli.pipeline.describe import describe_model
from geed_cli.report.cells import frameless
from geed_cli.report.console import emit, result_console
from geed_cli.report.header import facts, model_lines
from geed_cli.result.file import check_writable


def run_inspect(request: ModelRequest, write_spec: Path | None, *, every: bool) -> None:
    """Load, trace one black image through the network, print."""
    if write_spec is not None:
        check_writable(write_spec)
        _refuse_existing(write_spec)
    network = request.load(propose=write_spec is not None)
    title = Text(network.id, style="bold")
    lines = facts(model_lines(describe_model(network)))
    with redirect_stdout(sys.stderr):  # what the network prints
        table = _layers(network, every=every)
    if write_spec is not None:  # before the table, whose reader may have gone
        save(starting_spec(network), write_spec)
    emit([title, lines, Text(), table], result_console())


def _layers(network: Network, *, every: bool) -> Table:
    outputs = trace_all(network)
    types = {name: type(module).__name__ for name, module in network.module.named_modules()}
    shown = [name for name in outputs if name and (every or not _own(name).isdisjoint(network.layers))]
    seen = trace(network, [], map(module_of, shown))
    read = read_layers(network, [name for name in shown if name in seen.calls[module_of(name)]], seen)
    table = frameless(collapse_padding=False)
    table.add_column("layer", no_wrap=True)
    table.add_column("output", justify="right")
    table.add_column("layout")
    table.add_column("type")
    table.add_column("")
    for name in shown:
        own, layout = _own(name), read.get(name)
        role = ["audited"] if not own.isdisjoint(network.layers) else []
        role += ["features"] if network.features.module in own else []
        role += ["classifier"] if network.classifier in own else []
        how = str(layout) if isinstance(layout, Layout) else "undeclared" if layout and layout.declare else ""
        table.add_row(name, outputs[name], how, types[module_of(name)], ", ".join(role))
    return table


def _own(layer: str) -> set[str]:
    """What a spec may call the layer: by its call, or by its module."""
    return {layer, module_of(layer)}


def _refuse_existing(path: Path) -> None:
    """A spec that somebody may have edited is never overwritten."""
    if path.exists():
        raise InputError(
            f"{path} exists already",
            expected="a new file for the spec",
            remedy="another name, or move it away",
        )
