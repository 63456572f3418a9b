"""Whether the images of an audit can be used as it asks, which every shard looks at before its first one is shown.

Labels, weights and numbers of images that do not fit would be found when parts are merged, after all of the work.
"""

from geed_cli.errors import InputError
from geed_cli.pipeline.draw import Draw
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.shards.maker import TileMaker


def require_usable(maker: TileMaker, options: AuditOptions) -> None:
    """Refuse what the same audit in one process refuses before any image is decoded.

    A copy of another file needs no label, and only a reading of all files finds copies: they are read where something
    is wrong unless it is wrong with copies alone.

    Args:
        maker: of the audit.
        options: likewise; its pictures listed.

    Raises:
        InputError: images that have no label or weight that fits, or too few or too many for a measure.
    """
    try:
        maker.session.require(_draw(maker, options, {path: path for path in maker.order}).drawn)
    except InputError:
        maker.session.require(_draw(maker, options, {}).drawn)


def _draw(maker: TileMaker, options: AuditOptions, hashes: dict[str, str]) -> Draw:
    return Draw(options.data, options.controls.probes, tiling=maker.session.tiling, hashes=hashes)
