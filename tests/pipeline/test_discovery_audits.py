"""--discover through whole audits: what was planted is found, and nothing where nothing is."""

from pathlib import Path

import numpy as np
import pytest
import torch
from reference.measures import Array, compare_maps
from reference.orbits import Member
from support.audits import audited, observed_orbits
from support.equivariant_networks import c4_lifting_network
from support.networks import network_of, small_conv_net
from support.results import entry_of
from torch import nn

from geed_cli.models.network import Network, Site
from geed_cli.pipeline.options import ControlOptions
from geed_cli.result.schema import HiddenAction, Result

PERMUTATION, LINEAR = (ControlOptions(4, discover=kind) for kind in ("permutation", "linear"))
LAYERS = ("lift", "relu1", "group", "relu2")
EXACT = 1e-8
"""float64 sums of some hundred products."""
PICTURES = (12, 13)


def found(result: Result, group: str, layer: str) -> HiddenAction:
    (action,) = [a for a in result.hidden_actions if (a.group, a.layer) == (group, layer)]
    return action


@pytest.mark.parametrize("batch", [4, 7])
def test_a_lifting_network_gives_its_roll_away(folder: Path, batch: int) -> None:
    """Nothing declared: hidden, exact rolls that compose, −1 on images that were not fitted, at every layer."""
    result = audited(c4_lifting_network(), ["c4", "c2"], folder, controls=PERMUTATION, batch=batch)
    for layer in LAYERS:
        action = found(result, "c4", layer)
        assert action.verdict == "equivariant under a hidden action"
        assert action.method == "permutation"
        assert action.defect == 0
        assert (action.fitted, action.scored) == (6, 6)
        assert list(action.after.values()) == pytest.approx([-1] * 3, abs=EXACT)
        assert min(action.before.values()) > -0.95
        for h, name in enumerate(("e", "r90", "r180", "r270")):
            roll = [4 * field + (i - h) % 4 for field in range(3) for i in range(4)]
            assert list(action.maps[name]) == roll, "the source of every channel"
        half = found(result, "c2", layer)
        assert half.verdict == "equivariant under a hidden action"
        assert half.maps["r180"] == action.maps["r180"]
        # what is searched for is beside the plain action, so the plain deviation is the audit's own
        assert entry_of(result, "channelwise.cosine", "c4", layer).value > -0.95


def test_the_search_does_not_change_the_values(folder: Path) -> None:
    """Images come in another order; rows are put back in that of the folder."""
    with_it = audited(c4_lifting_network(), ["c4"], folder, controls=PERMUTATION)
    without = audited(c4_lifting_network(), ["c4"], folder, controls=ControlOptions(4))
    assert with_it.data == without.data
    for one, other in zip(with_it.results, without.results, strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-12)
        assert one.per_image == other.per_image or one.per_image.value == pytest.approx(
            other.per_image.value, abs=1e-12
        )
    assert without.hidden_actions == ()


def test_after_is_the_found_map_applied_by_hand(folder: Path) -> None:
    """``before``, ``after`` and ``unmoved`` of a network without symmetry, over the scored half, in a loop."""
    network = small_conv_net(size=13)
    result = audited(network, ["flip"], folder, controls=PERMUTATION)

    def mirror(x: Array) -> Array:
        return x[..., ::-1].copy()

    orbits = observed_orbits(network, folder, [Member(), Member(mirror)])
    for layer in ("block1", "block2", "block3"):
        action = found(result, "flip", layer)
        sources = list(action.maps["m"])
        rows: dict[str, list[float]] = {"before": [], "after": [], "unmoved": []}
        for still, moved in ((one["layers"][layer], other["layers"][layer]) for one, other in orbits):
            rows["before"].append(compare_maps(moved, mirror(still))[0])
            rows["after"].append(compare_maps(moved, mirror(still)[sources])[0])
            rows["unmoved"].append(compare_maps(moved, still)[0])
        # which six of the twelve were scored is drawn at random: the means must be those of one and the same half
        halves = scored_halves(rows["before"], action.before["m"])
        assert len(halves) == 1
        for name in rows:
            mean = np.mean([rows[name][i] for i in halves[0]])
            assert getattr(action, name)["m"] == pytest.approx(mean, abs=EXACT)


def scored_halves(values: list[float], mean: float) -> list[tuple[int, ...]]:
    """Which six of the images have that mean."""
    from itertools import combinations

    return [
        half
        for half in combinations(range(len(values)), 6)
        if abs(np.mean([values[i] for i in half]) - mean) < EXACT
    ]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_random_network_has_no_hidden_permutation(folder: Path, seed: int) -> None:
    """No layer is said to be equivariant under one, for flip and c4; a pooled pixel is invariance at most."""
    network = small_conv_net(seed, size=13)
    result = audited(network, ["flip", "c4"], folder, controls=PERMUTATION)
    for action in result.hidden_actions:
        if action.layer != "pool":
            assert action.verdict in {"neither equivariant nor invariant", "undecided"}, (
                action.layer,
                action.reason,
            )


class Symmetric(nn.Module):
    """Two convolutions whose kernels have all mirrors and turns of the square."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(3, 6, 3, 1, 1), nn.Conv2d(6, 6, 3, 2, 1))
        for layer in (self.first, self.second):
            kernel = layer.weight.detach()
            turned = sum(torch.rot90(kernel, k, (-2, -1)) for k in range(4))
            layer.weight = nn.Parameter(turned + turned.flip(-1))
        self.fc = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.second(self.first(x).relu()).relu().mean(dim=(2, 3)))


def plain_network() -> Network:
    torch.manual_seed(0)
    return network_of(Symmetric(), features=Site("fc", "input"), layers=("first", "second"), size=13)


@pytest.mark.parametrize("controls", [PERMUTATION, LINEAR])
def test_a_plainly_equivariant_network_is_so_as_it_is(folder: Path, controls: ControlOptions) -> None:
    """Odd size, symmetric kernels: g·f(x) explains everything, and every channel stays in its place."""
    result = audited(plain_network(), ["flip", "d4"], folder, controls=controls)
    for action in result.hidden_actions:
        assert action.verdict == "equivariant as it is"
        assert list(action.before.values()) == pytest.approx([-1] * len(action.before), abs=EXACT)
        for sources in action.maps.values():
            assert list(sources) == list(range(6))
        value = entry_of(result, "channelwise.cosine", action.group, action.layer).value
        assert value == pytest.approx(-1, abs=EXACT)


def test_linear_finds_the_lifting_network_too(folder: Path) -> None:
    """And names no permutation; the null says what fitting alone explains."""
    result = audited(c4_lifting_network(), ["c4"], folder, controls=LINEAR)
    for layer in LAYERS:
        action = found(result, "c4", layer)
        assert set(action.maps) <= {"e"}
        assert action.variant in {"ridge", "procrustes"}
        assert max(action.after.values()) < max(action.before.values())
        assert max(action.after.values()) < -0.9


def test_sets_and_trivial_groups_are_left_out(folder: Path) -> None:
    """A set has no products, c1 has nothing to look for; rgb is looked for beside no motion."""
    network = small_conv_net(size=13)
    result = audited(network, ["c1", "rgb", "flip"], folder, sets=["gamma:2"], controls=PERMUTATION)
    assert {action.group for action in result.hidden_actions} <= {"rgb", "flip"}
    for action in result.hidden_actions:
        if action.group == "rgb":
            assert action.before == action.unmoved
