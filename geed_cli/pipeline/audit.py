"""Audits from end to end: models + images + groups → results."""

from collections.abc import Sequence

from geed_cli.cache.store import RowStore
from geed_cli.errors import RunError
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.allocator import freed_memory_kept
from geed_cli.pipeline.batch_size import with_batch_size
from geed_cli.pipeline.images import Drawn, draw
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import fit_threads
from geed_cli.pipeline.progress import Progress, Silent
from geed_cli.pipeline.reduced import in_float32, with_shift
from geed_cli.pipeline.retry import halving
from geed_cli.pipeline.session import Session
from geed_cli.pipeline.twin import with_twin
from geed_cli.pipeline.until import grow
from geed_cli.result.schema import Result

DEFAULTS = AuditOptions()


def audit(
    model: str | Network,
    groups: str | Sequence[str] = ("flip",),
    options: AuditOptions = DEFAULTS,
    progress: Progress | None = None,
    twin: Network | None = None,
) -> Result:
    """Measure G-EED (eq. 4) of one network for one or more groups on one set of images.

    Args:
        model: a name as on the command line, or a network from ``load_model``; it is moved to the device.
        groups: names of groups, such as ``flip`` and ``d4``.
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
    groups: str | Sequence[str],
    options: AuditOptions = DEFAULTS,
    progress: Progress | None = None,
) -> tuple[Result, ...]:
    """Audit several networks that see the same pixels: every image is decoded and transformed once.

    Args:
        networks: with equal input geometry (size, resize, crop, interpolation); mean and std may differ.
        groups: as for ``audit``.
        options: as for ``audit``.
        progress: as for ``audit``.

    Returns:
        A result for each network, the same as if it had been audited alone, timings apart.

    Raises:
        InputError: as for ``audit``, or networks whose preprocessing differs.
        RunError: as for ``audit``.
    """
    progress = progress or Silent()
    drawn = draw(options.data, options.controls.probes, halves=options.controls.discover is not None)
    progress.step("preparing")
    fit_threads()
    with freed_memory_kept():
        sized = with_batch_size(networks, options)
        results = halving(
            lambda tried: _audit(networks, groups, drawn, tried, progress), sized, progress.note
        )
        if not options.run.reduced or progress.stopping():
            return results
        return _beside_float32(networks, groups, options, results, progress)


def _beside_float32(
    networks: Sequence[Network],
    groups: str | Sequence[str],
    options: AuditOptions,
    results: tuple[Result, ...],
    progress: Progress,
) -> tuple[Result, ...]:
    """The results of reduced precision with what they deviate from float32 on the first images."""
    progress.step("auditing the first images in fp32")
    asked = in_float32(options, results[0].settings.batch_size)
    first = draw(asked.data)
    try:
        exact = halving(lambda tried: _audit(networks, groups, first, tried, progress), asked, progress.note)
    except (RunError, KeyboardInterrupt) as error:  # the results themselves are finished
        progress.note(f"not compared with fp32: {str(error).partition(chr(10))[0] or 'interrupted'}")
        return results
    return tuple(map(with_shift, results, exact))


def _audit(
    networks: Sequence[Network],
    groups: str | Sequence[str],
    drawn: Drawn,
    options: AuditOptions,
    progress: Progress,
) -> tuple[Result, ...]:
    """One try at an audit, with the rows that the cache holds."""
    if options.cache is None:
        return _run(Session(networks, groups, options, progress), drawn, options, progress)
    with RowStore(options.cache) as store:
        results = _run(Session(networks, groups, options, progress, store), drawn, options, progress)
    for note in store.notes:
        progress.note(f"cache: {note}")
    return results


def _run(session: Session, drawn: Drawn, options: AuditOptions, progress: Progress) -> tuple[Result, ...]:
    """The results of a session, whose images come at once or in looks."""
    if options.until is not None:
        return grow(session, options)
    session.extend(drawn)
    progress.step("statistics")
    return session.results(drawn)
