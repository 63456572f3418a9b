"""The work of ``geed inspect``."""

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

from rich.table import Table
from rich.text import Text

from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.cli.run.outputs import save
from geed_cli.engine.map_layout import Layout, NoMap
from geed_cli.engine.shapes import trace, trace_all
from geed_cli.errors import InputError
from geed_cli.models.network import Network, module_of
from geed_cli.models.write_spec import starting_spec
from geed_cli.pipeline.chosen_layers import read_layers
from geed_cli.pipeline.describe import describe_model
from geed_cli.report.cells import facts, frameless
from geed_cli.report.console import emit, result_console
from geed_cli.report.header import model_lines
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
        outputs, read = _outputs(network, every=every)
    if write_spec is not None:  # before the table, whose reader may have gone
        measured = tuple(
            name for name, layout in read.items() if isinstance(layout, Layout) and _audited(network, name)
        )
        save(starting_spec(replace(network, layers=measured)), write_spec)
    emit([title, lines, Text(), _table(network, outputs, read)], result_console())


def _outputs(network: Network, *, every: bool) -> tuple[dict[str, str], dict[str, Layout | NoMap]]:
    """The outputs of the audited layers, or of ``every`` module, as text; and how those that run are read."""
    outputs = {
        name: text for name, text in trace_all(network).items() if name and (every or _audited(network, name))
    }
    seen = trace(network, [], map(module_of, outputs))
    ran = [name for name in outputs if name in seen.calls[module_of(name)]]
    return outputs, read_layers(network, ran, seen)


def _table(network: Network, outputs: Mapping[str, str], read: Mapping[str, Layout | NoMap]) -> Table:
    types = {name: type(module).__name__ for name, module in network.module.named_modules()}
    table = frameless(collapse_padding=False)
    table.add_column("layer", no_wrap=True)
    table.add_column("output", justify="right")
    table.add_column("layout")
    table.add_column("type")
    table.add_column("")
    for name, output in outputs.items():
        own, layout = _own(name), read.get(name)
        role = ["audited"] if _audited(network, name) else []
        role += ["features"] if network.features.module in own else []
        role += ["classifier"] if network.classifier in own else []
        how = str(layout) if isinstance(layout, Layout) else "undeclared" if layout and layout.declare else ""
        table.add_row(name, output, how, types[module_of(name)], ", ".join(role))
    return table


def _audited(network: Network, layer: str) -> bool:
    return not _own(layer).isdisjoint(network.layers)


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
