"""Equivariant networks and declared actions through whole audits: known answers, and loops written by hand."""

from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from reference.action import act, inside_disc, planar_group
from reference.measures import Array
from reference.network import normalise
from reference.orbits import Member, channelwise_row, cosine_row, kl_row, l2_row
from support.audits import audited, observed_orbits
from support.equivariant_networks import c4_lifting_network, c8_steerable_network, declaring
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of, smooth_pictures
from support.results import entry_of
from torch import Tensor, nn

from geed_cli.models.network import Network, Site

EXACT = 1e-8
"""float64 sums of some hundred products."""
FLOAT32 = 2e-6
"""Cosines of float32 maps, and distances beside distances of about 1."""
LAYERS = ("lift", "relu1", "group", "relu2")
REGULAR = {"*": {"regular": "c4"}}
HAS_E2CNN = pytest.mark.skipif(find_spec("e2cnn") is None, reason="needs the extra equivariant")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("small"), count=5, size=13)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("wide"), count=3, size=29)


def rolled(h: int, *, fields: int, n: int) -> Callable[[Array], Array]:
    """The component of element i of each field goes to element i + h."""

    def move(y: Array) -> Array:
        return np.stack([y[f * n + (i - h) % n] for f in range(fields) for i in range(n)])

    return move


def turned(quarters: int, channels: Callable[[Array], Array]) -> Member:
    """A quarter turn of the picture; of maps too, with their channels moved."""

    def turn(x: Array) -> Array:
        return np.rot90(x, quarters, axes=(-2, -1)).copy()

    return Member(turn, lambda y: turn(channels(y)))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_declared_lifting_network_is_at_minus_one(small: Path, layer: str) -> None:
    """Under c4 and its subgroup c2, both measures; without the declaration clearly above; invariant features."""
    declared = audited(c4_lifting_network(actions=REGULAR), ["c4", "c2"], small)
    plain = audited(c4_lifting_network(), ["c4", "c2"], small)
    for group in ("c4", "c2"):
        for metric in ("channelwise.cosine", "channelwise.correlation"):
            assert entry_of(declared, metric, group, layer).value == pytest.approx(-1, abs=EXACT)
        assert entry_of(plain, "channelwise.cosine", group, layer).value > -0.9
        assert entry_of(declared, "latent.l2", group).value == pytest.approx(0, abs=EXACT)
        assert entry_of(declared, "softmax.kl", group).value == pytest.approx(0, abs=EXACT)


@pytest.mark.parametrize(("group", "stranger"), [("d4", "m"), ("flip", "m"), ("c8", "r45"), ("rgb", "brg")])
def test_a_group_that_the_declaration_has_not_is_not_applicable(
    small: Path, group: str, stranger: str
) -> None:
    """Beside c4, which is measured as if it were alone; vectors are measured for all."""
    both = audited(c4_lifting_network(actions=REGULAR), [group, "c4"], small)
    for layer in LAYERS:
        entry = entry_of(both, "channelwise.cosine", group, layer)
        assert (entry.status, entry.value, entry.per_image) == ("not_applicable", None, None)
        assert entry.notes == (f"its declared action is of c4, which has no {stranger}",)
        assert entry_of(both, "channelwise.cosine", "c4", layer).value == pytest.approx(-1, abs=EXACT)
    assert entry_of(both, "latent.l2", group).status == "ok"


