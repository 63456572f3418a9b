"""Which images are in a run whose rows came in parts: the first of the order that can be used and are different.

This is what one process does while it goes (``Session.complete``), replayed from what is known of every file.
"""

from collections import Counter
from collections.abc import Set

from geed_cli.images.picture import RefusedFile
from geed_cli.images.reader import Reader
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
        others = drawn.normaliser.paths if drawn.normaliser else ()
        lacking = union.lacking(drawn.audited.paths, audited=True) + union.lacking(others, audited=False)
        if lacking:
            raise LackingError(drawn.only(frozenset(lacking)))
        paths = drawn.paths
        refused = [
            RefusedFile(path, file.reason)
            for path, file in union.left_out.items()
            if path in paths and not file.shown and not _has_row(path, union)
        ]
        copies = _copies(draw, paths, union, holders.again(), drawn.audited.reader)
        if not refused and not copies:
            return drawn
        draw.correct(refused, copies)


def _has_row(path: str, union: Union) -> bool:
    return path in union.audited or path in union.normaliser


def _copies(draw: Draw, paths: Set[str], union: Union, holders: Holders, reader: Reader) -> list[Duplicate]:
    """The images whose pixels are those of one that comes before them in the order."""
    rows = union.normaliser | union.audited if union.normaliser else union.audited
    known = [path for path in paths if path in rows]
    marks = [row.record.images[row.place].fingerprint for row in map(rows.__getitem__, known)]
    if len(set(marks)) == len(marks):
        return []
    mark_of, counts = dict(zip(known, marks, strict=True)), Counter(marks)
    alike = (path for path, mark in mark_of.items() if counts[mark] > 1)
    holder_of = {path: holders.holder(path, mark_of[path], reader) for path in sorted(alike, key=draw.rank)}
    return [
        Duplicate(path=path, of=holder, same="pixels") for path, holder in holder_of.items() if holder != path
    ]
