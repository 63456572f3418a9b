"""``--batch-size auto``: measured once for a network on a device, then remembered.

A remembered size lets the next run start at once and gives it the same batches, hence the same digits. The memory is
one small JSON file in the cache's folder (``json_memory``).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

import torch

from geed_cli import __version__
from geed_cli.cache.folder import BATCH_SIZES
from geed_cli.engine.autobatch import LARGEST_GPU, Trial
from geed_cli.engine.batches import Placement
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import device_name
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import move, place
from geed_cli.pipeline.reuse.json_file import JsonMemory

FORMAT = "geed.batch-sizes/1"
MAX_BYTES = 2**20
MOST = 2000
"""Sizes that are kept, the newest; about 200 bytes each."""


def with_batch_size(networks: Sequence[Network], options: AuditOptions) -> AuditOptions:
    """The options with a number for ``auto``: remembered in the cache's folder, else measured.

    Args:
        networks: all that the run shows each batch to.
        options: returned as they are where they do not say ``auto``.

    Raises:
        InputError: a network does not run in the precision asked for.
        RunError: the device is not there.
    """
    if options.run.batch_size != "auto":
        return options
    placement = place(options.run)
    sizes = batch_sizes(None if options.cache is None else options.cache / BATCH_SIZES)
    name = described(networks, placement)
    rows = sizes.recall(name)
    if rows is None:
        rows = Trial([move(one, placement) for one in networks], placement).fastest()
        sizes.keep(name, rows)
    return replace(options, run=replace(options.run, batch_size=rows))


def batch_sizes(path: Path | None) -> JsonMemory[int]:
    """The sizes that were measured, by what ``described`` says.

    Args:
        path: of the file; None remembers nothing.
    """
    return JsonMemory(path, FORMAT, "sizes", _sound, MAX_BYTES, MOST)


def described(networks: Sequence[Network], placement: Placement) -> str:
    """Everything that the fastest size depends on, as one line."""
    shown = " + ".join(f"{one.source}/{one.arch} ({one.parameters})" for one in networks)
    return (
        f"{shown} at {networks[0].input.size}, {str(placement.dtype).removeprefix('torch.')}, "
        f"{device_name(placement.device)}, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}, geed {__version__}"
    )


def _sound(rows: object) -> TypeGuard[int]:
    """Whether it is a size that the search can have found."""
    return type(rows) is int and 1 <= rows <= LARGEST_GPU and rows & (rows - 1) == 0
