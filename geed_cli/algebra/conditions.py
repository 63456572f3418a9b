"""The conditions under which a rotation that is no quarter turn resamples a map; needs no torch.

``disc`` masks every member of an orbit to the inscribed disc, so that all show the same support; ``zero`` reads 0
outside the frame (the paper); ``reflect`` mirrors the picture at the frame's edge.
"""

from typing import Literal

Boundary = Literal["disc", "zero", "reflect"]
Resampling = Literal["bilinear", "bicubic"]
