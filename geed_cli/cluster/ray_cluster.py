"""A Ray cluster: one that is there already, or one of this machine's cores that ends with the block."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geed_cli.cluster.cleaner import cluster_folder
from geed_cli.cluster.ray_library import START_S, ray_library
from geed_cli.errors import InputError, RunError, described
from geed_cli.images.prefetch import usable_cores

STORE_BYTES = 200 << 20
"""The object store of a local cluster: room for the list of a million images and the records that are on their way."""

PAUSE_S = 0.5
"""Seconds between two looks at whether it has started."""


@dataclass(frozen=True)
class ClusterOptions:
    """Which workers.

    Attributes:
        address: of a cluster that is there, as ``auto`` or ``ray://head:10001``; None starts one on this machine.
        workers: how many processes; None is one for each core, or for each share of a GPU, that the cluster has now.
        gpus_per_worker: how much of a GPU each worker has.
    """

    address: str | None = None
    workers: int | None = None
    gpus_per_worker: float = 0.0

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"--workers {self.workers}", expected="at least 1", remedy="--workers 2")
        whole = self.gpus_per_worker.is_integer()
        if self.gpus_per_worker < 0 or (self.gpus_per_worker > 1 and not whole):
            raise InputError(
                f"--gpus-per-worker {self.gpus_per_worker}",
                expected="0, a part of one GPU such as 0.5, or whole GPUs",
                remedy="--gpus-per-worker 1",
            )


@contextmanager
def ray_cluster(options: ClusterOptions) -> Iterator[tuple[Any, int]]:
    """The module ``ray``, connected, and how many workers there are to be.

    What Ray prints on stdout goes nowhere: stdout is for results, and deaths of workers are told otherwise.

    Raises:
        InputError: Ray is not installed.
        RunError: the cluster cannot be reached or started, or has no GPU that was asked for.
    """
    local = options.address is None
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        cluster_folder() if local else nullcontext("") as folder,
        ray_library(local=local) as ray,
    ):
        try:
            _connect(ray, options, folder)
            yield ray, options.workers or _room(ray.cluster_resources(), options)
        finally:
            ray.shutdown()


def _connect(ray: Any, options: ClusterOptions, folder: str) -> None:  # noqa: ANN401 - a module
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if options.address is not None:
        try:
            ray.init(address=options.address, **quiet)
        except Exception as error:  # Ray raises plain ones, too
            raise _no_cluster(f"the Ray cluster at {options.address} cannot be reached", error) from error
        return
    count = options.workers or usable_cores()
    own = {"include_dashboard": False, "object_store_memory": STORE_BYTES, "_temp_dir": folder}
    try:
        with _patient(ray._private.services):
            ray.init(num_cpus=count, **own, **quiet)
    except Exception as error:
        raise _no_cluster("a Ray cluster of this machine cannot be started", error) from error


@contextmanager
def _patient(services: Any) -> Iterator[None]:  # noqa: ANN401 - a module
    """Within this a cluster has ``START_S`` to start; Ray gives it half a minute, too little for a busy machine."""
    ask = services.get_node

    def node(*address: str) -> object:
        last = time.monotonic() + START_S
        while True:
            try:
                return ask(*address)
            except RuntimeError:  # it has not started yet
                if time.monotonic() > last:
                    raise
                time.sleep(PAUSE_S)

    services.get_node = node
    try:
        yield
    finally:
        services.get_node = ask


def _no_cluster(found: str, error: Exception) -> RunError:
    return RunError(
        f"{found}: {described(error)}",
        expected="a cluster that answers",
        remedy="check --ray-address, or leave it out for a cluster of this machine; or --engine local",
    )


def _room(resources: dict[str, float], options: ClusterOptions) -> int:
    """How many workers the cluster has room for now."""
    if not options.gpus_per_worker:
        return max(int(resources.get("CPU", 0)), 1)
    gpus = resources.get("GPU", 0.0)
    count = int(gpus / options.gpus_per_worker)
    if count < 1:
        raise RunError(
            f"--gpus-per-worker {options.gpus_per_worker:g} on a cluster with {gpus:g} GPUs",
            expected="a GPU for at least one worker",
            remedy="leave out --gpus-per-worker to run on processors, or --workers N where GPUs are to come",
        )
    return count
