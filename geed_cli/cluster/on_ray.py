"""Audits on a Ray cluster: all their tiles are dealt to all workers, and each has its result when it is through."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict

from geed_cli.cluster.cell_run import CellRun, recorded
from geed_cli.cluster.ray_cluster import ClusterOptions, ray_cluster
from geed_cli.cluster.ray_pool import RayPool
from geed_cli.cluster.supervisor import Outcome, Supervisor
from geed_cli.cluster.tile_pieces import AT_ONCE
from geed_cli.errors import GeedError
from geed_cli.pipeline.progress import Progress
from geed_cli.result.schema import ClusterRun
from geed_cli.scheduling.drive import drive
from geed_cli.scheduling.scheduler import Scheduler

AHEAD = 4
"""Tasks for each worker that are to wait while the networks of a further audit are loaded."""


def audit_on_ray(
    cells: Sequence[CellRun], options: ClusterOptions, progress: Progress
) -> Iterator[tuple[CellRun, Outcome]]:
    """Carry out audits together: one more is begun when workers are about to run out of images.

    Args:
        cells: the audits.
        options: which workers.
        progress: of all of them together; where it says that the run is to stop, what was begun is finished, and
            results are partial.

    Yields:
        each audit with what came of it, as soon as it is through.

    Raises:
        InputError: Ray is not installed.
        RunError: there is no cluster, or there are no workers.
        KeyboardInterrupt: nothing of an audit was there when the run was to stop, or some had not begun.
    """
    scheduler = Scheduler()
    supervisor = Supervisor(cells, scheduler, progress)

    with ExitStack() as stack:
        for cell in cells:
            stack.callback(cell.close)
        while scheduler.over and supervisor.begin_next():
            yield from _ended(supervisor, scheduler)
        if not scheduler.over:
            progress.step("starting workers")
            ray, workers = stack.enter_context(ray_cluster(options))
            pool = RayPool(
                ray,
                workers,
                options.gpus_per_worker,
                lambda key: supervisor.cell(key).job(),
                lambda piece: supervisor.cell(piece.cell).task(piece),
            )
            stack.callback(pool.close)
            for _ in _driven(scheduler, pool, supervisor, AHEAD * AT_ONCE * workers):
                for cell, outcome in _ended(supervisor, scheduler):
                    pool.forget(cell.key)
                    yield cell, outcome
        supervisor.interrupt()
        yield from _ended(supervisor, scheduler)


def _ended(supervisor: Supervisor, scheduler: Scheduler) -> Iterator[tuple[CellRun, Outcome]]:
    for cell, outcome in supervisor.ended():
        yield cell, _with_counts(outcome, scheduler)


def _driven(scheduler: Scheduler, pool: RayPool, supervisor: Supervisor, ready: int) -> Iterator[None]:
    """Do all audits; one more is begun where fewer images than ``ready`` wait for workers."""
    while True:
        for _ in drive(scheduler, pool, supervisor):
            yield
            if scheduler.waiting < ready:
                supervisor.begin_next()
        yield
        if not supervisor.begin_next():
            return


def _with_counts(outcome: Outcome, scheduler: Scheduler) -> Outcome:
    """Results with what became of the workers."""
    if isinstance(outcome, GeedError):
        return outcome
    return recorded(outcome, ClusterRun(engine="ray", **asdict(scheduler.counts)))
