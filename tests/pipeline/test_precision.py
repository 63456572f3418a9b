"""Reduced precision: what is rounded and what is not, and how far the values moved."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from support.audits import audited
from support.networks import MEAN, STD, SmallConvNet, network_of, small_conv_net
from support.pictures import pixels_of
from support.results import entry_of, measured
from torch import Tensor, nn

from geed_cli.choices import View
from geed_cli.errors import InputError
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.draw import draw
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.report.audit_page import print_result
from geed_cli.result.schema import Result

TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
REDUCED = pytest.mark.parametrize("precision", ["bf16", "fp16"])
PICTURES = (9, 16)


def values_of(result: Result) -> dict[tuple[str, str, str | None], dict[str, float | None]]:
    """Each image's own value, by measure, group and layer."""
    return {
        (one.metric, one.group, one.layer): {
            image.path: value for image, value in zip(result.data.images, one.per_image.value, strict=True)
        }
        for one in measured(result)
        if one.per_image is not None
    }


@pytest.mark.parametrize("precision", ["bf16", pytest.param("fp16", marks=pytest.mark.slow)])
@pytest.mark.heavy
def test_the_shift_is_the_mean_difference_from_float32(folder: Path, precision: str) -> None:
    """By hand, from two whole audits: mean over four images of |v − v₃₂|, divided by M where there is one."""
    low, full = (audited(small_conv_net(), ["c4", "c8"], folder, precision=p) for p in (precision, "fp32"))
    first = draw(DataOptions(folder, samples=4)).audited.paths
    own, exact = values_of(low), values_of(full)
    assert low.settings.precision_probes == len(first) == 4
    for entry in measured(low):
        cell = entry.metric, entry.group, entry.layer
        moved = np.mean([abs(own[cell][path] - exact[cell][path]) for path in first])
        # the two float32 runs pad their batches of five differently, which moves nothing else
        assert entry.controls["precision_shift"] == pytest.approx(moved / (entry.normaliser or 1.0), rel=1e-9)
    shifts = [entry.controls["precision_shift"] for entry in measured(low) if entry.metric == "latent.l2"]
    # an ε of 2⁻⁷ or 2⁻¹⁰ leaves something to see, and not the value itself
    assert all(1e-6 < shift < 0.5 for shift in shifts)


@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_full_precision_has_no_shift(folder: Path, precision: str) -> None:
    """There is nothing to measure, and no second run."""
    result = audited(small_conv_net(), ["flip"], folder, precision=precision)
    assert result.settings.precision_probes == 0
    assert not any("precision_shift" in entry.controls for entry in result.results)


@REDUCED
def test_pictures_are_rounded_last(folder: Path, precision: str) -> None:
    """What the network is shown is ((x/255 − mean)/std) made in float32 and rounded once."""
    network, seen = small_conv_net(), []
    network.module.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].clone()))
    audited(network, ["flip"], folder, batch=2, precision=precision)
    shown = torch.cat([one for one in seen if one.dtype == TYPES[precision] and not one.is_meta])
    mean, std = (np.array(part, dtype=np.float32)[:, None, None] for part in (MEAN, STD))
    for picture in pixels_of(folder):
        pixels = np.rint(picture * 255).astype(np.float32) / np.float32(255)
        exact = torch.from_numpy((pixels - mean) / std).to(TYPES[precision])
        # torch and numpy agree to the last bit on these three operations
        assert any(torch.equal(one, exact) for one in shown)


class _InFull(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.float()


class _Once(nn.Module):
    """A bare convolution whose output is read as it is, and in float32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.full, self.fc = nn.Conv2d(3, 6, 3, padding=1), _InFull(), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.full(self.conv(x))
        return self.fc(maps.mean(dim=(2, 3)).to(self.fc.weight.dtype))


@REDUCED
def test_maps_are_rotated_and_summed_in_full(folder: Path, precision: str) -> None:
    """Maps of few digits are compared as the same numbers in float32 are, rotations by 45° included."""
    torch.manual_seed(0)
    network = network_of(_Once(), features=Site("fc", "input"), layers=("conv", "full"))
    result = audited(network, ["c8", "d4"], folder, precision=precision)
    for metric in ("channelwise.cosine", "channelwise.correlation"):
        for group in ("c8", "d4"):
            one, other = (entry_of(result, metric, group, layer) for layer in ("conv", "full"))
            assert one.value == other.value
            # those two set it against runs in more digits, in which the two layers do differ
            apart = {"rounding", "precision_shift"}
            assert {k: v for k, v in one.controls.items() if k not in apart} == {
                k: v for k, v in other.controls.items() if k not in apart
            }


@REDUCED
def test_the_network_keeps_its_weights(folder: Path, precision: str) -> None:
    """An audit in float32 gives the same before and after one in fewer digits."""
    network = small_conv_net()
    before = audited(network, ["flip"], folder, precision="fp32")
    audited(network, ["flip"], folder, precision=precision)
    assert audited(network, ["flip"], folder, precision="fp32").results == before.results


class _Stubborn(SmallConvNet):
    """Multiplies by a matrix that it makes in float32 by itself."""

    def forward(self, x: Tensor) -> Tensor:
        return self.pooled(x) @ torch.ones(8, 5)


@REDUCED
def test_a_network_that_cannot_is_one_clear_error(folder: Path, precision: str) -> None:
    """It is named, with the type, the device and what torch says."""
    network: Network = network_of(_Stubborn(), features=Site("pool", "output"))
    name = str(TYPES[precision]).removeprefix("torch.")
    with pytest.raises(InputError, match=f"_Stubborn does not run in {name} on cpu: ") as caught:
        audited(network, ["flip"], folder, precision=precision)
    assert caught.value.remedy == "--precision fp32"


def test_an_unknown_precision_is_refused() -> None:
    """In the Python API, where no command line checks it."""
    with pytest.raises(InputError, match="int8"):
        RunOptions(precision="int8")


def test_the_table_says_how_far_values_moved(folder: Path) -> None:
    """The largest shift of each measure over groups and layers, with the number of images."""
    options = AuditOptions(data=DataOptions(folder, samples=3), run=RunOptions("cpu", 8, "bf16"))
    result = audit(small_conv_net(), ["flip", "c4"], options)
    written = io.StringIO()
    print_result(result, Console(file=written, width=100), View(verbose=True))
    line = " ".join(written.getvalue().split())
    assert "bf16 against fp32 on 3 images: values moved by up to latent.l2 " in line
    assert "channelwise.cosine " in line


def test_the_precision_is_in_the_signature(folder: Path) -> None:
    """Values in fewer digits are not compared with those in float32 by accident."""
    assert "precision=bf16" in audited(small_conv_net(), ["flip"], folder, precision="bf16").signature
