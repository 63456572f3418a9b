"""Records of tiles with numbers of one's own, by which rows are known."""

from collections.abc import Mapping, Sequence

import numpy as np

from geed_cli.rows.column import Key, column_of
from geed_cli.rows.tile_record import LeftOut, Outputs, Record, Shown

DEVIATION: Key = ("deviation", "latent.l2", "flip", None)
EMBEDDING: Key = ("embedding", "e")
TOP: Key = ("top", "e")
RECIPE = {"model": "net", "precision": "fp32"}
MACHINE = {"device": "cpu", "threads": "1"}


def record_of(
    rows: Mapping[str, Sequence[float]],
    *,
    audited: bool = True,
    left_out: Sequence[LeftOut] = (),
    times: float = 3.0,
) -> Record:
    """A tile of images by path, whose deviations are these numbers; their embeddings are ``times`` as large."""
    values = {place: np.array(row, dtype=np.float64) for place, row in enumerate(rows.values())}
    columns = {
        DEVIATION: column_of(values, len(rows)),
        EMBEDDING: column_of({place: times * row for place, row in values.items()}, len(rows)),
    }
    images = tuple(Shown(path, f"sha of {path}", f"pixels of {path}") for path in rows)
    return Record(audited, images, tuple(left_out), (Outputs(len(rows)),), (columns,) if rows else ({},))
