"""How many of torch's operations a batch of an audit queues, beside those of its network alone.

    python -m benchmarks.operations

A fast GPU runs them quicker than Python queues them, so that their number decides what an audit costs there; it can be
counted without one. Views of tensors count, which run nothing but are made by Python, too. Maps are summed by torch in
float64, as on a GPU, which compares more layers at once. Two audits are counted whose images are tiny; what one has
more than the other is that of batches without control images.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.speed.audits import audit_once, options_for
from benchmarks.speed.cases import every_map_layer
from benchmarks.speed.pictures import copy_photographs
from benchmarks.speed.settings import Settings
from benchmarks.table import Line, table
from geed_cli.kernel.library import VARIABLE
from geed_cli.models.load import load_model
from geed_cli.models.network import Network

MODELS = ("timm:resnet50", "timm:vit_tiny_patch16_224", "timm:tf_efficientnet_lite0")
GROUP, ORDER = "c4", 4
ROWS, BATCHES = 64, (2, 6)
SIZE = 64


class _Counted(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Operations while it is entered."""

    count: int

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, called: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        del types
        self.count += 1
        return called(*args, **(kwargs or {}))


def of_network(network: Network) -> int:
    """Of one forward pass."""
    pictures = torch.rand(ROWS, 3, network.input.size, network.input.size)
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), _Counted() as counted:
        network.module(pictures)
    return int(counted.count)


def of_audit(network: Network, folder: Path, layers: Sequence[str]) -> float:
    """Of one batch of an audit, its network among them."""
    counts: list[int] = []
    for batches in BATCHES:
        images = batches * ROWS // ORDER
        settings = Settings(folder=str(folder), images=images, batch_size=ROWS, precision="fp64")
        with _Counted() as counted:
            audit_once(network, [GROUP], options_for(network, settings, layers=tuple(layers)))
        counts.append(counted.count)
    return (counts[1] - counts[0]) / (BATCHES[1] - BATCHES[0])


def lines(name: str, folder: Path) -> list[Line]:
    """What is counted of one network."""
    network = load_model(name, weights="random", img_size=SIZE)
    network = replace(network, input=replace(network.input, resize=SIZE))
    every = every_map_layer(network)
    found = [Line(f"{name}: the network", f"{of_network(network)} operations")]
    for title, layers in (("its stages", ()), (f"all {len(every)} modules with maps", every)):
        found.append(Line(f"… an audit, {title}", f"{of_audit(network, folder, layers):.0f} operations"))
    return found


def main() -> None:
    """Print the table."""
    os.environ[VARIABLE] = "off"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_photographs(folder, max(BATCHES) * ROWS // ORDER)
        print(table([line for model in MODELS for line in lines(model, folder)]))


if __name__ == "__main__":
    main()
