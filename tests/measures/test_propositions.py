"""Propositions 3.1 and 3.2 of the paper, of whole audits and of every small linear map."""

from itertools import product

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import geed_cli as geed

SIZE = 8


class Halves(nn.Module):
    """f1: the mean of the left half and of the right half, which a mirror exchanges."""

    def forward(self, x: Tensor) -> Tensor:
        left, right = x.double().split(SIZE // 2, dim=-1)
        return torch.stack([left.mean((1, 2, 3)), right.mean((1, 2, 3))], 1)


class Sum(nn.Linear):
    """f2: logits (z1 + z2, 0)."""

    def __init__(self) -> None:
        super().__init__(2, 2, bias=False, dtype=torch.float64)
        self.weight.data = torch.tensor([[1.0, 1.0], [0.0, 0.0]], dtype=torch.float64)


class Mean(nn.Module):
    """f1: the mean of each colour, which turns and mirrors leave."""

    def forward(self, x: Tensor) -> Tensor:
        return x.double().mean((2, 3))


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    generator = torch.Generator().manual_seed(0)
    levels = torch.randint(0, 256, (6, SIZE, SIZE, 3), generator=generator, dtype=torch.uint8)
    return [Image.fromarray(picture.numpy()) for picture in levels]


def audited(f1: nn.Module, f2: nn.Module, pictures: list[Image.Image], group: str) -> geed.Result:
    net = nn.Sequential()
    net.add_module("f1", f1)
    net.add_module("f2", f2)
    wrapped = geed.wrap(
        net, size=SIZE, mean=[0.5] * 3, std=[0.25] * 3, features="f1", classifier="f2", layers=[]
    )
    return geed.audit(wrapped, pictures, groups=[group], cache=False)


def test_proposition_3_1_1_a_network_can_be_invariant_whose_parts_are_not(
    pictures: list[Image.Image],
) -> None:
    """f1 is not: its halves change places. f2 is not, where G acts on Z by the sign of z2. f = f2 ∘ f1 is."""
    f2 = Sum()
    z = torch.tensor([[0.3, 0.2]], dtype=torch.float64)
    assert not torch.equal(f2(z * torch.tensor([1.0, -1.0])), f2(z))
    result = audited(Halves(), f2, pictures, "flip")
    assert result["latent.l2", "flip"].value > 0.05
    assert result["softmax.kl", "flip"].value == pytest.approx(0, abs=1e-12)
    assert result["prediction.flip_rate", "flip"].value == 0


@pytest.mark.parametrize("seed", range(3))
def test_proposition_3_1_2_invariant_features_make_an_invariant_network(
    pictures: list[Image.Image], seed: int
) -> None:
    """Whatever f2 is: here networks with random weights."""
    torch.manual_seed(seed)
    f2 = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 4)).double()
    result = audited(Mean(), f2, pictures, "d4")
    assert result["latent.l2", "d4"].value == pytest.approx(0, abs=1e-12)
    assert result["softmax.kl", "d4"].value == pytest.approx(0, abs=1e-12)
    assert result["prediction.flip_rate", "d4"].value == 0


def orbit_of(f: Tensor) -> Tensor:
    """f(gx) of the maps x ↦ f x of pictures of two pixels, shape (2, 5, 1, 1, 2): e first, then the mirror."""
    x = torch.rand(5, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 0.1
    return torch.stack([x @ f.T, x.flip(1) @ f.T])[:, :, None, None]


def test_proposition_3_2_zero_exactly_where_a_map_is_equivariant() -> None:
    """Of the 80 linear maps with entries −1, 0, 1 that are not 0: the 8 that commute with the mirror."""
    mirror = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    equivariant = 0
    for entries in product((-1.0, 0.0, 1.0), repeat=4):
        f = torch.tensor(entries, dtype=torch.float64).view(2, 2)
        if not f.any():
            continue
        value = geed.functional.layer_relative(orbit_of(f), "flip").item()
        commutes = torch.equal(f @ mirror, mirror @ f)
        assert (value == pytest.approx(0, abs=1e-12)) == commutes, f
        equivariant += commutes
    assert equivariant == 8


def test_proposition_3_2_needs_a_metric_and_the_cosine_is_none() -> None:
    """The map x ↦ (x1, x1) is not equivariant: its maps are constant, and of another height where x is mirrored."""
    orbit = orbit_of(torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64))
    assert geed.functional.channelwise_cosine(orbit, "flip").item() == pytest.approx(-1, abs=1e-12)
    assert geed.functional.layer_relative(orbit, "flip").item() > 0.1
