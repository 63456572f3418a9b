"""Labels and pixels through whole audits, against loops by hand; every row is what the output is said to be."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.audits import audited
from support.equivariant_networks import declaring
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of
from support.results import entry_of
from torch import Tensor, nn

from geed_cli.engine.compiled import CompiledNetwork
from geed_cli.engine.engine import full_precision
from geed_cli.errors import InputError
from geed_cli.measures.control import Evidence
from geed_cli.measures.softmax import KL
from geed_cli.models.load import load_model
from geed_cli.models.network import OUTPUT, Network, Site
from geed_cli.models.output import LOGITS, Output
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.result.schema import Result

SIZE, LABELS = 8, 5
PICTURES = (4, SIZE)
EXACT = 1e-9
"""Both run in float64; a divergence is a difference of numbers of order 1."""


class Scores(nn.Module):
    """Three scores for each pixel, that depend on where it is and on its neighbours."""

    def __init__(self, *, probable: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.head = nn.Conv2d(3, 3, 3, padding=1)
        self.places = nn.Parameter(torch.randn(3, SIZE, SIZE))
        self.probable = probable

    def forward(self, x: Tensor) -> Tensor:
        z = 3 * self.head(x) + self.places
        return z.softmax(1) if self.probable else z


def pixelwise(*, probable: bool = False) -> Network:
    output = Output("dense", (3, SIZE, SIZE), probable=probable, declared=True)
    return replace(network_of(Scores(probable=probable), features=OUTPUT, size=SIZE), output=output)


def labelled() -> Network:
    return replace(small_conv_net(size=SIZE), output=Output("sigmoid", (LABELS,), declared=True))


def outputs(network: Network, picture: np.ndarray) -> np.ndarray:
    """What the network puts out for one picture of numbers in [0, 1], (3, S, S), in float64."""
    mean, std = (torch.tensor(each, dtype=torch.float64)[:, None, None] for each in (MEAN, STD))
    x = (torch.from_numpy(picture.copy()) - mean) / std
    with torch.no_grad():
        z: np.ndarray = network.module.double()(x[None])[0].numpy()
    return z


def softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=0))
    return powers / powers.sum(axis=0)


def bernoulli(p: np.ndarray, q: np.ndarray) -> float:
    """The mean over labels of KL between two probabilities of being on."""
    each = [a * math.log(a / b) + (1 - a) * math.log((1 - a) / (1 - b)) for a, b in zip(p, q, strict=True)]
    return sum(each) / len(each)


def test_labels_and_their_sensitivity(folder: Path) -> None:
    """Divergence from the orbit mean, flips of any sign, and the divergence between pictures."""
    network = labelled()
    result = audited(network, ["c4"], folder)
    orbits = [[outputs(network, np.rot90(x, k, (1, 2))) for k in range(4)] for x in pixels_of(folder)]
    p = [[1 / (1 + np.exp(-z)) for z in orbit] for orbit in orbits]
    kl = [[bernoulli(each, sum(orbit) / 4) for each in orbit] for orbit in p]
    flips = [[any((z > 0) != (orbit[0] > 0)) for z in orbit[1:]] for orbit in orbits]
    everyone = sum(orbit[0] for orbit in p) / len(p)
    found = entry_of(result, "softmax.kl", "c4")
    assert found.value == pytest.approx(np.mean(kl), abs=EXACT)
    assert list(found.per_element.values()) == pytest.approx(np.mean(kl, axis=0), abs=EXACT)
    assert found.controls["sensitivity"] == pytest.approx(
        np.mean([bernoulli(orbit[0], everyone) for orbit in p]), abs=EXACT
    )
    assert 0 < np.mean(flips) < 1
    assert entry_of(result, "prediction.flip_rate", "c4").value == np.mean(flips)


def test_labels_that_the_group_exchanges(folder: Path) -> None:
    """With a declared permutation of labels a network of the mirrored and the plain picture has nothing left."""

    class Sides(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3 * SIZE * SIZE, 1)

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([self.fc(x.flatten(1)), self.fc(x.flip(-1).flatten(1))], dim=1)

    network = replace(network_of(Sides(), features=OUTPUT, size=SIZE), output=Output("sigmoid", (2,)))
    swap = {"logits": {"permutation": {"group": "flip", "generators": {"m": [1, 0]}}}}
    undeclared, declared = (audited(each, ["flip"], folder) for each in (network, declaring(network, swap)))
    assert entry_of(undeclared, "softmax.kl", "flip").value > 1e-6
    assert entry_of(declared, "softmax.kl", "flip").value == pytest.approx(0, abs=1e-15)
    assert entry_of(declared, "prediction.flip_rate", "flip").value == 0


Move = Callable[[np.ndarray], np.ndarray]
MOVES: dict[str, Sequence[Move]] = {
    "flip": (lambda x: x, lambda x: x[:, :, ::-1]),
    "c4": tuple((lambda x, k=k: np.rot90(x, k, (1, 2))) for k in range(4)),
    "xshift4": tuple((lambda x, k=k: np.roll(x, 2 * k, 2)) for k in range(4)),
}


@pytest.mark.parametrize("group", MOVES)
@pytest.mark.parametrize("probable", [False, True])
def test_pixels_move_with_the_picture(folder: Path, group: str, probable: bool) -> None:
    """KL(p(gx) ‖ g·p(x)) and flips, pixel by pixel."""
    network = pixelwise(probable=probable)
    result = audited(network, [group], folder)
    kl, flips = [], []
    for picture in pixels_of(folder):
        p = [outputs(network, move(picture)) for move in MOVES[group]]
        p = [each / each.sum(0) if probable else softmax(each) for each in p]
        for g, (seen, move) in enumerate(zip(p, MOVES[group], strict=True)):
            wanted = move(p[0])
            for u in np.ndindex(SIZE, SIZE):
                a, b = seen[:, u[0], u[1]], wanted[:, u[0], u[1]]
                kl.append(sum(a[i] * math.log(a[i] / b[i]) for i in range(3)))
                if g:
                    flips.append(a.argmax() != b.argmax())
    entry = entry_of(result, "softmax.kl", group)
    assert entry.value == pytest.approx(np.mean(kl), abs=EXACT)
    assert "sensitivity" not in entry.controls
    assert 0 < np.mean(flips) < 1
    assert entry_of(result, "prediction.flip_rate", group).value == pytest.approx(np.mean(flips), abs=EXACT)


def test_colours_move_no_pixel(folder: Path) -> None:
    """Under inverted colours p(gx) is compared with the mean of both at the same pixel: the kernel is the group."""
    network = pixelwise()
    entry = entry_of(audited(network, ["invert"], folder), "softmax.kl", "invert")
    kl = []
    for picture in pixels_of(folder):
        p = [softmax(outputs(network, x)) for x in (picture, 1 - picture)]
        mean = (p[0] + p[1]) / 2
        kl.append(np.mean([(each * np.log(each / mean)).sum(0).mean() for each in p]))
    assert entry.value == pytest.approx(np.mean(kl), abs=EXACT)


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        ("c8", "does not map the pixels of its 8×8 output onto pixels"),
        ("shift3", "does not map the pixels of its 8×8 output onto pixels"),
    ],
)
def test_groups_that_resample_pixels_have_no_value(folder: Path, group: str, reason: str) -> None:
    """Not applicable, with the reason; latent measures go on."""
    result = audited(pixelwise(), [group], folder)
    for metric in ("softmax.kl", "prediction.flip_rate"):
        entry = entry_of(result, metric, group)
        assert entry.status == "not_applicable"
        assert reason in entry.notes[0]
    assert entry_of(result, "latent.l2", group).status == "ok"


def test_sets_have_no_value_for_pixels(folder: Path) -> None:
    """A member of a set does not say where a pixel goes."""
    result = audited(pixelwise(), [], folder, sets=["brightness:1.2"])
    entry = next(each for each in result.results if each.metric == "softmax.kl")
    assert entry.status == "not_applicable"
    assert "a set that is no group" in entry.notes[0]


class Ended(nn.Module):
    """Scores of pixels' colours that are made probabilities, of all pictures or of those with a bright corner."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fc = nn.Linear(3 * SIZE * SIZE, 4)
        self.rule = rule

    def forward(self, x: Tensor) -> Tensor:
        z = self.fc(x.flatten(1))
        if self.rule == "dark":
            return torch.where(x[:, :1, 0, 0] > 0, z, z.softmax(1))
        return z.sigmoid() if self.rule == "sigmoid" else z.softmax(1)


