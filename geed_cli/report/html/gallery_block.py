"""Pictures of a result under every element: the top classes, and where in the picture a layer disagrees."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geed_cli.report.html.colours import GROUND
from geed_cli.report.html.drawing import name, short_number
from geed_cli.report.html.element_figures import spoken
from geed_cli.result.gallery import ChosenPicture, Gallery, GroupGallery, Matrix, ShownElement
from geed_cli.verdict.digits import percent, two_digits

SIDE = 96
"""Units of a thumbnail as it is drawn; styles make it as wide as its column."""
OVERLAY = "#d43d00"
STEPS = (0.25, 0.5, 0.75, 1.0)
"""Parts of the distance to another picture up to which places share a shade; what is beyond has the last."""
DARKEST = 0.85
"""Opacity of the last shade."""
FAINT = 0.1
"""A part of the distance to another picture below which a place is not shaded."""


@dataclass(frozen=True)
class ShownView:
    """One element of a picture: how it looks, what it is taken for, and where the layer disagrees.

    Attributes:
        overlay: the picture as it is, shaded where the layer's maps differ; empty for e and without a layer.
        mean: of the disagreement, over that of two different pictures.
    """

    picture: Markup
    element: str
    label: str
    probability: str
    changed: bool
    overlay: Markup
    mean: str


@dataclass(frozen=True)
class ShownPicture:
    """One picture of a group: its name, where it stands, what its top class does, and its elements."""

    name: str
    standing: str
    value: str
    said: str
    views: tuple[ShownView, ...]

    @property
    def overlays(self) -> list[ShownView]:
        """The elements of which there is an overlay."""
        return [view for view in self.views if view.overlay]


@dataclass(frozen=True)
class GallerySection:
    """What the page shows of a gallery.

    Attributes:
        definitions: each thumbnail once, and the disc.
        groups: by name.
        layer: where disagreement was looked for; empty without one.
    """

    definitions: Markup
    groups: Mapping[str, tuple[ShownPicture, ...]]
    layer: str
    warnings: tuple[str, ...]


def gallery_section(gallery: Gallery) -> GallerySection:
    """The gallery as the page shows it."""
    numbers = {picture.path: number for number, picture in enumerate(gallery.pictures)}
    images = "".join(
        f'<g id="p-{number}">{_image(picture.jpeg)}</g>' for number, picture in enumerate(gallery.pictures)
    )
    disc = f'<clipPath id="disc"><circle cx="{SIDE // 2}" cy="{SIDE // 2}" r="{SIDE // 2}"/></clipPath>'
    return GallerySection(
        Markup(
            f'<svg class="defs" width="0" height="0" aria-hidden="true"><defs>{disc}{images}</defs></svg>'
        ),
        {
            group.group: tuple(_picture(each, group, numbers, gallery.another) for each in group.pictures)
            for group in gallery.groups
        },
        "" if gallery.layer is None else name(gallery.layer, 60),
        gallery.warnings,
    )


def _picture(
    picture: ChosenPicture, group: GroupGallery, numbers: Mapping[str, int], another: float | None
) -> ShownPicture:
    standing = {"largest": "moved most", "smallest": "moved least", "middle": "the median"}.get(
        picture.standing, ""
    )
    views = tuple(_view(each, numbers[picture.path], group, another) for each in picture.elements)
    return ShownPicture(
        name(picture.path, 80),
        standing or f"rank {picture.rank} of {group.ranked}",
        f"{group.metric} {two_digits(picture.value)}",
        _said(picture.elements),
        views,
    )


def _said(elements: Sequence[ShownElement]) -> str:
    """What the top class does; empty where the network is no classifier."""
    others = [each for each in elements if each.element != "e"]
    if not elements[0].top or not others:
        return ""
    changed = sum(each.changed for each in others)
    if len(others) == 1:
        return "top class changes" if changed else "top class stays"
    return f"top class changes in {changed} of {len(others)}" if changed else "top class never changes"


def _view(each: ShownElement, number: int, group: GroupGallery, another: float | None) -> ShownView:
    top = each.top[0] if each.top else None
    label = "" if top is None else name((top.name or f"class {top.place}").partition(",")[0], 40)
    overlay, mean = Markup(""), ""
    if each.element != "e" and each.disagreement is not None and another:
        ground = f'<path d="M0 0h{SIDE}v{SIDE}h-{SIDE}z" fill="{GROUND}"/>'
        overlay = _svg(ground + _use(number, None, faint=True) + _shades(each, another), disc=group.disc)
        mean = "" if each.mean is None else percent(each.mean / another)
    inner = _use(number, each.matrix) if each.matrix is not None else _image(each.jpeg or b"")
    return ShownView(
        _svg(inner, disc=group.disc),
        name(spoken(each.element), 24),
        label,
        "" if top is None else percent(top.probability),
        each.changed,
        overlay,
        mean,
    )


def _shades(each: ShownElement, another: float) -> str:
    """A path for each shade, over the places of the layer's grid."""
    grid = each.disagreement or ()
    paths = [""] * len(STEPS)
    tall = SIDE / max(len(grid), 1)
    for down, row in enumerate(grid):
        wide = SIDE / len(row)
        for across, value in enumerate(row):
            if value is None or value < FAINT * another:
                continue
            step = next((at for at, end in enumerate(STEPS) if value <= end * another), len(STEPS) - 1)
            corner = f"{short_number(wide * across)} {short_number(tall * down)}"
            paths[step] += f"M{corner}h{short_number(wide)}v{short_number(tall)}h-{short_number(wide)}z"
    return "".join(
        f'<path d="{path}" fill="{OVERLAY}" fill-opacity="{STEPS[at] * DARKEST:.2f}"/>'
        for at, path in enumerate(paths)
        if path
    )


def _use(number: int, matrix: Matrix | None, *, faint: bool = False) -> str:
    """A thumbnail, moved as the element moves the picture; the matrix is of the unit square."""
    pale = ' opacity=".5"' * faint
    if matrix is None or matrix == (1, 0, 0, 1, 0, 0):
        return f'<use href="#p-{number}"{pale}/>'
    a, b, c, d, e, f = matrix
    moved = " ".join(f"{value:.5g}" for value in (a, b, c, d, e * SIDE, f * SIDE))
    return f'<use href="#p-{number}" transform="matrix({moved})"/>'


def _image(jpeg: bytes) -> str:
    return f'<image width="{SIDE}" height="{SIDE}" preserveAspectRatio="none" href="{_data(jpeg)}"/>'


def _svg(inner: str, *, disc: bool) -> Markup:
    clipped = f'<g clip-path="url(#disc)">{inner}</g>' if disc else inner
    return Markup(
        f'<svg class="th" width="{SIDE}" height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}" aria-hidden="true">{clipped}</svg>'
    )


def _data(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
