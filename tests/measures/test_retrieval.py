"""Ranks and neighbours among images: values by hand, loops that share nothing with the code, ties, calibration."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import geed_cli as geed
from geed_cli.errors import InputError
from geed_cli.measures.retrieval import AT_ONCE, MUTUAL_KNN, RANK, neighbours_kept, reciprocal_ranks

Array = NDArray[np.float64]


def cosine(one: Array, other: Array) -> float:
    return float(one @ other) / math.sqrt(float(one @ one) * float(other @ other))


def kept_by_loop(moved: Array, plain: Array, k: int) -> list[float]:
    """|N_k ∩ N_k'|/k of each image, without ties."""

    def nearest(of: Array, i: int) -> set[int]:
        others = [j for j in range(len(of)) if j != i]
        return set(sorted(others, key=lambda j: -cosine(of[i], of[j]))[:k])

    return [len(nearest(moved, i) & nearest(plain, i)) / k for i in range(len(plain))]


def rank_by_loop(moved: Array, plain: Array, i: int) -> int:
    own = cosine(moved[i], plain[i])
    return 1 + sum(cosine(moved[i], plain[j]) > own for j in range(len(plain)) if j != i)


def cloud(images: int, noise: float, seed: int, dimensions: int = 6) -> tuple[Array, Array]:
    """Features of images, and of their copies."""
    generator = np.random.default_rng(seed)
    plain = generator.normal(size=(images, dimensions))
    return plain + noise * generator.normal(size=plain.shape), plain


def tensors(*arrays: Array) -> list[torch.Tensor]:
    return [torch.from_numpy(each) for each in arrays]


def test_rank_by_hand() -> None:
    """At 0°, 60° and 100°, copies at 10°, 90° and 45°: ranks 1, 2 (100° is nearer to 90°) and 3: 11/18."""
    at = [torch.tensor([[math.cos(math.radians(a)), math.sin(math.radians(a))] for a in angles])
          for angles in ((0, 60, 100), (10, 90, 45))]  # fmt: skip
    assert reciprocal_ranks(at[1], at[0]).tolist() == pytest.approx([1, 1 / 2, 1 / 3], abs=1e-12)
    assert geed.functional.retrieval_rank(torch.stack(at), "flip").item() == pytest.approx(11 / 18, abs=1e-12)


def test_neighbours_by_hand() -> None:
    """One neighbour each: 0°, 10°, 90°, 105° keep theirs where all are turned by 40°; with 10° gone to 97°, none do.

    Plain lists are 0: 10°, 10: 0°, 90: 105°, 105: 90°; then 0: 90°, 97: 90°, 90: 97°, 105: 97°.
    """

    def at(*angles: float) -> torch.Tensor:
        return torch.tensor([[math.cos(math.radians(a)), math.sin(math.radians(a))] for a in angles])

    plain = at(0, 10, 90, 105)
    assert neighbours_kept(at(40, 50, 130, 145), plain, 1).tolist() == pytest.approx([1] * 4, abs=1e-12)
    assert neighbours_kept(at(0, 97, 90, 105), plain, 1).tolist() == pytest.approx([0] * 4, abs=1e-12)
    # 105° moved to 75°: 90 keeps neither 105 … its nearest is 75°, which is the same image: all four are kept
    assert neighbours_kept(at(0, 10, 90, 75), plain, 1).tolist() == pytest.approx([1] * 4, abs=1e-12)
    # 105° moved to −5°: 0 has −5°, 10 has 0°, 90 has 10°, −5 has 0°: one of four is kept, that of 10
    assert float(neighbours_kept(at(0, 10, 90, -5), plain, 1).mean()) == pytest.approx(1 / 4, abs=1e-12)


@pytest.mark.parametrize("noise", [0.05, 0.5, 3.0])
def test_both_against_loops(noise: float) -> None:
    """Every rank; and neighbours, whose own part is the mean of the rows."""
    moved, plain = cloud(23, noise, seed=3)
    ranks = reciprocal_ranks(*tensors(moved, plain)).tolist()
    assert ranks == pytest.approx([1 / rank_by_loop(moved, plain, i) for i in range(23)], abs=1e-12)
    kept = kept_by_loop(moved, plain, 10)
    rows = neighbours_kept(*tensors(moved, plain))
    assert float(rows.mean()) == pytest.approx(sum(kept) / 23, abs=1e-12)


def test_a_row_of_neighbours_is_of_all_pairs_of_its_image() -> None:
    """θ + Σ over the ordered pairs (i, j), (j, i) of (both − θ·lists/2)/k, written out."""
    moved, plain = cloud(14, 0.6, seed=8)
    k = 3

    def listed(of: Array) -> Array:
        found = np.zeros((14, 14))
        for i in range(14):
            others = sorted((j for j in range(14) if j != i), key=lambda j: -cosine(of[i], of[j]))
            found[i, others[:k]] = 1
        return found

    a, b = listed(moved), listed(plain)
    value = float((a * b).sum()) / (14 * k)
    rows = [
        value + sum((a[p] * b[p] - value * (a[p] + b[p]) / 2) / k
                    for j in range(14) for p in ((i, j), (j, i)))
        for i in range(14)
    ]  # fmt: skip
    assert neighbours_kept(*tensors(moved, plain), k).tolist() == pytest.approx(rows, abs=1e-12)


