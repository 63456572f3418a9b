"""A gallery: some pictures of a result under every element, with what the network made of each; plain values alone.

``geed_cli.pipeline.gallery`` makes one, since that takes the network and the pictures; pages show it without either.
Names of files, elements and classes are text of others and are to be shown as text.
"""

from dataclasses import dataclass
from typing import Literal

Standing = Literal["largest", "middle", "smallest", ""]
Grid = tuple[tuple[float | None, ...], ...]
"""Row by row from the top left; None where nothing is compared."""
Matrix = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f) of SVG's ``matrix``: (x, y) of the unit square, y down, goes to (ax + cy + e, bx + dy + f)."""


@dataclass(frozen=True)
class GalleryPicture:
    """One picture of a gallery, as the network is shown it under e, without a disc.

    Attributes:
        path: as in ``data.images``.
        sha256: of the file's bytes.
        jpeg: a square thumbnail.
    """

    path: str
    sha256: str
    jpeg: bytes


@dataclass(frozen=True)
class ClassSeen:
    """A class with its probability.

    Attributes:
        place: among the network's outputs.
        name: None where nobody knows it.
        probability: in [0, 1].
    """

    place: int
    name: str | None
    probability: float


@dataclass(frozen=True)
class ShownElement:
    """A picture under one element.

    Attributes:
        element: the element's name.
        matrix: what moves the picture's thumbnail as the element does; None where it does something else to it.
        jpeg: where there is no matrix, a thumbnail of what the network was shown.
        top: the classes with the largest p(gx), largest first; empty where the network is no classifier.
        changed: whether the top class is another than under e.
        disagreement: 1 − cos of the channels of ρ(g)⁻¹f(gx) and f̂(x) at every place of the layer, in [0, 2].
        mean: over all places, before they were drawn together; None without any.
    """

    element: str
    matrix: Matrix | None
    jpeg: bytes | None
    top: tuple[ClassSeen, ...]
    changed: bool
    disagreement: Grid | None
    mean: float | None


@dataclass(frozen=True)
class ChosenPicture:
    """A picture chosen for a group.

    Attributes:
        path: as in ``data.images`` and ``Gallery.pictures``.
        place: among ``data.images``.
        rank: 1 where no picture of the group has a larger value.
        standing: that of an extreme or of the median picture; empty for those between.
        value: the picture's own value of the measure it was chosen by, over M where that has one.
        elements: in the order of the group's.
    """

    path: str
    place: int
    rank: int
    standing: Standing
    value: float
    elements: tuple[ShownElement, ...]


@dataclass(frozen=True)
class GroupGallery:
    """The pictures of one group, those that it changes most first.

    Attributes:
        group: its name.
        metric: the measure by which pictures were chosen.
        layer: of that measure, where it is layerwise.
        ranked: how many pictures have a value.
        disc: whether the network is shown the inscribed disc alone, so that thumbnails are to be cut to it.
        pictures: those chosen.
    """

    group: str
    metric: str
    layer: str | None
    ranked: int
    disc: bool
    pictures: tuple[ChosenPicture, ...]


@dataclass(frozen=True)
class Gallery:
    """What ``geed_cli.pipeline.gallery.make_gallery`` made.

    Attributes:
        model: id of the network.
        pictures: every picture once, in the order of ``data.images``.
        groups: in the order of the result.
        layer: where disagreement was looked for; None where no layer has maps.
        grid: height and width of that layer's maps.
        another: mean of 1 − cos between two different pictures at the same place: the scale of disagreement; None
            with fewer than two pictures.
        warnings: what is missing, one sentence each.
    """

    model: str
    pictures: tuple[GalleryPicture, ...]
    groups: tuple[GroupGallery, ...]
    layer: str | None
    grid: tuple[int, int] | None
    another: float | None
    warnings: tuple[str, ...]
