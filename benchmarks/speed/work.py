"""Work in a process of its own: an audit or bare loop whose memory is measured, or two results to time commands on.

    python -m benchmarks.speed.work '{"what": "audit", "model": "timm:resnet50", "samples": 8, ...}'
    python -m benchmarks.speed.work FOLDER IMAGES

The first prints what ``benchmarks.speed.memory.measured`` reads; the second writes 0.json and 1.json.
"""

import json
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path

import timm
import torch
from timm.data.config import resolve_model_data_config

from benchmarks.machine import peak_mib
from benchmarks.speed.audits import first_run
from benchmarks.speed.cases import every_map_layer
from benchmarks.speed.memory import Measured, Request
from benchmarks.speed.pictures import write_small
from geed_cli.engine.shapes import trace
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.draw import Draw
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.file import write_result
from geed_cli.result.schema import Result
from geed_cli.runtime.freed_memory import freed_memory_kept
from geed_cli.runtime.own_process import own_process

GROUPS = ("flip", "vflip", "c4", "d4")
"""Of the saved results."""


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
    with freed_memory_kept(), first_run(network, [request.group], options) as session:
        draw = Draw(options.data, options.controls.probes, tiling=session.tiling)
        started = time.perf_counter()
        drawn = session.complete(draw)
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
    """Bytes of the numbers that rows hold: float32 embedding, probabilities, and a deviation per cell and element.

    Channelwise cells have a second number, the part of dead channels. What Python adds to each array is left out.
    """
    features = math.prod(trace(network, [network.features]).shapes[network.features])
    classes = network.module.get_parameter(f"{network.classifier}.weight").shape[0]
    orders = {group.name: group.order for group in result.groups}
    cells = sum((2 if entry.layer else 1) * orders[entry.group] for entry in result.results)
    return result.data.count * (4 * features + 8 * (classes + cells)) / 2**20


def write_saved(folder: Path, images: int) -> None:
    """Write ``0.json`` and ``1.json``: a small network with two random weights over generated pictures."""
    pictures = write_small(folder / "pictures", images)
    networks = [load_model("timm:test_resnet", weights="random", seed=seed, img_size=64) for seed in (0, 1)]
    with own_process():  # as the command line is measured
        results = audit_together(networks, GROUPS, AuditOptions(data=DataOptions(pictures, samples=images)))
    for number, result in enumerate(results):
        write_result(result, folder / f"{number}.json")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        sys.stdout.write(json.dumps(asdict(work(Request(**json.loads(sys.argv[1]))))))
    else:
        write_saved(Path(sys.argv[1]), int(sys.argv[2]))
