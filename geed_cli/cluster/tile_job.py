"""What a worker needs to know of an audit, and how it makes the tiles that it is handed.

Workers read weights where they are and check that they are those of the caller: the recipe of the rows holds the
weights' state, the architecture, the pictures, the options and the versions, and has to be the caller's own.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import torch

from geed_cli.groups.named import Groups
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import Drawn
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.shards.maker import TileMaker, working
from geed_cli.pipeline.shards.tile import Tile

Load = Callable[[], Sequence[Network]]
"""Loads the networks of an audit in any process."""


@dataclass(frozen=True)
class TileTask:
    """Images that are to be made into records.

    Attributes:
        tiles: these, in the order of the draw.
        leave_out: the reasons for which some of their files are not opened, by path.
        drawn: in place of tiles, images that were drawn for others.
    """

    tiles: tuple[Tile, ...] = ()
    leave_out: Mapping[str, str] = field(default_factory=dict)
    drawn: Drawn | None = None


@dataclass(frozen=True)
class TileRows:
    """Records of tiles, as bytes, and the machine that made them."""

    records: tuple[bytes, ...]
    machine: Mapping[str, str]


@dataclass(frozen=True)
class TileJob:
    """An audit.

    Attributes:
        load: the networks.
        groups: by name, or themselves.
        options: their pictures listed.
        recipe: of the caller's rows.
        working_folder: of the caller, from which paths are read where the worker's machine has it, too.
    """

    load: Load
    groups: Groups
    options: AuditOptions
    recipe: Mapping[str, str]
    working_folder: Path = field(default_factory=Path.cwd)

    @contextmanager
    def open(self) -> Iterator["TileWork"]:
        """The networks on this worker's device.

        Raises:
            GeedError: they cannot be had, or are not the caller's.
        """
        try:
            here = chdir(self.working_folder) if self.working_folder.is_dir() else nullcontext()
            with here, ExitStack() as stack:
                yield TileWork(self, self.load(), stack)
        finally:  # what comes next needs the memory
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


class TileWork:
    """Makes tasks of one audit.

    Args:
        job: the audit.
        networks: that it loaded.
        stack: where what is set up for the audit is put back.
    """

    def __init__(self, job: TileJob, networks: Sequence[Network], stack: ExitStack) -> None:
        self._job, self._networks, self._stack = job, networks, stack
        self._maker = self._begun()
        self._fresh = True

    def make(self, task: object) -> TileRows:
        """The records of a task.

        Raises:
            GeedError: what ends an audit.
        """
        assert isinstance(task, TileTask), "tiles are all that an audit has"
        if any(tile.start < self._maker.tiles[0].stop for tile in task.tiles):
            # its control images are set against those before, and none of an earlier try may be taken for one
            if not self._fresh:
                self._stack.close()
                self._maker = self._begun()
            self._fresh = False
        maker = self._maker
        made = maker.make(task.tiles, task.leave_out) if task.drawn is None else maker.make_drawn(task.drawn)
        return TileRows(tuple(record.to_bytes() for record in made), maker.machine)

    def _begun(self) -> TileMaker:
        job = self._job
        maker = self._stack.enter_context(working(self._networks, job.groups, job.options, Silent()))
        maker.require(job.recipe)
        return maker
