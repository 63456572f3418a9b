"""``geed audit`` on the bundled sample with random weights, ended at its first forward pass on an image.

    python -m benchmarks.speed.first_forward MODEL CACHE

An empty cache is opened, as in every first audit. Passes on black or abstract inputs, which only tell shapes, are
none. ``benchmarks.speed.startup`` times the whole process.
"""

import os
import sys

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from geed_cli.__main__ import main


def end_at_an_image(_module: nn.Module, inputs: tuple[object, ...]) -> None:
    """End the process where a network is about to see real pixels."""
    first = inputs[0] if inputs else None
    if type(first) is Tensor and first.device.type != "meta" and bool(torch.any(first)):
        os._exit(0)


if __name__ == "__main__":
    register_module_forward_pre_hook(end_at_an_image)
    model, cache = sys.argv[1:]
    sys.argv = [
        "geed",
        "audit",
        model,
        "--weights",
        "random",
        "--samples",
        "4",
        "--quiet",
        "--cache-dir",
        cache,
    ]
    main()