def test_a_network_with_one_answer_has_the_rank_of_chance_and_keeps_its_neighbours() -> None:
    """All images equally near: 1/r over all ranks, (1 + … + 1/40)/40 = 0.10696; neighbours that all share stay."""
    orbit = torch.ones(2, 40, 5)
    chance = geed.functional.retrieval_rank(orbit).item()
    assert chance == pytest.approx(sum(1 / r for r in range(1, 41)) / 40, abs=1e-12)
    assert chance == pytest.approx(0.10696, abs=1e-5)
    assert RANK.chance(40) == pytest.approx(chance, abs=1e-12)
    assert geed.functional.retrieval_mutual_knn(orbit, reduction="none").tolist() == pytest.approx([1.0] * 40)
    assert MUTUAL_KNN.chance(40) == pytest.approx(10 / 39, abs=1e-12)


def test_ties_count_with_the_mean_over_their_orders() -> None:
    """Two images of one vector: a copy of either finds both at once, and 1/rank is (1 + 1/2)/2."""
    plain = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert reciprocal_ranks(plain, plain).tolist() == pytest.approx([0.75, 0.75, 1.0], abs=1e-12)


@pytest.mark.parametrize("measure", [RANK, MUTUAL_KNN], ids=lambda each: each.name)
@given(st.integers(0, 10_000))
def test_neither_knows_the_order_of_images_nor_scale_nor_rotation(measure: object, seed: int) -> None:
    """Rows move with their images; any orthogonal map and length of features leaves them alone."""
    assert measure in (RANK, MUTUAL_KNN)
    among = RANK.rows if measure is RANK else MUTUAL_KNN.rows
    moved, plain = tensors(*cloud(13, 0.7, seed))
    rows = among(moved, plain)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(13, generator=generator)
    assert among(moved[order], plain[order]).tolist() == pytest.approx(rows[order].tolist(), abs=1e-12)
    turn = torch.linalg.qr(torch.rand(6, 6, generator=generator, dtype=torch.float64))[0]
    assert among(3 * moved @ turn, plain @ turn).tolist() == pytest.approx(rows.tolist(), abs=1e-12)


def test_blocks_of_images_make_no_difference() -> None:
    """More images than are compared at once: the loop over the last of them, and the mean over all."""
    count = AT_ONCE + 20
    moved, plain = cloud(count, 0.4, seed=1)
    ranks = reciprocal_ranks(*tensors(moved, plain))
    last = range(count - 3, count)
    assert [1 / rank_by_loop(moved, plain, i) for i in last] == pytest.approx(ranks[-3:].tolist(), abs=1e-12)
    sets = []
    for of in (moved, plain):
        unit = of / np.linalg.norm(of, axis=1, keepdims=True)
        near = unit @ unit.T
        np.fill_diagonal(near, -2)
        sets.append([set(np.argsort(-row)[:10]) for row in near])
    kept = sum(len(a & b) / 10 for a, b in zip(*sets, strict=True)) / count
    assert float(neighbours_kept(*tensors(moved, plain)).mean()) == pytest.approx(kept, abs=1e-12)


def test_vectors_of_length_0_are_equally_near_to_all() -> None:
    """No angle: such a copy has the rank of chance, and takes no place that another has."""
    moved, plain = tensors(*cloud(20, 0.1, seed=0))
    moved[4] = 0.0
    ranks = reciprocal_ranks(moved, plain)
    assert ranks[4].item() == pytest.approx(RANK.chance(20), abs=1e-12)
    assert bool(neighbours_kept(moved, plain).isfinite().all())


def test_too_few_images_are_refused() -> None:
    """Of eleven images everyone's ten nearest are all others."""
    with pytest.raises(InputError, match="at least 12 images") as refused:
        geed.functional.retrieval_mutual_knn(torch.rand(2, 11, 4))
    assert "retrieval.mutual_knn of 11 images" in str(refused.value)
    with pytest.raises(InputError, match="at least 2 images"):
        geed.functional.retrieval_rank(torch.rand(2, 1, 4))


def test_a_metric_compares_the_images_of_all_batches() -> None:
    moved, plain = tensors(*cloud(26, 0.5, seed=5))
    orbit = torch.stack([plain, moved])
    for name in (RANK.name, MUTUAL_KNN.name):
        metric = geed.functional.Metric(name, "flip")
        for batch in orbit.split(7, dim=1):
            metric.update(batch)
        assert repr(metric).endswith("26 images>")
        whole = geed.functional.Metric(name, "flip").update(orbit)
        assert metric.compute().item() == pytest.approx(whole.compute().item(), abs=1e-12)
        metric.reset()
        assert repr(metric).endswith(" 0 images>")


@pytest.mark.parametrize(("name", "low", "high"), [(RANK.name, 0.85, 1.15), (MUTUAL_KNN.name, 0.55, 1.15)])
def test_rows_tell_how_far_the_value_moves_on_other_images(name: str, low: float, high: float) -> None:
    """The spread of the value over new images, over the standard error of the rows: about 1, or below where too wide.

    200 samples of 30 images tell a spread to 5%; three of them are in doubt by 15%. The rows that an image keeps by
    itself would be at 1.5 and more for neighbours.
    """
    among = reciprocal_ranks if name == RANK.name else neighbours_kept
    for dimensions, noise in ((2, 0.5), (8, 0.5), (64, 1.5)):
        found = [
            among(*tensors(*cloud(30, noise, 1000 * dimensions + seed, dimensions))) for seed in range(200)
        ]
        values = torch.stack([rows.mean() for rows in found])
        if float(values.std()) < 1e-3:
            continue  # every copy finds its image
        errors = torch.stack([rows.var() / 30 for rows in found]).mean().sqrt()
        assert low < float(values.std() / errors) < high, (dimensions, noise)