def ended(rule: str, output: Output) -> Network:
    return replace(network_of(Ended(rule), features=OUTPUT, size=SIZE), output=output)


@pytest.mark.parametrize(
    ("rule", "output", "sentence"),
    [
        (
            "dark",
            Output("probabilities", (4,), probable=True),
            "a row is negative somewhere or does not sum to 1",
        ),
        ("all", replace(LOGITS, shape=(4,)), "all its rows are non-negative and sum to 1"),
        ("all", Output("sigmoid", (4,)), "all its rows are non-negative and sum to 1"),
        ("sigmoid", Output("logits", (4,), affine=False), "every value seen lies in [0, 1]"),
        ("sigmoid", Output("sigmoid", (4,), affine=False), "every value seen lies in [0, 1]"),
    ],
)
def test_rows_that_contradict_end_the_run(folder: Path, rule: str, output: Output, sentence: str) -> None:
    """What was told from other images is held against every row."""
    with pytest.raises(InputError, match="the network's output") as error:
        audited(ended(rule, output), ["flip"], folder)
    assert sentence in error.value.found


def test_a_linear_layer_may_put_out_small_numbers(folder: Path) -> None:
    """Values in [0, 1] of a linear layer are logits."""
    network = small_conv_net(size=SIZE)
    with torch.no_grad():
        network.module.fc.weight *= 1e-6
        network.module.fc.bias.fill_(0.5)
    assert entry_of(audited(network, ["flip"], folder), "softmax.kl", "flip").status == "ok"


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_probabilities_of_reduced_precision_are_probabilities(folder: Path, precision: str) -> None:
    """Their sum is off by a rounding of that precision; p is divided by it."""
    network = ended("all", Output("probabilities", (4,), probable=True))
    entry = entry_of(audited(network, ["flip"], folder, precision=precision), "softmax.kl", "flip")
    exact = entry_of(audited(network, ["flip"], folder), "softmax.kl", "flip")
    assert entry.value == pytest.approx(exact.value, rel=0.05)  # bf16 has eight bits


