"""The refusal of a picture that a network does not run on: which size it takes instead, if it is the size."""

from collections.abc import Callable

from geed_cli.errors import InputError

USUAL_SIZES = (224, 256, 384, 32, 28, 64, 96, 128, 160, 192, 288, 299, 320, 336, 448)
"""Sides of the pictures that networks are built for."""


def does_not_run(found: str, size: int, takes: Callable[[int], bool], expected: str) -> InputError:
    """The refusal of pictures of a side, with a side that the network takes where one is found.

    Args:
        found: what happened.
        size: that side.
        takes: whether the network runs on pictures of another side.
        expected: what would have been right where no usual side is.
    """
    other = next((usual for usual in USUAL_SIZES if usual != size and takes(usual)), None)
    if other is None:
        return InputError(
            found, expected=expected, remedy="the same with --debug, which shows the line of the code"
        )
    return InputError(
        found,
        expected=f"a size that the network takes, such as {other}",
        remedy=f"--img-size {other}, or input: {{size: {other}}} in the spec",
    )
