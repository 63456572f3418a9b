"""How far many images are from each other, without the matrix: against loops over images, and known answers."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from geed_cli.measures.held_vectors import BLOCK, Vectors
from geed_cli.measures.latent import COSINE, L2, l2_sums
from geed_cli.measures.measure import VectorMeasure
from geed_cli.measures.pairs import WHOLE, pairs_of
from geed_cli.statistics.weighting import Weighting

MANY = WHOLE + 300
"""Three blocks, the last of them short."""


def features(seed: int = 0, k: int = 5) -> np.ndarray:
    """Of images with sizes of their own, about a common vector."""
    chance = np.random.default_rng(seed)
    return chance.lognormal(size=(MANY, 1)) * chance.normal(1.0, 0.7, size=(MANY, k))


def means_in_a_loop(f: np.ndarray, weights: np.ndarray, name: str) -> np.ndarray:
    """r_i image by image: the weighted mean over the others of ‖f_i − f_j‖, or of their cosine."""
    found = []
    for i, own in enumerate(f):
        if name == "latent.l2":
            d = np.linalg.norm(f - own, axis=1)
        else:
            d = f @ own / (np.linalg.norm(f, axis=1) * np.linalg.norm(own))
        others = np.arange(len(f)) != i
        found.append(np.average(d[others], weights=weights[others]))
    return np.array(found)


@pytest.mark.parametrize("measure", [L2, COSINE], ids=lambda each: each.name)
@pytest.mark.parametrize("weighted", [False, True])
def test_mean_distances_of_many_images(measure: VectorMeasure, weighted: bool) -> None:
    """Against a loop over images, in blocks the last of which is short."""
    assert 2 * BLOCK < MANY < 3 * BLOCK
    f = features()
    weights = np.random.default_rng(1).uniform(0.2, 3.0, MANY) if weighted else np.ones(MANY)
    made = pairs_of(measure, list(f), Weighting(weights) if weighted else None)
    assert made.distances is None
    # a distance is right to 2e-8 of how far its ends lie from the origin; the mean of thousands is better
    assert made.row_means == pytest.approx(means_in_a_loop(f, weights, measure.name), rel=1e-9)


def test_of_few_images_the_distances_are_kept() -> None:
    """And their row means are those of one image more, when that is left out: there is no step at the limit."""
    f = features()[: WHOLE + 1]
    few, more = pairs_of(L2, list(f[:WHOLE])), pairs_of(L2, list(f))
    assert few.distances is not None
    assert few.distances.shape == (WHOLE, WHOLE)
    to_last = np.linalg.norm(f[:WHOLE] - f[WHOLE], axis=1)
    assert (more.row_means[:WHOLE] * WHOLE - to_last) / (WHOLE - 1) == pytest.approx(few.row_means, rel=1e-9)


def test_features_in_a_tensor_of_half_precision() -> None:
    """As a ``Metric`` may have been given them."""
    f = torch.from_numpy(features()).bfloat16()
    made = pairs_of(L2, f)
    assert made.row_means == pytest.approx(pairs_of(L2, list(f.double().numpy())).row_means, rel=1e-12)


def test_equal_features_are_nothing_apart() -> None:
    """A constant network has M = 0 exactly, also where its features are no float32 numbers."""
    f = np.full((MANY, 7), 1.0 / 3.0) * np.arange(1, 8)
    assert not pairs_of(L2, list(f)).row_means.any()
    assert pairs_of(COSINE, list(f)).row_means == pytest.approx(np.ones(MANY), abs=1e-12)


def test_distances_beside_a_common_vector_keep_their_digits() -> None:
    """Features that all lie 10⁶ from 0 and about 1 from each other: a²+b²−2ab alone would leave four digits."""
    f = features()
    near = pairs_of(L2, list(f)).row_means
    assert pairs_of(L2, list(f + 1e6)).row_means == pytest.approx(near, rel=1e-8)


def test_vectors_of_length_0_have_no_angle() -> None:
    """As in the matrix, their cosines count 0."""
    f = features()
    f[3] = 0.0
    made = pairs_of(COSINE, list(f)).row_means
    assert made[3] == 0.0
    own = f[0] / np.linalg.norm(f[0])
    lengths = np.linalg.norm(f, axis=1)
    cosines = np.divide(f @ own, lengths, out=np.zeros(MANY), where=lengths > 0)
    assert made[0] == pytest.approx((cosines.sum() - 1.0) / (MANY - 1), rel=1e-12)


def test_the_origin_is_the_vector_nearest_to_the_mean() -> None:
    """Of (0), (1), (8): the mean is 3, and 1 is nearest."""
    vectors = Vectors([np.array([0.0]), np.array([8.0]), np.array([1.0])])
    assert vectors.mean().tolist() == [3.0]
    assert vectors.nearest_to_mean().tolist() == [1.0]
    assert l2_sums(vectors, torch.tensor([1.0, 10.0, 100.0]).double()).tolist() == [180.0, 708.0, 71.0]


CHILD = """
import resource
import numpy as np
from geed_cli.measures.latent import COSINE, L2
from geed_cli.measures.pairs import pairs_of
rows = list(np.random.default_rng(0).random((20_000, 8), dtype=np.float32))
pairs_of(L2, rows[:2_100])  # what torch sets up once
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for measure in (L2, COSINE):
    pairs_of(measure, rows)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="the largest memory is in KiB on Linux")
def test_memory_does_not_grow_with_pairs() -> None:
    """20,000 images, whose distances would take 3.2 GB, need no more than 2,100 do, to 100 MB."""
    said = subprocess.run([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert int(said) < 100 * 2**10
