"""From declarations to representations, on real networks: what comes out at −1, and what is refused."""

from collections.abc import Mapping

import pytest
import torch
from support.equivariant_networks import c4_lifting_network, c8_steerable_network, declaring
from support.networks import small_conv_net

from geed_cli.actions.representation import Representation, Trivial
from geed_cli.engine.geometric import FieldType
from geed_cli.engine.hooks import hooked
from geed_cli.engine.layer_actions import declared_action, field_types, representation_of
from geed_cli.engine.plan import GroupPlan
from geed_cli.errors import InputError
from geed_cli.groups.named import group_named
from geed_cli.measures.maps.compared import channelwise_deviation
from geed_cli.models.network import Network, Site

ROUNDING = 1e-5
"""Cosines of float32 maps: sums of some thousand products, each rounded at 6e-8."""
MAPS = (8, 5, 5)


def plan(name: str, boundary: str = "disc") -> GroupPlan:
    return GroupPlan.of(group_named(name), boundary, "bilinear")


def rho(actions: Mapping[str, object], group: str, shape: tuple[int, ...] = MAPS) -> Representation:
    """What an action declared for block2 of a small network is, for a group."""
    return representation_of(declaring(small_conv_net(), actions), "block2", shape, plan(group))


def pictures(size: int) -> torch.Tensor:
    """Two smooth random pictures."""
    noise = torch.rand(2, 3, size + 4, size + 4, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.avg_pool2d(noise, 5, 1)


def deviations(
    network: Network, layer: str, group: GroupPlan, types: Mapping[str, FieldType] | None = None
) -> list[float]:
    """Channelwise deviation for each element, mean over two pictures."""
    maps: list[torch.Tensor] = []
    size = network.input.size
    with (
        torch.inference_mode(),
        hooked(network.module, [Site(layer, "output")], lambda _site, y: maps.append(y.clone())),
    ):
        for view in group.views:
            network.module(view.show(pictures(size), size))
    found = representation_of(network, layer, tuple(maps[0].shape[1:]), group, types or {})
    assert found.undefined is None
    assert found.kernel() == (0,)
    return [
        channelwise_deviation(found.restrict(y), found.restrict(found.act(g, maps[0]))).value.mean().item()
        for g, y in enumerate(maps)
    ]


@pytest.mark.parametrize("layer", ["lift", "relu1", "group", "relu2"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_c4_lifting_network_is_at_minus_one_with_its_action(layer: str, seed: int) -> None:
    """Any weights, odd size: −1 to rounding under the regular action, and far from it under the plain one."""
    declared = c4_lifting_network(seed, actions={"*": {"regular": "c4"}})
    assert deviations(declared, layer, plan("c4")) == pytest.approx([-1] * 4, abs=ROUNDING)
    plain = deviations(c4_lifting_network(seed), layer, plan("c4"))
    assert plain[0] == pytest.approx(-1, abs=ROUNDING)
    assert min(plain[1:]) > -0.9


def test_the_other_order_of_channels_and_the_opposite_turn_are_wrong() -> None:
    """Group-major, or h going to g⁻¹h: both would be silent mistakes, and neither comes out at −1."""
    backwards = [[3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10]]
    for action in (
        {"regular": "c4", "order": "group-major"},
        {"permutation": {"group": "c4", "generators": {"r90": backwards[0]}}},
    ):
        network = c4_lifting_network(actions={"lift": action})
        assert min(deviations(network, "lift", plan("c4"))[1::2]) > -0.9


def test_an_explicit_permutation_says_the_same_as_regular() -> None:
    """The roll of three fields of four, written out."""
    roll = [1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8]
    action = {"permutation": {"group": "c4", "generators": {"r90": roll}}}
    network = c4_lifting_network(actions={"lift": action})
    assert deviations(network, "lift", plan("c4")) == pytest.approx([-1] * 4, abs=ROUNDING)


@pytest.mark.parametrize("layer", ["conv1", "relu1", "conv2", "relu2"])
def test_a_c8_steerable_network_declares_itself(layer: str) -> None:
    """Field types give −1 for quarter turns, and nearly for 45° inside the disc; ignored, they give neither."""
    network = c8_steerable_network()
    found = deviations(network, layer, plan("c8"), field_types(network, network.layers))
    assert found[::2] == pytest.approx([-1] * 4, abs=ROUNDING)
    assert max(found[1::2]) < -0.97
    plain = deviations(network, layer, plan("c8"))
    assert min(plain[1:]) > -0.9


def test_field_types_and_declarations_agree() -> None:
    """Declared by hand, the regular action of C8 is that of the field types; it serves C4 and C2 as well."""
    network = c8_steerable_network()
    types = field_types(network, network.layers)
    by_hand = c8_steerable_network(actions={"conv?": {"regular": "c8"}})
    y = torch.rand(24, 5, 5, generator=torch.Generator().manual_seed(0))
    for group in (plan("c8"), plan("c4"), plan("c2")):
        read = representation_of(network, "conv1", (24, 5, 5), group, types)
        written = representation_of(by_hand, "conv1", (24, 5, 5), group)
        for g in range(group.group.order):
            assert torch.equal(read.act(g, y), written.act(g, y))


def test_a_declaration_goes_before_a_field_type() -> None:
    """Who declares a layer plain gets the plain action."""
    network = c8_steerable_network(actions={"conv1": "spatial"})
    found = representation_of(network, "conv1", (24, 5, 5), plan("c4"), field_types(network, network.layers))
    assert found.key == "spatial"


def test_defaults() -> None:
    """Nothing declared: maps move as pictures do, vectors stay, and a set moves nothing."""
    network = small_conv_net()
    assert representation_of(network, "block2", MAPS, plan("c4")).key == "spatial"
    assert isinstance(representation_of(network, "features", (8,), plan("c4")), Trivial)


@pytest.mark.parametrize("group", ["c8", "c4", "c2", "c1"])
def test_a_declared_group_serves_its_subgroups(group: str) -> None:
    """Under the subgroup of order m, regular C8 moves component h to h + 8/m; subgroups share the key of C8."""
    found = rho({"block2": {"regular": "c8", "spatial": False}}, group, (8,))
    step = 8 // found.order
    y = torch.arange(8.0)
    for g in range(found.order):
        assert torch.equal(found.act(g, y), y.roll(g * step))
    assert found.key == rho({"block2": {"regular": "c8", "spatial": False}}, "c8", (8,)).key


@pytest.mark.parametrize(
    ("group", "missing"), [("d4", "m"), ("flip", "m"), ("c16", "r22.5"), ("hue3", "brg")]
)
def test_other_groups_are_not_applicable(group: str, missing: str) -> None:
    """A group with an element that the declared one has not: the layer says which."""
    reason = f"its declared action is of c8, which has no {missing}"
    assert rho({"block2": {"regular": "c8"}}, group).undefined == reason
    through = {
        "through": {"group": "c8", "onto": "c4", "generators": {"r45": "r90"}},
        "action": {"regular": "c4"},
    }
    assert rho({"block2": through}, group).undefined == reason


def test_geometry_has_to_fit_besides() -> None:
    """Channels are declared, but maps that are not square cannot be turned, unless pixels stay."""
    reason = "its 3×5 maps are not square, and the group turns them"
    assert rho({"block2": {"regular": "c4"}}, "c4", (8, 3, 5)).undefined == reason
    assert rho({"block2": {"regular": "c4", "spatial": False}}, "c4", (8, 3, 5)).undefined is None


def test_a_sum_moves_each_slice_its_own_way() -> None:
    """Trivial, spatial and regular side by side under the mirror."""
    parts = [
        {"channels": 1, "action": "trivial"},
        {"channels": 1, "action": "spatial"},
        {"channels": 2, "action": {"regular": "flip"}},
        {"channels": 2, "action": {"matrices": {"group": "flip", "generators": {"m": [[0, -1], [-1, 0]]}}}},
    ]
    found = rho({"block2": {"sum": parts}}, "flip", (6, 2, 2))
    y = torch.rand(6, 2, 2, generator=torch.Generator().manual_seed(0))
    mirrored = y.flip(-1)
    expected = torch.stack([y[0], mirrored[1], mirrored[3], mirrored[2], -mirrored[5], -mirrored[4]])
    assert torch.equal(found.act(1, y), expected)


def test_channels_through_a_quotient_while_pixels_turn() -> None:
    """C8 on fields of C4: r45 rolls by one and turns the map by 45°; {e, r180} is the kernel on one pixel only."""
    action = {
        "through": {"group": "c8", "onto": "c4", "generators": {"r45": "r90"}},
        "action": {"regular": "c4"},
    }
    y = torch.rand(8, 5, 5, generator=torch.Generator().manual_seed(0))
    group = plan("c8")
    found = rho({"block2": action}, "c8")
    rolled = y.unflatten(0, (2, 4)).roll(1, 1).flatten(0, 1)
    torch.testing.assert_close(found.act(1, y), group.views[1].act(rolled))
    assert found.kernel() == (0,)
    assert rho({"block2": action}, "c8", (8, 1, 1)).kernel() == (0, 4)
    assert rho({"block2": action}, "c4", (8, 1, 1)).kernel() == (0, 2)


def test_keys_tell_homomorphisms_apart() -> None:
    """Two maps of C4 onto itself roll in opposite directions, so comparisons must not be shared."""
    keys = set()
    for image in ("r90", "r270"):
        through = {"group": "c4", "onto": "c4", "generators": {"r90": image}}
        keys.add(rho({"block2": {"through": through, "action": {"regular": "c4"}}}, "c4").key)
    assert len(keys | {rho({"block2": {"regular": "c4"}}, "c4").key}) == 3


def test_vectors_take_their_own_keys() -> None:
    """``features`` and ``logits`` mean vectors there, even where the network has a module of that name."""
    actions = {
        "features": {"regular": "flip"},
        "logits": {"permutation": {"group": "flip", "generators": {"m": [1, 0, 2]}}},
    }
    network = declaring(small_conv_net(), actions)
    y = torch.tensor([1.0, 2.0, 3.0])
    assert representation_of(network, "logits", (3,), plan("flip")).act(1, y).tolist() == [2, 1, 3]
    assert representation_of(network, "features", (2,), plan("flip")).act(1, y[:2]).tolist() == [2, 1]
    assert declared_action(network, "features", vector=False) is None


def test_the_first_entry_that_selects_a_layer_counts() -> None:
    """Names before globs, in the spec's order."""
    network = declaring(small_conv_net(), {"block2": "trivial", "block*": "spatial"})
    assert declared_action(network, "block2", vector=False) == declared_action(network, "block2", vector=True)
    kinds = [
        representation_of(network, layer, MAPS, plan("c4")).key for layer in ("block1", "block2", "block3")
    ]
    assert kinds == ["spatial", "trivial", "spatial"]


@pytest.mark.parametrize(
    ("actions", "found"),
    [
        ({"blok2": "trivial"}, "layer 'blok2' is not in"),
        ({"block2": {"regular": "c99"}}, "'c99' has n = 99"),
        ({"block2": {"regular": "q8"}}, "no group 'q8'"),
        ({"block2": {"regular": "c3"}}, "8 channels are no multiple of 3"),
        (
            {"block2": {"permutation": {"group": "flip", "generators": {"m": [1, 0]}}}},
            "a list of 2 numbers that is no permutation of the channels",
        ),
        (
            {"block2": {"permutation": {"group": "c4", "generators": {"r90": [1, 2, 0, 3, 4, 5, 6, 7]}}}},
            "no action of c4",
        ),
        ({"block2": {"matrices": {"group": "flip", "generators": {"m": [[1]]}}}}, "not 8×8"),
        ({"block2": {"sum": [{"channels": 7, "action": "trivial"}]}}, "a sum over 7 channels"),
        (
            {
                "block2": {
                    "through": {"group": "c8", "onto": "c4", "generators": {"r45": "r45"}},
                    "action": "spatial",
                }
            },
            "no element of c4",
        ),
        (
            {
                "block2": {
                    "through": {"group": "d4", "onto": "c4", "generators": {"r90": "r90", "m": "e"}},
                    "action": "spatial",
                }
            },
            "no action of d4",
        ),
    ],
)
@pytest.mark.parametrize("group", ["c4", "flip"])
def test_declarations_that_do_not_fit_are_refused(
    actions: Mapping[str, object], found: str, group: str
) -> None:
    """Whatever group is audited: unknown layers and groups, channels that do not fit, what is no action."""
    with pytest.raises(InputError) as error:
        rho(actions, group)
    assert found in error.value.found
