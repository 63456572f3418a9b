"""Makes the gallery of a result: chooses pictures, reads them again, and shows them to the network once more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import get_args

from PIL import Image
from torch import Tensor

from geed_cli.actions.action import centre as middle
from geed_cli.actions.conditions import Boundary, Resampling
from geed_cli.engine.plan import GroupPlan, Plan
from geed_cli.errors import InputError
from geed_cli.images.decode import pillow_silenced
from geed_cli.images.source import ImageSet
from geed_cli.measures.channelwise import COSINE
from geed_cli.models.network import Network
from geed_cli.pipeline.borrowed import at_home, lend
from geed_cli.pipeline.describe import describe_group, describe_model
from geed_cli.pipeline.entries.top_classes import DECIMALS, names_of
from geed_cli.pipeline.gallery.chosen import Choice, choose, chosen_by
from geed_cli.pipeline.gallery.disagreement import by_place, compared, expected, grid_of, mean_of, moved_back
from geed_cli.pipeline.gallery.pictures_again import read_again
from geed_cli.pipeline.gallery.shown_again import Seen, show_again
from geed_cli.pipeline.gallery.thumbnails import MOVED_SIDE, SIDE, jpegs, matrix_of, small
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    ControlOptions,
    DeviceName,
    Precision,
    RunOptions,
)
from geed_cli.pipeline.placement import move, place
from geed_cli.pipeline.planning import make_plan, plan_groups
from geed_cli.result.gallery import (
    ChosenPicture,
    ClassSeen,
    Gallery,
    GalleryPicture,
    GroupGallery,
    ShownElement,
)
from geed_cli.result.schema import Entry, Group, Result
from geed_cli.result.schema import Image as AuditedImage

TOP = 3
"""Classes that are named of each prediction."""


@dataclass(frozen=True)
class GalleryOptions:
    """What a gallery shows.

    Attributes:
        count: pictures of each group.
        layer: where disagreement is looked for; None for the last layer of the result with more than one place.
        folder: where the pictures are now, a folder or what ``images_of`` made; None for the result's own folder.
        follow_links: whether symbolic links in it are followed, as in the audit.
        groups: the groups as they were asked for, where a name does not say which, as of a group in a file.
        sets: likewise.
        device: where the network runs.
    """

    count: int = 5
    layer: str | None = None
    folder: Path | ImageSet | None = None
    follow_links: bool = False
    groups: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    device: DeviceName = "auto"


DEFAULTS = GalleryOptions()


def make_gallery(result: Result, network: Network, options: GalleryOptions = DEFAULTS) -> Gallery:
    """The gallery of a result.

    Pictures whose file is gone or is another one, and groups that are not known here, are left out with a warning.

    Args:
        result: of an audit.
        network: the one that was audited, which is moved to the device.
        options: what is shown.

    Raises:
        InputError: another network, a layer that cannot be read, or a count below 1.
        RunError: the device is not there.
    """
    with lend([network]) as (ready,), pillow_silenced():
        return _gallery(result, ready, options)


def _gallery(result: Result, network: Network, options: GalleryOptions) -> Gallery:
    """The gallery of a network that is lent."""
    network = same_network(result, network)
    planned, warnings = _plans(result, network, options)
    if not planned:
        return Gallery(network.id, (), (), None, None, None, warnings)
    precision = next(each for each in get_args(Precision) if each == result.settings.precision)
    placement = place(at_home(RunOptions(options.device, precision=precision), [network]))
    network = move(network, placement)
    plan = make_plan(network, planned.groups, planned.options).plan
    layer = _layer(plan)
    entries = {group.name: chosen_by(result, group.name) for group in plan.shown}
    choices = {name: choose(entry, options.count) for name, entry in entries.items() if entry is not None}
    pixels, left_out = read_again(
        result.data,
        result.settings,
        network.input,
        [choice.place for each in choices.values() for choice in each],
        side=plan.surroundings,
        folder=options.folder,
        follow_links=options.follow_links,
    )
    looks = {
        group.name: [
            _look(network, plan, group, layer, choice, pixels[choice.place])
            for choice in choices.get(group.name, ())
            if choice.place in pixels
        ]
        for group in plan.shown
    }
    thumbnails = _Thumbnails.of(pixels, [look for each in looks.values() for look in each], plan.size)
    images = result.data.images
    shown = [
        place for place in sorted(pixels) if any(look.choice.place == place for look in thumbnails.looks)
    ]
    return Gallery(
        model=result.model.id,
        pictures=tuple(
            GalleryPicture(images[at].path, images[at].sha256, thumbnails.own[at]) for at in shown
        ),
        groups=tuple(
            _group(group, entry, images, thumbnails, looks[group.name])
            for group in plan.shown
            if (entry := entries[group.name]) is not None and looks[group.name]
        ),
        layer=layer,
        grid=plan.layers[layer].shape[1:] if layer is not None else None,
        another=_another(looks),
        warnings=(*warnings, *left_out),
    )


def same_network(result: Result, network: Network) -> Network:
    """The network as it was audited: pictures that were cropped already are shown as they are again.

    Raises:
        InputError: it is another network, or is shown pictures in another way.
    """
    model, size = result.model, network.input.size
    as_they_are = replace(network, input=replace(network.input, resize=size, crop_mode="center"))
    if describe_model(as_they_are).input == model.input:
        network = as_they_are
    if network.weights.state_sha256 != model.weights.state_sha256:
        hashes = network.weights.state_sha256[:12], model.weights.state_sha256[:12]
        raise InputError(
            f"{network.called} has the weights {hashes[0]}…, and the result is of {model.id} with {hashes[1]}…",
            expected="the network that was audited",
            remedy="name the weights that were audited, or audit these",
        )
    if describe_model(network).input != model.input:
        raise InputError(
            f"{network.called} is shown pictures in another way than {model.id} was in the audit",
            expected=f"{model.input.size} × {model.input.size} pixels cut from {model.input.resize}, "
            f"{model.input.interpolation}, with the same mean and std",
            remedy=f"--img-size {model.input.size}, or the spec of the audit",
        )
    return network


@dataclass(frozen=True)
class _Planned:
    """Groups that are those of the result, and the options that plan them."""

    groups: tuple[str, ...]
    options: AuditOptions

    def __bool__(self) -> bool:
        return bool(self.groups or self.options.sets)


def _plans(result: Result, network: Network, options: GalleryOptions) -> tuple[_Planned, tuple[str, ...]]:
    """What can be planned, and a sentence on each group that cannot."""
    action = _action_of(result.groups)
    texts = {
        plan.name: text for text in options.groups for plan in plan_groups(text, AuditOptions(action=action))
    }
    for text in options.sets:
        texts |= {plan.name: text for plan in plan_groups((), AuditOptions(action=action, sets=(text,)))}
    names: dict[str, list[str]] = {"group": [], "set": []}
    warnings: list[str] = []
    for group in result.groups:
        text = texts.get(group.name, group.name)
        if why := _why_not(group, text, action, network.input.size):
            warnings.append(f"{group.name} is left out of the gallery: {why}")
        else:
            names[group.kind].append(text)
    layers = (options.layer,) if options.layer is not None else _layers_of(result)
    audit = AuditOptions(
        action=action,
        metrics=(COSINE.name,),
        layers=layers,
        sets=tuple(names["set"]),
        controls=ControlOptions(probes=0),
    )
    return _Planned(tuple(names["group"]), audit), tuple(warnings)


def _action_of(groups: Sequence[Group]) -> ActionOptions:
    """How turned pictures were resampled; the same for all groups of a result."""
    boundaries, interpolations = (
        {getattr(group, name) for group in groups} for name in ("boundary", "interpolation")
    )
    return ActionOptions(
        next((each for each in get_args(Boundary) if each in boundaries), ActionOptions.boundary),
        next((each for each in get_args(Resampling) if each in interpolations), ActionOptions.interpolation),
    )


def _why_not(group: Group, text: str, action: ActionOptions, size: int) -> str | None:
    """Why a group is not the one that was audited, as a clause; None where it is."""
    options = AuditOptions(action=action, sets=(text,) if group.kind == "set" else ())
    try:
        (plan,) = plan_groups((text,) if group.kind == "group" else (), options)
    except InputError as error:
        return error.found
    return None if describe_group(plan, size) == group else "what is called so here is not what was audited"


def _layers_of(result: Result) -> tuple[str, ...]:
    """The layers that were measured; none where the network's own stages are to be taken."""
    measured = (entry.layer for entry in result.results if entry.layer is not None and entry.status == "ok")
    return tuple(dict.fromkeys(measured))


