"""A saved result over some of its images: rows, clusters and labels follow the images, and M keeps its first order."""

from itertools import combinations

import numpy as np
import pytest
from support.gate import labelled, result

from geed_cli.result.fewer_images import has_fewer, over_images, why_fixed
from geed_cli.result.schema import Clusters, Data, Looks, PerImage, Result
from geed_cli.statistics.sample import row_means_of

COUNT = 9
DISTANCES = np.linalg.norm(
    (f := np.random.default_rng(0).lognormal(size=(COUNT, 3)))[:, None] - f[None], axis=2
)


def with_normaliser(row_means: np.ndarray) -> Result:
    """A result of one latent.l2 with these r_i."""
    made = result({("latent.l2", "flip", None): np.arange(len(row_means)) / 10.0})
    rows = made.results[0].per_image
    assert rows is not None
    entry = made.results[0].model_copy(
        update={"per_image": PerImage(value=rows.value, normaliser=tuple(row_means.tolist()))}
    )
    return made.model_copy(update={"results": (entry,)})


def data_of(whole: Result, places: list[int]) -> Data:
    """The data of a run over those images, in that order."""
    images = tuple(whole.data.images[place] for place in places)
    return whole.data.model_copy(update={"images": images, "count": len(images), "sha256": "fewer"})


def rows_of(whole: Result, places: list[int]) -> np.ndarray:
    """r_i over those images."""
    rows = over_images(whole, data_of(whole, places)).results[0].per_image
    assert rows is not None
    assert rows.normaliser is not None
    return np.array(rows.normaliser)


def test_rows_of_additive_distances_are_those_of_the_images_that_are_left() -> None:
    """d_ij = a_i + a_j has nothing but additive parts, so that nothing is lost: by the distances themselves."""
    a = np.random.default_rng(1).random(COUNT)
    additive = a[:, None] + a[None]
    np.fill_diagonal(additive, 0.0)
    places = [7, 2, 5, 0]
    left = additive[np.ix_(places, places)]
    found = rows_of(with_normaliser(row_means_of(additive)), places)
    assert found == pytest.approx(row_means_of(left), rel=1e-12)  # rounding


def test_over_all_images_the_rows_are_what_they_were() -> None:
    """Whatever the distances."""
    r = row_means_of(DISTANCES)
    assert rows_of(with_normaliser(r), list(range(COUNT))) == pytest.approx(r, rel=1e-12)  # rounding


def test_the_normaliser_over_some_images_is_unbiased() -> None:
    """Its mean over every choice of 4 of 9 images is M, as that of a U-statistic is."""
    whole = with_normaliser(row_means_of(DISTANCES))
    made = [rows_of(whole, list(places)).mean() for places in combinations(range(COUNT), 4)]
    assert np.mean(made) == pytest.approx(row_means_of(DISTANCES).mean(), rel=1e-12)  # rounding


def test_labels_top_classes_values_and_clusters_follow_the_images() -> None:
    """In the order of the images that are left; clusters are named in the order in which they come first."""
    right = np.array([1.0, 0.0, 1.0, 0.0, 1.0])
    whole = labelled({"e": right, "m": 1.0 - right})
    clusters = Clusters(how="folder", names=("a", "b", "c"), of=(0, 0, 1, 2, 1))
    whole = whole.model_copy(update={"data": whole.data.model_copy(update={"clusters": clusters})})
    left = over_images(whole, data_of(whole, [3, 4, 0]))
    assert left.top_classes[0].classes["e"] == tuple(whole.top_classes[0].classes["e"][k] for k in (3, 4, 0))
    assert left.top_classes[0].classes["m"] == tuple(whole.top_classes[0].classes["m"][k] for k in (3, 4, 0))
    assert left.data.labels is not None
    assert left.data.labels.of == (1, 1, 1)
    assert left.data.clusters == Clusters(how="folder", names=("c", "b", "a"), of=(0, 1, 2))
    assert [image.path for image in left.data.images] == ["3.png", "4.png", "0.png"]
    assert left.results[0].per_image is not None
    assert len(left.results[0].per_image.value) == 3
    assert left.results[0].value is None


def test_what_depends_on_all_images_is_not_cut() -> None:
    """Weights, a normaliser over other images, and images that were added until something was seen."""
    whole = with_normaliser(row_means_of(DISTANCES))
    part = data_of(whole, [0, 1, 2])
    assert has_fewer(whole, part)
    assert not has_fewer(whole, whole.data)
    assert not has_fewer(over_images(whole, part), whole.data)
    weighted = whole.data.model_copy(update={"weights": (1.0,) * COUNT})
    others = whole.data.model_copy(update={"normaliser_images": whole.data.images})
    looks = Looks(sizes=(3, 9), used=2, confidence=0.97, width=None, metric=None)
    grown = whole.settings.model_copy(update={"looks": looks})
    for update, why in (
        ({"data": weighted}, "weights"),
        ({"data": others}, "other images"),
        ({"settings": grown}, "added"),
    ):
        fixed = whole.model_copy(update=update)
        assert why in (why_fixed(fixed) or "")
        assert not has_fewer(fixed, part)
