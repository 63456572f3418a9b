"""Threads follow the cores that the process may use, and copies to a GPU bring the same pixels."""

import os
from collections.abc import Iterator

import pytest
import torch

from geed_cli.actions.view import View
from geed_cli.engine.batches import Placement, Task, batches
from geed_cli.engine.row import Subject
from geed_cli.groups.transform import IDENTITY
from geed_cli.images.source import ImageRecord
from geed_cli.pipeline.placement import fitting_threads


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Torch's own choice is put back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not say")
def test_more_threads_than_cores_are_taken_back() -> None:
    """To as many as there are cores, for the time of a run."""
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores + 3)
    with fitting_threads():
        assert torch.get_num_threads() == cores
    assert torch.get_num_threads() == cores + 3


def test_fewer_threads_are_left_alone() -> None:
    """Whoever asked for one gets one."""
    torch.set_num_threads(1)
    with fitting_threads():
        assert torch.get_num_threads() == 1


@pytest.mark.gpu
def test_pinned_copies_bring_the_same_pixels() -> None:
    """Many pictures in flight at once, none of them mixed up with another."""
    generator = torch.Generator().manual_seed(0)
    tasks = [
        Task(
            Subject(ImageRecord(str(number), "")),
            torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8, generator=generator),
            (View(IDENTITY),),
        )
        for number in range(200)
    ]
    on = [
        torch.cat(
            [one.pixels.cpu() for one in batches(tasks, 64, Placement(torch.device(kind), torch.float32, 8))]
        )
        for kind in ("cpu", "cuda")
    ]
    torch.testing.assert_close(on[0], on[1], rtol=0, atol=1e-7)  # a division by 255 may round differently
