"""Results do not depend on the batch size further than the network itself does.

The kernels of a library may round a network's forward pass otherwise at another batch size. So identity digit for
digit is tested on a network whose own forward pass has no such freedom, and closeness on ordinary ones.
"""

from pathlib import Path

import pytest
import torch
from support.networks import network_of, small_conv_net
from support.pictures import smooth_pictures
from support.results import measured
from torch import Tensor, nn

from geed_cli.actions.conditions import Boundary
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site
from geed_cli.pipeline import planning
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    ControlOptions,
    DataOptions,
    Precision,
    RunOptions,
)
from geed_cli.result.schema import Entry, Result

SIZE = 12
GROUPS = ("flip", "c3")
BATCHES = (1, 3, 32)
PICTURES = (4, SIZE)


class Mixing(nn.Module):
    """A 1×1 convolution as a sum of products in a fixed order: every pixel on its own, whatever is beside it."""

    def __init__(self, inputs: int, outputs: int, layout: torch.memory_format) -> None:
        super().__init__()
        self.layout = layout
        self.weight = nn.Parameter(torch.randn(outputs, inputs))

    def forward(self, x: Tensor) -> Tensor:
        mixed = torch.zeros_like(x[:, :1]) * self.weight[:, 0, None, None]
        for channel, weight in enumerate(self.weight.unbind(1)):
            mixed = mixed + x[:, channel, None] * weight[:, None, None]
        return mixed.contiguous(memory_format=self.layout)


class Window(nn.Module):
    """Sums of 3×3 windows with a weight for each place, every third one: uneven, so that no group leaves it alone."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3))

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros_like(x[:, :, ::3, ::3])
        for row in range(3):
            for column in range(3):
                total = total + x[:, :, row::3, column::3] * self.weight[row, column]
        return total


class FixedSum(nn.Module):
    """The sum over 4×4 pixels, one after another; a map of 1×1."""

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros_like(x[:, :, :1, :1])
        for row in range(4):  # also of larger maps, which are only tried for their shapes
            for column in range(4):
                total = total + x[:, :, row : row + 1, column : column + 1]
        return total


class FixedNet(nn.Module):
    """Sums and products of two numbers alone, which every kernel rounds alike; maps in both memory formats."""

    def __init__(self) -> None:
        super().__init__()
        self.block1 = nn.Sequential(Mixing(3, 4, torch.channels_last), nn.ReLU())
        self.block2 = nn.Sequential(Window(), Mixing(4, 3, torch.contiguous_format), nn.ReLU(inplace=True))
        self.pool = FixedSum()
        self.fc = Mixing(3, 5, torch.contiguous_format)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(self.block2(self.block1(x))) / 16).flatten(1)


def fixed_net() -> Network:
    torch.manual_seed(1)
    layers = ("block1", "block2", "pool")
    return network_of(FixedNet(), features=Site("pool", "output"), layers=layers, size=SIZE)


def audited(
    network: Network,
    folder: Path,
    batch: int,
    precision: Precision = "fp32",
    boundary: Boundary = "disc",
) -> Result:
    """Two probes, so that controls begin and end within the run."""
    options = AuditOptions(
        data=DataOptions(folder),
        action=ActionOptions(boundary),
        run=RunOptions("cpu", batch, precision),
        controls=ControlOptions(2, True),
    )
    return audit(network, GROUPS, options)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_network_of_these_tests_does_not_depend_on_what_is_beside_a_picture(dtype: torch.dtype) -> None:
    """The same bits alone and at every place of every batch, channels last as in an audit."""
    module = fixed_net().module.to(dtype)
    pictures = torch.rand(32, 3, SIZE, SIZE, dtype=dtype).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        alone = torch.cat([module(picture[None]) for picture in pictures])
        for batch in BATCHES:
            parts = pictures.split(batch)
            assert torch.equal(torch.cat([module(part) for part in parts]), alone)


def without_batch(result: Result) -> str:
    """Everything but times and the batch size itself: the signature, too, so that such results are compared."""
    settings = result.settings.model_copy(update={"batch_size": 1})
    return result.model_copy(update={"settings": settings}).model_dump_json(exclude={"timing"}, indent=1)


@pytest.mark.parametrize(
    ("precision", "boundary"), [("fp32", "disc"), pytest.param("fp64", "reflect", marks=pytest.mark.slow)]
)
def test_no_digit_depends_on_the_batch_size(
    folder: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision, boundary: Boundary
) -> None:
    """Rows, values, intervals, normalisers and all controls at 1, 3 and 32 rows; orbits are cut everywhere."""
    # which larger pictures fit the grids of this network, whose sums are a hundred operations, is asked without batches
    monkeypatch.setattr(planning, "grid_findings", lambda *_: ())
    found = [without_batch(audited(fixed_net(), folder, batch, precision, boundary)) for batch in BATCHES]
    assert found[1:] == found[:1] * 2


def numbers(entry: Entry) -> list[float | None]:
    """Everything that was measured, in the order of the entry: means, interval, rows, controls."""
    assert entry.per_image is not None
    ends = entry.ci or (None, None)
    whole = [entry.value, entry.raw, entry.normaliser, *ends]
    return [*whole, *entry.per_image.value, *entry.per_element.values(), *entry.controls.values()]


BOUNDS: dict[Precision, float] = {"fp32": 2e-5, "fp64": 1e-10}
"""A sum of up to 4608 products rounds by about √4608 · 2⁻²⁴ = 4e-6 of its size, twelve of them by √12 times that, or
1.4e-5. Float64 has 29 bits more; its bound has room for quotients of small differences. Measured: 7e-7 and 1e-15."""


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("small_conv_net", "fp32"),
        pytest.param("small_conv_net", "fp64", marks=pytest.mark.heavy),
        pytest.param("resnet10t", "fp32", marks=pytest.mark.slow),
    ],
)
def test_ordinary_networks_agree_as_far_as_their_own_rounding(
    tmp_path: Path, name: str, precision: Precision
) -> None:
    """All numbers of all entries, whose sizes are about 1, under every batch size against 8 rows."""
    conv = name == "small_conv_net"
    pictures = smooth_pictures(tmp_path, 4, 16 if conv else 32)

    def found(batch: int) -> list[Entry]:
        network = small_conv_net() if conv else load_model(f"timm:{name}", weights="random", img_size=32)
        return measured(audited(network, pictures, batch, precision))

    expected = found(8)
    for batch in (3, 32):
        for one, other in zip(expected, found(batch), strict=True):
            assert one.status == other.status
            assert numbers(other) == [
                value if value is None else pytest.approx(value, rel=BOUNDS[precision], abs=BOUNDS[precision])
                for value in numbers(one)
            ]
