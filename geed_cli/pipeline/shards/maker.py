"""Making tiles into records: what a shard does with its own, and a worker of a cluster with those that it is handed."""

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from geed_cli.errors import RunError
from geed_cli.groups.named import Groups
from geed_cli.images.decode import pillow_silenced
from geed_cli.images.selection import in_draw_order
from geed_cli.images.source import ImageSet, hashes_of, list_images
from geed_cli.models.network import Network
from geed_cli.pipeline.borrowed import at_home, lend
from geed_cli.pipeline.draw import Drawn
from geed_cli.pipeline.entries.columns_of_rows import columns_of, shown_of
from geed_cli.pipeline.fastest_batch import with_batch_size
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import fitting_threads
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.reuse.row_cache import machine_of
from geed_cli.pipeline.session import Session
from geed_cli.pipeline.shards.recipe import differences, recipe_of
from geed_cli.pipeline.shards.tile import Tile, tiles_of
from geed_cli.rows.tile_record import LeftOut, Outputs, Record
from geed_cli.rows.union import Union
from geed_cli.runtime.freed_memory import freed_memory_kept
from geed_cli.runtime.own_process import prints_aside
from geed_cli.runtime.undisturbed import undisturbed


class TileMaker:
    """Networks on their devices, which make tiles into records.

    Args:
        networks: with equal input geometry.
        groups: by name, or themselves.
        options: of the audit; its pictures listed (``pipeline.draw.listed``).
        progress: called at every image.

    Attributes:
        session: the networks, with the rows of tiles that are being made.
        order: every file in the order of the draw.
        tiles: of the whole audit.

    Raises:
        InputError: a group, layer or metric that cannot be used.
        RunError: the device is not there.
    """

    def __init__(
        self, networks: Sequence[Network], groups: Groups, options: AuditOptions, progress: Progress
    ) -> None:
        self._options = options
        self._listing: ImageSet = list_images(options.data.root, options.data.place)
        self.session = Session(networks, groups, options, progress)
        self.order = in_draw_order(self._listing.paths, options.data.seed)
        self.tiles = tiles_of(self.session.tiling, options.data, len(self.order))

    @cached_property
    def recipe(self) -> Mapping[str, str]:
        """Everything but the image that determines a row."""
        return recipe_of(self.session.prepared, self._options, self.session.placement, self.order)

    def require(self, recipe: Mapping[str, str]) -> None:
        """Refuse to make rows of something else than the process that asks for them has.

        Raises:
            RunError: naming what differs.
        """
        if self.recipe != recipe:
            raise RunError(
                f"a worker has something else: {differences(self.recipe, recipe)}",
                expected="the weights, pictures and versions of the machine that asks",
                remedy="the same geed, files and caches of weights on all machines of the cluster",
            )

    @property
    def machine(self) -> Mapping[str, str]:
        """What may change last digits beside that."""
        return machine_of(self.session.placement)

    @property
    def devices(self) -> str:
        """Where the networks run, as a result's settings name it."""
        return ", ".join(str(placement.device) for placement in self.session.placements)

    def conclude(self, seen: Sequence[Outputs]) -> None:
        """Judge what was seen of the outputs of each network.

        Raises:
            InputError: they are not what they were declared, or taken, to be.
        """
        for prepared, outputs in zip(self.session.prepared, seen, strict=False):
            prepared.check.seen = outputs
            prepared.check.conclude()

    def files(self, tile: Tile) -> tuple[str, ...]:
        """The files of a tile, in the order of the draw."""
        return self.order[tile.start : tile.stop]

    def is_known(self, tile: Tile, union: Union) -> bool:
        """Whether it is known of every file of a tile what became of it."""
        return not union.lacking(self.files(tile), audited=tile.audited)

    def make(self, tiles: Sequence[Tile], leave_out: Mapping[str, str] | None = None) -> Iterator[Record]:
        """The record of each tile, as soon as all of its images are done, in the order of the tiles.

        Args:
            tiles: of this audit, or parts of them; none stands twice.
            leave_out: the reasons for which files are not opened, by path.

        Raises:
            InputError: an image that cannot be used, or numbers that are not finite, which end the run; a network that
                is no function of one image.
            RunError: memory ran out.
        """
        refused = {} if leave_out is None else leave_out
        shares = [_Share(tile.audited, self.files(tile)) for tile in tiles]
        paths = tuple(path for share in shares for path in share.files if path not in refused)
        hashes = hashes_of(replace(self._listing, paths=paths))
        yield from self._made(shares, self._drawn(tiles, hashes, refused), refused)

    def make_drawn(self, drawn: Drawn) -> Iterator[Record]:
        """The same of images that were drawn in place of others, a record for each tile that they are in."""
        yield from self._made([_Share(audited, files) for audited, files in drawn.by_tile], drawn, {})

    def _made(self, shares: Sequence["_Share"], drawn: Drawn, refused: Mapping[str, str]) -> Iterator[Record]:
        waiting = list(shares)
        shown = drawn.paths
        with closing(self.session.measured(drawn)) as batches:
            for _ in batches:
                while waiting and self._is_done(waiting[0], shown):
                    yield self._record(waiting.pop(0), drawn.hashes, refused)
        for share in waiting:  # of which the last ones were refused; or the user did not wait for them
            if self._is_done(share, shown):
                yield self._record(share, drawn.hashes, refused)

    def _drawn(self, tiles: Sequence[Tile], hashes: Mapping[str, str], refused: Mapping[str, str]) -> Drawn:
        """The images of some tiles, without copies of others in the same tile."""
        start_of: dict[str, int] = {}
        parts: dict[bool, list[str]] = {True: [], False: []}
        controls: list[str] = []
        for tile in tiles:
            distinct: dict[str, str] = {}
            for path in self.files(tile):
                if path not in refused:
                    distinct.setdefault(hashes.get(path, path), path)
            parts[tile.audited] += distinct.values()
            start_of |= dict.fromkeys(distinct.values(), tile.start)
            if tile.start == 0:
                controls = list(distinct.values())[: self._options.controls.probes]
        separate = self._options.data.norm_samples is not None
        return Drawn(
            self._some(parts[True]),
            self._some(parts[False]) if separate else None,
            control_images=frozenset(controls),
            first=self.order[0],
            hashes=hashes,
            tiles=start_of,
        )

    def _some(self, paths: Sequence[str]) -> ImageSet:
        chosen = frozenset(paths)
        return replace(self._listing, paths=tuple(path for path in self._listing.paths if path in chosen))

    def _is_done(self, share: "_Share", shown: Set[str]) -> bool:
        """Whether it is known of every image of a tile what became of it."""
        session = self.session
        known = (session.prepared[0].rows, session.unreadable, session.broken)
        return all(path not in shown or any(path in each for each in known) for path in share.files)

    def _record(self, share: "_Share", hashes: Mapping[str, str], refused: Mapping[str, str]) -> Record:
        """What became of the images of a tile, whose rows are not held any longer."""
        session, files = self.session, frozenset(share.files)
        taken = [
            [prepared.rows.pop(path) for path in list(prepared.rows) if path in files]
            for prepared in session.prepared
        ]
        images = {row.subject.path for row in taken[0]}
        left_out = tuple(
            LeftOut(path, hashes.get(path), self._reason(path, refused), shown=path in session.broken)
            for path in share.files
            if path not in images
        )
        outputs = tuple(prepared.check.taken() for prepared in session.prepared)
        return Record(share.audited, shown_of(taken[0]), left_out, outputs, tuple(map(columns_of, taken)))

    def _reason(self, path: str, refused: Mapping[str, str]) -> str:
        """Why a file has no row; empty for a copy."""
        item = self.session.broken.get(path) or self.session.unreadable.get(path)
        return refused.get(path, "") if item is None else item.reason


@dataclass(frozen=True)
class _Share:
    """The files of a record, in the order of the draw."""

    audited: bool
    files: tuple[str, ...]


@contextmanager
def working(
    networks: Sequence[Network], groups: Groups, options: AuditOptions, progress: Progress
) -> Iterator[TileMaker]:
    """A maker, within which torch and the process are set up as for an audit."""
    with ExitStack() as stack:
        for context in (undisturbed, fitting_threads, freed_memory_kept, pillow_silenced, prints_aside):
            stack.enter_context(context())
        ready = stack.enter_context(lend(networks, channels_last=options.run.channels_last))
        options = replace(options, run=at_home(options.run, ready))
        yield TileMaker(ready, groups, with_batch_size(ready, options, None), progress)
