"""Which axis of an array is height, width and channels, told by its shape alone; what a shape does not tell is refused.

Three channels are RGB, one is grey. H and W are never told from each other by their sizes: height comes first.
"""

from collections.abc import Sequence
from typing import Literal

from geed_cli.errors import InputError

Layout = Literal["HWC", "CHW", "HW"]
CHANNELS = (1, 3)
EXPECTED = "(N, H, W, 3) or (N, 3, H, W) in colour, (N, H, W), (N, H, W, 1) or (N, 1, H, W) in grey"
EXPECTED_ONE = "(H, W, 3) or (3, H, W) in colour, (H, W), (H, W, 1) or (1, H, W) in grey"


def layout_of_many(shape: Sequence[int], what: str) -> Layout:
    """The layout of each picture of an array of N.

    Args:
        shape: of the array.
        what: how messages call it, such as "a tensor".

    Raises:
        InputError: a shape that is none of N pictures, or that may be read in two ways.
    """
    _refuse_empty(shape, what, EXPECTED)
    if len(shape) == 4:
        return _layout(shape[1:], f"{what} of shape {_text(shape)}", EXPECTED)
    if len(shape) == 3:
        _refuse_one_picture(shape, what)
        return "HW"
    remedies = {
        2: "images[None, None] for one picture in grey, or images.reshape(-1, 3, H, W) of rows that were flattened",
        5: "images[:, 0] for the first frame of each clip, or images.reshape(-1, *images.shape[2:]) for all of them",
    }
    raise InputError(
        f"{what} of shape {_text(shape)}",
        expected=EXPECTED,
        remedy=remedies.get(len(shape), "an array with these axes"),
    )


def layout_of_one(shape: Sequence[int], what: str) -> Layout:
    """The layout of one picture, likewise.

    Raises:
        InputError: a shape that is none of a picture, or that may be read in two ways.
    """
    _refuse_empty(shape, what, EXPECTED_ONE)
    if len(shape) == 2:
        return "HW"
    if len(shape) == 3:
        return _layout(shape, f"{what} of shape {_text(shape)}", EXPECTED_ONE)
    remedy = "a data set that gives single pictures"
    if len(shape) == 4:
        remedy = "one array of all pictures, such as torch.cat(images), where these are batches"
    raise InputError(f"{what} of shape {_text(shape)}", expected=EXPECTED_ONE, remedy=remedy)


def _refuse_empty(shape: Sequence[int], what: str, expected: str) -> None:
    if 0 in shape:
        raise InputError(
            f"{what} of shape {_text(shape)}, which holds nothing",
            expected=expected,
            remedy="pictures with at least one pixel",
        )


def _layout(shape: Sequence[int], found: str, expected: str) -> Layout:
    """Of three axes; a tie between first and last is refused."""
    first, middle, last = shape
    if first in CHANNELS and last in CHANNELS:
        raise InputError(
            f"{found}: channels may be first or last",
            expected=expected,
            remedy="a list of Pillow's images, which say which side is which",
        )
    if first in CHANNELS or last in CHANNELS:
        return "CHW" if first in CHANNELS else "HWC"
    if 4 in (first, last):
        raise InputError(
            f"{found}: 4 channels, such as RGB with alpha",
            expected=expected,
            remedy="images[..., :3], or images[:, :3] where channels are first; or put them on white with alpha",
        )
    if middle in CHANNELS:
        raise InputError(
            f"{found}: channels are between the sides",
            expected=expected,
            remedy="the axes in that order, such as by numpy.moveaxis(images, -2, -1)",
        )
    raise InputError(
        f"{found}: no axis has 3 channels, or 1",
        expected=expected,
        remedy="pictures in RGB or grey, with the axes in that order",
    )


def _refuse_one_picture(shape: Sequence[int], what: str) -> None:
    """Refuse three axes that are, or may be, one picture with channels and not N in grey."""
    first, _, last = shape
    if last in (1, 3, 4):
        raise InputError(
            f"{what} of shape {_text(shape)}, which is one picture",
            expected=EXPECTED,
            remedy="images[None], a batch of one",
        )
    if first in (3, 4):
        raise InputError(
            f"{what} of shape {_text(shape)}: one picture of {first} channels, or {first} in grey",
            expected=EXPECTED,
            remedy=f"images[None] for one picture, images[:, None] for {first} in grey",
        )


def _text(shape: Sequence[int]) -> str:
    return str(tuple(shape))
