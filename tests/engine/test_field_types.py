"""Field types against e2cnn's own transformation of fields, for every symmetry of the plane that it knows.

escnn does not install everywhere; objects with its documented interface stand in for it in one test.
"""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from support.equivariant_networks import c8_steerable_network, import_e2cnn
from support.networks import small_conv_net

from geed_cli.actions.channel_action import Matrices, Permutation
from geed_cli.actions.composed import Joint
from geed_cli.engine.geometric import FieldType, from_geometric_package
from geed_cli.engine.hooks import as_tensor
from geed_cli.engine.layer_actions import field_types, representation_of
from geed_cli.engine.plan import GroupPlan
from geed_cli.groups.named import group_named
from geed_cli.groups.planar import Planar
from geed_cli.groups.transform import Transform
from geed_cli.models.network import Site

gspaces, e2nn = import_e2cnn()

SPACES = {
    "c4": gspaces.Rot2dOnR2(4),
    "c8": gspaces.Rot2dOnR2(8),
    "so2": gspaces.Rot2dOnR2(-1, maximum_frequency=2),
    "d4": gspaces.FlipRot2dOnR2(4),
    "d4 horizontal": gspaces.FlipRot2dOnR2(4, axis=0.0),
    "d4 diagonal": gspaces.FlipRot2dOnR2(4, axis=math.pi / 4),
    "d8": gspaces.FlipRot2dOnR2(8),
    "o2": gspaces.FlipRot2dOnR2(-1, maximum_frequency=2),
    "flip": gspaces.Flip2dOnR2(),
    "flip horizontal": gspaces.Flip2dOnR2(axis=0.0),
    "trivial": gspaces.TrivialOnR2(),
}


def e2cnn_type(space: Any) -> Any:  # noqa: ANN401 - e2cnn has no types
    """One field of every sort that the space has; continuous groups have no regular one."""
    fields = [space.trivial_repr, *space.irreps.values()]
    if space.fibergroup.order() > 0:
        fields += [space.regular_repr] * 2
    return e2nn.FieldType(space, fields)


def read(kind: Any) -> FieldType:  # noqa: ANN401 - e2cnn has no types
    return FieldType(kind.gspace, tuple(kind.representations))


def plan(name: str) -> GroupPlan:
    return GroupPlan.of(group_named(name), "zero", "bilinear")


@pytest.mark.parametrize("name", list(SPACES))
@pytest.mark.parametrize("group", ["c1", "c4", "d4", "flip", "vflip"])
def test_fields_move_as_e2cnn_moves_them(name: str, group: str) -> None:
    """Exact elements: pixels and channels together give e2cnn's transform of the same element.

    A wrong element would turn or mirror the map another way than ours.
    """
    kind = e2cnn_type(SPACES[name])
    fields = read(kind)
    network = small_conv_net()
    y = torch.rand(1, kind.size, 5, 5, generator=torch.Generator().manual_seed(0))
    found = representation_of(network, "x", (kind.size, 5, 5), plan(group), {"x": fields})
    if found.undefined is not None:
        assert found.undefined.startswith(f"its field type is of {kind.gspace.name}, which has no ")
        return
    for g, transform in enumerate(group_named(group).transforms):
        element = fields._element(transform)
        # 1e-5: e2cnn's change of basis in float32
        torch.testing.assert_close(found.act(g, y), kind.transform(y, element), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("space", "groups"),
    [
        ("c4", "c1 c2 c4"),
        ("c8", "c1 c2 c4 c8"),
        ("so2", "c1 c2 c4 c8 c3"),
        ("d4", "c1 c2 c4 d4 flip vflip flips"),
        ("d4 diagonal", "c1 c2 c4 d4 flip vflip flips"),
        ("d8", "c1 c2 c4 c8 d4 d8 flip vflip flips"),
        ("o2", "c1 c2 c4 c8 c3 d4 d8 d3 flip vflip flips"),
        ("flip", "c1 flip"),
        ("flip horizontal", "c1 vflip"),
        ("trivial", "c1"),
    ],
)
def test_which_groups_a_space_serves(space: str, groups: str) -> None:
    """Its subgroups, by elements: shifts and colours never."""
    network = small_conv_net()
    kind = e2cnn_type(SPACES[space])
    every = "c1 c2 c3 c4 c8 d3 d4 d8 flip vflip flips shift3 invert"
    served = [
        name
        for name in every.split()
        if representation_of(network, "x", (kind.size, 5, 5), plan(name), {"x": read(kind)}).undefined is None
    ]
    assert sorted(served) == sorted(groups.split())


