"""Which pieces workers without work do beside those that have them, and which workers will never be done."""

from collections.abc import Iterable, Mapping
from math import inf

from geed_cli.scheduling.cell_queue import CellQueue, Work
from geed_cli.scheduling.crew import Crew, Member
from geed_cli.scheduling.patience import Patience
from geed_cli.scheduling.piece import Lease


def usual_seconds(cells: Iterable[CellQueue], unknown: float) -> float:
    """The mean over cells of the usual time of an image; ``unknown`` while nothing was done."""
    known = [cell.seconds for cell in cells if cell.seconds is not None]
    return sum(known) / len(known) if known else unknown


def late_pieces(
    cells: Iterable[CellQueue],
    crew: Crew,
    out: Mapping[int, tuple[Lease, Work]],
    now: float,
    patience: Patience,
) -> list[Work]:
    """The pieces that are late, the latest first.

    A piece that waits behind another is late at once. One that is being done is late after ``patience.slow`` times the
    usual time of its cell, or of all cells while nothing of its own is known. Of several workers that have it, the one
    that was given it last counts.

    Args:
        cells: whose pieces are out.
        crew: the workers.
        out: the leases by number.
        now: the time.
        patience: the limits.
    """
    listed = list(cells)
    usual = usual_seconds(listed, inf)
    late = []
    for cell in listed:
        seconds = cell.seconds or usual
        for work in cell.live:
            # one that was lost too often is decided on when nobody has it any more
            if len(work.leases) < patience.copies and work.losses < patience.losses(work.piece):
                lease = out[work.leases[-1]][0]
                factor = _factor(lease, crew[lease.worker], seconds, now)
                if factor > patience.slow:
                    late.append((factor, lease.number, work))
    return [work for _, _, work in sorted(late, key=lambda each: (-each[0], each[1]))]


def hung_workers(cells: Mapping[str, CellQueue], crew: Crew, now: float, patience: Patience) -> list[str]:
    """The workers that have been at a piece for so long that they will never be done with it.

    Args:
        cells: by name; of one of which nothing was done yet it is not known how long a piece takes.
        crew: the workers.
        now: the time.
        patience: the limits.
    """
    return [
        member.name
        for member in crew
        if member.leases
        and now - member.since > patience.hung_s
        and (seconds := cells[member.leases[0].piece.cell].seconds) is not None
        and _factor(member.leases[0], member, seconds, now) > patience.hung
    ]


def _factor(lease: Lease, member: Member, seconds: float, now: float) -> float:
    """How often the usual time has passed since the worker came to the lease; infinite where it has not come to it."""
    images = max(lease.piece.images, 1)
    return (now - member.since) / (seconds * images) if member.is_at(lease) else inf