@pytest.mark.parametrize("order", ["field-major", "group-major"])
def test_a_declaration_is_the_hand_written_loop(small: Path, order: str) -> None:
    """A network without the symmetry: every row is the loop's, channels moved by explicit indices."""
    network = small_conv_net(size=13)
    # not block1, whose six channels are no multiple of four
    declared = declaring(network, {"block[23]": {"regular": "c4", "order": order}})
    result = audited(declared, ["c4"], small)

    def move(h: int) -> Callable[[Array], Array]:
        if order == "field-major":
            return rolled(h, fields=2, n=4)
        return lambda y: np.stack([y[2 * ((i - h) % 4) + f] for i in range(4) for f in range(2)])

    members = [turned(h, move(h)) for h in range(4)]
    for layer in ("block2", "block3"):
        rows = [
            channelwise_row([seen["layers"][layer] for seen in orbit], members, kernel=[0])
            for orbit in observed_orbits(network, small, members)
        ]
        entry = entry_of(result, "channelwise.cosine", "c4", layer)
        assert list(entry.per_element.values()) == pytest.approx(list(np.mean(rows, axis=0)), abs=EXACT)
        assert list(entry.per_image.value) == pytest.approx(list(np.mean(rows, axis=1)), abs=EXACT)


@HAS_E2CNN
def test_a_c8_network_is_read_from_its_field_types(wide: Path) -> None:
    """−1 for quarter turns and near it for c8; each element as in a loop that moves channels by explicit indices.

    float32, in which alone e2cnn's pooling over the group runs, so that there is no rounding control.
    """
    elements = planar_group("c8")
    members = [
        Member(
            lambda x, g=g: act(g, x, elements, "disc"),
            lambda y, g=g, h=h: act(g, rolled(h, fields=3, n=8)(y), elements, "disc"),
        )
        for h, g in enumerate(elements)
    ]
    network = c8_steerable_network()
    result = audited(network, ["c4", "c8"], wide, precision="fp32")
    plain = audited(c8_steerable_network(actions={"*": "spatial"}), ["c8"], wide, precision="fp32")
    orbits = tensors_of_orbits(network, wide, members)
    for layer in network.layers:
        quarters = entry_of(result, "channelwise.cosine", "c4", layer)
        assert quarters.value == pytest.approx(-1, abs=FLOAT32)
        assert "rounding" not in quarters.controls
        entry = entry_of(result, "channelwise.cosine", "c8", layer)
        assert [entry.per_element[name] for name in ("e", "r90", "r180", "r270")] == pytest.approx(
            [-1] * 4, abs=FLOAT32
        )
        # filters turned by 45° are made of a few pixels, and the disc's edge is sharp
        assert -1 < entry.controls["floor"] < entry.value < -0.94
        assert entry_of(plain, "channelwise.cosine", "c8", layer).value > -0.8
        rows = [
            channelwise_row([seen[layer] for seen in orbit], members, [0], inside_disc(29))
            for orbit in orbits
        ]
        assert list(entry.per_element.values()) == pytest.approx(list(np.mean(rows, axis=0)), abs=FLOAT32)
    assert entry_of(result, "latent.l2", "c4").value == pytest.approx(0, abs=FLOAT32)


def tensors_of_orbits(network: Network, folder: Path, members: list[Member]) -> list[list[dict[str, Array]]]:
    """As ``observed_orbits``, for layers that put out geometric tensors, in float32."""
    seen: dict[str, Array] = {}

    def reader(name: str) -> Callable[..., None]:
        return lambda _module, _inputs, output: seen.update({name: output.tensor[0].double().numpy()})

    with ExitStack() as stack, torch.no_grad():
        for name in network.layers:
            stack.callback(network.module.get_submodule(name).register_forward_hook(reader(name)).remove)
        found = []
        for picture in pixels_of(folder):
            orbit = []
            for member in members:
                network.module(normalise(member.show(picture), MEAN, STD).float())
                orbit.append(dict(seen))
            found.append(orbit)
    return found


