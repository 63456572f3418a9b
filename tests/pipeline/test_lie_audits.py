"""Audits of derivatives along flows: a second implementation in NumPy, closed forms, a round filter, the cache."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from support.command import printed
from support.equivariant_networks import import_e2cnn
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of, smooth_pictures
from support.results import entry_of
from torch import Tensor, nn

from geed_cli.errors import InputError
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.schema import Result

OUTPUT, DERIVATIVE = "lie.output", "lie.derivative"
SIDE = 16
T = 1 / 1024
Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), 3, SIDE)


@pytest.fixture(scope="module")
def framed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smooth blobs on black, away from the edge."""
    place = tmp_path_factory.mktemp("framed")
    at = (np.arange(32) - 15.5) / 16
    for number, (right, down) in enumerate([(0.1, -0.2), (-0.2, 0.1), (0.0, 0.25)]):
        blob = np.exp(-((at[None, :] - right) ** 2 + 2 * (at[:, None] - down) ** 2) / 0.03)
        pixels = np.stack([200 * blob, 120 * blob, 250 * blob], axis=-1).round().astype(np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    return place


def audited(
    data: Path,
    network: Network,
    *sets: str,
    metrics: tuple[str, ...] = ("lie.*",),
    precision: str = "fp64",
    batch: int = 8,
    cache: Path | None = None,
    groups: tuple[str, ...] = (),
) -> Result:
    options = AuditOptions(
        data=DataOptions(data),
        run=RunOptions("cpu", batch, precision),  # type: ignore[arg-type]
        metrics=metrics,
        sets=sets,
        controls=ControlOptions(probes=0),
        cache=cache,
    )
    return audit(network, groups, options)


def between(values: list[Array], s: float) -> Array:
    """The quintic between the middle two of four pixels, from value, slope and second difference at both (Hermite)."""
    before, a, b, after = values
    slopes, bends = ((b - before) / 2, (after - a) / 2), (before - 2 * a + b, a - 2 * b + after)
    return (
        a * (1 - 10 * s**3 + 15 * s**4 - 6 * s**5)
        + slopes[0] * (s - 6 * s**3 + 8 * s**4 - 3 * s**5)
        + bends[0] * (s**2 - 3 * s**3 + 3 * s**4 - s**5) / 2
        + b * (10 * s**3 - 15 * s**4 + 6 * s**5)
        + slopes[1] * (-4 * s**3 + 7 * s**4 - 3 * s**5)
        + bends[1] * (s**3 - 2 * s**4 + s**5) / 2
    )


def moved(picture: Array, source: Callable[[float, float], tuple[float, float]]) -> Array:
    """Pixel by pixel, along rows and then between them, mirrored at the outer edge."""
    *_, height, width = picture.shape

    def mirror(k: int, n: int) -> int:
        return -1 - k if k < 0 else 2 * n - 1 - k if k >= n else k

    found = np.zeros_like(picture)
    for row in range(height):
        for column in range(width):
            x, y = source((column - (width - 1) / 2) / (width / 2), (row - (height - 1) / 2) / (height / 2))
            at = y * height / 2 + (height - 1) / 2, x * width / 2 + (width - 1) / 2
            top, left = (math.floor(each) for each in at)
            along = [
                between(
                    [picture[..., mirror(r, height), mirror(left + c, width)] for c in (-1, 0, 1, 2)],
                    at[1] - left,
                )
                for r in range(top - 1, top + 3)
            ]
            found[..., row, column] = between(along, at[0] - top)
    return found


def turned(t: float) -> Callable[[float, float], tuple[float, float]]:
    """Where a picture that is turned by t reads."""
    return lambda x, y: (x * math.cos(t) - y * math.sin(t), y * math.cos(t) + x * math.sin(t))


def sheared(t: float) -> Callable[[float, float], tuple[float, float]]:
    return lambda x, y: (x - t * y, y)


@pytest.mark.parametrize(("generator", "flow"), [("rotation", turned), ("shear", sheared)])
def test_values_are_those_of_a_second_implementation(
    folder: Path, generator: str, flow: Callable[[float], Callable[[float, float], tuple[float, float]]]
) -> None:
    """Output and layers of a network with a stride, image by image; 1e-6: 1e-16 over 2t, of slopes of 1e-3 and more."""
    result = audited(folder, small_conv_net(), f"lie:{generator}")
    module = small_conv_net().module.double()
    mean, std = (np.array(each)[:, None, None] for each in (MEAN, STD))
    held: dict[str, Tensor] = {}
    for name in ("block1", "block2"):
        getattr(module, name).register_forward_hook(
            lambda _, __, out, name=name: held.update({name: out.clone()})
        )
    output: list[float] = []
    layers: dict[str, list[float]] = {"block1": [], "block2": []}
    for picture in pixels_of(folder):
        ends: list[dict[str, Array]] = []
        for t in (T, -T):
            shown = (moved(picture, flow(t)) - mean) / std
            p = module(torch.from_numpy(shown)[None])[0].softmax(dim=0).numpy()
            ends.append({"p": p} | {name: moved(held[name][0].numpy(), flow(-t)) for name in layers})
        slopes = {name: (ends[0][name] - ends[1][name]) / (2 * T) for name in ends[0]}
        output.append(float((slopes["p"] ** 2).mean()))
        for name, found in layers.items():
            found.append(float((slopes[name] ** 2).mean()))
    entry = entry_of(result, OUTPUT, f"lie:{generator}")
    assert entry.per_image is not None
    assert entry.per_image.value == pytest.approx(output, rel=1e-6)
    assert entry.value == pytest.approx(np.mean(output), rel=1e-6)
    assert entry.per_element == {"+t": entry.value, "-t": entry.value}
    for name, found in layers.items():
        entry = entry_of(result, DERIVATIVE, f"lie:{generator}", name)
        assert entry.per_image is not None
        assert entry.per_image.value == pytest.approx(found, rel=1e-6)
        assert min(found) > 1e-4, "a case that tells something"


class _Weighted(nn.Module):
    """Each pixel times its place from left to right, in half sides: a linear map of known derivative."""

    def __init__(self) -> None:
        super().__init__()
        self.place, self.same = _Place(), nn.Conv2d(3, 3, 1)
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(self.place(self.same(x))).flatten(1))


