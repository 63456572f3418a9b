"""Audits on a Ray cluster: all their tiles are dealt to all workers, and each has its result when it is through."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict

from geed_cli.cluster.cell_run import CellRun
from geed_cli.cluster.ray_cluster import ClusterOptions, ray_cluster
from geed_cli.cluster.ray_pool import RayPool
from geed_cli.cluster.supervisor import Outcome, Supervisor
from geed_cli.errors import GeedError
from geed_cli.pipeline.progress import Progress
from geed_cli.result.schema import ClusterRun
from geed_cli.scheduling.drive import drive
from geed_cli.scheduling.scheduler import Scheduler


def audit_on_ray(
    cells: Sequence[CellRun], options: ClusterOptions, progress: Progress
) -> Iterator[tuple[CellRun, Outcome]]:
    """Carry out audits together.

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
        KeyboardInterrupt: nothing of an audit was there when the run was to stop.
    """
    scheduler, opened = Scheduler(), list[CellRun]()
    with ExitStack() as stack:
        for cell in cells:
            stack.callback(cell.close)
            try:
                scheduler.add(cell.begin())
                opened.append(cell)
            except GeedError as error:
                yield cell, error
        supervisor = Supervisor(opened, scheduler, progress)
        supervisor.looked()
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
            for _ in drive(scheduler, pool, supervisor):
                for cell, outcome in supervisor.ended():
                    pool.forget(cell.key)
                    yield cell, _with_counts(outcome, scheduler)
        supervisor.interrupt()
        for cell, outcome in supervisor.ended():
            yield cell, _with_counts(outcome, scheduler)


def _with_counts(outcome: Outcome, scheduler: Scheduler) -> Outcome:
    """Results with what became of the workers."""
    if isinstance(outcome, GeedError):
        return outcome
    run = ClusterRun(engine="ray", **asdict(scheduler.counts))
    return tuple(
        result.model_copy(update={"environment": result.environment.model_copy(update={"cluster": run})})
        for result in outcome
    )
