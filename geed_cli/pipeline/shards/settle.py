"""Which images are in a run whose rows came in parts: the first of the order that can be used and are different.

This is what one process does while it goes (``Session.complete``), replayed from what is known of every file.
"""

from geed_cli.images.picture import RefusedFile
from geed_cli.images.same_picture import Holders
from geed_cli.pipeline.draw import Draw, Drawn
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.session import Session
from geed_cli.result.schema import Duplicate
from geed_cli.rows.union import Union


class LackingError(Exception):
    """Images that the run comes to and of which nothing is known.

    Attributes:
        drawn: these images.
    """

    def __init__(self, drawn: Drawn) -> None:
        super().__init__(f"{drawn.count} images lack rows")
        self.drawn = drawn


def draw_of(session: Session, options: AuditOptions, union: Union) -> Draw:
    """The draw of an audit as it begins, for which no file is read that the union knows."""
    controls = options.controls.probes
    return Draw(options.data, controls, tiling=session.tiling, hashes=union.hashes())


def settle(draw: Draw, union: Union) -> Drawn:
    """The images of the run; pictures are opened only where their fingerprints are equal.

    Args:
        draw: as it begins, with the hashes of the union.
        union: all that is known.

    Raises:
        LackingError: it is not known of every image what became of it.
    """
    holders = Holders()
    while True:
        drawn = draw.drawn
        lacking = drawn.where(lambda path, audited: not union.knows(path, audited=audited))
        if lacking.count:
            raise LackingError(lacking)
        refused = [
            RefusedFile(path, union.left_out[path].reason)
            for path in drawn.paths
            if path in union.left_out and not union.left_out[path].shown and not _has_row(path, union)
        ]
        copies = _copies(draw, drawn, union, holders.again())
        if not refused and not copies:
            return drawn
        draw.correct(refused, copies)


def _has_row(path: str, union: Union) -> bool:
    return path in union.audited or path in union.normaliser


def _copies(draw: Draw, drawn: Drawn, union: Union, holders: Holders) -> list[Duplicate]:
    """The images whose pixels are those of one that comes before them in the order."""
    copies: list[Duplicate] = []
    reader = drawn.audited.reader
    for path in sorted(drawn.paths, key=draw.rank):
        row = union.audited.get(path) or union.normaliser.get(path)
        if row is not None and (holder := holders.holder(path, row.image.fingerprint, reader)) != path:
            copies.append(Duplicate(path=path, of=holder, same="pixels"))
    return copies
