"""Metrics over batches: the value of all images at once, whatever the batches."""

import pytest
import torch

import geed_cli as geed
from geed_cli.errors import InputError

GENERATOR = torch.Generator().manual_seed(0)
VECTORS, MAPS = (
    torch.rand(4, 7, 5, generator=GENERATOR) + 0.2,
    torch.rand(4, 7, 3, 6, 6, generator=GENERATOR),
)


@pytest.mark.parametrize(
    ("name", "orbit"),
    [
        ("latent.l2", VECTORS),
        ("latent.cosine", VECTORS),
        ("softmax.kl", VECTORS),
        ("prediction.flip_rate", VECTORS),
        ("channelwise.cosine", MAPS),
        ("channelwise.correlation", MAPS),
    ],
)
def test_batches_give_the_value_of_all_images(name: str, orbit: torch.Tensor) -> None:
    """Digit for digit, since rows are of one image and M of all features."""
    function = getattr(geed.functional, name.replace(".", "_"))
    metric = geed.functional.Metric(name, "c4")
    for batch in orbit.split([3, 1, 3], dim=1):
        metric.update(batch)
    assert metric.compute() == function(orbit, "c4")
    assert torch.equal(metric.rows, function(orbit, "c4", reduction="none"))
    if name.startswith("latent."):
        assert metric.normaliser() == geed.functional.normaliser(orbit[0], name)
        assert metric.compute().item() == pytest.approx(
            (metric.rows.mean() / metric.normaliser()).item(), rel=1e-12
        )
    assert repr(metric) == f"<Metric {name}, c4; 7 images>"
    metric.reset()
    assert metric.update(orbit[:, :4]).compute() == function(orbit[:, :4], "c4")


def test_a_refused_batch_adds_nothing() -> None:
    metric = geed.functional.Metric("latent.l2").update(VECTORS)
    before = metric.compute()
    for wrong in (VECTORS[:2], VECTORS[..., :3], VECTORS.log()[..., 0]):
        with pytest.raises(InputError):
            metric.update(wrong)
    assert metric.compute() == before
    with pytest.raises(InputError, match="has no normaliser"):
        geed.functional.Metric("softmax.kl").normaliser()


def test_a_group_of_ones_own() -> None:
    """Quarter turns by a generator are c4, and maps that turn with the picture are equivariant."""
    group = geed.Group.from_generators([{"turn": 90}], name="turns")
    x = torch.rand(2, 3, 6, 6)
    orbit = torch.stack([torch.rot90(x, k, (-2, -1)) for k in range(4)])
    assert geed.functional.channelwise_cosine(orbit, group).item() == pytest.approx(-1, abs=1e-6)
