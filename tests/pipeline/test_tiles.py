"""Tiles: where they begin, and that every batch of the network is made of one of them alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.networks import small_conv_net

from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.tiles import LEAST, Tiling

SIZE = 16
PICTURES = (40, SIZE)


def test_tiles_by_hand() -> None:
    """Batches of 16: of flips 8 images fill one; of orbits of 3 it takes 16; 20 control images take 24 of 8."""
    assert Tiling.of(16, 2, 1, 16) == Tiling(size=8, first=16, others=16)
    assert Tiling.of(16, 3, 1, 0) == Tiling(size=16, first=16, others=16)
    assert Tiling.of(16, 2, 1, 20).first == 24
    assert Tiling.of(64, 16, 2, 16) == Tiling(size=8, first=16, others=32)
    tiling = Tiling(size=8, first=16, others=4)
    starts = [
        int(tiling.starts(np.array([rank]), (29, 35), audited=rank < 29 or rank > 34)[0])
        for rank in range(40)
    ]
    assert starts == [0] * 16 + [16] * 8 + [24] * 5 + [29] * 4 + [33] * 2 + [35] * 5


@given(st.integers(1, 70), st.integers(1, 20), st.integers(0, 50), st.integers(1, 200))
def test_whole_tiles_fill_batches_and_the_first_has_all_controls(
    batch: int, views: int, controls: int, asked: int
) -> None:
    """Tiles are runs of the order, each as long as the others but the first and those that a cut ends."""
    tiling = Tiling.of(batch, views, 1, controls)
    assert tiling.size * views % batch == 0
    assert tiling.size >= LEAST
    assert tiling.first >= max(controls, tiling.size)
    starts = tiling.starts(np.arange(asked + 100), (asked,)).tolist()
    assert starts == sorted(starts)
    lengths = {start: starts.count(start) for start in starts}
    assert asked in lengths
    for start in list(lengths)[1:-1]:
        cut = start < asked <= start + tiling.size
        assert lengths[start] == (asked - start if cut else tiling.size)


def options_of(folder: Path, **changes: object) -> AuditOptions:
    """Batches of eight, and five control images: a first tile of eight and further ones of eight."""
    options = AuditOptions(
        DataOptions(folder, samples=40), run=RunOptions("cpu", 8), controls=ControlOptions(probes=5)
    )
    return replace(options, **changes)


def shown(folder: Path, samples: int) -> list[torch.Tensor]:
    """Every batch of eight rows that a network is given."""
    given: list[torch.Tensor] = []
    network = small_conv_net(size=SIZE)

    def note(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if len(inputs[0]) == 8 and inputs[0].device.type == "cpu":  # shapes are traced without numbers
            given.append(inputs[0].clone())

    handle = network.module.register_forward_pre_hook(note)
    try:
        audit(network, ["flip"], options_of(folder, data=DataOptions(folder, samples=samples)))
    finally:
        handle.remove()
    return given


def test_a_tile_is_shown_alike_whatever_is_shown_beside_it(folder: Path) -> None:
    """The batches of 24 images are among those of 40: no tile depends on how many there are."""
    few, many = shown(folder, 24), shown(folder, 40)
    assert (len(few), len(many)) == (7, 11)  # one of them traces the layers with pictures of one colour
    assert all(any(torch.equal(batch, other) for other in many) for batch in few)


@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_rows_are_those_of_the_image_alone(folder: Path, precision: str) -> None:
    """More images change no row, to the last bit, with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        results = [
            audit(
                small_conv_net(size=SIZE),
                ["c4"],
                options_of(folder, data=DataOptions(folder, samples=n), run=RunOptions("cpu", 8, precision)),
            )
            for n in (16, 40)
        ]
    finally:
        torch.set_num_threads(before)
    few, many = results
    places = [many.data.images.index(image) for image in few.data.images]
    for one, other in zip(few.results, many.results, strict=True):
        if one.per_image is not None and other.per_image is not None:
            assert one.per_image.value == tuple(other.per_image.value[place] for place in places)
