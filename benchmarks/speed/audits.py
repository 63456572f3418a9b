"""How long an audit takes from its first image to its last row, and what it spends that on."""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.speed.settings import Settings
from geed_cli.cache.store import RowStore
from geed_cli.choices import Decode
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import Draw
from geed_cli.pipeline.fastest_batch import with_batch_size
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.session import Session
from geed_cli.runtime.freed_memory import freed_memory_kept
from geed_cli.runtime.own_process import own_process

ORDERS = {"c4": 4, "d4": 8}
"""Elements of the groups that are timed; none of them resamples, so views are as many."""


@dataclass(frozen=True)
class Spent:
    """Seconds of one audit.

    Attributes:
        total: from looking up the first image to the last row that is kept: decoding, views, forward passes,
            measures, the cache.
        forward: in the network, the first batch's float64 reference among it.
        measure: in the hooks that reduce layers.
        waited: for decoded images.
        batch: rows of a batch that the audit chose.
    """

    total: float
    forward: float
    measure: float
    waited: float
    batch: int

    @property
    def split(self) -> str:
        """The parts of the total; the rest are views, batches and rows."""
        rest = self.total - self.forward - self.measure - self.waited
        parts = {"forward": self.forward, "measure": self.measure, "waiting": self.waited, "the rest": rest}
        shares = ", ".join(f"{name} {100 * part / self.total:.1f}%" for name, part in parts.items())
        return f"{shares}; batch {self.batch}"


def audit_once(network: Network, groups: Sequence[str], options: AuditOptions) -> Spent:
    """Audit and time it; preparing and statistics are left out of the time."""
    with first_run(network, groups, options) as session, own_process(), freed_memory_kept(), _frozen():
        draw = Draw(options.data, options.controls.probes, tiling=session.tiling)
        started = time.perf_counter()
        drawn = session.complete(draw)
        total = time.perf_counter() - started
    result = session.results(drawn)[0]
    if result.data.count != options.data.samples:
        raise ValueError(f"{result.data.count} images were audited, and rates are of {options.data.samples}")
    timing = result.timing
    return Spent(total, timing.forward_s, timing.measure_s, timing.decode_s, result.settings.batch_size)


@contextmanager
def first_run(network: Network, groups: Sequence[str], options: AuditOptions) -> Iterator[Session]:
    """What the command runs where nothing is known of the network: it looks rows up and keeps them."""
    with TemporaryDirectory() as folder, RowStore(Path(folder)) as store:
        yield Session([network], groups, options, Silent(), store)


@contextmanager
def _frozen() -> Iterator[None]:
    """What was made before is not searched for garbage meanwhile, as the command has it with what its imports made."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def options_for(
    network: Network,
    settings: Settings,
    *,
    folder: Path | None = None,
    images: int | None = None,
    layers: tuple[str, ...] = (),
    decode: Decode = "exact",
) -> AuditOptions:
    """The defaults, batch size among them where none is asked for, on a folder or on the bundled sample.

    Args:
        network: for which a batch size of ``auto`` is measured.
        settings: number of images, batch size, device and precision.
        folder: of other images than the settings' photographs.
        images: another number than the settings'.
        layers: another choice than the network's stages.
        decode: how large JPEGs are decoded.
    """
    options = AuditOptions(
        data=DataOptions(folder or settings.photographs, samples=images or settings.images, decode=decode),
        run=RunOptions(settings.device, settings.batch_size, settings.precision),
        layers=layers,
    )
    return with_batch_size([network], options)


def warm_up(network: Network, groups: Sequence[str], options: AuditOptions) -> None:
    """One short audit that is not counted: the first use of each kernel is slower."""
    audit_once(network, groups, options)
