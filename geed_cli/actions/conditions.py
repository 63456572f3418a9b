"""The conditions under which a rotation that is no quarter turn resamples a map; needs no torch.

``disc`` masks every member of an orbit to the inscribed disc, so that all show the same support; ``zero`` reads 0
outside the frame (the paper); ``reflect`` mirrors the picture at the frame's edge; ``context`` rotates a larger crop
of the picture and shows its centre, while hidden maps are compared inside the disc.
"""

import math
from typing import Literal

Boundary = Literal["disc", "zero", "reflect", "context"]
Resampling = Literal["bilinear", "bicubic"]


def context_size(size: int) -> int:
    """Side of the square crop whose rotations all cover a frame of that side, S + 2·⌈S(√2 − 1)/2⌉.

    The rotated frame's corners lie S/√2 from the centre. The difference is even, so that both have one centre.
    """
    return size + 2 * math.ceil(size * (math.sqrt(2) - 1) / 2)
