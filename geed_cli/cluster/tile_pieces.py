"""The images of an audit as workers are handed them: a few tiles at a time, or images drawn in place of others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from geed_cli.cluster.tile_job import TileTask
from geed_cli.pipeline.draw import Drawn
from geed_cli.pipeline.shards.tile import Tile
from geed_cli.rows.tile_record import LeftOut, Outputs, Record
from geed_cli.scheduling.piece import Piece

AT_ONCE = 32
"""Images in a task, at least: few, so that all workers end at about the same time; the check that a network is a
function of one image is made once a task."""


@dataclass(frozen=True)
class Images:
    """What a worker is handed at once.

    Attributes:
        files: their paths, in the order of their places.
        tiles: that they are; none where they were drawn in place of others.
        drawn: these.
        audited: whether those are audited.
    """

    files: tuple[str, ...]
    tiles: tuple[Tile, ...] = ()
    drawn: Drawn | None = None
    audited: bool = True

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.files)

    def task(self, piece: Piece, left_out: Mapping[int, str]) -> TileTask:
        """What a worker is told of them, or of a part that is tried.

        Args:
            piece: which of them.
            left_out: why some are not to be opened, by place.
        """
        if self.drawn is not None:
            places = [place for place in range(piece.start, piece.stop) if place not in left_out]
            return TileTask(drawn=self.drawn.only(frozenset(self.files[place] for place in places)))
        reasons = {self.files[place]: reason for place, reason in left_out.items()}
        return TileTask(tuple(self._parts(piece)), reasons)

    def left_out(self, reasons: Mapping[int, str], networks: int) -> Record:
        """What is known of images that were drawn in place of others and given up, by place, of so many networks."""
        assert self.drawn is not None, "workers say so of tiles"
        hashes = self.drawn.hashes
        given_up = [
            LeftOut(self.files[place], hashes.get(self.files[place]), why) for place, why in reasons.items()
        ]
        return Record(self.audited, (), tuple(given_up), (Outputs(),) * networks, ({},) * networks)

    def _parts(self, piece: Piece) -> Iterator[Tile]:
        """The tiles, as far as the piece has them."""
        begin = 0
        for tile in self.tiles:
            size = tile.stop - tile.start
            start, stop = max(piece.start - begin, 0), min(piece.stop - begin, size)
            if start < stop:
                yield replace(tile, start=tile.start + start, stop=tile.start + stop)
            begin += size

    @classmethod
    def of_drawn(cls, drawn: Drawn) -> list["Images"]:
        """Images that were drawn in place of others, those of a tile together."""
        return [
            cls(files, drawn=drawn.only(frozenset(files)), audited=audited)
            for audited, files in drawn.by_tile
        ]


def pieces_of(tiles: Sequence[Tile], order: Sequence[str]) -> list[Images]:
    """Tiles put together to what workers are handed at once.

    Args:
        tiles: in the order of the draw.
        order: every file in that order.
    """
    together: list[list[Tile]] = []
    for tile in tiles:
        full = not together or sum(each.stop - each.start for each in together[-1]) >= AT_ONCE
        if full:
            together.append([])
        together[-1].append(tile)
    return [
        Images(tuple(path for tile in own for path in order[tile.start : tile.stop]), tuple(own))
        for own in together
    ]
