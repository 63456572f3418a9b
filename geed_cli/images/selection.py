"""A seeded random part of a list of images, never its first N: a folder sorted by class would give one class.

Each image draws one 64-bit key and the smallest keys win. So for one list and one seed a smaller sample is
part of every larger one, and N more images can be added to a run without dropping any.
"""

from collections.abc import Sequence

import numpy as np

from geed_cli.errors import InputError


def in_draw_order(paths: Sequence[str], seed: int) -> tuple[str, ...]:
    """All of the paths, that which is drawn first first; every order is equally likely.

    Keys are the raw output of PCG64, whose stream numpy promises to keep on every platform and in every version,
    which it does not promise for ``Generator.permutation``.

    Raises:
        InputError: ``seed`` below 0.
    """
    if seed < 0:
        raise InputError(f"seed {seed}", expected="a whole number, 0 or more", remedy="--draw-seed 0")
    keys = np.random.PCG64(seed).random_raw(len(paths))
    # Stable, so that even two equal keys (chance n²/2⁶⁵) leave one answer.
    return tuple(paths[index] for index in np.argsort(keys, kind="stable"))


def select(paths: Sequence[str], samples: int, seed: int) -> tuple[str, ...]:
    """Draw ``samples`` of ``paths`` (distinct), every subset being equally likely; all of them if there are no more.

    The drawn paths keep their order.

    Raises:
        InputError: ``samples`` below 1 or ``seed`` below 0.
    """
    require_samples(samples)
    drawn = frozenset(in_draw_order(paths, seed)[:samples])
    return tuple(path for path in paths if path in drawn)


def require_samples(samples: int) -> None:
    """Refuse a number of images below 1."""
    if samples < 1:
        raise InputError(
            f"{samples} samples", expected="at least 1", remedy="--samples 200, or leave the option out"
        )
