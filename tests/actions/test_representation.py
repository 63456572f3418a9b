"""Representations against theory: characters, kernels, ρ(gh) = ρ(g)ρ(h), and dense matrices from coordinates."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geed_cli.actions.channel_action import Matrices, Permutation, as_moves, regular_moves
from geed_cli.actions.composed import DirectSum, Joint, PullBack
from geed_cli.actions.homomorphism import compose, extend, quotient_images
from geed_cli.actions.representation import NoAction, Representation, Spatial, Trivial
from geed_cli.actions.view import View, views_of
from geed_cli.errors import InputError
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import group_named

CATALOGUE = (
    "flip",
    "vflip",
    "flips",
    "c1",
    "c3",
    "c4",
    "c8",
    "d1",
    "d4",
    "d5",
    "rgb",
    "hue3",
    "invert",
    "shift3",
    "flip*xshift3",
)
EXACT = ("flip", "vflip", "flips", "c1", "c2", "c4", "d1", "d2", "d4")


def views(name: str, boundary: str = "disc") -> tuple[View, ...]:
    return views_of(group_named(name), boundary, "bilinear")


def regular(name: str, shape: tuple[int, ...], *, field_major: bool = True) -> Permutation:
    group = group_named(name)
    moves = regular_moves(group.table, shape[0] // group.order, field_major=field_major)
    return Permutation.of(moves, shape, name)


def dense(rho: Representation, g: int) -> np.ndarray:
    """ρ(g) as a matrix: its columns are the images of the unit outputs."""
    size = int(np.prod(rho.shape))
    units = torch.eye(size, dtype=torch.float64).reshape(size, *rho.shape)
    return rho.act(g, units).reshape(size, size).T.numpy()


def characters(rho: Representation) -> np.ndarray:
    return np.array([np.trace(dense(rho, g)) for g in range(rho.order)])


def pixel_of(turn: Fraction, mirror: bool, size: int, pixel: tuple[int, int]) -> tuple[int, int]:
    """Where an exact element sends a pixel, with complex numbers: x to the right, iy upwards."""
    row, column = pixel
    middle = (size - 1) / 2
    z = complex(column - middle, middle - row)
    z = (-z.conjugate() if mirror else z) * 1j ** int(4 * turn)
    return round(middle - z.imag), round(z.real + middle)


def dense_oracle(group: FiniteGroup, g: int, size: int, channels: np.ndarray) -> np.ndarray:
    """Pixels by ``pixel_of``, channels by a C×C matrix: ρ(g) = channels ⊗ pixels, entry by entry."""
    planar = group.transforms[g].planar
    matrix = np.zeros((len(channels), size, size, len(channels), size, size))
    for row in range(size):
        for column in range(size):
            to = pixel_of(planar.turn, planar.mirror, size, (row, column))
            matrix[:, *to, :, row, column] = channels
    return matrix.reshape(len(channels) * size**2, -1)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_spatial_actions_are_those_of_the_plane(name: str, size: int) -> None:
    """On maps of any size, quarter turns and mirrors move pixels as complex numbers do."""
    group = group_named(name)
    rho = Spatial.of(views(name), (2, size, size))
    for g in range(group.order):
        np.testing.assert_array_equal(dense(rho, g), dense_oracle(group, g, size, np.eye(2)))


@pytest.mark.parametrize("field_major", [True, False])
def test_regular_maps_turn_pixels_and_roll_channels(*, field_major: bool) -> None:
    """Under C4 the component of h goes to g + h mod 4, in each of two fields, while the map turns."""
    group = group_named("c4")
    shape = (8, 3, 3)
    rho = Joint.of(Spatial.of(views("c4"), shape), regular("c4", shape, field_major=field_major))
    for g in range(4):
        roll = np.roll(np.eye(4), g, axis=0)
        channels = np.kron(np.eye(2), roll) if field_major else np.kron(roll, np.eye(2))
        np.testing.assert_array_equal(dense(rho, g), dense_oracle(group, g, 3, channels))


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_regular_character_is_n_at_e_and_zero_elsewhere(name: str) -> None:
    """χ(e) = |G|, χ(g) = 0: no element but e fixes an element of the group by multiplication."""
    n = group_named(name).order
    assert characters(regular(name, (n,))).tolist() == [n] + [0] * (n - 1)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_trivial_character_has_inner_product_one(name: str) -> None:
    """⟨χ, 1⟩ = (1/|G|) Σ χ(g) = 1 in one dimension, and k in k."""
    n = group_named(name).order
    assert characters(Trivial(n, (1,))).mean() == 1
    assert characters(Trivial(n, (3,))).mean() == 3


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_character_of_pixels_counts_fixed_pixels(name: str, size: int) -> None:
    """χ(g) is the number of pixels that g fixes, and ⟨χ, 1⟩ the number of orbits (Burnside)."""
    group = group_named(name)
    found = characters(Spatial.of(views(name), (1, size, size)))
    pixels = [(row, column) for row in range(size) for column in range(size)]
    moved = [
        {pixel: pixel_of(t.planar.turn, t.planar.mirror, size, pixel) for pixel in pixels}
        for t in group.transforms
    ]
    assert found.tolist() == [sum(to == pixel for pixel, to in each.items()) for each in moved]
    assert found.mean() == len({frozenset(each[pixel] for each in moved) for pixel in pixels})


@pytest.mark.parametrize("name", CATALOGUE)
def test_regular_representations_are_faithful(name: str) -> None:
    """The kernel is {e} whatever moves or does not move beside: on vectors, on 1×1 maps, in either order."""
    n = group_named(name).order
    for shape in ((2 * n,), (2 * n, 1, 1), (2 * n, 3, 3)):
        for field_major in (True, False):
            assert regular(name, shape, field_major=field_major).kernel() == (0,)


@pytest.mark.parametrize("name", ["flip", "flips", "c4", "d4", "c8", "d5"])
@pytest.mark.parametrize("boundary", ["disc", "zero", "reflect"])
def test_everything_acts_trivially_on_one_pixel(name: str, boundary: str) -> None:
    """On 1×1 maps the kernel is G, so that f̂ is the orbit mean."""
    n = group_named(name).order
    assert Spatial.of(views(name, boundary), (3, 1, 1)).kernel() == tuple(range(n))


@pytest.mark.parametrize("name", ["flip", "flips", "c4", "d4", "c8", "d5"])
@pytest.mark.parametrize("size", [3, 4, 7])
def test_spatial_actions_are_faithful_on_larger_maps(name: str, size: int) -> None:
    """The kernel is {e}, so that f̂ = f."""
    assert Spatial.of(views(name), (2, size, size)).kernel() == (0,)


@pytest.mark.parametrize("name", ["flip", "vflip", "flips", "c4", "d4"])
def test_four_pixels_tell_all_exact_elements_apart(name: str) -> None:
    """The square's symmetries permute its four corners faithfully."""
    assert Spatial.of(views(name), (1, 2, 2)).kernel() == (0,)


