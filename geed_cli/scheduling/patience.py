"""How often and how long a scheduler tries."""

from dataclasses import dataclass

from geed_cli.scheduling.piece import Piece


@dataclass(frozen=True)
class Patience:
    """The limits of a scheduler.

    Attributes:
        tile_losses: after so many losses a whole tile is cut in halves, which are tried, and each half of more than one
            image after its first loss, until the images are alone. The first loss of a tile is mostly the worker's own
            fate. A tile that was tried, and is lost so often again, is given up.
        image_losses: after so many losses a single image is given up.
        chance: where other pieces of the cell are lost, too, a piece is blamed only after so many losses in a row that
            these would be chance with no more than this.
        most_losses: after so many a piece is blamed in any case.
        hopeless: after so many images were given up a cell of which nothing was ever done has failed.
        ahead: how many pieces a worker has at once: one that it does, and others that wait, so that it does not.
        copies: how many workers may have the same piece at once.
        slow: a piece is a straggler after this many times the usual time of its cell.
        hung: a worker that is at a piece for this many times the usual time of its cell, and for ``hung_s`` seconds,
            will never be done with it; how long the first piece of a cell takes is nobody's guess.
        hung_s: what a worker is given in any case, as networks may have to be downloaded.
        refusals: after so many refusals a cell of which nothing was ever done has failed.
    """

    tile_losses: int = 2
    image_losses: int = 3
    chance: float = 1e-2
    most_losses: int = 20
    hopeless: int = 3
    ahead: int = 2
    copies: int = 3
    slow: float = 1.5
    hung: float = 60.0
    hung_s: float = 600.0
    refusals: int = 3

    def losses(self, piece: Piece) -> int:
        """After how many losses a piece is not done anew as it is, where no other is lost."""
        if piece.images <= 1:
            return self.image_losses
        return 1 if piece.trial else self.tile_losses