class _Place(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        width = x.shape[-1]
        return x * (torch.arange(width, dtype=x.dtype) - (width - 1) / 2) / (width / 2)


def plain(module: nn.Module, layers: tuple[str, ...], size: int = 32) -> Network:
    """A network whose input is the pixels themselves."""
    network = network_of(module, features=Site("fc", "input"), layers=layers, size=size)
    settings = replace(network.input, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return replace(network, input=settings)


def test_a_linear_map_has_the_derivative_of_its_weights(framed: Path) -> None:
    """f(x) = c·x with c = u₁: moved back, its slope along a shift to the right is x itself, and down it is 0.

    A slope is the difference of two neighbours, d, with which d(cx) − c dx is their mean, to terms in t².
    """
    module = _Weighted()
    with torch.no_grad():
        module.same.weight.copy_(torch.eye(3)[:, :, None, None])
        module.same.bias.zero_()
    result = audited(framed, plain(module, ("same", "place")), "lie:shift-x", "lie:shift-y")
    pictures = np.stack(pixels_of(framed))
    means = (np.roll(pictures, 1, -1) + np.roll(pictures, -1, -1)) / 2  # black at the edge
    squares = (means**2).mean(axis=(1, 2, 3)).tolist()
    assert np.abs(means - pictures).max() < 0.15 * pictures.max(), "nearly x"
    right = entry_of(result, DERIVATIVE, "lie:shift-x", "place")
    assert right.per_image is not None
    assert right.per_image.value == pytest.approx(squares, rel=1e-3)
    for generator, layer in (("shift-y", "place"), ("shift-x", "same"), ("shift-y", "same")):
        entry = entry_of(result, DERIVATIVE, f"lie:{generator}", layer)
        assert entry.value is not None
        assert entry.value < 1e-8 * np.mean(squares), "a flow there and back, which commute"


def test_a_global_pool_does_not_see_a_shift(framed: Path) -> None:
    """The mean of a picture on black stays, so the output does; an enlargement by e^t adds two of it per unit of t."""
    module = nn.Sequential()
    module.add_module("pool", nn.AdaptiveAvgPool2d(1))
    module.add_module("flat", nn.Flatten())
    module.add_module("fc", nn.Linear(3, 2))
    with torch.no_grad():
        module.fc.weight.copy_(torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
        module.fc.bias.zero_()
    result = audited(framed, plain(module, ()), "lie:shift-x", "lie:shift-y", "lie:scale", metrics=(OUTPUT,))
    for generator in ("shift-x", "shift-y"):
        value = entry_of(result, OUTPUT, f"lie:{generator}").value
        assert value is not None
        assert value < 1e-16
    grown = entry_of(result, OUTPUT, "lie:scale")
    assert grown.per_image is not None
    for picture, found in zip(pixels_of(framed), grown.per_image.value, strict=True):
        z = float(picture[0].mean())  # p = 1/(1 + e^−z), z' = 2z
        slope = 2 * z / (2 + math.exp(z) + math.exp(-z))
        assert found == pytest.approx(slope**2, rel=0.01)


class _Filtered(nn.Module):
    """One filter of 7 × 7 pixels."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.filter = nn.Conv2d(3, 1, 7, padding=3, bias=False)
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(1, 2)
        with torch.no_grad():
            self.filter.weight.copy_(weights / weights.norm())

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(self.filter(x)).flatten(1))


@pytest.mark.filterwarnings("ignore:indexing with dtype torch.uint8")
def test_a_steerable_filter_is_equivariant_within_its_grid(framed: Path) -> None:
    """e2cnn's filter of eight turns, which is round, against one of the same size that tells directions: 1% of it."""
    gspaces, e2nn = import_e2cnn()
    space = gspaces.Rot2dOnR2(N=8)
    kind = e2nn.FieldType(space, [space.trivial_repr])
    torch.manual_seed(0)
    steerable = e2nn.R2Conv(kind, kind, kernel_size=7, padding=3, bias=False)
    with torch.no_grad():
        round_filter = steerable.expand_parameters()[0]
    at = torch.arange(7.0) - 3
    bell = torch.exp(-(at[:, None] ** 2 + at[None, :] ** 2) / 4)
    sideways = (bell * at[None, :])[None, None]

    def value(weights: Tensor) -> float:
        network = plain(_Filtered(weights.expand(1, 3, 7, 7)), ("filter",))
        found = entry_of(audited(framed, network, "lie:rotation"), DERIVATIVE, "lie:rotation", "filter").value
        assert found is not None
        return found

    assert value(round_filter) < 0.01 * value(sideways)


def test_float32_is_near_enough(folder: Path) -> None:
    """The step is large enough for float32 and small enough for the difference: values to a thousandth."""
    exact, single = (audited(folder, small_conv_net(), "lie:rotation", precision=p) for p in ("fp64", "fp32"))
    for entry in exact.results:
        other = entry_of(single, entry.metric, entry.group, entry.layer)
        assert other.value == pytest.approx(entry.value, rel=1e-3), entry.layer


def test_batches_make_no_difference(folder: Path) -> None:
    """Ends of a flow that come in different batches are put together."""
    whole, cut = (audited(folder, small_conv_net(), "lie:scale", "lie:shear", batch=b) for b in (32, 2))
    for entry in whole.results:
        other = entry_of(cut, entry.metric, entry.group, entry.layer)
        assert other.value == pytest.approx(entry.value, rel=1e-8)


def test_rows_come_from_the_cache(folder: Path, tmp_path: Path) -> None:
    """A further flow adds its own; everything again shows the network nothing and gives the same digits."""
    network = replace(small_conv_net(), source="timm")
    audited(folder, network, "lie:rotation", cache=tmp_path)
    more = audited(folder, network, "lie:rotation", "lie:scale", cache=tmp_path)
    again = audited(folder, network, "lie:rotation", "lie:scale", cache=tmp_path)
    assert again.timing.cached == 3
    assert again.results == more.results
    fresh = audited(folder, network, "lie:rotation", "lie:scale")
    assert [entry.value for entry in fresh.results] == pytest.approx(
        [e.value for e in more.results], rel=1e-8
    )


def test_what_does_not_flow_has_no_derivative(folder: Path) -> None:
    """One line each for a group and a set, which says what has one; the flow beside them has its values."""
    result = audited(folder, small_conv_net(), "blur:1", "lie:shift-x", groups=("flip",))
    for group in ("flip", "blur:1"):
        entries = [entry for entry in result.results if entry.group == group]
        assert [(entry.metric, entry.layer) for entry in entries] == [(OUTPUT, None), (DERIVATIVE, None)]
        assert {entry.notes for entry in entries} == {
            ("it is a derivative, along flows alone: --set lie:rotation",)
        }
    flowing = entry_of(result, DERIVATIVE, "lie:shift-x", "block2")
    assert flowing.value
    assert not any("not a group" in note for note in flowing.notes)


def test_derivatives_have_a_table_of_their_own(folder: Path) -> None:
    """Beside the cosines of layers, which speak for the layers; one row where nothing flows."""
    metrics = ("latent.l2", "channelwise.*", "lie.*")
    text = printed(audited(folder, small_conv_net(), "lie:rotation", metrics=metrics, groups=("flip",)))
    still, flowing = text.split("\nlie:rotation: ")
    assert still.count("lie.derivative  ") == 1
    assert "layers, lie.derivative" not in still
    cosines, derivatives = flowing.split("layers, lie.derivative: 0 is equivariant")
    assert "layers, channelwise.cosine: -1 is equivariant" in cosines
    found = entry_of(audited(folder, small_conv_net(), "lie:rotation"), DERIVATIVE, "lie:rotation", "block1")
    assert re.search(rf"block1 +{found.value:.2g}", derivatives)


def test_other_measures_take_a_flow_for_a_set(folder: Path) -> None:
    """Beside derivatives and without them, to the same digits."""
    beside = audited(
        folder, small_conv_net(), "lie:rotation", metrics=("latent.l2", "channelwise.cosine", "lie.*")
    )
    alone = audited(folder, small_conv_net(), "lie:rotation", metrics=("latent.l2", "channelwise.cosine"))
    assert [entry for entry in beside.results if not entry.metric.startswith("lie")] == list(alone.results)
    value = entry_of(alone, "latent.l2", "lie:rotation").value
    assert value is not None
    assert 0 < value < 0.01


def test_reduced_precision_is_refused(folder: Path) -> None:
    """The way out is run."""
    with pytest.raises(InputError, match=re.escape("lie.output in bf16")) as refused:
        audited(folder, small_conv_net(), "lie:rotation", precision="bf16")
    assert "--precision fp32" in str(refused.value)
    assert entry_of(
        audited(folder, small_conv_net(), "lie:rotation", precision="fp32"), OUTPUT, "lie:rotation"
    ).value
