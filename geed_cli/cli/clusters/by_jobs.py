"""``--engine slurm`` on the command line: the shards of an audit are jobs, which are waited for."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.audit_request import audit_options, refuse
from geed_cli.cli.clusters.on_cluster import cell_of, check_shared, networks_of, with_batch_of
from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.cluster.on_slurm import audit_on_slurm
from geed_cli.cluster.shard_job import ShardJob
from geed_cli.cluster.slurm_jobs import Parameter, SlurmOptions, require_slurm
from geed_cli.errors import InputError
from geed_cli.models.network import Network
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.second_runs import flat, paired
from geed_cli.pipeline.shards.shard import Shard
from geed_cli.result.schema import Result

CLUSTER = "cluster"
"""The parameter that says where jobs run, which submitit takes by itself."""


def slurm_of(asked: AuditArguments, options: AuditOptions) -> SlurmOptions:
    """The jobs that the options ask for; what cannot be shared out is refused before weights are loaded.

    Raises:
        InputError: naming the option, or how submitit is installed.
        RunError: there is no Slurm on this machine.
    """
    refuse(asked, {"ray_address"}, "jobs of Slurm", "--engine ray")
    if asked.workers is None:
        raise InputError(
            "--engine slurm without a number of jobs", expected="--workers N", remedy="--workers 16"
        )
    if not asked.gpus_per_worker.is_integer():
        raise InputError(
            f"--gpus-per-worker {asked.gpus_per_worker} together with --engine slurm",
            expected="whole GPUs",
            remedy="--gpus-per-worker 1",
        )
    found = dict(map(_parameter, asked.slurm or ()))
    cluster = str(found.pop(CLUSTER, "slurm"))
    check_shared(options, "--engine slurm")
    made = SlurmOptions(asked.workers, int(asked.gpus_per_worker), found, cluster)
    require_slurm(made)
    return made


def _parameter(text: str) -> tuple[str, Parameter]:
    """One value of --slurm.

    Raises:
        InputError: it is not KEY=VALUE in one line.
    """
    found = re.fullmatch(r"([a-z_]+)=([ -~]+)", text)
    if found is None:
        raise InputError(
            f"--slurm {text!r}", expected="KEY=VALUE in one line", remedy="--slurm partition=gpu"
        )
    name, value = found.groups()
    if re.fullmatch(r"[0-9]+", value):
        return name, int(value)
    return name, float(value) if re.fullmatch(r"[0-9]+\.[0-9]+", value) else value


def audit_by_jobs(
    request: ModelRequest,
    network: Network,
    twin: Network | None,
    groups: tuple[str, ...],
    options: AuditOptions,
    progress: Progress,
    *,
    slurm: SlurmOptions,
) -> Result:
    """What ``audit`` makes of a network, by jobs.

    Args:
        request: by which jobs load it.
        network: that it names.
        twin: its random twin, where that is asked for.
        groups: as they were typed.
        options: of the audit; its pictures listed.
        progress: called as rows come in.
        slurm: which jobs.

    Raises:
        GeedError: as for an audit, or no jobs.
        KeyboardInterrupt: the run was to stop before anything was there.
    """
    options = with_batch_of(options, slurm.gpus_per_worker)
    here = partial(flat, [(network, twin)])
    cell = cell_of("audit", [request], here, groups, options, progress)
    # jobs list the pictures themselves: a million names in each job's file would be much
    theirs = replace(audit_options(request.options), run=options.run, cache=None)
    load = partial(networks_of, (request,), options.cache)

    def making(shard: Shard) -> Callable[[], object]:
        return ShardJob(load, groups, theirs, cell.recipe, shard, cell.folder.absolute())

    return paired(audit_on_slurm(cell, making, slurm, progress), 1)[0]
