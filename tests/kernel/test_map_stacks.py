"""Stacks that the kernel sums against those of torch: the same interface, and the same numbers up to rounding."""

import ctypes
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from geed_cli.actions.action import disc_mask
from geed_cli.actions.channel_action import Matrices, Permutation
from geed_cli.actions.composed import DirectSum, Joint, PullBack
from geed_cli.actions.representation import Representation, Spatial, Trivial
from geed_cli.actions.view import views_of
from geed_cli.groups.named import group_named
from geed_cli.kernel.library import VARIABLE
from geed_cli.measures.maps import kernel_stack
from geed_cli.measures.maps.compared import channelwise_deviation, stack_of
from geed_cli.measures.maps.kernel_stack import KernelStack
from geed_cli.measures.maps.lying import copied
from geed_cli.measures.maps.scattered import Scattered
from geed_cli.measures.maps.stack import MapStack, Matching, Sums
from geed_cli.measures.maps.torch_stack import TorchStack

SHAPE = (6, 9, 9)


@pytest.fixture(autouse=True)
def compiled_here(library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_stack, "kernel", lambda: library)


def maps(count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *SHAPE, generator=generator).contiguous(memory_format=torch.channels_last)


def spatial(group: str) -> Spatial:
    return Spatial.of(views_of(group_named(group), "disc", "bilinear"), SHAPE)


def permutation(order: int) -> Permutation:
    moves = np.array([np.roll(np.arange(6), g) for g in range(order)])
    return Permutation.of(moves, SHAPE, "roll")


ACTIONS: dict[str, Representation] = {
    "trivial": Trivial(4, SHAPE),
    "d4": spatial("d4"),
    "c8, resampled": spatial("c8"),
    "shift3": spatial("shift3"),
    "channels": permutation(4),
    "channels and pixels": Joint.of(spatial("c4"), permutation(4)),
    "through another group": PullBack.of(Joint.of(spatial("c4"), permutation(4)), [3, 2, 1, 0], "back"),
    "matrices": Matrices.of(np.stack([np.eye(6)[::-1], 2 * np.eye(6)]), SHAPE, "given"),
    "sums": DirectSum.of([Trivial(4, (2, 9, 9)), Spatial.of(spatial("c4").views, (4, 9, 9))]),
}


def close(one: Sums, other: Sums, tolerance: float) -> None:
    lengths = other.own.deviations * other.expected.deviations
    assert ((one.products - other.products).abs() <= tolerance * lengths).all()
    for mine, theirs in ((one.own, other.own), (one.expected, other.expected)):
        assert mine.pixels == theirs.pixels
        assert ((mine.means - theirs.means).abs() <= tolerance * theirs.norms).all()
        assert ((mine.squares - theirs.squares).abs() <= tolerance * theirs.squares).all()


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action(name: str) -> None:
    """Against torch in float32 to 1e-6, whose sums over rows keep seven digits; in float64 where nothing resamples."""
    action = ACTIONS[name]
    moves = (None, *((action, g) for g in range(action.order)))
    of = (0, *(g % 2 for g in range(action.order)))
    lying, others = maps(len(moves)), maps(2, 1)
    lying[0] = others[0]  # a map beside itself
    support = disc_mask(9, 9) if name.startswith("c8") else None

    def found(kind: type[KernelStack | TorchStack], dtype: torch.dtype) -> Sums:
        def stack(each: Tensor) -> KernelStack | TorchStack:
            return (
                KernelStack.of(each, support)
                if kind is KernelStack
                else TorchStack.of(each.to(dtype), support)
            )

        return stack(lying).against(stack(others), Matching(of, moves))  # type: ignore[arg-type]

    by_kernel = found(KernelStack, torch.float32)
    close(by_kernel, found(TorchStack, torch.float32), 1e-6)
    if name.startswith(("trivial", "d4", "channels", "through")):
        close(by_kernel, found(TorchStack, torch.float64), 1e-12)


@pytest.mark.parametrize(("mean", "of_kernel", "of_torch"), [(1e3, 1e-12, 1e-6), (1e6, 1e-12, 1e-2)])
def test_large_means(mean: float, of_kernel: float, of_torch: float) -> None:
    """Maps about a mean of so many deviations, against torch in float64; in float32 the mean's rounding stays."""
    own, other = maps(4) + mean, maps(4, 1) + mean
    action = spatial("flip")
    matching = Matching((0, 1, 2, 3), tuple((action, g % 2) for g in range(4)))

    def by_torch(dtype: torch.dtype) -> Sums:
        return TorchStack.of(own.to(dtype), None).against(TorchStack.of(other.to(dtype), None), matching)

    exact = by_torch(torch.float64)
    by_kernel = KernelStack.of(own, None).against(KernelStack.of(other, None), matching)
    close(by_kernel, exact, of_kernel)
    close(by_torch(torch.float32), exact, of_torch)


@pytest.mark.parametrize("stack", [KernelStack, TorchStack])
@pytest.mark.parametrize("scale", [1.0, 1e37, 1e-37])
@pytest.mark.parametrize("number", [0.0, torch.nan, torch.inf, -torch.inf])
def test_which_pairs_are_finite(stack: type[MapStack], scale: float, number: float) -> None:
    """One pixel of one map, which stands in two pairs: as itself, and as what the last map is compared with."""
    own, action = maps(4) * scale, spatial("c4")
    own[2, 5, 8, 0] = number
    held = stack.of(own, None)
    sums = held.against(held, Matching((0, 0, 2, 2), ((action, 1), (action, 0), None, (action, 3))))
    good = number == 0.0
    assert sums.finite.tolist() == [True, True, good, good]