class LeftRight(nn.Module):
    """Scores: brightness of the left half, of the right half, of the whole; features are the scores."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d((1, 2))
        self.out = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.pool(x[..., :12]).mean(dim=1)[:, 0].unbind(1)
        return 40 * self.out(torch.stack([left, right, 0.9 * (left + right) / 2], dim=1))


SWAP = {"permutation": {"group": "flip", "generators": {"m": [1, 0, 2]}}}


def test_classes_that_change_places(small: Path) -> None:
    """Declared on logits and features, nothing is left; undeclared, the loop's invariance measures are above 0."""
    network = network_of(LeftRight(), features=Site("out", "output"), size=12)
    folder = smooth_pictures(small.parent / "twelve", 5, 12)
    declared = audited(declaring(network, {"logits": SWAP, "features": SWAP}), ["flip"], folder)
    plain = audited(network, ["flip"], folder)
    for metric in ("softmax.kl", "latent.l2", "prediction.flip_rate"):
        assert entry_of(declared, metric, "flip").value == pytest.approx(0, abs=EXACT)
        assert entry_of(plain, metric, "flip").value > 1e-5
    assert entry_of(declared, "latent.cosine", "flip").raw == pytest.approx(-1, abs=EXACT)
    # the normaliser is of different images and knows no action
    assert (
        entry_of(declared, "latent.l2", "flip").normaliser == entry_of(plain, "latent.l2", "flip").normaliser
    )
    other = audited(declaring(network, {"logits": SWAP}), ["c4"], folder)
    for metric in ("softmax.kl", "prediction.flip_rate"):
        assert entry_of(other, metric, "c4").status == "not_applicable"
    assert entry_of(other, "latent.l2", "c4").status == "ok"


class LiftedPool(nn.Module):
    """The mean over the picture of a C4 lifting convolution: a vector on which C4 acts by its regular action."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Parameter(torch.randn(2, 3, 5, 5))
        self.out = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        filters = torch.stack([self.filters.rot90(h, (-2, -1)) for h in range(4)], dim=1).flatten(0, 1)
        return self.out(nn.functional.conv2d(x, filters).relu().mean(dim=(2, 3)))


def test_features_with_a_regular_action(small: Path) -> None:
    """latent.l2 is 0 with it; for its subgroup too; without it not."""
    torch.manual_seed(3)
    network = network_of(LiftedPool(), features=Site("out", "output"), size=13, logits=False)
    for group in ("c4", "c2"):
        declared = audited(declaring(network, {"features": {"regular": "c4"}}), [group], small)
        assert entry_of(declared, "latent.l2", group).value == pytest.approx(0, abs=EXACT)
        assert entry_of(audited(network, [group], small), "latent.l2", group).value > 0.05


def test_vectors_through_a_quotient(small: Path) -> None:
    """C8 acts on features and logits through C4: f̂ is the mean over e and the half turn; rows by hand."""
    network = small_conv_net(size=13)
    through = {
        "through": {"group": "c8", "onto": "c4", "generators": {"r45": "r90"}},
    }
    features = {**through, "action": {"regular": "c4"}}
    cycle = {"permutation": {"group": "c4", "generators": {"r90": [1, 2, 3, 0, 4]}}}
    declared = declaring(network, {"features": features, "logits": {**through, "action": cycle}})
    result = audited(declared, ["c8", "c4"], small)
    elements = planar_group("c8")
    of_features = [
        Member(lambda x, g=g: act(g, x, elements, "disc"), rolled(h % 4, fields=2, n=4))
        for h, g in enumerate(elements)
    ]
    of_logits = [
        Member(m.show, lambda p, h=h: np.append(np.roll(p[:4], h), p[4])) for h, m in enumerate(of_features)
    ]
    orbits = observed_orbits(network, small, of_features)
    l2 = [l2_row([seen["features"] for seen in orbit], of_features, [0, 4]) for orbit in orbits]
    cosine = [cosine_row([seen["features"] for seen in orbit], of_features, [0, 4]) for orbit in orbits]
    kl = [kl_row([seen["logits"] for seen in orbit], of_logits, [0, 4]) for orbit in orbits]
    for metric, rows in (("latent.l2", l2), ("latent.cosine", cosine), ("softmax.kl", kl)):
        entry = entry_of(result, metric, "c8")
        assert entry.raw == pytest.approx(np.mean(rows), abs=EXACT)
        assert list(entry.per_element.values()) == pytest.approx(list(np.mean(rows, axis=0)), abs=EXACT)
    # C4 ⊂ C8 goes onto C2: quarter turns move by two places, half turns by none
    quarters = [turned(q, rolled(2 * q % 4, fields=2, n=4)) for q in range(4)]
    quarters = [Member(m.show, rolled(2 * q % 4, fields=2, n=4)) for q, m in enumerate(quarters)]
    orbits = observed_orbits(network, small, quarters)
    rows = [l2_row([seen["features"] for seen in orbit], quarters, [0, 2]) for orbit in orbits]
    assert entry_of(result, "latent.l2", "c4").raw == pytest.approx(np.mean(rows), abs=EXACT)


def test_maps_on_which_the_mirrors_are_trivial(small: Path) -> None:
    """D4 through C4-and-nothing: channels by the rotation's parity alone, pixels still; the kernel has four."""
    network = small_conv_net(size=13)
    # D4 → C2 with r90 ↦ r180 and m ↦ e: the kernel is e, r180, m, r180m
    action = {
        "through": {"group": "d4", "onto": "c2", "generators": {"r90": "r180", "m": "e"}},
        "action": {"regular": "c2", "spatial": False},
    }
    result = audited(declaring(network, {"block2": action}), ["d4"], small)
    elements = planar_group("d4")
    kernel = [i for i, g in enumerate(elements) if (2 * g.turn).denominator == 1]
    assert len(kernel) == 4
    members = [
        Member(
            lambda x, g=g: act(g, x, elements, "disc"),
            rolled(0 if i in kernel else 1, fields=4, n=2),
        )
        for i, g in enumerate(elements)
    ]
    orbits = observed_orbits(network, small, members)
    rows = [
        channelwise_row([seen["layers"]["block2"] for seen in orbit], members, kernel) for orbit in orbits
    ]
    entry = entry_of(result, "channelwise.cosine", "d4", "block2")
    assert list(entry.per_element.values()) == pytest.approx(list(np.mean(rows, axis=0)), abs=EXACT)
    assert list(entry.per_image.value) == pytest.approx(list(np.mean(rows, axis=1)), abs=EXACT)


