"""Whether pictures are still those that rows are of, which whoever goes on from the rows looks at first.

Rows are found by the names of pictures: a picture that was replaced would keep the numbers of the old one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from geed_cli.errors import InputError
from geed_cli.images.source import hashes_of, list_images
from geed_cli.phrases import counted
from geed_cli.pipeline.options import DataOptions
from geed_cli.pipeline.shards.maker import TileMaker
from geed_cli.pipeline.shards.tile import Tile


def require_unchanged(
    maker: TileMaker, data: DataOptions, tiles: Sequence[Tile], known: Mapping[str, str], folder: Path
) -> None:
    """Refuse to go on from rows of pictures that are others by now; files that cannot be read are passed over.

    Args:
        maker: of the audit.
        data: its pictures, listed.
        tiles: those whose files are looked at, with the files that are in no tile of the audit.
        known: SHA-256 by path, as the rows have it.
        folder: where these are.

    Raises:
        InputError: a file is not the one that was measured.
    """
    left = frozenset(maker.tiles) - frozenset(tiles)
    others = {path for tile in left for path in maker.files(tile)}
    listing = list_images(data.root, data.place)
    paths = tuple(path for path in listing.paths if path in known and path not in others)
    now = hashes_of(replace(listing, paths=paths))
    changed = [path for path in paths if now.get(path, known[path]) != known[path]]
    if changed:
        raise InputError(
            f"{counted(len(changed), 'picture')} changed since rows were made: {changed[0]}"
            + ("" if len(changed) == 1 else " …"),
            expected=f"the pictures that the rows in {folder} are of",
            remedy="put the old pictures back, or take the row files away from that folder, and run again",
        )
