"""One shard of an audit as a job of Slurm: it travels as a value, and is begun again wherever it was cut short."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from geed_cli.cluster.tile_job import Load
from geed_cli.cluster.worker import plain
from geed_cli.errors import GeedError
from geed_cli.groups.named import Groups
from geed_cli.pipeline.draw import listed, shown_to
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.shards.shard import Shard, run_shard
from geed_cli.runtime.own_process import own_process


@dataclass(frozen=True)
class ShardJob:
    """What ``geed audit --shard`` does, with rows in one folder for all shards.

    Attributes:
        load: the networks.
        groups: by name, or themselves.
        options: of the audit; their pictures are listed where it runs.
        recipe: of the caller's rows.
        shard: which part.
        folder: of the row files.
    """

    load: Load
    groups: Groups
    options: AuditOptions
    recipe: Mapping[str, str]
    shard: Shard
    folder: Path

    def __call__(self) -> GeedError | None:
        """Make what lacks of the shard; what stood in the way, if anything did."""
        try:
            with own_process():
                self._make()
        except GeedError as error:
            return plain(error)
        return None

    def checkpoint(self) -> object:
        """What submitit puts in the queue when the job is preempted or its time is over: the same, since rows are kept.

        Submitit looks for this name.
        """
        from submitit.helpers import DelayedSubmission  # noqa: PLC0415 - an extra

        return DelayedSubmission(self)

    def _make(self) -> None:
        networks = self.load()
        options = replace(self.options, data=listed(self.options.data))
        options = replace(options, data=shown_to(options.data, networks[0].input))
        run_shard(networks, self.groups, options, self.shard, self.folder, Silent(), recipe=self.recipe)
