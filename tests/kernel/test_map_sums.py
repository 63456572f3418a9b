"""Sums by the kernel against exact ones in Python: every layout, walk, mask, level and number."""

import ctypes
import math
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geed_cli.actions.reading import Reading
from geed_cli.kernel import team
from geed_cli.kernel.library import FASTEST
from geed_cli.kernel.sums import BESIDE, COLUMNS, SHARED_FROM, Shape, map_sums

Maps = NDArray[np.float32]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEVELS = (0, 1, 2, 3)
"""One number after another, vectors of every processor, AVX2, AVX-512 (the next lower where it is not there)."""
SPACING = 16
"""Between the rows that give the shifts, as in map_sums.c."""
EXACT = 1e-12
"""A sum of a few thousand products of float64 numbers, tile by tile, rounds by some 1e-15 of their size."""


@pytest.fixture(autouse=True)
def fastest(library: ctypes.CDLL) -> Iterator[None]:
    yield
    library.map_sums_level(FASTEST)


def lying(maps: Maps, layout: str) -> Maps:
    """The same maps (C, H, W) in another order of memory, some with gaps."""
    channels, height, width = maps.shape
    if layout == "channels last":
        return np.ascontiguousarray(maps.transpose(1, 2, 0)).transpose(2, 0, 1)
    if layout == "some channels of more":
        wide = np.full((height, width, channels + 5), np.nan, dtype=np.float32)
        wide[..., 2 : 2 + channels] = maps.transpose(1, 2, 0)
        return wide[..., 2 : 2 + channels].transpose(2, 0, 1)
    if layout == "backwards":
        return np.ascontiguousarray(maps[:, ::-1, ::-1])[:, ::-1, ::-1]
    return np.ascontiguousarray(maps)


LAYOUTS = ("contiguous", "channels last", "some channels of more", "backwards")


