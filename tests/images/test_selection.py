"""The seeded draw: a random subset, nested in N, the same everywhere."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.errors import InputError
from geed_cli.images.selection import select

PATHS = tuple(f"class{number // 10}/{number:03}.jpg" for number in range(100))
SEED_0 = ("class0/003.jpg", "class1/011.jpg", "class1/013.jpg", "class2/020.jpg", "class9/092.jpg")


@given(st.integers(1, 120), st.integers(1, 120), st.integers(0, 2**40))
def test_smaller_draws_are_part_of_larger_ones(few: int, more: int, seed: int) -> None:
    """select(n) ⊂ select(m) for n < m and one seed, both in the folder's order, without repeats."""
    few, more = sorted((few, more))
    small, large = select(PATHS, few, seed), select(PATHS, more, seed)
    assert len(small) == min(few, 100)
    assert set(small) <= set(large)
    for drawn in (small, large):
        assert list(drawn) == sorted(set(drawn))


def test_all_are_drawn_when_there_are_no_more() -> None:
    """N at or above the number of images leaves nothing out and changes no order."""
    assert select(PATHS, 100, 3) == PATHS
    assert select(PATHS, 10**9, 3) == PATHS


def test_the_draw_is_fixed_by_its_seed() -> None:
    """A pinned answer: the raw PCG64 stream is promised to be the same on every platform and version of numpy."""
    assert select(PATHS, 5, 0) == SEED_0
    assert select(PATHS, 5, 0) != select(PATHS, 5, 1)


def test_every_image_is_drawn_equally_often() -> None:
    """2000 seeds, 20 of 100: each image 400 times on average with deviation 17.9; five deviations are allowed."""
    counts = Counter(path for seed in range(2000) for path in select(PATHS, 20, seed))
    assert set(counts) == set(PATHS)
    assert all(abs(count - 400) < 90 for count in counts.values())


def test_a_sorted_folder_is_not_reduced_to_its_first_class() -> None:
    """The first ten would be one class of ten; a random ten meets at least four of them."""
    for seed in range(20):
        assert len({path.split("/")[0] for path in select(PATHS, 10, seed)}) >= 4


@pytest.mark.parametrize(
    ("samples", "seed", "found"), [(0, 0, "0 samples"), (-3, 0, "-3 samples"), (1, -1, "seed -1")]
)
def test_numbers_out_of_range_are_wrong_input(samples: int, seed: int, found: str) -> None:
    """Exit 2 with the number."""
    with pytest.raises(InputError, match=found):
        select(PATHS, samples, seed)
