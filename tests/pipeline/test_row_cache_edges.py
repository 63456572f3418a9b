"""Rows of earlier runs where something changed beside the network: refused probes, grids of tokens, what is shown."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.audits import counting
from support.networks import SmallConvNet, network_of, small_conv_net
from support.pictures import smooth_pictures
from support.results import numbers
from torch import Tensor

from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.draw import Draw, draw
from geed_cli.pipeline.options import (
    ActionOptions,
    AuditOptions,
    ControlOptions,
    DataOptions,
    RunOptions,
    UntilOptions,
)
from geed_cli.pipeline.progress import Silent
from geed_cli.pipeline.session import Session
from geed_cli.result.schema import Result

SIZE = 32
ROWS = 8


@pytest.fixture(scope="module")
def network() -> Network:
    # rows are kept of networks of known libraries alone
    return replace(small_conv_net(size=SIZE), source="timm")


def options_of(folder: Path, cache: Path | None, **changes: object) -> AuditOptions:
    options = AuditOptions(
        data=DataOptions(folder, on_bad_image="skip"),
        run=RunOptions("cpu", ROWS),
        layers=("block1", "block3"),
        controls=ControlOptions(probes=16),
        cache=cache,
    )
    return replace(options, **changes)


def nulls(result: Result) -> int:
    """How many entries have a null."""
    return sum("null" in entry.controls for entry in result.results)


@pytest.mark.parametrize("later", ["flip", "c4"])
def test_a_probe_that_is_refused_is_nobodys_partner(network: Network, tmp_path: Path, later: str) -> None:
    """The null of the probe after it is measured against the one before it, and kept as that."""
    folder = smooth_pictures(tmp_path / "pictures", 4, SIZE)
    first, bad, *_ = sorted(folder.iterdir())
    bad.write_bytes(bad.read_bytes()[:200])
    options = options_of(folder, tmp_path / "cache")
    before = audit(network, ["flip"], options)
    assert before.data.count == 3
    assert numbers(before) == numbers(audit(network, ["flip"], replace(options, cache=None)))
    first.unlink()
    after = audit(network, [later], options)
    fresh = audit(network, [later], replace(options, cache=None))
    assert nulls(fresh) > 0
    assert numbers(after) == numbers(fresh)


def test_all_probes_of_a_growing_run_are_in_its_first_look(network: Network, tmp_path: Path) -> None:
    """Else the first probe of the second look would have a partner that was not shown, where rows were known."""
    folder = smooth_pictures(tmp_path / "pictures", 44, SIZE)
    data = DataOptions(folder, samples=20)
    growing = options_of(
        folder,
        tmp_path / "cache",
        data=data,
        until=UntilOptions(1e-9, 44),
        controls=ControlOptions(probes=30),
    )
    audit(network, ["flip"], replace(growing, until=None))
    again = audit(network, ["flip"], growing)
    assert again.timing.cached == 20
    fresh = audit(network, ["flip"], replace(growing, cache=None))
    assert numbers(again) == numbers(fresh)


@pytest.mark.heavy
def test_another_grid_of_the_same_tokens_is_another_map(tmp_path: Path) -> None:
    """16 tokens as 2×8 and as 4×4: no row of the one serves the other."""
    folder = smooth_pictures(tmp_path / "pictures", 3, 64)

    def network(grid: str) -> Network:
        spec = tmp_path / "vit.yaml"
        spec.write_text(
            "model: {source: timm, name: vit_tiny_patch16_224, arguments: {img_size: 64}}\n"
            "weights: {origin: random}\n"
            "layers: [blocks.0]\n"
            f"tokens: {{blocks.*: {{grid: {grid}, prefix: 1}}}}\n"
            "input: {size: 64}\n"
        )
        return load_model(str(spec))

    options = options_of(folder, tmp_path / "cache", layers=())
    audit(network("[2, 8]"), ["flip"], options)
    after = audit(network("[4, 4]"), ["flip"], options)
    assert after.timing.cached == 0
    assert numbers(after) == numbers(audit(network("[4, 4]"), ["flip"], replace(options, cache=None)))


@pytest.mark.heavy
def test_a_search_shows_round_trips_of_probes_alone(network: Network, tmp_path: Path) -> None:
    """With a cache as many forward passes as without."""
    folder = smooth_pictures(tmp_path / "pictures", 10, SIZE)
    options = options_of(folder, tmp_path / "cache", controls=ControlOptions(2, discover="permutation"))
    with counting(network) as cached:
        audit(network, ["c8"], options)
    with counting(network) as fresh:
        audit(network, ["c8"], replace(options, cache=None))
    assert cached == fresh


class Impatient(Silent):
    """A second Ctrl-C once three images are done."""

    def images(self, done: int, total: int) -> None:
        del total
        if done >= 3:
            raise KeyboardInterrupt


def test_what_was_made_up_of_finished_images_is_kept_by_a_run_that_was_interrupted(
    network: Network, tmp_path: Path
) -> None:
    """They need not be decoded again."""
    folder = smooth_pictures(tmp_path / "pictures", 12, SIZE)
    options = options_of(
        folder, tmp_path / "cache", action=ActionOptions("context"), controls=ControlOptions(0)
    )
    with pytest.raises(KeyboardInterrupt):
        audit(network, ["c8"], options, Impatient())
    assert audit(network, ["c8"], options).timing.cached >= 3


class Heard(Silent):
    """Keeps what was said of images."""

    def __init__(self) -> None:
        self.said: list[tuple[int, int]] = []

    def images(self, done: int, total: int) -> None:
        self.said.append((done, total))


def test_progress_counts_what_is_left_to_do(network: Network, tmp_path: Path) -> None:
    """From 0 to all of it, refused images among them, whatever is known already."""
    folder = smooth_pictures(tmp_path / "pictures", 9, SIZE)
    options = options_of(folder, tmp_path / "cache", controls=ControlOptions(0))
    four = replace(options, data=DataOptions(folder, samples=4))
    known = {image.path for image in audit(network, ["flip"], four).data.images}
    heard = Heard()
    bad = next(path for path in sorted(folder.iterdir()) if path.name not in known)
    bad.write_bytes(b"no picture")
    result = audit(network, ["flip"], options, heard)
    assert result.data.count == 8
    assert heard.said[0] == (0, 5)
    assert heard.said[-1] == (5, 5)
    assert {total for _, total in heard.said} == {5}


def test_a_row_holds_no_more_than_its_own_numbers(network: Network, tmp_path: Path) -> None:
    """Not the features of the whole batch that its image was in."""
    folder = smooth_pictures(tmp_path / "pictures", 4, SIZE)
    options = options_of(folder, None)
    session = Session([network], ["c4"], options, Silent())
    session.complete(Draw(options.data))
    rows = session.prepared[0].rows.values()
    held = [array for row in rows for array in (*row.embeddings.values(), *row.probabilities.values())]
    assert len(held) == 8
    assert all(array.base is None for array in held)


class Fragile(SmallConvNet):
    """Infinite for white pictures from its first layer on."""

    def forward(self, x: Tensor) -> Tensor:
        white = x.flatten(1).min(dim=1).values > 1.5
        if white.any():
            changed = torch.where(white[:, None, None, None], x * torch.inf, x)
            x = changed.contiguous(memory_format=torch.channels_last)
        return super().forward(x)


@pytest.fixture
def fragile() -> Network:
    torch.manual_seed(0)
    layers = ("block1", "block2")
    return replace(network_of(Fragile(), features=Site("fc", "input"), layers=layers), source="timm")


def test_an_image_that_breaks_the_network_is_nobodys_partner(fragile: Network, tmp_path: Path) -> None:
    """The null of the image after it is that of the one before; without that one there is none, from the cache too."""
    folder = smooth_pictures(tmp_path / "pictures", 3, 16)
    first, white, last = sorted(folder.iterdir())
    Image.new("RGB", (16, 16), "white").save(white)
    run = RunOptions("cpu", ROWS, on_nonfinite="skip")
    options = options_of(folder, tmp_path / "cache", layers=(), run=run)
    before = audit(fragile, ["flip"], options)
    assert [image.path for image in before.data.images] == [first.name, last.name]
    assert nulls(before) > 0
    first.unlink()
    after = audit(fragile, ["flip"], options)
    assert nulls(after) == 0
    assert numbers(after) == numbers(audit(fragile, ["flip"], replace(options, cache=None)))


@pytest.mark.parametrize("cached", [True, False])
def test_rounding_is_of_an_image_that_is_in_the_result(
    fragile: Network, tmp_path: Path, cached: bool
) -> None:
    """There is none where the first image of the draw was left out, though flips of infinities could be counted."""
    folder = smooth_pictures(tmp_path / "pictures", 3, 16)
    run = RunOptions("cpu", ROWS, on_nonfinite="skip")
    options = options_of(folder, tmp_path / "cache" if cached else None, layers=(), run=run)
    for count in (3, 2):
        found = audit(fragile, ["flip"], options)
        assert found.data.count == count
        assert any("rounding" in entry.controls for entry in found.results) == (count == 3)
        first = draw(options.data).first
        assert first is not None
        Image.new("RGB", (16, 16), "white").save(folder / first)
