"""From an action as a spec declares it to a representation of the audited group.

The declared group may be larger than the audited one, or be reached through homomorphisms. Its elements move channels,
whose number has to fit the layer; pixels are always moved by the audited element itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from geed_cli.actions.channel_action import Matrices, Permutation, regular_moves
from geed_cli.actions.composed import DirectSum, Joint, PullBack
from geed_cli.actions.homomorphism import compose, extend, quotient_images
from geed_cli.actions.representation import NoAction, Representation, Spatial, Trivial
from geed_cli.actions.view import View
from geed_cli.errors import InputError
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.named import group_named
from geed_cli.groups.transform import Transform
from geed_cli.models.spec_actions import Action, MatricesPart, PermutationPart

SPEC_REMEDY = "correct the section actions in the spec"


@dataclass(frozen=True)
class Place:
    """Where an action is declared.

    Attributes:
        where: what messages call it.
        shape: of the output, or of the slice of a direct sum.
        views: of the audited group; they move pixels.
        through: the homomorphisms on the way here, as text that tells them apart.
    """

    where: str
    shape: tuple[int, ...]
    views: tuple[View, ...]
    through: tuple[str, ...] = ()


def declared(action: Action, place: Place, elements: tuple[Transform, ...]) -> Representation:
    """The representation that an action declares.

    ``elements`` are, for each audited element, the one that moves channels: itself, or its image.
    """
    if action.sum is not None:
        return _sum(action, place, elements)
    if action.through is not None:
        return _through(action, place, elements)
    moves_pixels = action.spatial and len(place.shape) == 3
    if action.regular is None and action.permutation is None and action.matrices is None:
        return (
            Spatial.of(place.views, place.shape) if moves_pixels else Trivial(len(place.views), place.shape)
        )
    group, channels = channel_part(action, place.shape, place.where)
    channels = _serving(group, channels, place, elements)
    return Joint.of(Spatial.of(place.views, place.shape), channels) if moves_pixels else channels


def _sum(action: Action, place: Place, elements: tuple[Transform, ...]) -> Representation:
    parts = action.sum or []
    channels = sum(part.channels for part in parts)
    if channels != place.shape[0]:
        raise InputError(
            f"{place.where} is a sum over {channels} channels, and there are {place.shape[0]}",
            expected="parts whose channels add up",
            remedy=SPEC_REMEDY,
        )
    rest = place.shape[1:]
    return DirectSum.of(
        [declared(part.action, replace(place, shape=(part.channels, *rest)), elements) for part in parts]
    )


def _through(action: Action, place: Place, elements: tuple[Transform, ...]) -> Representation:
    """The inner action with every element replaced by its image."""
    part, inner = action.through, action.action
    assert part is not None and inner is not None  # noqa: PT018 - the schema wants both or neither
    group, onto = group_named(part.group), group_named(part.onto)
    images = quotient_images(group, onto, part.generators, place.where)
    image = {t: onto.transforms[images[number]] for number, t in enumerate(group.transforms)}
    place = replace(place, through=(*place.through, part.model_dump_json()))
    stranger = _stranger(image, elements)
    # the inner action is checked even where this group cannot be served
    reached = tuple(image.get(element, onto.transforms[0]) for element in elements)
    representation = declared(inner, place, reached)
    return representation if stranger is None else _not_served(group, stranger, place)


def _serving(
    group: FiniteGroup, channels: Representation, place: Place, elements: tuple[Transform, ...]
) -> Representation:
    """The action of a declared group, for the audited elements."""
    number = {transform: i for i, transform in enumerate(group.transforms)}
    stranger = _stranger(number, elements)
    if stranger is not None:
        return _not_served(group, stranger, place)
    images = [number[element] for element in elements]
    return PullBack.of(channels, images, (channels.key, place.through))


def _stranger(served: Mapping[Transform, object], elements: tuple[Transform, ...]) -> str | None:
    """The first element that is not known."""
    return next((element.name for element in elements if element not in served), None)


def _not_served(group: FiniteGroup, stranger: str, place: Place) -> Representation:
    reason = f"its declared action is of {group.name}, which has no {stranger}"
    return NoAction(len(place.views), place.shape, "none", reason)


def channel_part(action: Action, shape: tuple[int, ...], where: str) -> tuple[FiniteGroup, Representation]:
    """The group that a regular, permutation or matrices action names, and its action on the channels.

    Its key holds the group's elements beside its name, since a file of generators may change.

    Raises:
        InputError: an unknown group or element, channels that do not fit, or no action.
    """
    text = action.model_dump_json(exclude={"spatial"})
    if action.permutation is not None:
        group = group_named(action.permutation.group)
        moves = _permutations(group, action.permutation, shape[0], where)
        return group, Permutation.of(moves, shape, (text, group.elements))
    if action.matrices is not None:
        group = group_named(action.matrices.group)
        matrices = _matrices(group, action.matrices, shape[0], where)
        return group, Matrices.of(matrices, shape, (text, group.elements))
    assert action.regular is not None, "an action of this kind names a group"
    group = group_named(action.regular)
    if shape[0] % group.order:
        raise InputError(
            f"{where} is regular under {group.name}, and {shape[0]} channels are no multiple of {group.order}",
            expected=f"fields × {group.order} channels",
            remedy=SPEC_REMEDY,
        )
    fields = shape[0] // group.order
    moves = regular_moves(group.table, fields, field_major=action.order == "field-major")
    return group, Permutation.of(moves, shape, (text, group.elements))


def _permutations(group: FiniteGroup, part: PermutationPart, channels: int, where: str) -> np.ndarray:
    """Where each element sends each channel, shape (n, C)."""
    for name, moves in part.generators.items():
        if sorted(moves) != list(range(channels)):
            raise InputError(
                f"{where} gives {name} a list of {len(moves)} numbers that is no permutation of the channels",
                expected=f"each of 0 to {channels - 1} once: where channels 0, 1, … go",
                remedy=SPEC_REMEDY,
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
                remedy=SPEC_REMEDY,
            )
    given = {name: np.array(rows, dtype=np.float64) for name, rows in part.generators.items()}
    return extend(group, given, np.eye(channels), np.matmul, where)