def test_matrices_and_sums(small: Path) -> None:
    """A sign change on four channels beside a plain action on the others, against the loop."""
    network = small_conv_net(size=13)
    minus = [[-1.0 if i == j else 0.0 for j in range(4)] for i in range(4)]
    action = {
        "sum": [
            {"channels": 4, "action": {"matrices": {"group": "flip", "generators": {"m": minus}}}},
            {"channels": 4, "action": "spatial"},
        ]
    }
    result = audited(declaring(network, {"block3": action}), ["flip"], small)
    sign = np.array([-1] * 4 + [1] * 4)[:, None, None]
    members = [Member(), Member(lambda x: x[..., ::-1].copy(), lambda y: sign * y[..., ::-1])]
    orbits = observed_orbits(network, small, members)
    rows = [channelwise_row([seen["layers"]["block3"] for seen in orbit], members, [0]) for orbit in orbits]
    entry = entry_of(result, "channelwise.cosine", "flip", "block3")
    assert list(entry.per_element.values()) == pytest.approx(list(np.mean(rows, axis=0)), abs=EXACT)


def test_the_network_is_given_back_as_it_was(small: Path) -> None:
    """The run in float64 behind the rounding control changes no weight, and leaves ordinary float32 tensors."""
    network = small_conv_net(size=13)
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    result = audited(network, ["c4"], small, precision="fp32")
    assert "rounding" in entry_of(result, "latent.l2", "c4").controls
    for name, value in network.module.state_dict().items():
        assert torch.equal(value, before[name])
        assert value.dtype == before[name].dtype
        assert not value.is_inference()