@pytest.mark.parametrize("name", ["d4", "d8", "o2"])
def test_matrices_of_field_types_are_actions(name: str) -> None:
    """ρ(gh) = ρ(g)ρ(h) over the whole group, resampled elements included."""
    group = group_named("d8" if name != "d4" else "d4")
    matrices = read(e2cnn_type(SPACES[name])).matrices(group.transforms)
    assert not isinstance(matrices, str)
    products = np.einsum("gij,hjk->ghik", matrices, matrices)
    # 1e-6: the library keeps its bases in float32 or better
    np.testing.assert_allclose(products, matrices[group.table], rtol=0, atol=1e-6)


def test_regular_fields_are_moved_by_index() -> None:
    """Permutations are recognised, which is exact; fields that rotate need matrices."""
    space = SPACES["c8"]
    network = small_conv_net()
    for fields, kind in (([space.regular_repr] * 2, Permutation), ([space.irrep(1)], Matrices)):
        layer = read(e2nn.FieldType(space, fields))
        size = sum(field.size for field in fields)
        found = representation_of(network, "x", (size, 5, 5), plan("c8"), {"x": layer})
        assert isinstance(found, Joint)
        assert isinstance(found.channels, kind)


def test_a_steerable_convolution_onto_many_sorts_of_fields_is_equivariant() -> None:
    """Quarter turns of a layer with trivial, regular, quotient and rotating fields, read through its field type."""
    space = SPACES["c8"]
    seen = e2nn.FieldType(space, [space.trivial_repr] * 3)
    sorts = [space.irrep(1), space.regular_repr, space.trivial_repr, space.quotient_repr(2), space.irrep(3)]
    kind = e2nn.FieldType(space, sorts)
    torch.manual_seed(0)
    layer = e2nn.R2Conv(seen, kind, 5, padding=2).eval()
    x = torch.rand(1, 3, 9, 9)
    group = plan("c4")
    found = representation_of(small_conv_net(), "x", (kind.size, 9, 9), group, {"x": read(kind)})
    with torch.inference_mode():
        y = layer(e2nn.GeometricTensor(x, seen)).tensor
        for g, view in enumerate(group.views):
            moved = layer(e2nn.GeometricTensor(view.act(x), seen)).tensor
            # 1e-5: float32 convolutions
            torch.testing.assert_close(moved, found.act(g, y), rtol=0, atol=1e-5)


def test_types_are_read_from_the_layers_that_have_one() -> None:
    """Geometric layers are found, plain ones of the same network are not, and plain networks are not run."""
    network = c8_steerable_network()
    assert set(field_types(network, ["conv1", "relu2", "pool", "fc"])) == {"conv1", "relu2"}
    assert field_types(replace(small_conv_net(), input=None), ["block1"]) == {}  # type: ignore[arg-type]


def test_a_tap_takes_the_plain_tensor() -> None:
    """The tensor inside, not a copy."""
    space = SPACES["c4"]
    kind = e2nn.FieldType(space, [space.regular_repr])
    plain = torch.rand(1, 4, 3, 3)
    wrapped = e2nn.GeometricTensor(plain, kind)
    assert from_geometric_package(wrapped)
    assert as_tensor(Site("x", "output"), wrapped) is wrapped.tensor


@dataclass
class Element:
    """Stands in for escnn's elements: here a planar symmetry of our own."""

    planar: Planar


def test_escnn_states_its_action_on_the_plane_as_matrices() -> None:
    """Its spaces have ``basespace_action(element)``, a 2×2 matrix on (x, y) with y upwards."""
    elements = [Element(Planar(Fraction(k, 8), mirror)) for mirror in (False, True) for k in range(8)]

    def base(element: Element) -> np.ndarray:
        angle = 2 * math.pi * float(element.planar.turn)
        turned = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        return turned @ np.diag([-1.0 if element.planar.mirror else 1.0, 1.0])

    fibre = SimpleNamespace(elements=elements)
    space = SimpleNamespace(fibergroup=fibre, name="D8", basespace_action=base)
    fields = FieldType(space, (base,))
    for element in elements:
        assert fields._element(Transform(element.planar)) is element
    assert fields.matrices([Transform(Planar(Fraction(1, 3)))]) == "r120"
