"""Whether the place in the batch decides, told by small pictures where whole batches of the run's own cost too much.

A batch of B equal pictures, each of the size of a B-th of the run's, costs about one row and covers every place.
"""

import math
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from geed_cli.engine.batches import Places
from geed_cli.engine.steady.culprit import culprit
from geed_cli.engine.steady.finding import Unsteady
from geed_cli.engine.steady.seen import Rows, Seen, first_moved, moved_rows
from geed_cli.engine.steady.showing import Showing

PLACE = "it depends on the place in the batch"

See = Callable[[Showing, bool], Seen]
"""What each site holds of the rows that are looked at; in float64 if the flag is set."""


def decided_by_place(module: nn.Module, row: Tensor, batch_size: int, see: See) -> Unsteady | None:
    """What was found; None where equal pictures give equal numbers, or the network takes no such pictures.

    It has to show in float64, too, since rounding may depend on the place.

    Args:
        module: the network.
        row: a picture in [0, 1], shape (1, 3, S, S).
        batch_size: B.
        see: shows it pixels.
    """
    side = max(int(row.shape[-1] / math.sqrt(batch_size)), 1)
    pixels = functional.interpolate(row, size=side, mode="area").expand(batch_size, -1, -1, -1)

    def at(places: Places) -> Showing:
        return Showing(pixels.contiguous(), places)

    everywhere = at(tuple(range(batch_size)))
    try:
        seen = see(everywhere, False)
        found = first_moved(_like_the_first(seen), seen)
        if found is None or first_moved(seen, see(everywhere, False)) is not None:
            return None  # what differs from call to call is for the other showings
        exact = see(everywhere, True)
        if first_moved(_like_the_first(exact), exact) is None:
            return None
        other = min(moved_rows(_like_the_first(seen), seen))
        alone = [tuple(0 if place == shown else None for place in range(batch_size)) for shown in (0, other)]
        fault = culprit(module, (at(alone[0]), at(alone[1])), lambda showing: see(showing, False))
    except Exception:  # networks raise whatever they like, as for pictures of another size
        return None
    return Unsteady(*found, PLACE, fault, ())


def _like_the_first(seen: Seen) -> Seen:
    """As if every place held what the first one does."""
    return {site: Rows(rows.numbers, rows.values[:1].expand_as(rows.values)) for site, rows in seen.items()}