def job(first: Maps, *beside: Maps, reading: Reading = Reading()) -> Ints:  # noqa: B008 - it is frozen
    """A map and others beside it, each of these read in the same way; they fill rows of results in that order."""

    def place(maps: Maps) -> tuple[int, int, int, int]:
        channel, row, column = (stride // 4 for stride in maps.strides)
        return maps.ctypes.data, channel, row, column

    views = np.zeros((1 + BESIDE, COLUMNS), dtype=np.int64)
    views[0] = *place(first), 0, 0
    channels = 0 if reading.channels is None else reading.channels.ctypes.data
    for result, maps in enumerate(beside, start=1):
        start, channel, *steps = place(maps)
        begin, *steps = reading.walk(*maps.shape[1:], *steps)
        views[result] = start + 4 * begin, channel, *steps, channels, result
    return views


def sums(
    library: ctypes.CDLL, jobs: Sequence[Ints], results: int, shape: Shape, threads: int = 1
) -> tuple[Floats, Floats, Floats]:
    return map_sums(library, np.stack(jobs), results, shape, threads)


def shape_of(maps: Maps, support: NDArray[np.bool_] | None = None) -> Shape:
    if support is None:
        return Shape(*maps.shape, None, maps.shape[1] * maps.shape[2])
    return Shape(*maps.shape, support.astype(np.float32), int(support.sum()))


def moved(maps: Maps, reading: Reading) -> Maps:
    """By NumPy's own mirrors, turns and indexing."""
    mirrored = np.flip(maps, 2) if reading.mirror else maps
    turned = np.rot90(mirrored, reading.quarters, (1, 2))
    return turned if reading.channels is None else turned[reading.channels]


def exact(one: Maps, other: Maps, support: NDArray[np.bool_] | None) -> Floats:
    """ā, b̄, ⟨a', a'⟩, ⟨b', b'⟩ and ⟨a', b'⟩ channel by channel, each sum rounded once."""
    inside = np.ones(one.shape[1:], dtype=bool) if support is None else support
    found = []
    for a, b in zip(one[:, inside].tolist(), other[:, inside].tolist(), strict=True):
        means = math.fsum(a) / len(a), math.fsum(b) / len(b)
        of_a, of_b = [x - means[0] for x in a], [y - means[1] for y in b]
        products = (
            math.fsum(x * y for x, y in zip(*pair, strict=True))
            for pair in ((of_a, of_a), (of_b, of_b), (of_a, of_b))
        )
        found.append((*means, *products))
    return np.array(found).T


def check(
    library: ctypes.CDLL, first: Maps, beside: Maps, reading: Reading, support: NDArray[np.bool_] | None
) -> None:
    """All levels have the same bits, and these are right."""
    found = []
    for level in LEVELS:
        library.map_sums_level(level)
        both = sums(library, [job(first, beside, reading=reading)], 2, shape_of(first, support))
        alone = sums(library, [job(first)], 1, shape_of(first, support))
        for one, other in zip(both, alone, strict=True):
            np.testing.assert_array_equal(one[0], other[0])
        found.append(np.stack(both))
    for each in found[1:]:
        np.testing.assert_array_equal(each, found[0])
    channels = np.arange(len(first)) if reading.channels is None else reading.channels
    in_order = found[0].copy()
    in_order[:, 1] = found[0][:, 1, channels]  # its results are in its own order
    means, squares, products = in_order
    *of_means, of_first, of_beside, of_both = exact(first, moved(beside, reading), support)
    sizes = [np.abs(one.astype(np.float64)).reshape(len(one), -1).max(axis=1) for one in (first, beside)]
    for row, (mean, size) in enumerate(zip(of_means, (sizes[0], sizes[1][channels]), strict=True)):
        assert (np.abs(means[row] - mean) <= EXACT * size).all()
    for row, square in enumerate((of_first, of_beside)):
        assert (np.abs(squares[row] - square) <= EXACT * square).all()
    np.testing.assert_array_equal(products[0], squares[0])
    assert (np.abs(products[1] - of_both) <= EXACT * np.sqrt(of_first) * np.sqrt(of_beside)).all()


def numbers(shape: Sequence[int], seed: int, mean: float = 0.0, size: float = 1.0) -> Maps:
    return (size * (mean + np.random.default_rng(seed).standard_normal(shape))).astype(np.float32)


SHAPES = [(1, 1, 1), (3, 7, 7), (17, 7, 7), (8, 16, 16), (1, 33, 33), (17, 19, 40), (3, 40, 19), (129, 3, 70)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_sums_are_right_in_every_layout(
    library: ctypes.CDLL, shape: tuple[int, int, int], layout: str
) -> None:
    """A mirrored map with its channels reversed, whose memory lies otherwise than the first one's."""
    reading = Reading(mirror=True, channels=np.arange(shape[0])[::-1].copy())
    own, other = numbers(shape, 1), numbers(shape, 2)
    check(library, lying(own, layout), lying(other, "channels last"), reading, None)
    check(library, lying(own, "channels last"), lying(other, layout), Reading(mirror=True), None)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_every_walk_is_that_of_numpy(library: ctypes.CDLL, quarters: int, mirror: bool) -> None:
    """Whole maps, and inside a disc off the middle row's ends."""
    own, other = numbers((9, 21, 21), 3), numbers((9, 21, 21), 4)
    rows, columns = np.ogrid[-10:11, -10:11]
    for layout in LAYOUTS[:2]:
        for support in (None, rows**2 + columns**2 <= 90):
            check(library, lying(own, layout), lying(other, layout), Reading(mirror, quarters), support)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_inverses_read_back(quarters: int, mirror: bool) -> None:
    maps = numbers((3, 5, 5), 22)
    for channels in (None, np.array([2, 0, 1])):
        reading = Reading(mirror, quarters, channels)
        np.testing.assert_array_equal(moved(moved(maps, reading), reading.inverse), maps)
        np.testing.assert_array_equal(moved(moved(maps, reading.inverse), reading), maps)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_digit_depends_on_the_layout(library: ctypes.CDLL, layout: str) -> None:
    """The order of the sums is that of height and width alone."""
    own, other = numbers((11, 13, 37), 5), numbers((11, 13, 37), 6)
    usual = sums(library, [job(own, other)], 2, shape_of(own))
    pair = lying(own, layout), lying(other, layout)  # a job keeps nothing alive
    found = sums(library, [job(*pair)], 2, shape_of(own))
    for one, another in zip(usual, found, strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("mean", [1e4, -1e4, 1e6])
def test_centring_does_not_cancel(library: ctypes.CDLL, mean: float) -> None:
    """A mean of 10⁴ deviations: naive sums of squares would lose eight digits of sixteen, and more of a float32's."""
    own, other = numbers((5, 56, 56), 7, mean), numbers((5, 56, 56), 8, mean)
    check(library, lying(own, "channels last"), other, Reading(quarters=1), None)


def test_the_worst_shifts(library: ctypes.CDLL) -> None:
    """All that varies is in the rows whose mean is the shift: what cancels is bounded by how many rows these are of."""
    own = numbers((3, 112, 112), 9, size=1e-3)
    own[:, SPACING // 2 :: SPACING] += 1.0
    check(library, own, numbers((3, 112, 112), 10), Reading(), None)


def test_shifts_where_their_rows_do_not_count(library: ctypes.CDLL) -> None:
    """Then all rows give them; else the mean itself would cancel."""
    own = numbers((3, 40, 40), 15, mean=1e4)
    support = np.zeros((40, 40), dtype=bool)
    support[30:36, 3] = True
    check(library, own, numbers((3, 40, 40), 16), Reading(), support)


@pytest.mark.parametrize("size", [1e-45, 1e-38, 1e-30, 1e30, 3e37])
def test_sizes_at_which_float32_squares_vanish_or_overflow(library: ctypes.CDLL, size: float) -> None:
    """Denormal numbers among them; as float64 they are ordinary ones."""
    check(library, numbers((3, 7, 9), 11, size=size), numbers((3, 7, 9), 12, size=size), Reading(), None)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.4e38, 1e-45])
def test_constant_maps_have_no_variation_at_all(library: ctypes.CDLL, value: float) -> None:
    """Means are the value itself, and 0 is exact: no rounding noise that a correlation could be made of."""
    maps = np.full((9, 23, 31), value, dtype=np.float32)
    means, squares, products = sums(library, [job(maps, maps)], 2, shape_of(maps))
    assert (means == float(np.float32(value))).all()
    assert not squares.any()
    assert not products.any()


def test_equal_maps_have_equal_sums(library: ctypes.CDLL) -> None:
    """⟨a', b'⟩ = ⟨a', a'⟩ to the last bit where b is a copy of a, and where it is a's mirror image, read mirrored."""
    own = numbers((5, 17, 19), 13)
    for other, reading in ((own.copy(), Reading()), (own[..., ::-1].copy(), Reading(mirror=True))):
        _, squares, products = sums(library, [job(own, other, reading=reading)], 2, shape_of(own))
        np.testing.assert_array_equal(products, squares)
        np.testing.assert_array_equal(products[1], products[0])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("masked", [False, True])
def test_what_is_not_finite_stays_so(library: ctypes.CDLL, bad: float, level: int, masked: bool) -> None:
    """In its own channel alone; also under a mask that leaves that pixel out, since the network made it."""
    library.map_sums_level(level)
    own = numbers((9, 6, 6), 14)
    broken = own.copy()
    broken[4, 0, 0] = bad
    support = np.ones((6, 6), dtype=bool)
    support[0, 0] = not masked
    whole = sums(library, [job(own, own)], 2, shape_of(own, support))
    for pair in ((broken, own), (own, broken)):
        found = sums(library, [job(*pair)], 2, shape_of(own, support))
        good = np.isfinite(np.stack(found)).all(axis=(0, 1))
        assert good.tolist() == [channel != 4 for channel in range(9)]
        for one, other in zip(found, whole, strict=True):
            np.testing.assert_array_equal(one[:, good], other[:, good])


@pytest.mark.parametrize("kind", ["of torch", "started"])
@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_no_digit(
    library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch, threads: int, kind: str
) -> None:
    """Also more of them than jobs, or than torch lets there be."""
    if kind == "started":
        monkeypatch.setattr(team, "openmp", lambda: None)
    stack = [numbers((40, 80, 80), seed) for seed in range(5)]
    jobs = [job(one, stack[0], reading=Reading(mirror=True)) for one in stack]
    for at, each in enumerate(jobs):
        each[:2, -1] += 2 * at
    assert stack[0].size * len(jobs) >= SHARED_FROM
    for count in (5, 1):  # jobs shared out, and the channels of one
        usual = sums(library, jobs[:count], 2 * count, shape_of(stack[0]))
        found = sums(library, jobs[:count], 2 * count, shape_of(stack[0]), threads)
        for one, other in zip(usual, found, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("count", range(2, BESIDE + 1))
@pytest.mark.parametrize("layout", LAYOUTS[:2])
def test_no_digit_depends_on_what_a_map_lies_beside(library: ctypes.CDLL, layout: str, count: int) -> None:
    """Several beside one have the sums that each of them has beside it alone."""
    first, *beside = (lying(numbers((19, 21, 21), seed), layout) for seed in range(count + 1))
    reading = Reading(mirror=True, quarters=3)
    shape = shape_of(first, np.random.default_rng(17).random((21, 21)) < 0.7)
    for level in LEVELS:
        library.map_sums_level(level)
        together = np.stack(sums(library, [job(first, *beside, reading=reading)], count + 1, shape))
        for row, one in enumerate(beside, start=1):
            pair = np.stack(sums(library, [job(first, one, reading=reading)], 2, shape))
            np.testing.assert_array_equal(together[:, [0, row]], pair)


def test_results_that_nobody_asks_for(library: ctypes.CDLL) -> None:
    """A map whose own sums are known is only what others lie beside."""
    first, beside = numbers((5, 9, 9), 20), numbers((5, 9, 9), 21)
    both = job(first, beside)
    usual = np.stack(sums(library, [both], 2, shape_of(first)))
    both[:2, -1] = -1, 0
    np.testing.assert_array_equal(np.stack(sums(library, [both], 1, shape_of(first)))[:, 0], usual[:, 1])


def test_no_job(library: ctypes.CDLL) -> None:
    none = np.zeros((0, 1 + BESIDE, COLUMNS), dtype=np.int64)
    assert [each.shape for each in map_sums(library, none, 0, Shape(3, 4, 4, None, 16))] == [(0, 3)] * 3


FLOATS = st.floats(-(2.0**100), 2.0**100, width=32)


@settings(deadline=None)
@given(data=st.data())
def test_any_shape_layout_walk_and_numbers(library: ctypes.CDLL, data: st.DataObject) -> None:
    """Sums of numbers of all sizes at once, against the size of what is summed."""
    side, channels = data.draw(st.integers(1, 36)), data.draw(st.integers(1, 20))
    seed = data.draw(st.integers(0, 2**32))
    shape = (channels, side, side)
    own, other = numbers(shape, seed, data.draw(st.floats(-1e3, 1e3))), numbers(shape, seed + 1)
    own.flat[:: data.draw(st.integers(1, own.size))] = data.draw(FLOATS)
    layouts = st.sampled_from(LAYOUTS)
    order = np.array(data.draw(st.permutations(range(channels))), dtype=np.int64)
    reading = Reading(data.draw(st.booleans()), data.draw(st.integers(0, 3)), order)
    support = np.random.default_rng(seed).random((side, side)) < data.draw(st.sampled_from([0.1, 0.6, 2.0]))
    support[0, 0] = True
    own, other = lying(own, data.draw(layouts)), lying(other, data.draw(layouts))
    check(library, own, other, reading, support)
