"""Exact actions, bit for bit, on the device: against pictures turned by hand, and against the group's own table.

Letters stand for values; the results below were written out on paper from the definitions in docs/groups.md and share
nothing with the code.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from geed_cli.actions.view import View, views_of
from geed_cli.groups.named import group_named
from geed_cli.pipeline.placement import place
from geed_cli.report.selftest_report import Finding
from geed_cli.selftest.bench import Bench
from geed_cli.selftest.expectation import near

PICTURE = "abc def ghi"
BY_HAND = {
    "d4": {
        "e": "abc def ghi",
        "r90": "cfi beh adg",  # counter-clockwise: the right column comes to lie on top
        "r180": "ihg fed cba",
        "r270": "gda heb ifc",
        "m": "cba fed ihg",  # left-right
        "r90m": "adg beh cfi",  # the mirror first
        "r180m": "ghi def abc",
        "r270m": "ifc heb gda",
    },
    "shift3": {
        "x1/3": "cab fde igh",  # to the right
        "x2/3": "bca efd hig",
        "y1/3": "ghi abc def",  # down
        "y2/3*x1/3": "fde igh cab",
    },
}
GROUPS_BY_TABLE = ("flips", "d4", "shift3", "flip*xshift4")
SIDE = 12
"""A multiple of 3 and 4, so that the shifts are whole pixels."""
WHY_EXACT = "the number of values that differ: values are only moved, so no bit may change"


def by_hand(bench: Bench) -> Iterator[Finding]:
    """g·x of a 3×3 picture, as input and as a map, against what is written above."""
    for name, written in BY_HAND.items():
        views = _views(name)
        picture = _letters(PICTURE, bench)
        wrong = 0
        for element, text in written.items():
            expected = _letters(text, bench)
            wrong += _differing(views[element].show(picture, 3), expected)
            wrong += _differing(views[element].act(picture), expected)
        yield near(name, 0.0, float(wrong), tolerance=0.0, reason=WHY_EXACT)


def homomorphism(bench: Bench) -> Iterator[Finding]:
    """ρ(g)ρ(h) = ρ(gh) for all g and h."""
    placement = place(bench.run)
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand(2, SIDE, SIDE, generator=generator, dtype=torch.float64)
    maps = maps.to(placement.dtype).to(placement.device)
    for name in GROUPS_BY_TABLE:
        group, views = group_named(name), list(_views(name).values())
        moved = [view.act(maps) for view in views]
        wrong = sum(
            _differing(views[g].act(moved[h]), moved[int(group.table[g, h])])
            for g in range(group.order)
            for h in range(group.order)
        )
        yield near(name, 0.0, float(wrong), tolerance=0.0, reason=WHY_EXACT)


def _views(name: str) -> dict[str, View]:
    """The views of a group by the names of its elements."""
    group = group_named(name)
    return dict(zip(group.elements, views_of(group, "disc", "bilinear"), strict=True))


def _letters(text: str, bench: Bench) -> Tensor:
    """A picture (3, 3, 3) on the device, with a value for each letter, other values in each colour."""
    placement = place(bench.run)
    rows = torch.tensor([[float(ord(letter) - ord("a")) for letter in row] for row in text.split()])
    colours = torch.stack([rows, rows + 9, rows + 18]) / 27
    return colours.to(placement.dtype).to(placement.device)


def _differing(one: Tensor, other: Tensor) -> int:
    return int((one != other).sum())
