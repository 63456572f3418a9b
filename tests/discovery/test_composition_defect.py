"""The defect: 0 for representations, the part of channels that disagree for permutations, 1 for unrelated maps."""

import numpy as np
import pytest
import torch
from support.hidden_networks import C2, C4

from geed_cli.discovery.channel_map import ChannelMap, Fitted, Linear, Permutation
from geed_cli.discovery.defect import defect


def fitted(maps: list[ChannelMap], live: torch.Tensor, root: torch.Tensor | None = None) -> Fitted:
    return Fitted("permutation", tuple(maps), tuple(maps), live, root, ())


def permutations(*sources: list[int]) -> list[ChannelMap]:
    return [Permutation(torch.tensor(source)) for source in sources]


def linear(matrix: torch.Tensor) -> Linear:
    return Linear(matrix, torch.eye(len(matrix)), torch.ones(len(matrix), dtype=torch.float64), 0.0)


def symmetric_group() -> tuple[np.ndarray, list[list[int]]]:
    """S3 by permutation matrices: (ρ(g)ρ(h)) is a matrix product, so the order of factors matters."""
    from itertools import permutations as orders

    sources = [list(order) for order in orders(range(3))]
    matrices = [torch.eye(3)[source] for source in sources]
    table = [
        [next(i for i, m in enumerate(matrices) if torch.equal(m, a @ b)) for b in matrices] for a in matrices
    ]
    return np.array(table), sources


def test_a_non_abelian_representation_has_no_defect_in_the_right_order_only() -> None:
    """S3: zero with ρ(gh) = ρ(g)ρ(h), not with the table transposed."""
    table, sources = symmetric_group()
    found = fitted(permutations(*sources), torch.ones(3, dtype=torch.bool))
    assert defect(found, table) == 0
    wrong = defect(found, table.T.copy())
    assert wrong is not None
    assert wrong > 0.3
    maps: list[ChannelMap] = [linear(torch.eye(3)[source]) for source in sources]
    found = fitted(maps, torch.ones(3, dtype=torch.bool), torch.eye(3, dtype=torch.float64))
    assert defect(found, table) == pytest.approx(0, abs=1e-12)


def test_the_defect_is_the_fraction_of_channels_that_disagree() -> None:
    """A 3-cycle on three of four channels is no involution: it misses on those three, 3/4."""
    maps = permutations([0, 1, 2, 3], [1, 2, 0, 3])
    assert defect(fitted(maps, torch.ones(4, dtype=torch.bool)), C2) == 0.75
    # the linear measure on white data agrees
    as_matrices: list[ChannelMap] = [maps[0], linear(torch.eye(4)[[1, 2, 0, 3]])]
    found = fitted(as_matrices, torch.ones(4, dtype=torch.bool), torch.eye(4, dtype=torch.float64))
    assert defect(found, C2) == pytest.approx(0.75)


def test_dead_channels_do_not_count() -> None:
    """The same, with the fourth channel dead: all live ones disagree."""
    live = torch.tensor([True, True, True, False])
    assert defect(fitted(permutations([0, 1, 2, 3], [1, 2, 0, 3]), live), C2) == 1
    assert defect(fitted(permutations([0, 1], [1, 0]), torch.zeros(2, dtype=torch.bool)), C2) is None


def test_unrelated_permutations_disagree_on_all_but_one_channel() -> None:
    """1 − 1/C on average: two random permutations agree on one channel."""
    generator = torch.Generator().manual_seed(0)
    values = []
    for _ in range(200):
        maps: list[ChannelMap] = [Permutation(torch.randperm(10, generator=generator)) for _ in range(4)]
        maps[0] = Permutation.identity(10)
        values.append(defect(fitted(maps, torch.ones(10, dtype=torch.bool)), C4))
    assert np.mean(values) == pytest.approx(0.9, abs=0.02)


def test_unrelated_linear_maps_have_defect_one() -> None:
    """Random orthogonal maps of 30 channels; their inner products are about 1/30."""
    generator = torch.Generator().manual_seed(0)
    maps: list[ChannelMap] = [Permutation.identity(30)]
    maps += [linear(torch.linalg.qr(torch.randn(30, 30, generator=generator)).Q) for _ in range(3)]
    found = fitted(maps, torch.ones(30, dtype=torch.bool), torch.eye(30, dtype=torch.float64))
    assert defect(found, C4) == pytest.approx(1, abs=0.05)


def test_maps_are_compared_where_there_are_data() -> None:
    """Two maps that differ on a channel combination that never occurs compose all the same."""
    odd = torch.diag(torch.tensor([1.0, 1.0, 7.0]))
    root = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    maps: list[ChannelMap] = [Permutation.identity(3), linear(odd)]
    assert defect(fitted(maps, torch.ones(3, dtype=torch.bool), root), C2) == pytest.approx(0)


def test_nothing_to_compose() -> None:
    """G = {e}."""
    found = fitted(permutations([0, 1]), torch.ones(2, dtype=torch.bool))
    assert defect(found, np.array([[0]])) is None


def test_large_groups_are_sampled_evenly() -> None:
    """C64 by rolls: 63² pairs are more than are composed, and it is a representation."""
    n = 64
    table = np.add.outer(np.arange(n), np.arange(n)) % n
    rolls = permutations(*[[(i - g) % n for i in range(n)] for g in range(n)])
    live = torch.ones(n, dtype=torch.bool)
    assert defect(fitted(rolls, live), table) == 0
    rolls[1:] = rolls[:0:-1][:1] * (n - 1)
    spoilt = defect(fitted(rolls, live), table)
    assert spoilt is not None
    assert spoilt > 0.9
