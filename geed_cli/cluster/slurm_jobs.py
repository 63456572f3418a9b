"""Jobs of Slurm, by submitit: an array that is submitted, watched and cancelled.

Submitit's executor for this machine alone, which runs jobs as processes, is had by the parameter ``cluster=local``.
"""

import importlib.util
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geed_cli.errors import GeedError, InputError, RunError, described
from geed_cli.runtime.extras import require_extra

CLUSTERS = ("slurm", "local")
MINUTES = 60
"""A job's time unless it is given: most partitions allow it, and a job whose time is over is put in the queue again."""
MOST_TIMEOUTS = 1000
"""So often that is done; submitit's own three would end long audits."""
NOT_TAKEN: Mapping[str, str] = {
    **dict.fromkeys(("nodes", "tasks_per_node", "ntasks_per_node"), "a job is one process; --workers says how many"),
    **dict.fromkeys(("gpus_per_node", "num_gpus", "gpus_per_task"), "--gpus-per-worker says how many"),
    **dict.fromkeys(("setup", "srun_args", "additional_parameters", "use_srun"), "it would run words of a shell"),
    **dict.fromkeys(("stderr_to_stdout", "stderr_path"), "logs lie where messages name them"),
}  # fmt: skip
"""Parameters of submitit that are refused, and why."""

Parameter = int | float | str


@dataclass(frozen=True)
class SlurmOptions:
    """Which jobs.

    Attributes:
        workers: how many.
        gpus_per_worker: GPUs of each.
        parameters: of ``submitit.AutoExecutor``, or of its executor for Slurm without the prefix ``slurm_``.
        cluster: ``slurm``, or ``local`` for processes of this machine.
    """

    workers: int
    gpus_per_worker: int = 0
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    cluster: str = "slurm"

    def __post_init__(self) -> None:
        if self.cluster not in CLUSTERS:
            raise InputError(
                f"--slurm cluster={self.cluster}",
                expected=f"one of {', '.join(CLUSTERS)}",
                remedy="leave it out for Slurm; cluster=local runs the jobs as processes of this machine",
            )
        for name in self.parameters:
            if name in NOT_TAKEN:
                raise InputError(
                    f"--slurm {name}=…",
                    expected=f"other parameters: {NOT_TAKEN[name]}",
                    remedy="leave it out",
                )


def require_slurm(options: SlurmOptions) -> None:
    """Refuse jobs where submitit or Slurm is not there, before anything else is done; it is not imported for that.

    Raises:
        InputError: naming the command that installs submitit.
        RunError: there is no Slurm on this machine.
    """
    if importlib.util.find_spec("submitit") is None:
        _submitit()
    missing = [each for each in ("srun", "sbatch") if shutil.which(each) is None]
    if options.cluster == "slurm" and missing:
        raise RunError(
            f"there is no Slurm on this machine: {' and '.join(missing)} cannot be found",
            expected="a machine from which jobs are submitted",
            remedy="the same command on the cluster's login node; or --engine local",
        )


def _submitit() -> Any:  # noqa: ANN401 - a module
    return require_extra("submitit", "submitit", "slurm", "--engine slurm")


class SlurmJobs:
    """An executor of submitit, and the jobs that it was given.

    Args:
        options: which jobs.
        folder: for submitit's files and the jobs' logs; all machines see it.

    Raises:
        InputError: submitit is not installed, or does not take a parameter.
        RunError: the folder cannot be made.
    """

    def __init__(self, options: SlurmOptions, folder: Path) -> None:
        submitit = _submitit()
        own = {f"{options.cluster}_max_num_timeout": MOST_TIMEOUTS}
        try:
            self._executor = submitit.AutoExecutor(folder, cluster=options.cluster, **own)
        except OSError as error:
            raise RunError(
                f"{folder} cannot be made: {error.strerror or error}",
                expected="a folder that all machines of the cluster share",
                remedy="--cache-dir DIR",
            ) from error
        generic = submitit.AutoExecutor._typed_parameters()
        named = {
            name if name in generic else f"slurm_{name}": value for name, value in options.parameters.items()
        }
        usual = {"timeout_min": MINUTES, "name": "geed", "gpus_per_node": options.gpus_per_worker or None}
        try:
            self._executor.update_parameters(**{**usual, **named})
        except Exception as error:  # submitit asserts, too
            raise InputError(
                f"--slurm {' '.join(f'{name}={value}' for name, value in options.parameters.items())}: "
                f"{described(error)}",
                expected="parameters of submitit's executor for Slurm",
                remedy="--slurm partition=gpu --slurm timeout_min=240 --slurm cpus_per_task=4",
            ) from error
        self._left: list[tuple[str, Any]] = []

    def submit(self, jobs: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Have jobs done, each under a name for messages.

        Raises:
            RunError: Slurm does not take them.
        """
        try:
            with self._executor.batch():
                made = [self._executor.submit(job) for _, job in jobs]
        except Exception as error:  # whatever sbatch and the file system say
            raise RunError(
                f"the jobs cannot be submitted: {described(error)}",
                expected="parameters that this cluster takes",
                remedy="--slurm partition=… --slurm account=… as for sbatch here",
            ) from error
        self._left = [(name, job) for (name, _), job in zip(jobs, made, strict=True)]

    @property
    def left(self) -> int:
        """How many are not over."""
        return len(self._left)

    def failures(self) -> Iterator[tuple[str, GeedError]]:
        """Of jobs that are over since the last call, those that did not do their work, and why."""
        over = [(name, job) for name, job in self._left if job.done()]
        self._left = [(name, job) for name, job in self._left if all(job is not each for _, each in over)]
        for name, job in over:
            try:
                error = job.result()
            except Exception:  # it has no result, or could not make one
                error = RunError(
                    f"job {job.job_id} ended ({job.state.lower()}) without a result",
                    expected="a job that ends by itself",
                    remedy=f"see {job.paths.stderr}",
                )
            if isinstance(error, GeedError):
                yield name, error

    def cancel(self) -> None:
        """End the jobs that are not over."""
        for _, job in self._left:
            with suppress(Exception):  # it may have ended meanwhile
                job.cancel()
        self._left = []
