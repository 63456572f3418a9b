"""Memory that runs out during a run: it starts over with half the batch, and with nothing else than that."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support.networks import SmallConvNet, network_of
from torch import Tensor

from geed_cli.engine.passes import OutOfMemoryError
from geed_cli.errors import InputError
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions, UntilOptions
from geed_cli.pipeline.progress import Silent

PICTURES = (25, 16)


class Listener(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def really() -> None:
    """A petabyte, which torch's own allocator refuses."""
    torch.empty(2**50, dtype=torch.uint8)


def on_a_gpu() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def in_python() -> None:
    raise MemoryError


class Hungry(SmallConvNet):
    """Has room for so many pictures at once; plain ones, which are only shown to trace shapes, cost nothing."""

    def __init__(self, room: int, fail: Callable[[], None]) -> None:
        super().__init__()
        self.room, self.fail, self.refused = room, fail, 0

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > self.room and len(x.unique()) > 2:
            self.refused += 1
            self.fail()
        return super().forward(x)


def hungry(room: int, fail: Callable[[], None]) -> Network:
    torch.manual_seed(0)
    layers = ("block1", "block3")
    return network_of(Hungry(room, fail), features=Site("fc", "input"), layers=layers)


def options_of(folder: Path, batch: int, samples: int = 5, until: UntilOptions | None = None) -> AuditOptions:
    return AuditOptions(data=DataOptions(folder, samples), run=RunOptions("cpu", batch), until=until)


@pytest.mark.parametrize(
    "fail", [really, *(pytest.param(each, marks=pytest.mark.heavy) for each in (on_a_gpu, in_python))]
)
def test_half_the_batch_until_there_is_room(folder: Path, fail: Callable[[], None]) -> None:
    """16, 8, 4, then 2 rows: digits, settings and signature are those of a run that was asked for 2."""
    heard, network = Listener(), hungry(3, fail)
    found = audit(network, ["flip"], options_of(folder, 16), heard)
    expected = audit(hungry(99, fail), ["flip"], options_of(folder, 2))
    assert found.results == expected.results
    assert found.settings == expected.settings
    assert found.settings.batch_size == 2
    assert heard.notes == [
        f"memory ran out on cpu at batch size {rows}; starting over with {rows // 2}" for rows in (16, 8, 4)
    ]
    assert network.module.refused == 3


@pytest.mark.heavy
def test_a_run_in_looks_starts_over_as_a_whole(folder: Path) -> None:
    """Its looks and rows are those of a run at the smaller size."""
    until = UntilOptions(1e-9, 25)
    found = audit(hungry(4, really), ["flip"], options_of(folder, 8, 20, until))
    expected = audit(hungry(99, really), ["flip"], options_of(folder, 4, 20, until))
    assert found.results == expected.results
    assert found.settings == expected.settings


def test_no_room_for_one_picture_is_an_error_with_a_way_out(folder: Path) -> None:
    """After 4, 2 and 1 rows there is nothing left to halve."""
    heard = Listener()
    with pytest.raises(OutOfMemoryError, match="at batch size 1") as caught:
        audit(hungry(0, really), ["flip"], options_of(folder, 4), heard)
    assert "batch-size" not in caught.value.remedy
    assert caught.value.exit_code == 3
    assert len(heard.notes) == 2


@pytest.mark.parametrize(
    "text",
    [
        *(
            pytest.param(each, marks=pytest.mark.heavy)
            for each in ("shape mismatch", "can't allocate memory for thoughts")
        ),
        "out of memory",
    ],
)
@pytest.mark.parametrize("room", [3, 0])
def test_other_errors_are_not_taken_for_a_lack_of_room(folder: Path, text: str, room: int) -> None:
    """Single images are tried once, and what fails there ends the run, quoted.

    Before each first batch its first image is shown alone, where that is possible.
    """

    def fail() -> None:
        raise RuntimeError(text)

    network, heard = hungry(room, fail), Listener()
    said = f"Hungry fails in a forward pass: RuntimeError: {text}"
    if room:
        assert audit(network, ["flip"], options_of(folder, 8), heard).settings.batch_size == 1
    else:
        with pytest.raises(InputError, match=said):
            audit(network, ["flip"], options_of(folder, 8), heard)
    assert network.module.refused == (1 if room else 4)
    assert heard.notes == [f"{said}; starting over with 1"]
