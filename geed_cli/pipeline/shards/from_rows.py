"""A result from rows that other processes made: the audit that one process would have run, without its forward passes.

The networks are needed for what a result says of them, and the pictures for their names, labels and weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from geed_cli.errors import InputError
from geed_cli.groups.named import Groups
from geed_cli.images.picture import RefusedFile
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit_together, beside_float32
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.shards.maker import working
from geed_cli.pipeline.shards.recipe import differences
from geed_cli.pipeline.shards.settle import LackingError, draw_of, settle
from geed_cli.pipeline.shards.tile import Tile
from geed_cli.pipeline.shards.union_rows import UnionRows
from geed_cli.result.schema import Result
from geed_cli.rows.union import Union
from geed_cli.runtime.collector import collector_paused


class LackingTilesError(Exception):
    """Rows that are not there.

    Attributes:
        tiles: those of the audit of which not every row is there.
        replacements: how many images lack that stand in the place of others, where no tile does.
        all_tiles: every tile of the audit.
    """

    def __init__(self, tiles: Sequence[Tile], replacements: int, all_tiles: Sequence[Tile]) -> None:
        super().__init__(f"{len(tiles)} tiles and {replacements} other images lack rows")
        self.tiles, self.replacements, self.all_tiles = tiles, replacements, all_tiles


def assemble(
    networks: Sequence[Network],
    groups: Groups,
    options: AuditOptions,
    recipe: Mapping[str, str],
    union: Union,
    progress: Progress,
) -> tuple[Result, ...]:
    """The results of an audit whose rows are there.

    Args:
        networks: as the rows were made of.
        groups: likewise.
        options: likewise; their pictures listed.
        recipe: what the rows say that they were made by.
        union: the rows.
        progress: called at stages.

    Raises:
        InputError: networks, pictures or options are not those of the rows.
        LackingTilesError: some are not there.
    """
    with collector_paused(), working(networks, groups, replace(options, cache=None), progress) as maker:
        _require_same(recipe, maker.recipe)
        tiles = [tile for tile in maker.tiles if not maker.is_known(tile, union)]
        if tiles:
            raise LackingTilesError(tiles, 0, maker.tiles)
        progress.step("deciding which images are in it")
        try:
            drawn = settle(draw_of(maker.session, options, union), union)
        except LackingError as error:
            raise LackingTilesError((), error.drawn.count, maker.tiles) from None
        maker.conclude(union.outputs)
        session = maker.session
        session.require(drawn)
        session.broken |= {
            path: RefusedFile(path, file.reason) for path, file in union.left_out.items() if file.shown
        }
        progress.step("statistics")
        outputs = [
            prepared.network.output.shape[0] for prepared in session.prepared if prepared.network.output.shape
        ]
        results = session.results(drawn, UnionRows(union, outputs if len(outputs) == len(networks) else ()))
    if not options.run.reduced:
        return results

    def run(asked: AuditOptions) -> tuple[Result, ...]:
        return audit_together(networks, groups, asked, progress)

    return beside_float32(run, replace(options, cache=None), results, progress)


def _require_same(theirs: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """Refuse to assemble rows of something else.

    Raises:
        InputError: naming what differs.
    """
    if theirs == ours:
        return
    raise InputError(
        "the rows were made of something else than is here: " + differences(theirs, ours),
        expected="the network, the pictures and the versions that the shards had",
        remedy="merge where the shards ran, from the same folder",
    )
