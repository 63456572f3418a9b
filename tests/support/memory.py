"""Audits of pictures in memory, and data sets that count what they are asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from geed_cli.images.memory.prepared import Root
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.schema import Result


def array(folder: Path) -> np.ndarray:
    """The pictures as Pillow has them, (N, H, W, 3)."""
    return np.stack([np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.iterdir())])


def tensor(folder: Path) -> torch.Tensor:
    return torch.from_numpy(array(folder)).permute(0, 3, 1, 2)


class Pictures(Dataset[Any]):
    """A data set of given items, which counts what it is asked for."""

    def __init__(self, items: Sequence[object]) -> None:
        self.items = items
        self.asked: list[int] = []

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> object:
        self.asked.append(index)
        return self.items[index]


def audited(network: Network, root: Root, samples: int = 5, **changes: Any) -> Result:  # noqa: ANN401
    """A small audit of so many of the pictures; further options of the data, a cache and controls, by name."""
    cache, controls = changes.pop("cache", None), changes.pop("controls", ControlOptions(probes=2))
    options = AuditOptions(
        data=DataOptions(root, samples, **changes),
        run=RunOptions("cpu", 8),
        layers=("block1",),
        controls=controls,
        cache=cache,
    )
    return audit(network, "flip", options)


def rows(result: Result) -> str:
    """All that was computed."""
    return result.model_dump_json(exclude={"timing", "data", "signature"})
