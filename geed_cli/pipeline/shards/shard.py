"""One shard of an audit: makes its own tiles that no row file has yet, and what replaces images where all are known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import torch

from geed_cli.engine.batches import Placement
from geed_cli.engine.steady.finding import UnsteadyError
from geed_cli.errors import InputError
from geed_cli.groups.named import Groups
from geed_cli.models.network import Network
from geed_cli.pipeline.options import AuditOptions, UntilDecided, UntilOptions
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.shards.maker import TileMaker, working
from geed_cli.pipeline.shards.settle import LackingError, draw_of, settle
from geed_cli.pipeline.shards.tile import Tile
from geed_cli.pipeline.shards.unchanged import require_unchanged
from geed_cli.pipeline.shards.usable import require_usable
from geed_cli.rows.row_file import RowFile, StoredRows
from geed_cli.rows.row_folder import read_rows, union_of
from geed_cli.rows.tile_record import Record

AT_ONCE = 64
"""Tiles that are hashed before they are decoded: then their files are read twice within seconds."""


@dataclass(frozen=True)
class Shard:
    """Which part of an audit's tiles: every ``count``-th, from the ``number``-th on, 1 ≤ number ≤ count."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def name(self) -> str:
        """What its row files are called."""
        return f"{self.number}-of-{self.count}"

    def of(self, tiles: Sequence[Tile]) -> Sequence[Tile]:
        """Its own among the tiles of an audit."""
        return tiles[self.number - 1 :: self.count]


@dataclass(frozen=True)
class Done:
    """What a shard came to.

    Attributes:
        recipe: everything but the image that determines a row.
        files: the row files that have its rows.
        complete: whether all of its tiles are in these.
        placement: of the first device on which this process ran.
        devices: all of them, as ``settings.device`` names them.
        threads: of torch.
        made: images whose rows were made now, and not by earlier processes.
    """

    recipe: dict[str, str]
    files: tuple[StoredRows, ...]
    complete: bool
    placement: Placement
    devices: str
    threads: int
    made: int


def check_shardable(options: AuditOptions, where: str = "--shard") -> None:
    """Refuse what has to see all images, or what would give every shard rows of another kind.

    Args:
        options: of the audit.
        where: the option that shares the images out.

    Raises:
        InputError: naming the option.
    """
    run, refused = options.run, f"{where} together with"
    reasons = {
        "--discover": (options.controls.discover, "a hidden action is summed over all images"),
        "--until-width": (
            isinstance(options.until, UntilOptions),
            "whether an interval is narrow enough is seen of all images",
        ),
        "--stop-early": (
            isinstance(options.until, UntilDecided),
            "whether a policy is decided is seen of all images",
        ),
        "--compile": (run.compile, "what is compiled may round otherwise in every process"),
        "--batch-size auto": (run.batch_size == "auto", "each machine would find another size"),
        "--on-unsteady report": (run.on_unsteady == "report", "rows have to be those of the image alone"),
    }
    for option, (given, why) in reasons.items():
        if given:
            raise InputError(
                f"{refused} {option}", expected=f"one of them: {why}", remedy=f"leave out {option}"
            )


def run_shard(
    networks: Sequence[Network],
    groups: Groups,
    options: AuditOptions,
    shard: Shard,
    folder: Path,
    progress: Progress,
    recipe: Mapping[str, str] | None = None,
) -> Done:
    """Make the tiles of a shard, but for those that a row file has; each is kept as soon as it is done.

    Args:
        networks: with equal input geometry.
        groups: by name, or themselves.
        options: of the audit; its pictures listed.
        shard: which tiles.
        folder: of the row files.
        progress: called at every image.
        recipe: that its rows have to be of; None is whatever is here.

    Raises:
        InputError: as for an audit, or pictures are others than those of the rows that are there.
        RunError: as for an audit, another recipe, or rows could not be written.
    """
    check_shardable(options)
    counted = Counted(progress)
    with working(networks, groups, replace(options, cache=None), counted) as maker:
        if recipe is not None:
            maker.require(recipe)
        run = _Run(maker, shard, folder, options)
        own = shard.of(maker.tiles)
        require_unchanged(maker, options.data, own, run.union.hashes(), folder)
        require_usable(maker, options)
        left = [tile for tile in own if not run.knows(tile)]
        counted.begin(sum(tile.stop - tile.start for tile in left))
        parts = (left[start : start + AT_ONCE] for start in range(0, len(left), AT_ONCE))
        made = run.write(record for part in parts for record in maker.make(part))
        if run.knows_all and not progress.stopping():
            made += run.replace_images()
        maker.conclude(run.union.outputs)
        complete = all(map(run.knows, own))
        placement, threads = maker.session.placement, torch.get_num_threads()
        return Done(run.recipe, run.files, complete, placement, maker.devices, threads, made)


class _Run:
    """The row files of an audit as they are, and what this process adds to them."""

    def __init__(self, maker: TileMaker, shard: Shard, folder: Path, options: AuditOptions) -> None:
        self._maker, self._shard, self._folder, self._options = maker, shard, folder, options
        self.recipe = dict(maker.recipe)
        self._read()

    def _read(self) -> None:
        self.files = read_rows(self._folder, self.recipe)
        self.union = union_of(self.files, self._options.run.precision)

    def knows(self, tile: Tile) -> bool:
        """Whether it is known of every file of a tile what became of it."""
        return self._maker.is_known(tile, self.union)

    @property
    def knows_all(self) -> bool:
        """Whether nothing of the whole audit is left but what replaces images."""
        return all(map(self.knows, self._maker.tiles))

    def write(self, records: Iterator[Record]) -> int:
        """Write records to a file of their own; how many images these are."""
        first = next(records, None)
        if first is None:
            return 0
        made = 0
        with RowFile(self._folder, self._shard.name, self.recipe, self._maker.machine) as file:
            try:
                for record in chain([first], records):
                    file.append(record.to_bytes())
                    made += len(record.images)
            except UnsteadyError:
                file.discard()  # what it was shown before may be wrong as well
                raise
            file.sync()
        self._read()
        return made

    def replace_images(self) -> int:
        """Make what stands in the place of images that cannot be used and of copies; how many images these are."""
        made = 0
        while True:
            draw = draw_of(self._maker.session, self._options, self.union)
            try:
                settle(draw, self.union)
            except LackingError as error:
                added = self.write(self._maker.make_drawn(error.drawn))
                if not added:  # the user does not wait for it
                    return made
                made += added
            else:
                return made


class Counted:
    """Progress over several runs of a session as over one."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._before = self._latest = self._total = 0
        self._begun = False

    def begin(self, total: int) -> None:
        """Count from here on, up to so many images."""
        self._begun, self._total = True, total

    def step(self, what: str) -> None:
        """As for ``Progress``, until images are counted."""
        if not self._begun:
            self._progress.step(what)

    def images(self, done: int, total: int) -> None:
        """As for ``Progress``."""
        del total
        if done < self._latest:
            self._before += self._latest
        self._latest = done
        self._progress.images(self._before + done, max(self._total, self._before + done))

    def note(self, text: str) -> None:
        """As for ``Progress``."""
        self._progress.note(text)

    def stopping(self) -> bool:
        """As for ``Progress``."""
        return self._progress.stopping()
