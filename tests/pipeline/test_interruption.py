"""Runs that do not finish: interrupted ones keep what is done, broken images are named or counted."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.audits import StopAfter
from support.networks import SmallConvNet, network_of, small_conv_net
from support.results import measured

from geed_cli.errors import InputError
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit, audit_together
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions, UntilOptions

SIZE = 15
PICTURES = (30, SIZE)


def options_of(folder: Path, batch: int = 3, **run: str) -> AuditOptions:
    return AuditOptions(data=DataOptions(folder), run=RunOptions("cpu", batch, "fp64", **run))


def test_an_interrupted_run_keeps_whole_images_alone(folder: Path) -> None:
    """The images begun are finished; the result is partial, its rows are those of the full run, all is counted."""
    whole = audit(small_conv_net(size=SIZE), ["c4"], options_of(folder))
    part = audit(small_conv_net(size=SIZE), ["c4"], options_of(folder), StopAfter(7))
    assert part.status == "partial"
    assert 7 <= part.data.count < 30
    assert part.data.found == part.data.count + part.data.not_drawn == 30
    places = [whole.data.images.index(image) for image in part.data.images]
    for one, all_of_them in zip(measured(part), measured(whole), strict=True):
        assert one.per_image is not None
        assert all_of_them.per_image is not None
        assert one.per_image.value == tuple(all_of_them.per_image.value[place] for place in places)


def test_an_interrupt_before_the_first_image_is_an_interrupt(folder: Path) -> None:
    """There is nothing to keep."""
    with pytest.raises(KeyboardInterrupt):
        audit(small_conv_net(size=SIZE), ["c4"], options_of(folder), StopAfter(0))


def test_a_growing_run_ends_at_the_look_that_was_interrupted(folder: Path) -> None:
    """No further look is taken."""
    options = options_of(folder)
    options = replace(options, until=UntilOptions(1e-9, 30), data=replace(options.data, samples=20))
    part = audit(small_conv_net(size=SIZE), ["flip"], options, StopAfter(5))
    assert part.status == "partial"
    assert part.settings.looks is not None
    assert part.settings.looks.used == 1


class FragileNet(SmallConvNet):
    """Overflows at one layer for pictures brighter than a threshold."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bright = (x.mean(dim=(1, 2, 3)) > self.threshold).to(x.dtype)
        return self.fc(
            self.pooled(x * (1 + bright[:, None, None, None] * 1e308) * (1 + bright[:, None, None, None]))
        )


def fragile(threshold: float) -> Network:
    torch.manual_seed(0)
    layers = ("block1", "block2")
    return network_of(FragileNet(threshold), features=Site("fc", "input"), layers=layers, size=SIZE)


def test_a_broken_image_ends_the_run_or_is_counted(folder: Path) -> None:
    """Default: exit 2 naming image and first layer; skip: left out, listed with the reason, the rest unchanged."""
    with pytest.raises(InputError, match=r"the output of FragileNet at block1 is not finite for \d{4}\.png"):
        audit(fragile(0.3), ["flip"], options_of(folder))
    skipped = audit(fragile(0.3), ["flip"], options_of(folder, on_nonfinite="skip"))
    assert 0 < len(skipped.data.refused) < 30
    assert skipped.data.count + len(skipped.data.refused) == skipped.data.found == 30
    assert "FragileNet at block1 is not finite" in skipped.data.refused[0].reason
    sound = audit(small_conv_net(size=SIZE), ["flip"], options_of(folder))
    kept = [i for i, image in enumerate(sound.data.images) if image in skipped.data.images]
    rows = {(e.metric, e.layer): e.per_image.value for e in sound.results if e.per_image}
    for entry in skipped.results:
        assert entry.per_image is not None
        expected = [rows[entry.metric, entry.layer][i] for i in kept]
        assert entry.per_image.value == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_an_image_that_breaks_one_network_is_left_out_of_all(folder: Path) -> None:
    """Compared networks keep the same images."""
    options = options_of(folder, on_nonfinite="skip")
    first, second = audit_together([small_conv_net(size=SIZE), fragile(0.3)], ["flip"], options)
    assert first.data == second.data
    assert first.data.refused
    assert len(first.results[0].per_image.value) == first.data.count


def test_no_image_left_is_an_error(folder: Path) -> None:
    """Not an empty result."""
    with pytest.raises(InputError, match="none of the 30 images"):
        audit(fragile(-9.0), ["flip"], options_of(folder, on_nonfinite="skip"))
