"""A device that has a batch to run while another's numbers are fetched: the same rows, a batch later, none lost.

Only GPUs are run so; here the CPU is told to.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.audits import StopAfter
from support.networks import SmallConvNet, network_of, small_conv_net
from support.pictures import smooth_pictures
from support.results import numbers
from torch import Tensor

from geed_cli.engine import engine
from geed_cli.engine.batches import Batch
from geed_cli.engine.engine import Engine, batches_ahead
from geed_cli.engine.observation import Observation
from geed_cli.engine.row import Broken
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit_together
from geed_cli.pipeline.options import (
    AuditOptions,
    ControlOptions,
    DataOptions,
    OnNonFinite,
    RunOptions,
    UntilOptions,
)
from geed_cli.pipeline.progress import Silent


class Fragile(SmallConvNet):
    """Infinite for white pictures from its first layer on."""

    def forward(self, x: Tensor) -> Tensor:
        white = x.flatten(1).min(dim=1).values > 1.5
        x = torch.where(white[:, None, None, None], x * torch.inf, x)
        return super().forward(x.contiguous(memory_format=torch.channels_last))


def fragile() -> Network:
    torch.manual_seed(0)
    return network_of(Fragile(), features=Site("fc", "input"), layers=("block1", "block2"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven pictures, of which the second and the last control image are white."""
    folder = smooth_pictures(tmp_path_factory.mktemp("pictures"), 11, 16)
    for number, colour in ((1, "#ffffff"), (3, "#fefefe")):
        Image.new("RGB", (16, 16), colour).save(sorted(folder.iterdir())[number])
    return folder


def options_of(folder: Path, rows: int, nonfinite: OnNonFinite = "skip") -> AuditOptions:
    return AuditOptions(
        data=DataOptions(folder, on_bad_image="skip"),
        run=RunOptions("cpu", rows, on_nonfinite=nonfinite),
        controls=ControlOptions(probes=4),
    )


@pytest.fixture
def returned(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The images that each call of ``feed`` and ``finish`` returned, a batch being ahead from now on."""
    told: list[list[str]] = []
    feed, finish = Engine.feed, Engine.finish

    def paths(done: list[Observation | Broken]) -> list[Observation | Broken]:
        told.append([each.subject.path for each in done])
        return done

    def heard(self: Engine, batch: Batch) -> list[Observation | Broken]:
        return paths(feed(self, batch))

    monkeypatch.setattr(engine, "batches_ahead", lambda _: 1)
    monkeypatch.setattr(Engine, "feed", heard)
    monkeypatch.setattr(Engine, "finish", lambda self: paths(finish(self)))
    return told


@pytest.mark.parametrize("rows", [3, 8, 64])
@pytest.mark.parametrize(("groups", "left"), [(("flip", "c4"), 9), (("c3",), 11)])
def test_rows_are_the_same(
    folder: Path, groups: tuple[str, ...], left: int, rows: int, request: pytest.FixtureRequest
) -> None:
    """Orbits cut by batches, nulls, floors, images that break one of two networks: every number, every refusal.

    Behind a disc no picture is white.
    """
    networks = [fragile(), small_conv_net(size=16)]
    before = audit_together(networks, groups, options_of(folder, rows))
    returned = request.getfixturevalue("returned")
    after = audit_together([fragile(), networks[1]], groups, options_of(folder, rows))
    assert list(map(numbers, after)) == list(map(numbers, before))
    assert [image.path for image in after[0].data.images] == [image.path for image in before[0].data.images]
    assert len(before[0].data.images) == left
    assert returned[:2] == [[], []]
    assert returned[-2] == returned[-1] != []


def test_looks_and_runs_that_are_stopped_end_with_the_last_batch(
    tmp_path: Path, returned: list[list[str]]
) -> None:
    """What was begun is in the result."""
    folder = smooth_pictures(tmp_path / "pictures", 44, 16)
    options, network = options_of(folder, 8), small_conv_net(size=16)
    data = DataOptions(folder, samples=20)
    (grown,) = audit_together([network], ["flip"], replace(options, data=data, until=UntilOptions(1e-9, 44)))
    assert len(grown.data.images) == 44
    assert sorted(path for paths in returned for path in paths) == [image.path for image in grown.data.images]
    returned.clear()
    (part,) = audit_together([network], ["flip"], options, StopAfter(4))
    assert part.status == "partial"
    assert sorted(path for paths in returned for path in paths) == [image.path for image in part.data.images]
    assert returned[-1] != []


def test_an_image_that_breaks_the_network_ends_the_run(folder: Path, returned: list[list[str]]) -> None:
    """A batch later than without."""
    with pytest.raises(Exception, match="not finite"):
        audit_together([fragile()], ["flip"], options_of(folder, 4, "error"), Silent())
    assert len(returned) >= 2


def test_only_gpus_run_ahead() -> None:
    """On a CPU fetching costs nothing, and a batch more would take its memory."""
    assert [batches_ahead(torch.device(name)) for name in ("cpu", "cuda", "cuda:1")] == [0, 1, 1]