def test_in_between_on_a_strip() -> None:
    """A 1×5 map knows left from right but not up from down: the kernel of `flips` is {e, up-down mirror}."""
    kernel = Spatial.of(views("flips"), (4, 1, 5)).kernel()
    assert [group_named("flips").elements[g] for g in kernel] == ["e", "r180m"]


def test_c8_through_c4() -> None:
    """r45 acts as r90: the kernel is that of the quotient, {e, r180}, on maps; on one pixel it is everything."""
    c8, c4 = group_named("c8"), group_named("c4")
    images = quotient_images(c8, c4, {"r45": "r90"}, "a map")
    assert images == (0, 1, 2, 3, 0, 1, 2, 3)
    through = PullBack.of(Spatial.of(views("c4"), (2, 3, 3)), images, "q")
    assert [c8.elements[g] for g in through.kernel()] == ["e", "r180"]
    assert PullBack.of(Spatial.of(views("c4"), (2, 1, 1)), images, "q").kernel() == tuple(range(8))
    assert PullBack.of(regular("c4", (4,)), images, "q").kernel() == (0, 4)


def test_d4_with_trivial_mirrors() -> None:
    """Where m is trivial so are its conjugates and their products: {e, r180, m, r180m}, half of D4.

    The quotient has two elements; r90 acts by the other one.
    """
    d4, c2 = group_named("d4"), group_named("c2")
    images = quotient_images(d4, c2, {"m": "e", "r90": "r180"}, "a map")
    rho = PullBack.of(regular("c2", (2,)), images, "q")
    assert {d4.elements[g] for g in rho.kernel()} == {"e", "r180", "m", "r180m"}


def test_a_kernel_of_order_two_in_d4() -> None:
    """D4 by its centre: rotations about twice the angle, so that r180 alone acts trivially besides e."""
    d4, d2 = group_named("d4"), group_named("d2")
    images = quotient_images(d4, d2, {"r90": "r180", "m": "m"}, "a map")
    rho = PullBack.of(regular("d2", (4, 1, 1)), images, "q")
    assert [d4.elements[g] for g in rho.kernel()] == ["e", "r180"]


