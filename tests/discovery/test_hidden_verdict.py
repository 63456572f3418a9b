"""The answer in words, on networks whose answer is known and on deviations made by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from support.hidden_networks import (
    C4,
    Lifting,
    Planted,
    discover_network,
    discover_planted,
    mean,
    noise_images,
    turn,
)
from torch import Tensor

from geed_cli.discovery.conclusion import verdict
from geed_cli.discovery.discover import Discovered
from geed_cli.discovery.explained import explains_more, holds, lower_limit, part
from geed_cli.discovery.scores import Scores


def by_hand(spread: float = 0.0, images: int = 12, **means: float) -> Scores:
    """Deviations of two elements (the second alive) around the given means, −0.2 where not given."""
    generator = np.random.default_rng(0)
    names = ("before", "after", "unmoved", "null_before", "null_after", "null_unmoved")
    arrays = {}
    for name in names:
        values = np.full((images, 2), np.nan)
        values[:, 1] = means.get(name, -0.2) + spread * generator.standard_normal(images)
        arrays[name] = values
    return Scores(**arrays)


@pytest.fixture(scope="module")
def lifted() -> Discovered:
    return discover_network(Lifting(fields=2), noise_images(8), "permutation", C4)


def averaged(x: Tensor) -> Tensor:
    """Mean over G of g·f(g⁻¹x): equivariant with no channel map."""
    return torch.stack([turn(g, Lifting()(turn(-g, x))) for g in range(4)]).mean(dim=0)


def summed(x: Tensor) -> Tensor:
    """Mean over G of f(gx): invariant, though it has maps."""
    return torch.stack([Lifting()(turn(g, x)) for g in range(4)]).mean(dim=0)


def pooled(x: Tensor) -> Tensor:
    """Averaged and pooled to 2×2 equal pixels: g·f(x) = f(x) = f(gx)."""
    return averaged(x).mean(dim=(-2, -1), keepdim=True).expand(-1, -1, 2, 2)


def test_equivariant_as_it_is() -> None:
    """A group-averaged layer needs no channel map."""
    assert verdict(discover_network(averaged, noise_images(8), "permutation", C4)).kind == "equivariant"


def test_merely_invariant() -> None:
    """An orbit mean does not move at all, and a hidden action must not be claimed for it."""
    answer = verdict(discover_network(summed, noise_images(8), "permutation", C4))
    assert answer.kind == "invariant"
    assert answer.words == "merely invariant"
    assert answer.explained["unmoved"] == pytest.approx(1, abs=1e-5)


def test_where_both_are_true_invariance_is_the_stronger_word() -> None:
    """Maps without spatial structure: the spatial action says nothing. Maps of one sign and no shape are alike."""
    signed = [x + 3 * (-1) ** i for i, x in enumerate(noise_images(8))]

    def network(x: Tensor) -> Tensor:
        return x.mean(dim=(-2, -1), keepdim=True).expand(-1, -1, 2, 2)

    assert verdict(discover_network(network, signed, "permutation", C4)).kind == "invariant"
    assert verdict(discover_network(pooled, noise_images(8), "permutation", C4)).kind == "undecided"


def test_maps_that_do_not_compose_are_no_action() -> None:
    """Each element has an exact permutation of its own, but together they are no representation."""
    generator = torch.Generator().manual_seed(0)
    order = torch.stack([torch.arange(8)] + [torch.randperm(8, generator=generator) for _ in range(3)])
    found = discover_planted(Planted(torch.eye(8)[order]), noise_images(6, channels=8), "permutation", C4)
    assert mean(found, "after") == pytest.approx(-1, abs=1e-6)
    answer = verdict(found)
    assert answer.kind == "neither"
    assert "compose" in answer.reason


def test_without_a_table_nothing_is_called_an_action(lifted: Discovered) -> None:
    """Transformation sets have no products."""
    assert verdict(lifted).kind == "hidden"
    assert verdict(replace(lifted, defect=None)).kind == "neither"


def test_the_floor_is_the_best_that_can_be_reached() -> None:
    """−0.8 of a null at 0 explains 80%, or all of it where resampling leaves −0.8."""
    scores = by_hand(after=-0.8, null_after=0.0)
    assert part(scores, "after", -1.0) == pytest.approx(0.8)
    assert part(scores, "after", -0.8) == pytest.approx(1.0)
    assert not holds(scores, "after", -1.0)
    assert holds(scores, "after", -0.8)


def test_no_room_no_claim() -> None:
    """Different images at −0.99: nothing is left to explain."""
    assert part(by_hand(before=-1.0, null_before=-0.99), "before", -1.0) is None


def test_a_claim_needs_confidence() -> None:
    """κ = 0.95 with a spread of 0.01 holds; with a spread of 0.5 and 12 images it does not."""
    assert holds(by_hand(0.01, after=-0.95, null_after=0.0), "after", -1.0)
    assert not holds(by_hand(0.5, after=-0.95, null_after=0.0), "after", -1.0)


def test_a_gain_must_exceed_the_nulls() -> None:
    """From −0.2 to −0.6 is a gain, unless different images gain as much."""
    assert explains_more(by_hand(0.01, before=-0.2, after=-0.6, null_before=0.0, null_after=0.0), -1.0)
    assert not explains_more(by_hand(0.01, before=-0.2, after=-0.6, null_before=0.0, null_after=-0.5), -1.0)


def test_a_null_without_room_shows_no_gain() -> None:
    """Maps fitted to different images explain everything: what maps of the same image explain is no news."""
    assert not explains_more(by_hand(before=-0.2, after=-1.0, null_before=0.0, null_after=-0.99), -1.0)


def test_a_gain_of_fitting_alone_is_no_action(lifted: Discovered) -> None:
    """Different images gain as much: the reason says so."""
    scores = by_hand(0.01, before=-0.2, after=-0.6, null_before=0.0, null_after=-0.5, unmoved=0.0)
    answer = verdict(replace(lifted, scores=scores))
    assert answer.kind == "neither"
    assert "fitting alone" in answer.reason


def test_invariance_stands_where_the_spatial_action_explains_little(lifted: Discovered) -> None:
    """g·f(x) comes a little nearer to f(gx) than f(x), but so does that of any other image."""
    scores = by_hand(0.001, unmoved=-0.95, null_unmoved=0.0, before=-0.96, null_before=-0.8)
    assert verdict(replace(lifted, scores=scores)).kind == "invariant"


def test_the_lower_limit_is_students() -> None:
    """Against scipy's interval; undefined spread gives no limit."""
    values = np.array([0.1, 0.4, 0.35, 0.2, 0.6])
    low = stats.t.interval(0.9, 4, loc=values.mean(), scale=stats.sem(values))[0]
    assert lower_limit(values) == pytest.approx(low)
    assert lower_limit(values[:1]) == -np.inf


def test_images_without_a_value_are_left_out_in_pairs() -> None:
    """Means are over cells where every named deviation is defined."""
    scores = by_hand(images=3, before=-0.5, null_before=-0.1)
    scores.before[0, 1] = np.nan
    scores.null_before[1, 1] = -0.3
    before, null = scores.images("before", "null_before")
    assert before.tolist() == [-0.5, -0.5]
    assert null.tolist() == [-0.3, -0.1]
    assert scores.elements("before") == (None, -0.5)
