"""A tile that workers did not survive, while its parts are tried one by one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from geed_cli.scheduling.piece import Piece


@dataclass(eq=False)
class Trial:
    """What is known of the images of a tile.

    Attributes:
        tile: whole, as it is to be done once all parts were tried.
        open: how many parts are not through.
        guilty: places of the images that workers did not survive.
        losses: of the tile and its parts.
    """

    tile: Piece
    open: int = 0
    guilty: set[int] = field(default_factory=set)
    losses: int = 0

    def parts(self, piece: Piece) -> tuple[Piece, Piece]:
        """Cut a piece, which is the whole tile or a part of it, in two."""
        self.open += 1 if piece.trial else 2
        return piece.halves()

    def through(self, guilty: Iterable[int] = ()) -> Piece | None:
        """A part is through, and it is known which of its images are guilty.

        Returns:
            the tile without its guilty images, where this was the last part.
        """
        self.guilty |= set(guilty)
        self.open -= 1
        return replace(self.tile, left_out=frozenset(self.guilty)) if self.open == 0 else None
