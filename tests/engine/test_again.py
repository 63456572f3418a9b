"""Where the first image's rows stand in later batches, and that nothing else is changed by it."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.actions.view import View
from geed_cli.engine.batches import Line, Slot
from geed_cli.engine.row import Subject
from geed_cli.engine.steady.again import LITTLE, ShownAgain, spread
from geed_cli.groups.transform import IDENTITY
from geed_cli.images.source import ImageRecord


def lines_of(images: int, rows: int) -> list[Line]:
    """So many rows for each image."""
    return [
        Line(
            torch.tensor([image, row]),
            Slot(Subject(ImageRecord(str(image), "")), View(IDENTITY), row == rows - 1),
        )
        for image in range(images)
        for row in range(rows)
    ]


sizes = {"images": st.integers(1, 40), "rows": st.integers(1, 9), "batch": st.integers(1, 20)}


@given(**sizes, known=st.booleans())
def test_every_row_is_shown_once_in_order_and_the_first_image_beside_them(
    images: int, rows: int, batch: int, known: bool
) -> None:
    """All batches have B rows; one more than without at most, and that only where it is granted."""
    lines = lines_of(images, rows)
    found = list(ShownAgain(batch).arrange(iter(lines), len(lines) if known else None))
    shown = [line for each in found for line in each]
    assert all(len(each) == batch for each in found)
    assert [line.pixels.tolist() for line in shown if line.slot] == [line.pixels.tolist() for line in lines]
    first = [line for line in found[0] if line.slot and line.number is not None]
    held = {line.number: line.pixels.tolist() for line in first}
    again = [line for line in shown if line.slot is None]
    assert all(line.number in held and line.pixels.tolist() == held[line.number] for line in again)
    more = len(found) - -(-len(lines) // batch)
    granted = batch <= 2 * rows or len(lines) <= batch or batch <= LITTLE * len(lines)
    assert more in ((0, 1) if granted else (0,))


@pytest.mark.parametrize(
    ("rows", "batch"), [(2, 8), (2, 16), (3, 8), (4, 8), (4, 16), (8, 16), (16, 16), (2, 2)]
)
def test_each_row_comes_to_other_places_of_both_parities_beside_others(rows: int, batch: int) -> None:
    """In a long run: no two rows of the image are side by side, the last place among theirs, none twice."""
    found = list(ShownAgain(batch).arrange(iter(lines_of(101, rows)), 101 * rows))
    second = [place for place, line in enumerate(found[1]) if line.slot is None]
    assert len(second) == min(rows, batch // 2)
    assert second[-1] == batch - 1
    assert all(b - a > 1 for a, b in pairwise(second))
    first = {line.number: place for place, line in enumerate(found[0])}
    assert all(
        found[1][place].number is not None and place != first[found[1][place].number] for place in second
    )
    parities = {
        (place + first[line.number]) % 2
        for each in found[1:]
        for place, line in enumerate(each)
        if line.slot is None
    }
    assert 1 in parities


def test_places_are_spread_from_the_end_and_leave_the_first_ones_out() -> None:
    assert spread(16, 4, 4, 0) == (15, 12, 9, 6)
    assert spread(16, 4, 4, 1) == (14, 11, 8, 5)
    assert spread(8, 4, 4, 0) == (7, 5, 3, 1)
    assert spread(8, 6, 2, 1) == (7, 6, 5, 4, 3, 2)


def test_in_later_looks_of_a_run_the_last_batch_shows_it_once_more() -> None:
    again = ShownAgain(4)
    looks = [list(again.arrange(iter(lines_of(images, 2)), 2 * images)) for images in (4, 3)]
    last = looks[1][-1]
    assert sorted(line.number for line in last if line.slot is None and line.number is not None) == [0, 1]
