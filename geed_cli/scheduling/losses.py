"""What becomes of a piece over which a worker was lost: it is done anew, cut, or given up.

A tile is done anew, then cut in halves that are tried, then done without the images that no worker survived. Each step
is taken after a bounded number of losses, so that a run ends whatever its images do to workers.
"""

from collections.abc import Iterable
from math import ceil, log

from geed_cli.scheduling.cell_queue import CellQueue, Work
from geed_cli.scheduling.counts import Counts
from geed_cli.scheduling.patience import Patience
from geed_cli.scheduling.piece import Lost
from geed_cli.scheduling.trial import Trial


class Losses:
    """Decides on pieces that were lost.

    Args:
        patience: how often a piece is tried.
        counts: where retries, cuts and lost images are counted.

    Attributes:
        lost: the images that were given up, in that order.
    """

    def __init__(self, patience: Patience, counts: Counts) -> None:
        self._patience = patience
        self._counts = counts
        self.lost: list[Lost] = []

    def charge(self, cell: CellQueue, work: Work, reason: str) -> None:
        """Charge a loss to a piece; nothing is decided while another worker has it."""
        work.losses += 1
        cell.losses += 1
        if work.trial is not None:
            work.trial.losses += 1
        piece = work.piece
        if work.leases:
            return
        if work.losses < self._limit(cell, work):
            self._counts.retries += 1
            cell.put_back(work)
        elif piece.images == 0:
            cell.fail(reason)  # no image is to blame
        elif piece.images == 1 or (work.trial is not None and not piece.trial):
            self._give_up(cell, work, reason)
        else:
            self._counts.cuts += 1
            trial = work.trial or Trial(piece, losses=work.losses)
            cell.put_back(*[Work(half, trial=trial) for half in trial.parts(piece)])
            cell.live.discard(work)

    def through(self, cell: CellQueue, work: Work, guilty: Iterable[int] = ()) -> None:
        """A part was tried; after the last the tile is done, without the images that are to blame."""
        assert work.trial is not None, "parts come of a trial"
        tile = work.trial.through(guilty)
        cell.live.discard(work)
        if tile is not None:
            cell.put_back(Work(tile, trial=work.trial))

    def _limit(self, cell: CellQueue, work: Work) -> int:
        """After how many losses a piece is not done anew as it is: more, where workers die over others as well.

        With p the part of the cell's other pieces that were lost, k losses in a row are chance with p^k.
        """
        least, most = self._patience.losses(work.piece), self._patience.most_losses
        others = cell.losses - (work.losses if work.trial is None else work.trial.losses)
        if others == 0 or not cell.begun:
            return least
        p = others / (others + cell.done + 1)
        return min(max(least, ceil(log(self._patience.chance) / log(p))), most)

    def _give_up(self, cell: CellQueue, work: Work, reason: str) -> None:
        """Give up the images of a piece."""
        piece = work.piece
        guilty = sorted(set(range(piece.start, piece.stop)) - piece.left_out)
        self._counts.lost += len(guilty)
        self.lost += [Lost(piece.cell, piece.tile, place, reason) for place in guilty]
        work.trial = work.trial or Trial(piece)
        work.trial.open += not piece.trial  # a whole tile stands for its last part
        self.through(cell, work, guilty)
        cell.given_up += len(guilty)
        if not cell.begun and cell.given_up >= self._patience.hopeless:
            cell.fail(reason)
