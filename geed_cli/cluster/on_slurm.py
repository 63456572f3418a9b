"""An audit by jobs of Slurm: its shards write rows to one folder, and the result is made of these here."""

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from geed_cli.cluster.cell_run import CellRun, recorded
from geed_cli.cluster.slurm_jobs import SlurmJobs, SlurmOptions
from geed_cli.errors import GeedError, InputError, RunError
from geed_cli.phrases import counted
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.shards.from_rows import LackingTilesError
from geed_cli.pipeline.shards.shard import Shard
from geed_cli.result.schema import ClusterRun, Result

PAUSE_S = 0.5
"""Seconds between two looks at jobs."""
LOOK_S = 2.0
"""Seconds between two counts of rows, at least; a count is a twentieth of the time where there are many."""
RESTS = 19

Making = Callable[[Shard], Callable[[], object]]
"""The job that makes a shard."""


def audit_on_slurm(
    cell: CellRun, making: Making, options: SlurmOptions, progress: Progress
) -> tuple[Result, ...]:
    """Carry out one audit.

    Args:
        cell: the audit.
        making: what a job does; its rows go to the cell's folder.
        options: which jobs.
        progress: where it says that the run is to stop, jobs are cancelled and results partial.

    Raises:
        InputError: submitit is not installed, or as for an audit.
        RunError: there is no Slurm, or jobs failed; rows are kept.
        KeyboardInterrupt: nothing was there when the run was to stop.
    """
    with ExitStack() as stack:
        stack.callback(cell.close)
        cell.begin()
        run = _Run(cell, making, options, progress)
        results = run.results(stack)
        if results[0].status == "complete":
            shutil.rmtree(run.files, ignore_errors=True)
            cell.close(clear=True)
    return results


class _Run:
    """Jobs for what lacks of an audit, again while that makes more of it."""

    def __init__(self, cell: CellRun, making: Making, options: SlurmOptions, progress: Progress) -> None:
        self._cell, self._making, self._options, self._progress = cell, making, options, progress
        self._failed: list[tuple[str, GeedError]] = []
        self._counted, self._next_count = 0, 0.0
        self._before, self._submitted = 0, 0

    @property
    def files(self) -> Path:
        """Submitit's files, and the logs of jobs."""
        return self._cell.folder.with_name(f"{self._cell.folder.name}.jobs")

    def results(self, stack: ExitStack) -> tuple[Result, ...]:
        """The results, complete or of what was there when the user stopped it, and what became of the jobs."""
        results = self._made(stack)
        return recorded(results, self._jobs) if self._submitted else results

    @property
    def _jobs(self) -> ClusterRun:
        made = self._counted - self._before
        jobs = {"workers": self._submitted, "deaths": len(self._failed)}
        return ClusterRun(
            engine="slurm", images=made, lost=0, retries=0, cuts=0, copies=0, duplicates=0, **jobs
        )

    def _made(self, stack: ExitStack) -> tuple[Result, ...]:
        jobs: SlurmJobs | None = None
        before = -1
        while True:
            try:
                return self._cell.results()
            except LackingTilesError as error:
                made = self._cell.made()
                if self._failed or made == before:
                    raise self._unfinished(error) from None
                before, shards = made, self._shards(error)
            if jobs is None:
                self._before = made
                jobs = SlurmJobs(self._options, self.files)
                stack.callback(jobs.cancel)
            self._progress.step(f"waiting for {counted(len(shards), 'job')}")
            jobs.submit([(str(shard), self._making(shard)) for shard in shards])
            self._submitted += len(shards)
            self._wait(jobs)
            if self._progress.stopping():
                jobs.cancel()
                return self._cell.partial()

    def _shards(self, error: LackingTilesError) -> Sequence[Shard]:
        """Those of which something lacks; the first for what stands in the place of other images."""
        count = self._options.workers
        shards = [Shard(number, count) for number in range(1, count + 1)]
        lacking = frozenset(error.tiles)
        return [each for each in shards if lacking & set(each.of(error.all_tiles))] or shards[:1]

    def _wait(self, jobs: SlurmJobs) -> None:
        """Until no job is left, or the user stops it.

        Raises:
            InputError: of a job: the audit cannot be done, whoever does it.
        """
        while jobs.left and not self._progress.stopping():
            self._count()
            time.sleep(PAUSE_S)
            for shard, error in jobs.failures():
                if isinstance(error, InputError):
                    raise error
                self._progress.note(f"shard {shard}: {error.found}; {error.remedy}")
                self._failed.append((shard, error))
        self._next_count = 0.0
        self._count()

    def _count(self) -> None:
        """Say how many images have rows, made by whichever job."""
        begun = time.monotonic()
        if begun < self._next_count:
            return
        made = self._cell.made()
        ended = time.monotonic()
        self._next_count = ended + max(LOOK_S, RESTS * (ended - begun))
        if made != self._counted:
            self._counted = made
            self._progress.images(made, max(made, self._cell.asked))

    def _unfinished(self, error: LackingTilesError) -> RunError:
        images = sum(tile.stop - tile.start for tile in error.tiles) or error.replacements
        shards = ", ".join(shard for shard, _ in self._failed)
        why = f": shard {shards} failed; {self._failed[0][1].found}" if self._failed else ""
        return RunError(
            f"rows of {counted(images, 'image')} are not there{why}",
            expected="jobs that make all of their shards",
            remedy=f"the same command again, which goes on from the rows that are there; logs are in {self.files}",
        )
