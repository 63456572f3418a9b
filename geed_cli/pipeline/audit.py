"""Audits from end to end: models + images + groups → results.

Where memory runs out, and only there, a run starts over with half the batch: as a whole, so that its digits are those
of a run that was asked for the smaller batch.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from geed_cli.cache.limit import cache_limit
from geed_cli.cache.store import RowStore
from geed_cli.engine.hooks import UnreadableError
from geed_cli.engine.passes import ForwardError, OutOfMemoryError
from geed_cli.errors import RunError
from geed_cli.groups.named import Groups
from geed_cli.images.decode import pillow_silenced
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.borrowed import at_home, lend
from geed_cli.pipeline.draw import Draw, listed, require_enough
from geed_cli.pipeline.fastest_batch import fixed_batch_size, with_batch_size
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import fitting_threads, slow_type
from geed_cli.pipeline.progress import Progress, Silent
from geed_cli.pipeline.reuse.pruning import keep_below
from geed_cli.pipeline.second_runs import in_float32, with_shift, with_twin
from geed_cli.pipeline.session import Session
from geed_cli.pipeline.until import first_images, grow, with_policy_read
from geed_cli.result.schema import Result
from geed_cli.runtime.freed_memory import freed_memory_kept
from geed_cli.runtime.own_process import prints_aside
from geed_cli.runtime.undisturbed import undisturbed

DEFAULTS = AuditOptions()


def audit(
    model: str | Network,
    groups: Groups = ("flip",),
    options: AuditOptions = DEFAULTS,
    progress: Progress | None = None,
    twin: Network | None = None,
) -> Result:
    """Measure G-EED (eq. 4) of one network for one or more groups on one set of images.

    Args:
        model: a name as on the command line, or a network from ``load_model``; it is moved to the device.
        groups: names of groups, such as ``flip`` and ``d4``, or groups.
        options: everything else.
        progress: called at every stage and image.
        twin: the same architecture with random weights, whose values are put beside the network's own.

    Returns:
        The result, with one entry for each group, measure and layer.

    Raises:
        InputError: a model, group, layer, metric or folder that cannot be used.
        RunError: weights, an image or the device could not be had, memory ran out, or numbers are not finite.
    """
    network = load_model(model) if isinstance(model, str) else model
    if twin is None:
        return audit_together([network], groups, options, progress)[0]
    return with_twin(*audit_together([network, twin], groups, options, progress))


def audit_together(
    networks: Sequence[Network],
    groups: Groups,
    options: AuditOptions = DEFAULTS,
    progress: Progress | None = None,
) -> tuple[Result, ...]:
    """Audit several networks that see the same pixels: every image is decoded and transformed once.

    The networks have equal input geometry (size, resize, crop, interpolation); mean and std may differ. Each result is
    the same as if its network had been audited alone, timings apart. All else is as for ``audit``.

    Raises:
        InputError: as for ``audit``, or networks whose preprocessing differs.
        RunError: as for ``audit``.
    """
    progress = progress or Silent()
    options = with_policy_read(replace(options, data=listed(options.data)))
    require_enough(options.data)
    progress.step("preparing")
    with (
        undisturbed(),
        fitting_threads(),
        freed_memory_kept(),
        pillow_silenced(),
        prints_aside(),
        _store(options.cache, progress) as store,
        lend(networks, channels_last=options.run.channels_last) as ready,
    ):
        return _audited(ready, groups, replace(options, run=at_home(options.run, ready)), progress, store)


def _audited(
    networks: Sequence[Network],
    groups: Groups,
    options: AuditOptions,
    progress: Progress,
    store: RowStore | None,
) -> tuple[Result, ...]:
    """The results of networks that are lent."""
    fixed = fixed_batch_size(networks)
    if fixed is not None:
        progress.note(
            f"the network does not take any number of images: batches of {fixed}, which it takes, are run"
        )

    if (slow := slow_type(options.run)) is not None:
        progress.note(slow)

    def run(options: AuditOptions) -> tuple[Result, ...]:
        return _halving(
            lambda tried: _run(Session(networks, groups, tried, progress, store), tried, progress),
            options,
            progress.note,
            fixed or 1,
        )

    def run_readable(options: AuditOptions) -> tuple[Result, ...]:
        return _leaving_out(run, networks, options, progress.note)

    options = with_batch_size(networks, options, store)
    results = run_readable(options)
    if not options.run.reduced or progress.stopping():
        return results
    return beside_float32(run_readable, options, results, progress)


def beside_float32(
    run: Callable[[AuditOptions], tuple[Result, ...]],
    options: AuditOptions,
    results: tuple[Result, ...],
    progress: Progress,
) -> tuple[Result, ...]:
    """The results of reduced precision with what they deviate from float32 on the first images."""
    progress.step("auditing the first images in fp32")
    asked = in_float32(options, results[0].settings.batch_size)
    try:
        exact = run(asked)
    except (RunError, KeyboardInterrupt) as error:  # the results themselves are finished
        progress.note(
            f"neither compared with fp32 nor shown again: {str(error).partition(chr(10))[0] or 'interrupted'}"
        )
        return results
    return tuple(map(with_shift, results, exact))


@contextmanager
def _store(folder: Path | None, progress: Progress) -> Iterator[RowStore | None]:
    """The cache, None without a folder; what is wrong with its file, and what had to go, is noted after the run."""
    if folder is None:
        yield None
        return
    most = cache_limit()
    with RowStore(folder, most_bytes=most) as store:
        yield store
    for note in (*store.notes, keep_below(folder, most)):
        if note is not None:
            progress.note(f"cache: {note}")


def _run(session: Session, options: AuditOptions, progress: Progress) -> tuple[Result, ...]:
    """The results of a session, whose images come at once or in looks."""
    controls = options.controls
    searching = controls.discover is not None  # a search sums over images in one order
    tiling = None if searching else session.tiling
    draw = Draw(first_images(options), controls.probes, tiling=tiling, halves=searching)
    if options.until is not None:
        return grow(session, draw, options)
    drawn = session.complete(draw)
    progress.step("statistics")
    return session.results(drawn)


def _leaving_out(
    run: Callable[[AuditOptions], tuple[Result, ...]],
    networks: Sequence[Network],
    options: AuditOptions,
    note: Callable[[str], None],
) -> tuple[Result, ...]:
    """What the run returns, started over without layers that nobody has written out and that some batch lacks.

    Raises:
        UnreadableError: a layer that was written out, or the features or the output, could not be read.
    """
    specs = [network.spec for network in networks if network.spec is not None]
    written = {*options.layers, *(layer for spec in specs for layer in spec.layers)}
    while True:
        try:
            return run(options)
        except UnreadableError as error:
            split = {network.features.module for network in networks}
            known = {name for name, _ in options.unreadable}
            if error.layer in {"", *written, *split, *known}:
                raise
            found = error.layer, error.problem
        note(f"starting over without layer {found[0]}: {found[1]}")
        options = replace(options, unreadable=(*options.unreadable, found))


def _halving(
    run: Callable[[AuditOptions], tuple[Result, ...]],
    options: AuditOptions,
    note: Callable[[str], None],
    smallest: int,
) -> tuple[Result, ...]:
    """What the run returns with these options, or with the largest half, quarter, … of the batch that has room.

    A network whose code fails in a batch is given single images.

    Raises:
        ForwardError: its code fails on a single image, too.
        OutOfMemoryError: there is no room for the smallest batch.
    """
    while True:
        try:
            return run(options)
        except OutOfMemoryError as error:
            rows = error.batch_size // 2
            if rows < smallest:
                raise
            reason = error.found
        except ForwardError as error:
            rows = 1
            if options.run.batch_size == rows or smallest > rows:
                raise
            reason = error.found
        # outside the handler: the error holds on to what filled the memory
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        note(f"{reason}; starting over with {rows}")
        options = replace(options, run=replace(options.run, batch_size=rows))