def test_a_control_that_is_infinite_is_left_out() -> None:
    """A probability of 0 before and more after a round trip: no mean of the others stands for it."""
    seen = {"floor": np.array([[0.0, math.inf], [0.0, 0.5]]), "null": np.array([[0.0, 1.0], [0.0, 0.5]])}
    evidence = Evidence(KL, np.zeros((2, 2)), seen, lambda: None, 1.0, None)
    assert (evidence.mean("floor"), evidence.mean("null")) == (None, 0.375)


def cached(folder: Path, cache: Path, output: Output) -> Result:
    network = replace(load_model("timm:test_resnet", weights="random", img_size=32), output=output)
    metrics = ("softmax.kl", "prediction.flip_rate")
    options = AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", 8), metrics=metrics, cache=cache)
    return audit(network, ["flip"], options)


def test_the_cache_tells_kinds_apart(folder: Path, tmp_path: Path) -> None:
    """The same weights read as labels have rows and a rounding of their own, and again the same from the cache."""
    kinds = LOGITS, Output("sigmoid", (1000,))
    first = [cached(folder, tmp_path, kind) for kind in kinds]
    again = [cached(folder, tmp_path, kind) for kind in kinds]
    assert [result.timing.cached for result in first] == [0, 0]
    assert [result.timing.cached for result in again] == [4, 4]
    assert [result.results for result in first] == [result.results for result in again]
    assert first[0].results[0].value != first[1].results[0].value


@pytest.mark.heavy
def test_the_head_of_a_compiled_network_by_keyword() -> None:
    """Its input is read in the compiled graph, too."""

    class Keyword(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 4)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.fc(input=x.mean((2, 3)))
            return y

    site = Site("fc", "input")
    compiled = CompiledNetwork(network_of(Keyword(), features=site, size=SIZE), [site], "aot_eager")
    x = torch.randn(2, 3, SIZE, SIZE)
    with full_precision():
        torch.testing.assert_close(compiled(x)[site], x.mean((2, 3)))
