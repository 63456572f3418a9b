"""Round trips: a picture moved by g and back by g⁻¹, which only resampling keeps from being the picture itself.

What a network makes of g⁻¹·(g·x) against x is the floor of a resampled group: a deviation of that size says
nothing about the network. Exact elements come back bit for bit and need no round trip.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from geed_cli.actions.action import act, centre
from geed_cli.actions.recolour import recolour
from geed_cli.actions.view import View
from geed_cli.groups.transform import Transform


@dataclass(frozen=True)
class RoundTrip:
    """g⁻¹·(g·x) for one resampled g: the views of g, of g⁻¹, and of e, with which the round trip is compared."""

    there: View
    back: View
    identity: View

    def show(self, pixels: Tensor, size: int) -> Tensor:
        """The picture after both moves, shape (3, size, size), masked at the end alone: g·x itself reads no mask.

        A larger crop is moved whole and cropped at the end; cyclic shifts are of the crop.
        """
        side = min(size + 2 * self.there.reach(size), pixels.shape[-1])
        pixels = centre(pixels, side, side)
        assert isinstance(self.there.transform, Transform), "sets have no round trips"
        boundary, interpolation = self.there.boundary or "zero", self.there.interpolation or "bilinear"
        moved = recolour(
            act(self.there.transform, pixels, boundary, interpolation), self.there.transform.colour
        )
        return self.back.show(moved, size)


def round_trips(views: Sequence[View], size: int) -> dict[View, RoundTrip]:
    """The round trip of every view of a group that resamples pictures of that side, by the view of g."""
    elements = {view.transform: view for view in views if isinstance(view.transform, Transform)}
    return {
        view: RoundTrip(view, elements[g.inverse], views[0])
        for g, view in elements.items()
        if not g.exact_at(size)
    }
