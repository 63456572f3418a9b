"""One audit whose tiles are made elsewhere: what is left of it, what is kept, and what comes of that."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

from geed_cli.cluster.kept_rows import KeptRows
from geed_cli.cluster.tile_job import Load, TileJob, TileRows, TileTask
from geed_cli.cluster.tile_pieces import Images, pieces_of
from geed_cli.engine.passes import OutOfMemoryError
from geed_cli.groups.named import Groups
from geed_cli.models.network import Network
from geed_cli.pipeline.draw import shown_to
from geed_cli.pipeline.fastest_batch import fixed_batch_size
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.shards.from_rows import assemble
from geed_cli.pipeline.shards.maker import TileMaker, working
from geed_cli.pipeline.shards.settle import LackingError, draw_of, settle
from geed_cli.pipeline.shards.unchanged import require_unchanged
from geed_cli.pipeline.shards.union_rows import UnionRows
from geed_cli.result.schema import ClusterRun, Result
from geed_cli.scheduling.piece import Cell, Lost, Piece


class CellRun:
    """An audit of one network, or of several that see the same pixels, on one set of images.

    Args:
        name: by which its caller knows it.
        load: loads the networks in any process.
        here: loads them in this one.
        groups: by name, or themselves.
        options: of the audit; its pictures listed. The networks are loaded when it begins, and again for its results.
        rows: the folder in whose folders rows are kept until there is a result.
        progress: called at stages.
    """

    def __init__(
        self,
        name: str,
        load: Load,
        here: Callable[[], Sequence[Network]],
        groups: Groups,
        options: AuditOptions,
        rows: Path,
        progress: Progress,
    ) -> None:
        self.name = name
        self._load, self._here, self._groups = load, here, groups
        self._options, self._rows, self._progress = replace(options, cache=None), rows, progress
        self._pieces: list[Images] = []
        self._reasons: dict[tuple[int, int], str] = {}
        self._counted = 0
        self._loaded: Sequence[Network] | None = None
        self._stack = ExitStack()
        self._times, self._smallest = 0, 1
        self.recipe: Mapping[str, str] = {}
        self.known, self.asked = 0, options.data.samples + (options.data.norm_samples or 0)

    @property
    def key(self) -> str:
        """Tells it from others, and from what it was before it was begun anew."""
        return f"{self.name}:{self._times}"

    def begin(self) -> Cell:
        """What is left of it, under a key of its own.

        Raises:
            InputError: what cannot be audited, or pictures are others than those of the rows that are there.
            RunError: weights or a device that are not there.
        """
        self._times += 1
        self._reasons = {}
        networks = self._here()
        shown = shown_to(self._options.data, networks[0].input)
        self._options = replace(self._options, data=shown)
        with self._maker(networks) as maker:
            self.recipe = dict(maker.recipe)
            self._smallest = fixed_batch_size([each.network for each in maker.session.prepared]) or 1
            self._machine, self._networks = dict(maker.machine), len(maker.session.prepared)
            key = hashlib.sha256(json.dumps(self.recipe, sort_keys=True).encode()).hexdigest()[:16]
            kept = KeptRows(self._rows / key, self.recipe, self._options.run.precision)
            self._kept = self._stack.enter_context(kept)
            self.folder = kept.folder
            union = kept.union()
            require_unchanged(maker, self._options.data, maker.tiles, union.hashes(), self.folder)
            left = [tile for tile in maker.tiles if not maker.is_known(tile, union)]
            self.asked = sum(tile.stop - tile.start for tile in maker.tiles)
            self._pieces = pieces_of(left, maker.order)
        self.known = self.asked - sum(piece.count for piece in self._pieces)
        return self._cell(range(len(self._pieces)))

    def in_smaller_batches(self, error: OutOfMemoryError) -> Cell | None:
        """Begin it anew with half the batch, as one process does; None where there is no smaller one.

        Raises:
            GeedError: as for ``begin``.
        """
        rows = error.batch_size // 2
        if rows < self._smallest:
            return None
        self._progress.note(f"{error.found}; starting over with {rows}")
        self.close(discard=True)
        self._options = replace(self._options, run=replace(self._options.run, batch_size=rows))
        cell = self.begin()
        self.known -= self._counted  # they are in the scheduler's counts, and are to be made again
        self._counted = 0
        return cell

    def job(self) -> TileJob:
        """What a worker needs to know of it."""
        return TileJob(self._load, self._groups, self._options, self.recipe)

    def task(self, piece: Piece) -> TileTask:
        """What a worker is told of a piece."""
        images = self._pieces[piece.tile]
        return images.task(piece, {place: self._reason(piece.tile, place) for place in piece.left_out})

    def lose(self, lost: Lost) -> str:
        """An image was given up; its path."""
        self._counted += 1
        self._reasons[lost.tile, lost.place] = lost.reason
        return self._pieces[lost.tile].files[lost.place]

    def keep(self, piece: Piece, rows: object) -> None:
        """Write what came of a piece."""
        assert isinstance(rows, TileRows), "records are all that workers make"
        self._kept.add(rows)
        self._counted += piece.images
        images = self._pieces[piece.tile]
        if piece.left_out and images.drawn is not None:
            reasons = {place: self._reason(piece.tile, place) for place in piece.left_out}
            self._kept.add(TileRows((images.left_out(reasons, self._networks).to_bytes(),), self._machine))

    def more(self) -> Cell | None:
        """Images to be made in place of those that cannot be used, and of copies; None where there are none."""
        networks = self._here()
        with self._maker(networks) as maker:
            union = self._kept.union()
            try:
                settle(draw_of(maker.session, self._options, union), union)
            except LackingError as error:
                first = len(self._pieces)
                self._pieces += Images.of_drawn(error.drawn)
                return self._cell(range(first, len(self._pieces)))
        self._loaded = networks  # for the results, which are asked for next
        return None

    def made(self) -> int:
        """Of how many images it is known what became of them, whoever made their rows."""
        union = self._kept.union()
        return len(union.audited.keys() | union.left_out.keys()) + len(union.normaliser)

    def results(self) -> tuple[Result, ...]:
        """The results, once all is there; the rows are no longer needed then.

        Raises:
            InputError: none of the images could be used, or as for an audit.
            LackingTilesError: rows are not there.
        """
        union = self._kept.union()
        networks, self._loaded = self._loaded or self._here(), None
        return assemble(networks, self._groups, self._options, self.recipe, union, self._progress)

    def partial(self) -> tuple[Result, ...]:
        """The results of the images that are there.

        Raises:
            KeyboardInterrupt: there are none.
        """
        with self._maker(self._here()) as maker:
            union = self._kept.union()
            draw = draw_of(maker.session, self._options, union)
            try:
                drawn = settle(draw, union)
            except LackingError:
                drawn = draw.drawn
            maker.conclude(union.outputs)
            return maker.session.results(drawn, UnionRows(union))

    def close(self, *, discard: bool = False, clear: bool = False) -> None:
        """End writing.

        Args:
            discard: whether the rows of this run are wrong.
            clear: whether no row is needed any more.
        """
        if discard:
            self._kept.discard()
        if clear:
            self._kept.clear()
        self._stack.close()
        self._loaded = None

    def _maker(self, networks: Sequence[Network]) -> AbstractContextManager[TileMaker]:
        return working(networks, self._groups, self._options, self._progress)

    def _cell(self, numbers: Sequence[int]) -> Cell:
        counts = [(number, self._pieces[number].count) for number in numbers]
        return Cell(self.key, counts, sum(count for _, count in counts))

    def _reason(self, tile: int, place: int) -> str:
        return f"no worker survived it: {self._reasons[tile, place]}"


def recorded(results: Sequence[Result], run: ClusterRun) -> tuple[Result, ...]:
    """Results that say what became of the workers."""
    return tuple(
        result.model_copy(update={"environment": result.environment.model_copy(update={"cluster": run})})
        for result in results
    )
