"""``--batch-size auto``: measured once for a network on a device, then kept in the cache.

A size that is known lets the next run start at once and gives it the same batches, hence the same digits.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch

from geed_cli import __version__
from geed_cli.cache.location import digest
from geed_cli.cache.store import RowStore
from geed_cli.engine.batches import Placement
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import device_name
from geed_cli.pipeline.fastest_batch import LARGEST_GPU, Trial
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import move, place

SIZES = {str(2**power) for power in range(LARGEST_GPU.bit_length())}
"""What the search can have found, as it is kept."""


def with_batch_size(
    networks: Sequence[Network], options: AuditOptions, store: RowStore | None = None
) -> AuditOptions:
    """The options with a number for ``auto``: that of an earlier run, else measured.

    Args:
        networks: all that the run shows each batch to.
        options: returned as they are where they do not say ``auto``.
        store: where sizes are kept.

    Raises:
        InputError: a network does not run in the precision asked for.
        RunError: the device is not there.
    """
    if options.run.batch_size != "auto":
        return options
    placement = place(options.run)
    key = size_key(networks, placement)
    kept = store.fact(key) if store is not None else None
    if kept in SIZES:
        rows = int(kept)
    else:
        rows = Trial([move(one, placement) for one in networks], placement).fastest()
        if store is not None:
            store.keep_fact(key, str(rows))
    return replace(options, run=replace(options.run, batch_size=rows))


def size_key(networks: Sequence[Network], placement: Placement) -> bytes:
    """A hash over everything that the fastest size depends on."""
    fields = {
        "fact": "batch size",
        "networks": repr([(one.source, one.arch, one.parameters) for one in networks]),
        "size": str(networks[0].input.size),
        "dtype": str(placement.dtype),
        "device": device_name(placement.device),
        "threads": str(torch.get_num_threads()),
        "versions": f"torch {torch.__version__}, geed {__version__}",
    }
    return digest(fields)
