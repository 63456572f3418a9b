"""At one batch size no digit of an image's rows depends on what shares its batch, nor on how the run came about.

Other images, their order, other groups, decoding threads, a cache, an interruption, memory that runs out: a row's place
in its batch changes with all of these. The networks are ordinary ones in float32.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.audits import StopAfter
from support.networks import SmallConvNet, network_of, small_conv_net
from support.results import numbers
from torch import Tensor

from geed_cli.images import source
from geed_cli.images import source as hashes
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit, audit_together
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.result.schema import Entry, Result

SIZE = 16
GROUPS = ("c4", "c3")
BATCHES = (3, *(pytest.param(rows, marks=pytest.mark.slow) for rows in (1, 8, 32)))
"""At 3 rows orbits are cut between batches; 1, 8 and 32 are run with the slow tests."""
PICTURES = (6, SIZE)


@pytest.fixture(scope="module")
def network() -> Network:
    # rows are kept of networks of known libraries alone, which their weights tell apart
    return replace(small_conv_net(size=SIZE), source="timm")


def options_of(folder: Path, batch: int = 8, cache: Path | None = None) -> AuditOptions:
    return AuditOptions(
        data=DataOptions(folder),
        run=RunOptions("cpu", batch),
        controls=ControlOptions(probes=3),
        cache=cache,
    )


def rows(result: Result) -> dict[tuple[str, str, str | None, str], float]:
    """Each image's own value by measure, group, layer and the image's hash."""

    def of(entry: Entry) -> Iterator[tuple[str, float]]:
        if entry.per_image is not None:
            shas = [image.sha256 for image in result.data.images]
            yield from zip(shas, entry.per_image.value, strict=True)

    return {
        (entry.metric, entry.group, entry.layer, sha): value
        for entry in result.results
        for sha, value in of(entry)
    }


def copied(folder: Path, to: Path, numbers_of: list[int]) -> Path:
    """Those pictures of the folder under new names, in that order."""
    to.mkdir()
    paths = sorted(folder.iterdir())
    for place, number in enumerate(numbers_of):
        (to / f"{place:04d}.png").write_bytes(paths[number].read_bytes())
    return to


class ByShape(SmallConvNet):
    """As if kernels rounded by the shape of their batch, and more than they do: still a function of one image."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * (1 + len(x) / 1_000_000))


def by_shape() -> Network:
    torch.manual_seed(0)
    return network_of(ByShape(), features=Site("fc", "input"), layers=("block1", "block3"))


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        ("small", 3),
        pytest.param("by shape", 3, marks=pytest.mark.heavy),
        *(
            pytest.param(name, batch, marks=pytest.mark.slow)
            for name, batch in [
                *((name, batch) for name in ("small", "by shape") for batch in (1, 8, 32)),
                ("resnet10t", 8),
            ]
        ),
    ],
)
def test_rows_do_not_depend_on_the_order_or_the_other_images(
    network: Network, folder: Path, tmp_path: Path, name: str, batch: int
) -> None:
    """Reversed, and in two shards: every image has the rows that it has in the whole folder."""
    if name == "by shape":
        network = by_shape()
    elif name != "small":
        network = load_model(f"timm:{name}", weights="random", img_size=32)
    whole = rows(audit(network, GROUPS, options_of(folder, batch)))
    assert len(set(whole.values())) > len(whole) / 2
    backwards = copied(folder, tmp_path / "backwards", [5, 4, 3, 2, 1, 0])
    assert rows(audit(network, GROUPS, options_of(backwards, batch))) == whole
    shards = [copied(folder, tmp_path / str(n), part) for n, part in enumerate(([4, 0], [1, 5, 3, 2]))]
    parts = [rows(audit(network, GROUPS, options_of(shard, batch))) for shard in shards]
    assert {key: value for part in parts for key, value in part.items()} == whole


