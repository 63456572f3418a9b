"""A saved result as it would be over some of its images, for what was measured on these alone.

Rows of an image stay as they are. A row r_i of M is a mean over all other images, whose distances are in no file: over
fewer images it is made of the additive parts a_i, r_i = a_i + Σ_{j≠i} a_j/(m − 1), which have the M and the first-order
variation of the distances. Beside a result whose r_i are of the distances themselves a difference thus has what these
have beside their additive parts, once, and its jackknife counts that twice over.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geed_cli.result.by_element import Elements
from geed_cli.result.schema import Clusters, Data, Entry, Labels, Looks, PerImage, Result, TopClasses
from geed_cli.statistics.estimate import additive_parts
from geed_cli.statistics.sample import RatioSample
from geed_cli.statistics.scale import Array, Scale

T = TypeVar("T")
Kept = NDArray[np.intp]
"""Places of the images that are left, in their order."""


def planned_images(data: Data, looks: Looks) -> int:
    """The images that a run would have grown to, without files that it found it could not use and had no others for."""
    return min(looks.sizes[-1], data.count + data.not_drawn)


def has_fewer(result: Result, data: Data) -> bool:
    """Whether the result can be had over the images of ``data``, which are some of its own and not all of them."""
    own = {image.sha256 for image in result.data.images}
    return (
        why_fixed(result) is None
        and data.count < result.data.count
        and own.issuperset(image.sha256 for image in data.images)
    )


def why_fixed(result: Result) -> str | None:
    """Why a result cannot be had over some of its images alone; None where it can."""
    data = result.data
    if result.settings.looks is not None:
        return "its images were added until something was seen of them"
    if data.weights:
        return "its images have weights, which depend on all of them"
    return "its normaliser is over other images" if data.normaliser_images else None


def over_images(result: Result, data: Data) -> Result:
    """The rows of a result over the images of ``data``, in their order; what is not made anew of them is left out.

    Args:
        result: for which ``has_fewer`` holds.
        data: whose images they are.
    """
    places = {image.sha256: place for place, image in enumerate(result.data.images)}
    kept = np.array([places[image.sha256] for image in data.images], dtype=np.intp)
    update = {
        "data": _data(result.data, data, kept),
        "results": tuple(_entry(entry, kept) for entry in result.results),
        "top_classes": tuple(_tops(tops, kept) for tops in result.top_classes),
    }
    return result.model_copy(update=update | {"accuracy": (), "by_class": (), "hidden_actions": ()})


def _data(data: Data, fewer: Data, kept: Kept) -> Data:
    return data.model_copy(
        update={
            "images": fewer.images,
            "count": fewer.count,
            "sha256": fewer.sha256,
            "clusters": data.clusters and _clusters(data.clusters, kept),
            "labels": data.labels and Labels(how=data.labels.how, of=_some(data.labels.of, kept)),
        }
    )


def _clusters(clusters: Clusters, kept: Kept) -> Clusters:
    """The clusters that are left, in the order in which they come first."""
    there = {old: place for place, old in enumerate(dict.fromkeys(_some(clusters.of, kept)))}
    return Clusters(
        how=clusters.how,
        names=tuple(clusters.names[old] for old in there),
        of=tuple(there[old] for old in _some(clusters.of, kept)),
    )


def _entry(entry: Entry, kept: Kept) -> Entry:
    left_out = {
        "value": None,
        "ci": None,
        "raw": None,
        "normaliser": None,
        "to_another": None,
        "fourier": None,
    }
    of_elements: dict[str, object] = {"per_element": Elements(), "per_element_ci": Elements()}
    rows = entry.per_image and _rows(entry.per_image, kept)
    return entry.model_copy(update=left_out | of_elements | {"per_image": rows})


def _rows(rows: PerImage, kept: Kept) -> PerImage:
    of_m = None if rows.normaliser is None else tuple(_row_means(np.array(rows.normaliser), kept).tolist())
    return PerImage(value=_some(rows.value, kept), normaliser=of_m)


def _row_means(row_means: Array, kept: Kept) -> Array:
    """r_i = a_i + Σ_{j≠i} a_j/(m − 1) over the m images that are left."""
    a = additive_parts(RatioSample(np.zeros(len(row_means)), row_means, True, Scale.identity()))[kept]
    return np.asarray(a + (a.sum() - a) / (len(a) - 1), dtype=np.float64)


def _tops(tops: TopClasses, kept: Kept) -> TopClasses:
    return TopClasses(
        group=tops.group,
        classes={element: _some(column, kept) for element, column in tops.classes.items()},
        probabilities={element: _some(column, kept) for element, column in tops.probabilities.items()},
    )


def _some(column: Sequence[T], kept: Kept) -> tuple[T, ...]:
    return tuple(column[place] for place in kept)
