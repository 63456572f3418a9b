"""``--engine ray`` on the command line: audits whose tiles the workers of a cluster make."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.cluster.cell_run import CellRun
from geed_cli.cluster.on_ray import audit_on_ray
from geed_cli.cluster.ray_cluster import ClusterOptions
from geed_cli.cluster.ray_library import require_ray
from geed_cli.errors import GeedError, InputError
from geed_cli.models.network import Network
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import GPU_BATCH
from geed_cli.pipeline.progress import Progress, Silent
from geed_cli.pipeline.reuse.converted_weights import kept_weights
from geed_cli.pipeline.second_runs import flat, paired
from geed_cli.pipeline.shards.shard import check_shardable
from geed_cli.result.schema import Result

ROWS = "rows"
"""The folder in the cache where rows wait until their result is there."""


def cluster_of(asked: AuditArguments, options: AuditOptions) -> ClusterOptions:
    """The cluster that the options ask for; what cannot be shared out is refused before weights are loaded.

    Raises:
        InputError: naming the option, or how Ray is installed.
    """
    made = ClusterOptions(asked.ray_address, asked.workers, asked.gpus_per_worker)
    check_shared(options, "--engine ray")
    require_ray()
    return made


def check_shared(options: AuditOptions, where: str) -> None:
    """Refuse what cannot be shared out, or would be lost with a worker.

    Raises:
        InputError: naming the option.
    """
    check_shardable(options, where)
    if options.run.devices:
        raise InputError(
            f"--devices {','.join(options.run.devices)} together with {where}",
            expected="one device for each worker",
            remedy="--gpus-per-worker 1 in place of --devices",
        )
    if options.cache is None:
        raise InputError(
            f"--no-cache together with {where}",
            expected="a folder where rows wait for their result, so that nothing is lost",
            remedy="--cache-dir DIR, which may be a folder of this run alone",
        )


def networks_of(requests: Sequence[ModelRequest], cache: Path | None) -> tuple[Network, ...]:
    """The networks that requests name, then their random twins where these are asked for."""
    networks = tuple(request.load(kept_weights(cache, Silent())) for request in requests)
    twins = [
        request.twin(network).load()
        for request, network in zip(requests, networks, strict=True)
        if request.options.twin
    ]
    return (*networks, *twins)


def audit_on_cluster(
    request: ModelRequest,
    network: Network,
    twin: Network | None,
    groups: tuple[str, ...],
    options: AuditOptions,
    progress: Progress,
    *,
    cluster: ClusterOptions,
) -> Result:
    """What ``audit`` makes of a network, by the workers of a cluster.

    Args:
        request: by which workers load it.
        network: that it names.
        twin: its random twin, where that is asked for.
        groups: as they were typed.
        options: of the audit; its pictures listed.
        progress: called at every image.
        cluster: which workers.

    Raises:
        GeedError: as for an audit, or no cluster.
        KeyboardInterrupt: the run was to stop before anything was there.
    """
    pairs = [(network, twin)]
    return audits_on_cluster([([request], pairs)], groups, options, cluster, progress)[0][0]


def audits_on_cluster(
    together: Sequence[tuple[Sequence[ModelRequest], Sequence[tuple[Network, Network | None]]]],
    groups: tuple[str, ...],
    options: AuditOptions,
    cluster: ClusterOptions,
    progress: Progress,
) -> list[list[Result]]:
    """The results of networks on one set of images, of those together that see the same pixels.

    Args:
        together: of those that see the same pixels, the requests by which workers load them, and each with its twin.
        groups: as they were typed.
        options: of the audits; their pictures listed.
        cluster: which workers.
        progress: called at every image.

    Raises:
        GeedError: as for an audit, or no cluster.
        KeyboardInterrupt: the run was to stop before anything was there.
    """
    cells = [
        cell_of(
            str(number),
            requests,
            partial(flat, pairs),
            groups,
            with_batch_of(options, cluster.gpus_per_worker),
            progress,
        )
        for number, (requests, pairs) in enumerate(together)
    ]
    found: dict[str, tuple[Result, ...]] = {}
    for cell, outcome in audit_on_ray(cells, cluster, progress):
        if isinstance(outcome, GeedError):
            raise outcome
        if len(cells) > 1 and outcome[0].status == "partial":
            raise KeyboardInterrupt  # rows are kept, and comparisons are of whole results
        found[cell.name] = outcome
    return [paired(found[str(number)], len(requests)) for number, (requests, _) in enumerate(together)]


def whole_result(outcome: Sequence[Result], typed: tuple[str, ...]) -> Result:
    """The result of a cell of one network, made by that command line.

    Raises:
        KeyboardInterrupt: the run was asked to stop before it was whole; its rows are kept.
    """
    result = paired(outcome, 1)[0]
    if result.status == "partial":
        raise KeyboardInterrupt
    return result.model_copy(update={"command": typed})


def with_batch_of(options: AuditOptions, gpus_per_worker: float) -> AuditOptions:
    """The options with the batches of workers, wherever this process runs."""
    if options.run.batch_size is not None or not gpus_per_worker:
        return options
    return replace(options, run=replace(options.run, batch_size=GPU_BATCH))


def cell_of(
    name: str,
    requests: Sequence[ModelRequest],
    here: Callable[[], Sequence[Network]],
    groups: tuple[str, ...],
    options: AuditOptions,
    progress: Progress,
) -> CellRun:
    """One audit of a cluster, whose rows wait in the cache; ``here`` loads its networks in this process."""
    assert options.cache is not None, "cluster_of refuses a run without a cache"
    rows = options.cache / ROWS
    load = partial(networks_of, tuple(requests), options.cache)
    return CellRun(name, load, here, groups, options, rows, progress)
