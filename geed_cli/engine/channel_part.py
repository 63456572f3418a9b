"""From a declared kind of action on channels to a representation of the group that it names, checked on the way.

The numbers of channels have to fit the layer, and what is given has to be an action of the group.
"""

import numpy as np

from geed_cli.actions.channel_action import Matrices, Permutation, regular_moves
from geed_cli.actions.homomorphism import compose, extend
from geed_cli.actions.representation import Representation
from geed_cli.errors import InputError
from geed_cli.groups.catalogue import group_named
from geed_cli.groups.group import FiniteGroup
from geed_cli.models.spec_actions import Action, MatricesPart, PermutationPart

REMEDY = "correct the section actions in the spec"


def channel_part(action: Action, shape: tuple[int, ...], where: str) -> tuple[FiniteGroup, Representation]:
    """The named group, and its action on the channels of outputs of that shape.

    Its key holds the group's elements beside its name, since a file of generators may change.

    Args:
        action: regular, permutation or matrices.
        shape: (C, H, W) or (k,).
        where: what messages call the declaration.

    Raises:
        InputError: an unknown group or element, channels that do not fit, or no action.
    """
    declared = action.model_dump_json(exclude={"spatial"})
    if action.permutation is not None:
        group = group_named(action.permutation.group)
        moves = _permutations(group, action.permutation, shape[0], where)
        return group, Permutation.of(moves, shape, (declared, group.elements))
    if action.matrices is not None:
        group = group_named(action.matrices.group)
        matrices = _matrices(group, action.matrices, shape[0], where)
        return group, Matrices.of(matrices, shape, (declared, group.elements))
    assert action.regular is not None, "an action of this kind names a group"
    group = group_named(action.regular)
    if shape[0] % group.order:
        raise InputError(
            f"{where} is regular under {group.name}, and {shape[0]} channels are no multiple of {group.order}",
            expected=f"fields × {group.order} channels",
            remedy=REMEDY,
        )
    fields = shape[0] // group.order
    moves = regular_moves(group.table, fields, field_major=action.order == "field-major")
    return group, Permutation.of(moves, shape, (declared, group.elements))


def _permutations(group: FiniteGroup, part: PermutationPart, channels: int, where: str) -> np.ndarray:
    """Where each element sends each channel, shape (n, C)."""
    for name, moves in part.generators.items():
        if sorted(moves) != list(range(channels)):
            raise InputError(
                f"{where} gives {name} a list of {len(moves)} numbers that is no permutation of the channels",
                expected=f"each of 0 to {channels - 1} once: where channels 0, 1, … go",
                remedy=REMEDY,
            )
    given = {name: np.array(moves, dtype=np.int64) for name, moves in part.generators.items()}
    return extend(group, given, np.arange(channels), compose, where)


def _matrices(group: FiniteGroup, part: MatricesPart, channels: int, where: str) -> np.ndarray:
    """The matrix of each element, shape (n, C, C)."""
    for name, rows in part.generators.items():
        if len(rows) != channels or any(len(row) != channels for row in rows):
            raise InputError(
                f"{where} gives {name} a matrix that is not {channels}×{channels}",
                expected="one row and one column for each channel",
                remedy=REMEDY,
            )
    given = {name: np.array(rows, dtype=np.float64) for name, rows in part.generators.items()}
    return extend(group, given, np.eye(channels), np.matmul, where)
