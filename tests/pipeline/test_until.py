"""Growing runs: planned looks, the confidence they spend, and the same rows as one run over all images."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.networks import small_conv_net
from support.results import measured

from geed_cli.choices import IntervalOptions
from geed_cli.errors import InputError
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions, UntilOptions
from geed_cli.pipeline.until import check_until

CPU64 = RunOptions("cpu", 8, "fp64")
PICTURES = (90, 15)


def grown(folder: Path, width: float, largest: int = 90) -> AuditOptions:
    return AuditOptions(
        data=DataOptions(folder, samples=20),
        run=CPU64,
        until=UntilOptions(width, largest),
        metrics=("latent.l2",),
    )


def test_an_impossible_width_uses_every_look_and_says_so(folder: Path) -> None:
    """20, 40, 80, 90 images; the last look spends the rest: 1 − α(90 − 80)/90."""
    result = audit(small_conv_net(size=15), ["flip"], grown(folder, 1e-9))
    looks = result.settings.looks
    assert looks is not None
    assert looks.sizes == (20, 40, 80, 90)
    assert looks.used == 4
    assert looks.confidence == pytest.approx(1 - 0.05 * 10 / 90)
    assert result.data.count == 90


def test_a_wide_enough_interval_ends_the_run_at_the_first_look(folder: Path) -> None:
    """Nothing is read that is not needed; the interval is at the first look's confidence, wider than 95%."""
    options = grown(folder, 100.0)
    result = audit(small_conv_net(size=15), ["flip"], options)
    assert result.data.count == 20
    assert result.settings.looks is not None
    assert result.settings.looks.used == 1
    plain = audit(small_conv_net(size=15), ["flip"], replace(options, until=None))
    assert result.results[0].value == plain.results[0].value
    assert result.results[0].ci[0] < plain.results[0].ci[0]


def test_a_grown_run_has_the_rows_of_one_run_over_all_its_images(folder: Path) -> None:
    """Digit for digit, in the folder's order, although the images came in four parts."""
    result = audit(small_conv_net(size=15), ["flip"], grown(folder, 1e-9))
    whole = audit(
        small_conv_net(size=15),
        ["flip"],
        AuditOptions(data=DataOptions(folder, samples=90), run=CPU64, metrics=("latent.l2",)),
    )
    assert result.data == whole.data
    assert result.results[0].per_image == whole.results[0].per_image
    assert result.results[0].ci != whole.results[0].ci


def test_what_cannot_grow_is_refused(folder: Path) -> None:
    """A separate normaliser sample, a measure that is not taken, a first look that is too small."""
    options = grown(folder, 0.1)
    with pytest.raises(InputError, match="--norm-samples"):
        check_until(replace(options, data=replace(options.data, norm_samples=20)))
    with pytest.raises(InputError, match="no measure of this run") as alone:
        check_until(replace(options, metrics=("softmax.kl",)))
    assert alone.value.remedy == "--width-of softmax.kl"
    assert options.until is not None
    check_until(replace(options, metrics=("softmax.kl",), until=replace(options.until, metric="softmax.kl")))
    with pytest.raises(InputError, match="no measure of this run") as among:
        check_until(replace(options, metrics=("retrieval.rank",)))
    assert among.value.remedy == "--width-of latent.l2 --metric latent.l2"
    with pytest.raises(InputError, match="looks from 10"):
        audit(small_conv_net(size=15), ["flip"], replace(options, data=DataOptions(folder, samples=10)))


@pytest.mark.heavy
def test_simultaneous_intervals_contain_the_plain_ones(folder: Path) -> None:
    """Max-t widens every interval of the table and moves no value."""
    options = AuditOptions(data=DataOptions(folder, samples=40), run=CPU64)
    plain = audit(small_conv_net(size=15), ["flip", "c4"], options)
    joint = audit(
        small_conv_net(size=15), ["flip", "c4"], replace(options, interval=IntervalOptions(simultaneous=True))
    )
    assert joint.settings.simultaneous
    for one, both in zip(measured(plain), measured(joint), strict=True):
        assert one.value == both.value
        assert both.ci[0] <= one.ci[0]
        assert both.ci[1] >= one.ci[1]
    assert any(both.ci[1] > one.ci[1] for one, both in zip(measured(plain), measured(joint), strict=True))