@pytest.mark.parametrize("batch", BATCHES)
def test_rows_do_not_depend_on_the_other_groups(network: Network, folder: Path, batch: int) -> None:
    """Each group alone, with fewer elements between an image's first and last."""
    together = rows(audit(network, GROUPS, options_of(folder, batch)))
    alone = [rows(audit(network, [group], options_of(folder, batch))) for group in GROUPS]
    assert alone[0] | alone[1] == together


def test_one_and_several_decoding_threads(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first picture takes longest to decode, so that several threads finish in another order."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    noise = np.random.default_rng(0)
    for number, side in enumerate((600, 40, 200, 33, 32, 300)):
        pixels = noise.integers(0, 256, (side, side + number, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.jpg")
    found = []
    for workers in (1, 4):
        asked: list[int] = []

        def so_many(workers: int = workers, asked: list[int] = asked) -> int:
            asked.append(workers)
            return workers

        monkeypatch.setattr(source, "decoding_workers", so_many)
        monkeypatch.setattr(hashes, "decoding_workers", so_many)
        cache = tmp_path / f"cache{workers}"
        found.append(numbers(audit(network, GROUPS, options_of(folder, cache=cache))))
        assert len(asked) >= 2
    assert found[1] == found[0]


@pytest.mark.parametrize("batch", BATCHES)
def test_fresh_cached_and_resumed(network: Network, folder: Path, tmp_path: Path, batch: int) -> None:
    """Without a cache, with an empty one, from a full one, and after an interruption."""
    fresh = numbers(audit(network, GROUPS, options_of(folder, batch)))
    full = options_of(folder, batch, tmp_path / "full")
    assert numbers(audit(network, GROUPS, full)) == fresh
    again = audit(network, GROUPS, full)
    assert again.timing.cached == 6
    assert numbers(again) == fresh
    cut = options_of(folder, batch, tmp_path / "cut")
    assert audit(network, GROUPS, cut, StopAfter(2)).status == "partial"
    resumed = audit(network, GROUPS, cut)
    assert 0 < resumed.timing.cached < 6
    assert numbers(resumed) == fresh


class Filling(SmallConvNet):
    """From a certain pass on it has room for so many pictures; black ones, which trace shapes, are not counted."""

    def __init__(self, room: int, passes: int) -> None:
        super().__init__()
        self.room, self.passes = room, passes
        self.seen = 0
        self.refused: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        if x.any():
            self.seen += 1
            if len(x) > self.room and self.seen > self.passes:
                self.refused.append(len(x))
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return super().forward(x)


def filling(room: int, passes: int = 0) -> Network:
    torch.manual_seed(0)
    layers = ("block1", "block3", "pool")
    network = network_of(Filling(room, passes), features=Site("fc", "input"), layers=layers)
    return replace(network, source="timm")


@pytest.mark.heavy
def test_out_of_memory_in_the_middle_of_a_run(folder: Path, tmp_path: Path) -> None:
    """After images were finished at 12 rows: the digits of a fresh run at 3, each size with rows of its own."""
    fresh = audit(filling(99), GROUPS, options_of(folder, 3))
    cramped = filling(3, passes=10)
    found = audit(cramped, GROUPS, options_of(folder, 12, tmp_path))
    assert cramped.module.refused == [12, 6]
    assert found.settings.batch_size == 3
    assert numbers(found) == numbers(fresh)
    again = audit(filling(99), GROUPS, options_of(folder, 3, tmp_path))
    assert again.timing.cached == 6
    assert numbers(again) == numbers(fresh)
    larger = audit(filling(99), GROUPS, options_of(folder, 12, tmp_path))
    assert 0 < larger.timing.cached < 6
    assert numbers(larger) == numbers(audit(filling(99), GROUPS, options_of(folder, 12)))


@pytest.mark.heavy
def test_two_networks_and_their_own_batches(folder: Path) -> None:
    """A network's rows are the same alone and beside another one that sees the same pixels."""
    networks = [small_conv_net(seed, SIZE) for seed in (0, 1)]
    options = options_of(folder, 3)
    together = audit_together(networks, GROUPS, options)
    alone = [audit(one, GROUPS, options) for one in networks]
    assert list(map(numbers, together)) == list(map(numbers, alone))
