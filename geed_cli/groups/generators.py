"""Groups closed from generators, breadth first, up to a largest order.

Every element here has finite order (all parts are rational), so closing under products alone gives the inverses:
g⁻¹ is a power of g.
"""

from collections.abc import Sequence

from geed_cli.groups.transform import IDENTITY, Transform

MAX_ORDER = 1024
"""Largest order of a group: each image is shown to the network once for each element."""


def closure(generators: Sequence[Transform], limit: int = MAX_ORDER) -> tuple[Transform, ...] | None:
    """The smallest group that holds the generators.

    Args:
        generators: any transforms; those that earlier ones reach cost nothing.
        limit: largest order.

    Returns:
        The elements, identity first, then what the first generator reaches, breadth first, then the first two, and so
        on; None where there are more than ``limit``.

    Raises:
        InputError: a turn that is no multiple of 90 degrees meets a cyclic shift.
    """
    found = {IDENTITY: None}
    used: list[Transform] = []
    for generator in generators:
        if generator not in found:
            used.append(generator)
            if not _grow(found, used, limit):
                return None
    return tuple(found)


def _grow(found: dict[Transform, None], generators: Sequence[Transform], limit: int) -> bool:
    """Add all that the generators reach; whether that is at most ``limit`` elements."""
    fresh = list(found)
    while fresh and len(found) <= limit:
        reached = dict.fromkeys(g @ h for h in fresh for g in generators)
        fresh = [transform for transform in reached if transform not in found]
        found |= dict.fromkeys(fresh)
    return len(found) <= limit
