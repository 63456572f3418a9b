"""``geed track --engine ray``: every checkpoint is an audit, and a cluster's workers do them together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from geed_cli.api.checkpoint_audits import Job, loaded
from geed_cli.api.checkpoint_recipe import Audits, Unaudited
from geed_cli.cli.clusters.on_cluster import cell_of, cluster_of, whole_result, with_batch_of
from geed_cli.cli.run.track_recipe import TrackRequest, model_request, of_own
from geed_cli.cluster.cell_run import CellRun
from geed_cli.cluster.on_ray import audit_on_ray
from geed_cli.cluster.ray_cluster import ClusterOptions
from geed_cli.engine.steady.finding import UnsteadyError
from geed_cli.errors import GeedError
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import listed
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.second_runs import flat
from geed_cli.report.terminal_progress import TerminalProgress
from geed_cli.result.schema import Result


def track_on_cluster(request: TrackRequest, audits: Audits) -> "TrackOnCluster":
    """What audits the checkpoints of a track.

    Raises:
        InputError: an option that workers have not, or how Ray is installed.
    """
    return TrackOnCluster(request, audits, cluster_of(request.asked, request.options))


@dataclass(frozen=True)
class TrackOnCluster:
    """Audits the checkpoints of a track.

    Attributes:
        request: the command line.
        audits: how checkpoints are audited, by the networks that they are named with.
        cluster: which workers.
    """

    request: TrackRequest
    audits: Audits
    cluster: ClusterOptions

    def __call__(
        self, jobs: Sequence[Job], progress: TerminalProgress
    ) -> Iterator[tuple[Job, Result | Unaudited]]:
        """What became of every checkpoint, as soon as it is known.

        Raises:
            GeedError: of an audit, as where one process makes them; rows of the others are kept.
            KeyboardInterrupt: the run was asked to stop; likewise.
        """
        options = {
            model: self._options(audit.options)
            for model, audit in self.audits.items()
            if any(job.input.model == model for job in jobs)
        }
        unread: dict[str, Unaudited] = {}
        runs = [self._run(str(number), job, options, unread, progress) for number, job in enumerate(jobs)]
        for run, outcome in audit_on_ray(runs, self.cluster, progress):
            job = jobs[int(run.name)]
            if run.name in unread:
                yield job, unread[run.name]
                continue
            if isinstance(outcome, UnsteadyError):
                yield job, Unaudited(job.input.path, outcome)
                continue
            if isinstance(outcome, GeedError):
                raise outcome
            yield job, whole_result(outcome, self.request.asked.typed)
        if progress.stopping():
            raise KeyboardInterrupt

    def _run(
        self,
        name: str,
        job: Job,
        options: Mapping[str | None, AuditOptions],
        unread: dict[str, Unaudited],
        progress: TerminalProgress,
    ) -> CellRun:
        """The audit of a checkpoint; where it cannot be read, that is put down under its name."""
        model = job.input.model
        own = self.request if model is None else of_own(self.request, model)
        audit = self.audits[model]

        def here() -> Sequence[Network]:
            found = loaded(job, audit, progress)
            if isinstance(found, Unaudited):
                unread[name] = found
                raise found.error
            return flat([found])

        requests = [model_request(own, job.input.path)]
        return cell_of(name, requests, here, audit.groups, options[model], progress)

    def _options(self, options: AuditOptions) -> AuditOptions:
        """With the pictures listed once for all checkpoints, and the batches of workers."""
        return with_batch_of(replace(options, data=listed(options.data)), self.cluster.gpus_per_worker)