def test_parts_copies_and_several_as_one() -> None:
    """Any way to the same maps has the same sums, bit for bit."""
    action = spatial("d4")
    moves = tuple((action, g) for g in range(8))
    whole, others = KernelStack.of(maps(8), None), KernelStack.of(maps(8, 1), None)
    usual = whole.against(others, Matching(tuple(range(8)), moves))
    order = [5, 2, 7, 0, 1, 3, 4, 6]
    again = KernelStack.together([others.rows([row]).clone() for row in order])
    found = whole.clone().against(again, Matching(tuple(order.index(row) for row in range(8)), moves))
    for one, other in ((usual.own, found.own), (usual.expected, found.expected)):
        assert torch.equal(one.means, other.means)
        assert torch.equal(one.squares, other.squares)
    assert torch.equal(usual.products, found.products)
    assert torch.equal(whole.rows([3, 1]).tensor, maps(8)[[3, 1]])


def test_what_is_to_be_done_is_found_once_for_maps_that_lie_alike() -> None:
    """Maps that lie as the first did have their own sums by the same program; those that lie otherwise have another."""
    action = spatial("c4")
    matching = Matching((0,) * 4, tuple((action, g) for g in range(4)))
    for seed, each in enumerate((maps(4), maps(4, 1), maps(4, 2).contiguous())):
        stack = KernelStack.of(each, None)
        found = stack.against(stack, matching)
        exact = TorchStack.of(each.double(), None)
        close(found, exact.against(exact, matching), 1e-12)
        assert len(matching.programs) == (1 if seed < 2 else 2)


def test_one_tensor_copies_only_where_it_has_to() -> None:
    """Rows of a batch that are evenly spaced lie as they are; others come in the same order of memory."""
    batch, other = maps(7), maps(2, 1)
    scattered = Scattered([batch, other])
    for rows in ([0, 1, 2], [1, 3, 5], [4]):
        found = scattered.tensor(rows)
        assert torch.equal(found, batch[rows])
        assert found.data_ptr() == batch[rows[0]].data_ptr()
    assert scattered.tensor([7, 8]).data_ptr() == other.data_ptr()
    together = torch.cat([batch, other])
    for rows in ([0, 1, 3], [3, 1], [0, 8], [6, 7], [2, 2]):
        found = scattered.tensor(rows)
        assert torch.equal(found, together[rows])
        assert found.stride()[1:] == batch.stride()[1:]
        assert found.data_ptr() not in {each.data_ptr() for each in (*batch, *other)}


@pytest.mark.parametrize("layout", ["channels last", "contiguous", "some channels of more"])
def test_copies_lie_as_their_maps(layout: str) -> None:
    """Also where these are a part of wider ones, so that torch sums them in the same order."""
    wide = torch.randn(9, 9, 8)
    each = wide[..., 1:7].permute(2, 0, 1) if layout == "some channels of more" else maps(1)[0]
    each = each.contiguous() if layout == "contiguous" else each
    found = copied(each)
    assert torch.equal(found, each)
    assert (found.stride(0) == 1) == (each.stride(0) == 1)
    assert found.untyped_storage().data_ptr() != each.untyped_storage().data_ptr()


def kinds(values: Sequence[Tensor]) -> list[str]:
    return [type(stack_of(Scattered([each[None]]), (0,))).__name__ for each in values]


def test_who_sums(library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel, of what is float32 or less on a CPU."""
    monkeypatch.setattr("geed_cli.measures.maps.compared.kernel", lambda: library)
    each = maps(1)[0]
    assert kinds([each, each.half(), each.bfloat16(), each.int()]) == ["KernelStack"] * 4
    assert kinds([each.double()]) == ["TorchStack"]
    halves = stack_of(Scattered([each[None].half()]), (0,))
    assert halves[0].dtype == torch.float32
    monkeypatch.undo()
    monkeypatch.setenv(VARIABLE, "off")
    assert kinds([each]) == ["TorchStack"]


def test_deviations_are_those_of_torch(library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> None:
    """With channels that are zero, constant, and not finite."""
    one, other = maps(4), maps(4, 1)
    one[0, 1] = other[0, 1] = 0
    one[1, 2] = 0.25
    one[3, 3, 4, 4] = torch.nan
    monkeypatch.setattr("geed_cli.measures.maps.compared.kernel", lambda: library)
    by_kernel = channelwise_deviation(one, other)
    monkeypatch.setattr("geed_cli.measures.maps.compared.kernel", lambda: None)
    by_torch = channelwise_deviation(one, other)
    assert by_kernel.finite.tolist() == by_torch.finite.tolist() == [True, True, True, False]
    torch.testing.assert_close(by_kernel.value[:3], by_torch.value[:3], atol=1e-6, rtol=0)
    assert by_kernel.dead is not None
    assert by_torch.dead is not None
    assert by_kernel.dead[:3].tolist() == by_torch.dead[:3].tolist()
