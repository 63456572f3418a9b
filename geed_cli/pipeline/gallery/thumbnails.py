"""Thumbnails of what a network is shown, and the matrix by which an exact element moves one."""

import io
from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor

from geed_cli.actions.action import split_turn
from geed_cli.actions.view import View
from geed_cli.groups.transform import Transform
from geed_cli.result.gallery import Matrix

SIDE, MOVED_SIDE = 96, 72
"""Pixels of a picture's own thumbnail, and of one of what an element that has no matrix makes of it."""
QUALITIES = (75, 60, 50, 40, 30, 25, 20, 15, 10)
ROOM, SHARE = 40 * 1024, 730
"""Bytes that thumbnails together may take: 40 KB, or with more than 56 pictures under an element so many for each."""
QUARTER: Matrix = (0.0, -1.0, 1.0, 0.0, 0.0, 1.0)
"""Counter-clockwise: right goes to the top."""
MIRROR: Matrix = (-1.0, 0.0, 0.0, 1.0, 1.0, 0.0)
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def small(shown: Tensor, side: int) -> Image.Image:
    """A picture (C, S, S) with values in [0, 1], C = 3 or 1, at that side."""
    levels = (shown.detach().cpu().float().clamp(0, 1) * 255).round().to(torch.uint8)
    pixels = levels.permute(1, 2, 0).squeeze(-1).numpy()
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)


def jpegs(pictures: Sequence[Image.Image], shown: int) -> list[bytes]:
    """Each picture as JPEG, all at the best quality at which they have room, for so many that are shown of them."""
    room = max(ROOM, SHARE * shown)
    made: list[bytes] = []
    for quality in QUALITIES:
        made = [_jpeg(picture, quality) for picture in pictures]
        if sum(map(len, made)) <= room:
            break
    return made


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def matrix_of(view: View) -> Matrix | None:
    """What moves the picture as the view's element does, where that mirrors and turns by quarters alone."""
    g = view.transform
    if not isinstance(g, Transform) or not g.exact or g.moves_colour or not g.shift.is_identity:
        return None
    moved = MIRROR if g.planar.mirror else IDENTITY
    for _ in range(split_turn(g.planar.turn)[0]):
        moved = _after(QUARTER, moved)
    return moved


def _after(second: Matrix, first: Matrix) -> Matrix:
    """The product: the first acts first."""
    a, b, c, d, e, f = second
    x = [(a * u + c * v, b * u + d * v) for u, v in (first[:2], first[2:4], first[4:])]
    (p, q), (r, s), (t, w) = x
    return p + 0.0, q + 0.0, r + 0.0, s + 0.0, t + e, w + f
