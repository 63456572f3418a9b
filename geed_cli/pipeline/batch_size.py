"""``--batch-size auto``: measured once for a network on a device, then remembered.

A remembered size lets the next run start at once and gives it the same batches, hence the same digits. The memory is
one small JSON file in the cache's folder; whatever is wrong with it, the size is measured again.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from geed_cli import __version__
from geed_cli.cache.folder import BATCH_SIZES
from geed_cli.engine.autobatch import LARGEST_GPU, Trial
from geed_cli.engine.batches import Placement
from geed_cli.errors import RunError
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import device_name
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import move, place
from geed_cli.result.file import write_atomically

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
    sizes = BatchSizes(None if options.cache is None else options.cache / BATCH_SIZES)
    name = described(networks, placement)
    rows = sizes.recall(name)
    if rows is None:
        rows = Trial([move(one, placement) for one in networks], placement).fastest()
        sizes.keep(name, rows)
    return replace(options, run=replace(options.run, batch_size=rows))


@dataclass(frozen=True)
class BatchSizes:
    """The sizes that were measured.

    Attributes:
        path: of the file; None remembers nothing.
    """

    path: Path | None

    def recall(self, name: str) -> int | None:
        """The size remembered for what ``described`` says; None where there is none."""
        return self._read().get(name)

    def keep(self, name: str, rows: int) -> None:
        """Remember a size, if the file can be written at all: it is never needed."""
        if self.path is None:
            return
        known = {key: value for key, value in self._read().items() if key != name} | {name: rows}
        newest = dict(list(known.items())[-MOST:])
        content = json.dumps({"format": FORMAT, "sizes": newest}, indent=1) + "\n"
        with suppress(OSError, RunError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(content, self.path)

    def _read(self) -> dict[str, int]:
        """What the file holds; nothing where it is missing, damaged or another program's."""
        try:
            if self.path is None or not self.path.is_file() or self.path.stat().st_size > MAX_BYTES:
                return {}
            found = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        sizes = found.get("sizes") if isinstance(found, dict) and found.get("format") == FORMAT else None
        return {key: rows for key, rows in sizes.items() if _sound(rows)} if isinstance(sizes, dict) else {}


def described(networks: Sequence[Network], placement: Placement) -> str:
    """Everything that the fastest size depends on, as one line."""
    shown = " + ".join(f"{one.source}/{one.arch} ({one.parameters})" for one in networks)
    return (
        f"{shown} at {networks[0].input.size}, {str(placement.dtype).removeprefix('torch.')}, "
        f"{device_name(placement.device)}, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}, geed {__version__}"
    )


def _sound(rows: object) -> bool:
    """Whether it is a size that the search can have found."""
    return type(rows) is int and 1 <= rows <= LARGEST_GPU and rows & (rows - 1) == 0
