"""The representation of G on hidden maps: how G acts on an output space Y, and the kernel of that action.

``f̂(x)`` of eq. (2) averages f(kx) over the kernel, which is taken from the representation itself at the layer's
real shape: a spatial action on 1×1 maps is trivial, on larger maps faithful, in between whatever it is.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from geed_cli.algebra.view import View


@dataclass(frozen=True)
class Spatial:
    """G acts on every channel of a (C, H, W) map as it acts on images, at the map's own size.

    Attributes:
        views: the group's views, identity first.
        height: H.
        width: W.
    """

    views: tuple[View, ...]
    height: int
    width: int

    @property
    def defined(self) -> bool:
        """Whether G acts on maps of this shape: quarter turns and resampled turns need square maps."""
        return self.height == self.width or not any(v.transform.swaps_axes for v in self.views)

    def act(self, g: int, y: Tensor) -> Tensor:
        """The view's action on the last two axes."""
        return self.views[g].act(y)

    def restrict(self, y: Tensor) -> Tensor:
        """Masked to the disc where the group's boundary is the disc."""
        return self.views[0].restrict(y)

    def kernel(self) -> tuple[int, ...]:
        """The elements that leave a map alone whose pixels all differ.

        A permutation of pixels fixes the map 1, 2, …, HW only if it is the identity; a resampled turn moves that
        ramp on any map of more than one pixel.
        """
        probe = torch.arange(1, self.height * self.width + 1, dtype=torch.float64)
        probe = probe.reshape(self.height, self.width)
        fixed = self.restrict(probe)
        # 1e-9 relative: sampling the one pixel of a 1×1 map may round in float64
        same = (
            g for g in range(len(self.views)) if torch.allclose(self.act(g, probe), fixed, rtol=1e-9, atol=0)
        )
        return tuple(same)
