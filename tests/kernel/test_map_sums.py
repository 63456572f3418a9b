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
from geed_cli.kernel.sums import SHARED_FROM, Job, Shape, map_sums

Maps = NDArray[np.float32]
Floats = NDArray[np.float64]
LEVELS = (0, 1, 2)
"""One number after another, vectors of every processor of the kind, AVX2 (the next lower where it is not there)."""
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


def job(own: Maps, other: Maps | None = None, reading: Reading = Reading()) -> Job:  # noqa: B008 - it is frozen
    def place(maps: Maps) -> tuple[int, int, int, int]:
        channel, row, column = (stride // 4 for stride in maps.strides)
        return maps.ctypes.data, channel, row, column

    if other is None:
        return Job(place(own))
    start, channel, row, column = place(other)
    begin, row, column = reading.walk(other.shape[1], other.shape[2], row, column)
    channels = 0 if reading.channels is None else reading.channels.ctypes.data
    return Job(place(own), (start + 4 * begin, channel, row, column), channels)


def shape_of(maps: Maps, support: NDArray[np.bool_] | None = None) -> Shape:
    if support is None:
        return Shape(*maps.shape, None, maps.shape[1] * maps.shape[2])
    return Shape(*maps.shape, support.astype(np.float32), int(support.sum()))


def moved(maps: Maps, reading: Reading) -> Maps:
    """By NumPy's own mirrors, turns and indexing."""
    mirrored = np.flip(maps, 2) if reading.mirror else maps
    turned = np.rot90(mirrored, reading.quarters, (1, 2))
    return turned if reading.channels is None else turned[reading.channels]


def exact(own: Maps, other: Maps, support: NDArray[np.bool_] | None) -> tuple[Floats, Floats, Floats]:
    """ā, ⟨a', a'⟩ and ⟨a', b'⟩ channel by channel, each sum rounded once."""
    inside = np.ones(own.shape[1:], dtype=bool) if support is None else support
    found = []
    for a, b in zip(own[:, inside].tolist(), other[:, inside].tolist(), strict=True):
        of_a, of_b = math.fsum(a) / len(a), math.fsum(b) / len(b)
        apart = [x - of_a for x in a], [y - of_b for y in b]
        square = math.fsum(x * x for x in apart[0])
        product = math.fsum(x * y for x, y in zip(*apart, strict=True))
        found.append((of_a, square, product, math.fsum(y * y for y in apart[1])))
    means, squares, products, others = np.array(found).T
    return means, squares, np.stack([products, np.sqrt(squares) * np.sqrt(others)])


def check(
    library: ctypes.CDLL, own: Maps, other: Maps, reading: Reading, support: NDArray[np.bool_] | None
) -> None:
    """All levels have the same bits, and these are right."""
    found = []
    for level in LEVELS:
        library.map_sums_level(level)
        both = map_sums(library, [job(own, other, reading)], shape_of(own, support))
        alone = map_sums(library, [job(own)], shape_of(own, support))
        np.testing.assert_array_equal(both[0], alone[0])
        np.testing.assert_array_equal(both[1], alone[1])
        found.append(np.stack(both))
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])
    means, squares, (products, lengths) = exact(own, moved(other, reading), support)
    size = np.abs(own.astype(np.float64)).reshape(len(own), -1).max(axis=1)
    assert (np.abs(found[0][0, 0] - means) <= EXACT * size).all()
    assert (np.abs(found[0][1, 0] - squares) <= EXACT * squares).all()
    assert (np.abs(found[0][2, 0] - products) <= EXACT * lengths).all()


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


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_digit_depends_on_the_layout(library: ctypes.CDLL, layout: str) -> None:
    """The order of the sums is that of height and width alone."""
    own, other = numbers((11, 13, 37), 5), numbers((11, 13, 37), 6)
    usual = map_sums(library, [job(own, other)], shape_of(own))
    pair = lying(own, layout), lying(other, layout)  # a job keeps nothing alive
    found = map_sums(library, [job(*pair)], shape_of(own))
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
    means, squares, products = map_sums(library, [job(maps, maps)], shape_of(maps))
    assert (means == float(np.float32(value))).all()
    assert not squares.any()
    assert not products.any()


def test_equal_maps_have_equal_sums(library: ctypes.CDLL) -> None:
    """⟨a', b'⟩ = ⟨a', a'⟩ to the last bit where b is a copy of a, and where it is a's mirror image, read mirrored."""
    own = numbers((5, 17, 19), 13)
    for other, reading in ((own.copy(), Reading()), (own[..., ::-1].copy(), Reading(mirror=True))):
        _, squares, products = map_sums(library, [job(own, other, reading)], shape_of(own))
        np.testing.assert_array_equal(products, squares)


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
    whole = map_sums(library, [job(own, own)], shape_of(own, support))
    for pair in ((broken, own), (own, broken)):
        found = map_sums(library, [job(*pair)], shape_of(own, support))
        good = np.isfinite(np.stack(found)).all(axis=0)[0]
        assert good.tolist() == [channel != 4 for channel in range(9)]
        for one, other in zip(found, whole, strict=True):
            np.testing.assert_array_equal(one[0, good], other[0, good])


@pytest.mark.parametrize("kind", ["of torch", "started"])
@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_no_digit(
    library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch, threads: int, kind: str
) -> None:
    """Also more of them than jobs, or than torch lets there be."""
    if kind == "started":
        monkeypatch.setattr(team, "openmp", lambda: None)
    stack = [numbers((16, 128, 128), seed) for seed in range(5)]
    jobs = [job(one, stack[0], Reading(mirror=True)) for one in stack]
    assert stack[0].size * len(jobs) >= SHARED_FROM
    usual = map_sums(library, jobs, shape_of(stack[0]))
    found = map_sums(library, jobs, shape_of(stack[0]), threads)
    for one, other in zip(usual, found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_job(library: ctypes.CDLL) -> None:
    assert [each.shape for each in map_sums(library, [], Shape(3, 4, 4, None, 16))] == [(0, 3)] * 3


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
