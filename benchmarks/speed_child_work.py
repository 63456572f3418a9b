"""What ``benchmarks.speed_child`` does in the child: an audit, or a bare loop without this package."""

import math
import time
from pathlib import Path

import timm
import torch
from timm.data.config import resolve_model_data_config

from benchmarks.machine import peak_mib
from benchmarks.speed_child import Measured, Request
from benchmarks.speed_layers import every_map_layer
from geed_cli.engine.shapes import trace
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import draw
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.session import Session
from geed_cli.result.schema import Result
from geed_cli.runtime.freed_memory import freed_memory_kept


def work(request: Request) -> Measured:
    """Do what is asked."""
    return audit_in_child(request) if request.what == "audit" else bare_in_child(request)


def bare_in_child(request: Request) -> Measured:
    """The network as timm makes it over inputs that lie ready, channels last as in an audit."""
    module = timm.create_model(request.model.removeprefix("timm:"), pretrained=False).eval()
    module = module.to(memory_format=torch.channels_last)
    size = resolve_model_data_config(module)["input_size"][-1]  # type: ignore[no-untyped-call]
    batch = request.batch or 8
    ready = torch.rand(batch, 3, size, size).contiguous(memory_format=torch.channels_last)
    started = time.perf_counter()
    with torch.inference_mode():
        for _ in range(-(-request.inputs // batch)):
            module(ready)
    return Measured(time.perf_counter() - started, peak_mib())


def audit_in_child(request: Request) -> Measured:
    """An audit as the command line makes it, without a terminal."""
    network = load_model(request.model, weights="random", img_size=request.img_size)
    options = AuditOptions(
        data=DataOptions(Path(request.folder) if request.folder else None, samples=request.samples),
        run=RunOptions("cpu", batch_size=request.batch),
        layers=chosen_layers(network, request.layers),
        controls=ControlOptions(probes=request.probes),
    )
    drawn = draw(options.data, options.controls.probes)
    with freed_memory_kept():
        session = Session([network], [request.group], options, Silent())
        started = time.perf_counter()
        session.extend(drawn)
        seconds, peak = time.perf_counter() - started, peak_mib()
        result = session.results(drawn)[0]
    after, statistics_s = peak_mib(), result.timing.statistics_s
    layers = len(result.settings.layers)
    return Measured(seconds, peak, statistics_s, after, held_mib(network, result), layers)


def chosen_layers(network: Network, count: int) -> tuple[str, ...]:
    """So many of the modules with maps, evenly over the depth, the last among them; none for 0."""
    if not count:
        return ()
    names = every_map_layer(network)
    count = min(count, len(names))
    return tuple(names[len(names) * (i + 1) // count - 1] for i in range(count))


def held_mib(network: Network, result: Result) -> float:
    """Bytes of the numbers that rows hold: embedding, probabilities, and a deviation per cell and element.

    Channelwise cells have a second number, the part of dead channels. What Python adds to each array is left out.
    """
    features = math.prod(trace(network, [network.features]).shapes[network.features])
    classes = network.module.get_parameter(f"{network.classifier}.weight").shape[0]
    orders = {group.name: group.order for group in result.groups}
    cells = sum((2 if entry.layer else 1) * orders[entry.group] for entry in result.results)
    return result.data.count * 8 * (features + classes + cells) / 2**20