def _layer(plan: Plan) -> str | None:
    """The last layer with more than one place; the last of all where none has."""
    spatial = [name for name, layer in plan.layers.items() if layer.shape[1] * layer.shape[2] > 1]
    return next(reversed(spatial or list(plan.layers)), None)


@dataclass(frozen=True, eq=False)
class _Look:
    """What was seen of a chosen picture under a group.

    Attributes:
        choice: which picture.
        elements: without thumbnails.
        moved: those that no matrix makes of the picture's own, by element.
        expected: f̂(x) of the layer; None without one, or where the group does not act on it.
        inside: the places of it that are compared.
    """

    choice: Choice
    elements: tuple[ShownElement, ...]
    moved: Mapping[str, Image.Image]
    expected: Tensor | None
    inside: Tensor | None


def _look(
    network: Network, plan: Plan, group: GroupPlan, layer: str | None, choice: Choice, pixels: Tensor
) -> _Look:
    """Show a picture, and keep what is said of it."""
    seen = show_again(network, plan, group, layer, pixels)
    rho = None if layer is None else plan.layers[layer].representations.get(group.name)
    centre = inside = found = None
    if rho is not None and seen.maps is not None:
        centre, inside = expected(seen.maps, rho), compared(rho)
        found = by_place(moved_back(seen.maps, group.group, rho), centre, inside)
    names, tops = names_of(network), _tops(seen)
    elements, moved = [], {}
    for g, (element, view) in enumerate(zip(group.group.elements, group.views, strict=True)):
        matrix = matrix_of(view)
        if matrix is None:
            moved[element] = small(seen.shown[g], MOVED_SIDE)
        elements.append(
            ShownElement(
                element=element,
                matrix=matrix,
                jpeg=None,
                top=tuple(ClassSeen(k, names[k] if names else None, p) for k, p in tops[g]) if tops else (),
                changed=bool(tops) and tops[g][0][0] != tops[0][0][0],
                disagreement=None if found is None else grid_of(found[g]),
                mean=None if found is None else mean_of(found[g]),
            )
        )
    return _Look(choice, tuple(elements), moved, centre, inside)


