"""Flows of the plane: where they take a picture, by polynomials, quarter turns and shifts; and their derivatives."""

import itertools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from geed_cli.errors import InputError
from geed_cli.sets.flow import FLOWS, Flow, flow_pair
from geed_cli.sets.known_sets import set_named
from geed_cli.sets.sampling import Kernel, keys_kernel, sample, smooth_kernel
from geed_cli.sets.set_families import GENERATORS, STEP

SIZE = 24
SLOPES: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "rotation": lambda x, y: (y, -x),  # counter-clockwise as displayed: what is right of the middle goes up
    "shift-x": lambda x, y: (torch.ones_like(x), torch.zeros_like(y)),
    "shift-y": lambda x, y: (torch.zeros_like(x), torch.ones_like(y)),
    "scale": lambda x, y: (x, y),
    "shear": lambda _, y: (y, torch.zeros_like(y)),
}
"""The velocity of each flow, right and down, at a position in half sides."""


def positions(size: int = SIZE) -> tuple[Tensor, Tensor]:
    at = (torch.arange(size, dtype=torch.float64) - (size - 1) / 2) / (size / 2)
    return at[None, :].expand(size, size), at[:, None].expand(size, size)


def quadratic(x: Tensor, y: Tensor) -> Tensor:
    return 0.3 + 0.5 * x - 0.2 * y + 0.4 * x * y + 0.7 * x * x - 0.6 * y * y


def flow(generator: str, t: float) -> Flow:
    ahead, _ = flow_pair(generator, t)
    assert isinstance(ahead, Flow)
    return ahead


def inside(maps: Tensor, margin: int = 4) -> Tensor:
    return maps[..., margin:-margin, margin:-margin]


def test_every_generator_has_a_flow() -> None:
    assert set(GENERATORS) == set(FLOWS) == set(SLOPES)


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_quadratic_picture_is_moved_exactly(generator: str) -> None:
    """The kernel reproduces quadratics, which all of these flows map to quadratics; away from the mirrored edge."""
    t = 0.05
    sources = {
        "rotation": lambda x, y: (
            x * math.cos(t) - y * math.sin(t), y * math.cos(t) + x * math.sin(t)),
        "shift-x": lambda x, y: (x - t, y),
        "shift-y": lambda x, y: (x, y - t),
        "scale": lambda x, y: (x * math.exp(-t), y * math.exp(-t)),
        "shear": lambda x, y: (x - t * y, y),
    }  # fmt: skip
    moved = flow(generator, t).act(quadratic(*positions()))
    expected = quadratic(*sources[generator](*positions()))
    assert inside(moved).flatten().tolist() == pytest.approx(inside(expected).flatten().tolist(), abs=1e-12)


def test_a_quarter_turn_is_counter_clockwise() -> None:
    picture = torch.rand(3, 7, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    turned = flow("rotation", math.pi / 2).act(picture)
    assert torch.allclose(turned, torch.rot90(picture, 1, (-2, -1)), atol=1e-12)


def test_a_shift_by_pixels_mirrors_the_edge() -> None:
    """Two pixels of eight are half a half side: to the right, with the first two columns mirrored in."""
    picture = torch.rand(1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    moved = flow("shift-x", 0.5).act(picture)
    expected = torch.cat([picture[..., [1, 0]], picture[..., :6]], dim=-1)
    assert torch.allclose(moved, expected, atol=1e-12)
    assert torch.allclose(flow("shift-y", 0.5).act(picture.mT), expected.mT, atol=1e-12)


def test_half_sides_make_a_flow_of_every_size() -> None:
    """A map of half the side, of means over 2×2 pixels, moves along with the picture.

    A flow by pixels would move it by 0.16 pixels too far, and be off by 0.02; what is left is of the coarser grid.
    """
    x, y = positions(32)
    picture = torch.sin(2 * x + 1) * torch.cos(y)
    halved = torch.nn.functional.avg_pool2d
    for generator in GENERATORS:
        moved = flow(generator, 0.02)
        one = halved(moved.act(picture)[None], 2)[0]
        other = moved.act(halved(picture[None], 2)[0])
        assert float(inside(one - other).abs().max()) < 5e-4, generator


def test_pixels_are_not_clamped() -> None:
    """A clamp has no slope where it acts."""
    picture = torch.zeros(1, 8, 8)
    picture[..., 4:] = 1.0
    shown = flow("shift-x", 0.1).show(picture)
    assert shown.dtype == torch.float32
    assert float(shown.min()) < 0.0


def wave(x: Tensor, y: Tensor) -> Tensor:
    return torch.sin(6 * x + 1) * torch.cos(5 * y)


def neuron() -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor, Tensor], Tensor]]:
    """f(x) = tanh(⟨w, x⟩), w = 0 near the edge, and its derivative along a velocity, right and down in pixels."""
    weights = torch.zeros(SIZE, SIZE, dtype=torch.float64)
    inside(weights).copy_(
        torch.rand(16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) / 20
    )

    def f(of: Tensor) -> Tensor:
        return (weights * of).sum().tanh()

    def derivative(of: Tensor, right: Tensor, down: Tensor) -> Tensor:
        across, along = ((of.roll(-1, axis) - of.roll(1, axis)) / 2 for axis in (-1, -2))
        return (1 - f(of) ** 2) * (weights * -(right * across + down * along)).sum()

    return f, derivative