def test_joint_kernels_are_those_of_pixels_and_channels_together() -> None:
    """Half turns roll two channels; on 1×1 maps {e}, though pixels stay. A quotient on channels adds nothing on 3×3."""
    shape = (2, 1, 1)
    assert Joint.of(Spatial.of(views("c2"), shape), regular("c2", shape)).kernel() == (0,)
    images = quotient_images(group_named("c4"), group_named("c2"), {"r90": "r180"}, "a map")
    for side, kernel in ((1, (0, 2)), (3, (0,))):
        shape = (2, side, side)
        channels = PullBack.of(regular("c2", shape), images, "q")
        assert Joint.of(Spatial.of(views("c4"), shape), channels).kernel() == kernel


def test_the_kernel_of_a_sum_is_the_common_kernel_of_its_parts() -> None:
    """A sign in one channel is enough to make the mirror act; without it both elements stand still."""
    sign = Matrices.of(np.array([[[1.0]], [[-1.0]]]), (1, 1, 1), "sign")
    still = Trivial(2, (2, 1, 1))
    assert DirectSum.of([still, sign]).kernel() == (0,)
    assert DirectSum.of([still, still]).kernel() == (0, 1)


def group_and_pair(draw: st.DrawFn) -> tuple[FiniteGroup, int, int]:
    group = group_named(draw(st.sampled_from(CATALOGUE)))
    element = st.integers(0, group.order - 1)
    return group, draw(element), draw(element)


def rotation_matrices(group: FiniteGroup) -> np.ndarray:
    """The plane's own representation of a group of rotations and mirrors."""
    found = []
    for transform in group.transforms:
        angle = 2 * np.pi * float(transform.planar.turn)
        turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        found.append(turned @ np.diag([-1.0, 1.0]) if transform.planar.mirror else turned)
    return np.stack(found)


