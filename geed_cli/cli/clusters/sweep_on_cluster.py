"""``geed sweep --engine ray``: the cells of a sweep are audits that a cluster's workers do together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from geed_cli.api.sweep_cells import Job, Outcome, options_on
from geed_cli.cli.clusters.on_cluster import cell_of, networks_of, whole_result, with_batch_of
from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.cluster.cell_run import CellRun
from geed_cli.cluster.on_ray import audit_on_ray
from geed_cli.cluster.ray_cluster import ClusterOptions
from geed_cli.errors import GeedError
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import listed
from geed_cli.pipeline.options import AuditOptions
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.sweeps.manifest import Cell, Member, SweptData


@dataclass(frozen=True)
class SweepOnCluster:
    """Audits the cells of a sweep.

    Attributes:
        cluster: which workers.
        request_of: by which workers load a model.
        groups: as they were typed.
        options: of every audit, but for its pictures.
        typed: the command line.
    """

    cluster: ClusterOptions
    request_of: Callable[[Member], ModelRequest]
    groups: tuple[str, ...]
    options: AuditOptions
    typed: tuple[str, ...]

    def __call__(
        self, jobs: Sequence[Job], data: Sequence[SweptData], progress: TerminalProgress
    ) -> Iterator[Outcome]:
        """What became of every cell, as soon as it is known.

        Raises:
            KeyboardInterrupt: the run was asked to stop; rows of cells that this cut short are kept.
        """
        options = {each.label: _with_pictures(self.options, each.source) for each in data}
        cells = {cell.file: cell for job in jobs for cell in job.cells}
        runs = [
            self._run(job.member, cell, options[cell.data], progress) for job in jobs for cell in job.cells
        ]
        for run, outcome in audit_on_ray(runs, self.cluster, progress):
            if isinstance(outcome, GeedError):
                yield cells[run.name], outcome
            else:
                yield cells[run.name], whole_result(outcome, self.typed)
        if progress.stopping():
            raise KeyboardInterrupt

    def _run(self, member: Member, cell: Cell, options: AuditOptions, progress: TerminalProgress) -> CellRun:
        requests = [self.request_of(member)]

        def here() -> Sequence[Network]:
            progress.step(f"loading {member.text}")
            return networks_of(requests, options.cache)

        options = with_batch_of(options, self.cluster.gpus_per_worker)
        return cell_of(cell.file, requests, here, self.groups, options, progress)


def _with_pictures(options: AuditOptions, source: str | None) -> AuditOptions:
    """The options with that source of pictures, listed once for all models."""
    options = options_on(options, source)
    return replace(options, data=listed(options.data))