@pytest.mark.parametrize("generator", GENERATORS)
def test_differences_converge_with_order_2(generator: str) -> None:
    """To the derivative with central differences for slopes, which is known: half the t, a quarter of the error."""
    f, derivative = neuron()
    x, y = positions()
    picture = wave(x, y)
    right, down = (speed * SIZE / 2 for speed in SLOPES[generator](x, y))
    exact = float(derivative(picture, right, down))
    assert abs(exact) > 0.01
    errors = []
    for t in (2**-8, 2**-9, 2**-10, 2**-11):
        ahead, behind = (end.show(picture) for end in flow_pair(generator, t))
        errors.append(float(f(ahead) - f(behind)) / (2 * t) - exact)
    for coarse, fine in itertools.pairwise(errors):
        assert coarse / fine == pytest.approx(4, rel=0.3)
    assert abs(errors[2]) < 1e-3 * abs(exact), "at the step that is taken"
    assert STEP == 2**-10


@pytest.mark.parametrize("kernel", [keys_kernel, lambda d: (1 - d).clamp(min=0)], ids=["keys", "bilinear"])
def test_kernels_with_a_jump_would_converge_with_order_1(kernel: Kernel) -> None:
    """Why flows have a kernel of their own: Keys' second derivative jumps at a pixel, the first of a bilinear one."""
    f, derivative = neuron()
    picture = wave(*positions())
    at = torch.arange(SIZE, dtype=torch.float64)
    rows, columns = at[:, None].expand(SIZE, SIZE), at[None, :].expand(SIZE, SIZE)
    exact = float(derivative(picture, torch.ones_like(picture), torch.zeros_like(picture)))
    errors = []
    for t in (2**-4, 2**-5, 2**-6, 2**-7):
        ends = [f(sample(picture, rows, columns - end, "reflect", kernel)) for end in (t, -t)]
        errors.append(float(ends[0] - ends[1]) / (2 * t) - exact)
    for coarse, fine in itertools.pairwise(errors[1:]):
        assert coarse / fine == pytest.approx(2, rel=0.15)


def test_the_smooth_kernel_has_two_derivatives() -> None:
    """At a pixel and between: from both sides the value, the slope and the second derivative; and weights add to 1."""
    for at in (0.0, 1.0, 2.0):
        sides = []
        for side in (1, -1):
            d = torch.tensor([at + side * k * 1e-3 for k in (0, 1, 2)], dtype=torch.float64).abs()
            k = smooth_kernel(d)
            sides.append(
                (float(k[0]), side * float(k[1] - k[0]) / 1e-3, float(k[2] - 2 * k[1] + k[0]) / 1e-6)
            )
        assert sides[0] == pytest.approx(sides[1], abs=0.1)
    s = torch.linspace(0, 1, 11, dtype=torch.float64)
    assert sum(smooth_kernel((s - k).abs()) for k in (-1, 0, 1, 2)).tolist() == pytest.approx([1.0] * 11)


def test_a_set_of_both_ends() -> None:
    """Written in one line; the ends undo each other to second order, and say what they do."""
    found = set_named("lie:rotation")
    assert found.name == "lie:rotation"
    assert found.elements == ("e", "+t", "-t")
    assert found.is_flow
    assert found.calls == ("identity", "flow(rotation, t=0.0009765625)", "flow(rotation, t=-0.0009765625)")
    _, ahead, behind = found.transforms
    assert isinstance(ahead, Flow)
    assert ahead.inverse.act(torch.eye(5)).tolist() == behind.show(torch.eye(5)[None])[0].tolist()
    assert not set_named("rotate:5,10").is_flow


@pytest.mark.parametrize("text", ["lie:spin", "lie:rotation,scale", "lie:0.1", "lie:"])
def test_other_generators_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a generator of lie") as refused:
        set_named(text)
    assert "one of rotation, shift-x, shift-y, scale, shear; each is a set of its own" in str(refused.value)
    assert "--set lie:rotation" in str(refused.value)