@given(st.data())
def test_products_of_elements_are_products_of_their_actions(data: st.DataObject) -> None:
    """ρ(gh)y = ρ(g)(ρ(h)y): a left action, for channels of every kind with the pixels of exact groups."""
    group, g, h = group_and_pair(data.draw)
    n = group.order
    shape = (2 * n, 3, 3) if data.draw(st.booleans()) else (2 * n,)
    parts: list[Representation] = [regular(group.name, shape, field_major=data.draw(st.booleans()))]
    parts.append(Trivial(n, (1, *shape[1:])))
    if not any(t.moves_colour or not t.shift.is_identity for t in group.transforms):
        parts.append(Matrices.of(rotation_matrices(group), (2, *shape[1:]), "plane"))
    rho: Representation = DirectSum.of(parts)
    if len(shape) == 3 and all(t.exact for t in group.transforms):
        rho = Joint.of(Spatial.of(views(group.name), rho.shape), rho)
    y = torch.rand(2, *rho.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(g * n + h))
    once = rho.act(int(group.table[g, h]), y)
    # 1e-12: a few products of numbers below 1 in float64
    torch.testing.assert_close(once, rho.act(g, rho.act(h, y)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["c4", "d4", "d5", "c8"])
def test_matrices_from_generators(name: str) -> None:
    """All elements follow from r (and m), and are the plane's rotations and mirrors."""
    group = group_named(name)
    every = rotation_matrices(group)
    generators = {group.elements[g]: every[g] for g in ((1,) if name[0] == "c" else (1, group.order // 2))}
    # 1e-12: at most eight products in float64
    found = extend(group, generators, np.eye(2), np.matmul, "a test")
    np.testing.assert_allclose(found, every, rtol=0, atol=1e-12)


def test_permutations_from_generators() -> None:
    """D4 on the corners of a square, from r90 and m, is its action on the pixels of 2×2 maps."""
    group = group_named("d4")
    given_moves = {"r90": np.array([2, 0, 3, 1]), "m": np.array([1, 0, 3, 2])}
    found = extend(group, given_moves, np.arange(4), compose, "a test")
    spatial = Spatial.of(views("d4"), (1, 2, 2))
    permutation = Permutation.of(found, (4,), "corners")
    for g in range(8):
        np.testing.assert_array_equal(dense(permutation, g), dense(spatial, g))


@pytest.mark.parametrize(
    ("generators", "found"),
    [
        ({"r90": np.array([1, 0, 2, 3])}, None),
        ({"r90": np.array([1, 2, 0, 3])}, "differs from"),
        ({"r180": np.array([1, 0, 2, 3])}, "2 of the 4 elements"),
        ({}, "1 of the 4 elements"),
        ({"r45": np.array([1, 2, 3, 0])}, "no element of c4"),
        ({"r90": np.array([1, 2, 3, 0]), "e": np.array([1, 0, 2, 3])}, "differs from"),
    ],
)
def test_only_actions_are_taken(generators: dict[str, np.ndarray], found: str | None) -> None:
    """A swap is an action of c4, a cycle of three is none; nor are too few generators, strangers, a moving e."""
    group = group_named("c4")
    if found is None:
        assert extend(group, generators, np.arange(4), compose, "a test").shape == (4, 4)
        return
    with pytest.raises(InputError, match=found):
        extend(group, generators, np.arange(4), compose, "a test")


def test_matrices_may_be_rounded_but_not_wrong() -> None:
    """Seven decimals of √½ pass, three do not."""
    group = group_named("c8")
    exact = rotation_matrices(group)[1]
    extend(group, {"r45": exact.round(8)}, np.eye(2), np.matmul, "a test")
    with pytest.raises(InputError, match="no action of c8"):
        extend(group, {"r45": exact.round(3)}, np.eye(2), np.matmul, "a test")


def test_permutation_matrices_are_recognised() -> None:
    """A matrix with rounding noise is its permutation; two columns with their 1 in one row are none."""
    moves = np.array([[0, 1, 2], [2, 0, 1]])
    matrices = np.zeros((2, 3, 3))
    for g, row in enumerate(moves):
        matrices[g, row, np.arange(3)] = 1
    np.testing.assert_array_equal(as_moves(matrices + 1e-8), moves)
    assert as_moves(np.array([[[1.0, 1.0], [0.0, 0.0]]])) is None
    assert as_moves(rotation_matrices(group_named("c8"))) is None


def test_the_disc_masks_every_channel_of_a_sum() -> None:
    """One slice moves in the disc, the other stays; both are compared inside it, for any number of channels."""
    parts = [Spatial.of(views("c8"), (1, 5, 5)), Trivial(8, (1, 5, 5))]
    rho = DirectSum.of(parts)
    mask = rho.restrict(torch.ones(1, 5, 5))
    assert 0 < mask.sum() < 25
    assert torch.equal(rho.restrict(torch.ones(2, 5, 5)), mask.expand(2, 5, 5))


@pytest.mark.parametrize(
    ("name", "shape", "boundary", "reason"),
    [
        ("c4", (1, 2, 3), "zero", "its 2×3 maps are not square, and the group turns them"),
        ("flips", (1, 2, 3), "zero", None),
        ("c8", (1, 2, 2), "disc", "its 2×2 maps have no pixel inside the disc"),
        ("c8", (1, 2, 2), "zero", None),
        ("hue3", (1, 3, 3), "zero", "how brg, which changes colours, acts on hidden maps is not known"),
        (
            "flip*invert",
            (1, 3, 3),
            "zero",
            "how invert, which changes colours, acts on hidden maps is not known",
        ),
    ],
)
def test_why_a_group_does_not_act(
    name: str, shape: tuple[int, ...], boundary: str, reason: str | None
) -> None:
    """Turned maps have to be square, masked ones to have a pixel; colours have no action on hidden maps."""
    assert Spatial.of(views(name, boundary), shape).undefined == reason


def test_a_declared_action_on_channels_says_what_colours_do() -> None:
    """A hue rotation may roll channels; its geometry, none, is no obstacle."""
    shape = (3, 2, 2)
    rho = Joint.of(Spatial.of(views("hue3"), shape), regular("hue3", shape))
    assert rho.undefined is None
    y = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    assert torch.equal(rho.act(1, y), y.roll(1, 0))


def test_one_part_without_an_action_leaves_the_whole_without() -> None:
    """The reason of the part is the reason of the sum."""
    none = NoAction(2, (1, 3, 3), "none", "nobody knows")
    assert DirectSum.of([Trivial(2, (1, 3, 3)), none]).undefined == "nobody knows"
    assert Joint.of(Spatial.of(views("flip"), (1, 3, 3)), none).undefined == "nobody knows"


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_actions_keep_the_type(dtype: torch.dtype) -> None:
    """Maps in half precision stay so: matrices are cast, not maps."""
    shape = (2, 3, 3)
    y = torch.rand(4, *shape).to(dtype)
    for rho in (
        regular("c2", shape),
        Matrices.of(rotation_matrices(group_named("c2")), shape, "plane"),
        Joint.of(Spatial.of(views("c2"), shape), regular("c2", shape)),
    ):
        moved = rho.act(1, y)
        assert moved.dtype == dtype
        assert moved.shape == y.shape


def test_pull_backs_mask_and_refuse_as_the_group_that_acts() -> None:
    """What H cannot do, G cannot through H; nor does it compare other pixels."""
    strip = Spatial.of(views("c4"), (1, 2, 3))
    assert PullBack.of(strip, (0, 2), "q").undefined == strip.undefined
    inner = Spatial.of(views("c8"), (1, 5, 5))
    y = torch.ones(1, 5, 5)
    assert torch.equal(PullBack.of(inner, (0, 4), "q").restrict(y), inner.restrict(y))