def _tops(seen: Seen) -> list[list[tuple[int, float]]]:
    """The places of the top classes under each element with their probabilities; of equals the first."""
    if seen.probabilities is None:
        return []
    p, places = seen.probabilities.sort(dim=1, descending=True, stable=True)
    return [
        [(k, round(value, DECIMALS)) for k, value in zip(which[:TOP], values[:TOP], strict=True)]
        for which, values in zip(places.tolist(), p.tolist(), strict=True)
    ]


@dataclass(frozen=True)
class _Thumbnails:
    """All thumbnails of a gallery, which share their room.

    Attributes:
        own: of each picture, by its place.
        moved: of elements without a matrix, by the number of the look and the element.
        looks: in that order.
    """

    own: Mapping[int, bytes]
    moved: Mapping[tuple[int, str], bytes]
    looks: Sequence[_Look]

    @classmethod
    def of(cls, pixels: Mapping[int, Tensor], looks: Sequence[_Look], size: int) -> "_Thumbnails":
        """From the pixels of the pictures (C, P, P), of which the middle of side ``size`` is shown."""
        places = sorted({look.choice.place for look in looks})
        own = [small(middle(pixels[at].float() / 255, size, size), SIDE) for at in places]
        moved = {(n, name): image for n, look in enumerate(looks) for name, image in look.moved.items()}
        made = jpegs([*own, *moved.values()], sum(len(look.elements) for look in looks))
        return cls(
            dict(zip(places, made, strict=False)),
            dict(zip(moved, made[len(own) :], strict=True)),
            looks,
        )

    def filled(self, look: _Look) -> tuple[ShownElement, ...]:
        """The elements of a look with their thumbnails."""
        number = next(n for n, each in enumerate(self.looks) if each is look)
        return tuple(replace(each, jpeg=self.moved.get((number, each.element))) for each in look.elements)


def _group(
    group: GroupPlan,
    entry: Entry,
    images: Sequence[AuditedImage],
    thumbnails: _Thumbnails,
    looks: Sequence[_Look],
) -> GroupGallery:
    assert entry.per_image is not None, "pictures were ranked by its rows"
    return GroupGallery(
        group=group.name,
        metric=entry.metric,
        layer=entry.layer,
        ranked=sum(v is not None for v in entry.per_image.value),
        disc=group.identity.boundary == "disc",
        pictures=tuple(
            ChosenPicture(
                path=images[look.choice.place].path,
                place=look.choice.place,
                rank=look.choice.rank,
                standing=look.choice.standing,
                value=look.choice.value,
                elements=thumbnails.filled(look),
            )
            for look in looks
        ),
    )


def _another(looks: Mapping[str, Sequence[_Look]]) -> float | None:
    """The mean of 1 − cos between f̂ of two pictures at one place, over pairs of each group; None without any."""
    means = [
        mean_of(by_place(one.expected, other.expected, one.inside))
        for each in looks.values()
        for one, other in combinations(each, 2)
        if one.expected is not None and other.expected is not None and one.inside is not None
    ]
    there = [mean for mean in means if mean is not None]
    return sum(there) / len(there) if there else None
