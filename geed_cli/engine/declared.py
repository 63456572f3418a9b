"""From an action as a spec declares it to a representation of the audited group.

The declared group may be larger than the audited one, or be reached through homomorphisms. Its elements move channels;
pixels are always moved by the audited element itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from geed_cli.actions.composed import DirectSum, Joint, PullBack
from geed_cli.actions.homomorphism import quotient_images
from geed_cli.actions.representation import NoAction, Representation, Spatial, Trivial
from geed_cli.actions.view import View
from geed_cli.engine.channel_part import REMEDY, channel_part
from geed_cli.errors import InputError
from geed_cli.groups.catalogue import group_named
from geed_cli.groups.group import FiniteGroup
from geed_cli.groups.transform import Transform
from geed_cli.models.spec_actions import Action


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

    Args:
        action: from the spec.
        place: where.
        elements: for each audited element, the element that moves channels: itself, or its image.
    """
    if action.sum is not None:
        return _sum(action, place, elements)
    if action.through is not None:
        return _through(action, place, elements)
    moves_pixels = action.spatial and len(place.shape) == 3
    if action.regular is None and action.permutation is None and action.matrices is None:
        return Spatial.of(place.views, place.shape) if moves_pixels else _still(place)
    group, channels = channel_part(action, place.shape, place.where)
    channels = _serving(group, channels, place, elements)
    return Joint.of(Spatial.of(place.views, place.shape), channels) if moves_pixels else channels


def _still(place: Place) -> Representation:
    return Trivial(len(place.views), place.shape)


def _sum(action: Action, place: Place, elements: tuple[Transform, ...]) -> Representation:
    parts = action.sum or []
    channels = sum(part.channels for part in parts)
    if channels != place.shape[0]:
        raise InputError(
            f"{place.where} is a sum over {channels} channels, and there are {place.shape[0]}",
            expected="parts whose channels add up",
            remedy=REMEDY,
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
    found = declared(inner, place, reached)
    return found if stranger is None else _not_served(group, stranger, place)


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


def _stranger(known: Mapping[Transform, object], elements: tuple[Transform, ...]) -> str | None:
    """The first element that is not known."""
    return next((element.name for element in elements if element not in known), None)


def _not_served(group: FiniteGroup, stranger: str, place: Place) -> Representation:
    reason = f"its declared action is of {group.name}, which has no {stranger}"
    return NoAction(len(place.views), place.shape, "none", reason)
