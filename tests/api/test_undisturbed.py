"""Audits in threads, under autocast, of modules made in inference mode, of data sets that draw; imports that draw."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from support.networks import MEAN, STD, SmallConvNet
from support.pictures import smooth_pictures
from support.untouched import module_state, process_state
from torch import Tensor, nn
from torch.utils.data import Dataset

import geed_cli as geed

PICTURES = (8, 16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return smooth_pictures(tmp_path_factory.mktemp("pictures"), *PICTURES)


def small() -> nn.Module:
    torch.manual_seed(0)
    return SmallConvNet().train()


def rows(module: nn.Module, folder: object) -> object:
    """Every number of an audit of a module that is wrapped here."""
    net = geed.wrap(module, size=16, mean=MEAN, std=STD, classifier="fc")
    return geed.audit(net, folder, cache=False, progress=False).results


def test_audits_in_threads_take_turns(folder: Path) -> None:
    """Hooks of one would count the calls of another, and modes, threads and streams be put back in the wrong order."""
    module = small()
    alone, before, process = rows(module, folder), module_state(module), process_state()
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(rows(module, folder))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 3
    assert module_state(module) == before
    assert process_state() == process


def test_autocast_of_the_caller_moves_no_value(folder: Path) -> None:
    module = small()
    alone = rows(module, folder)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert rows(module, folder) == alone
        assert torch.is_autocast_enabled("cpu")


def test_precision_of_matrix_products_is_as_before(folder: Path) -> None:
    """``medium`` makes them of bf16 where the processor can."""
    module = small()
    alone = rows(module, folder)
    torch.set_float32_matmul_precision("medium")
    try:
        assert rows(module, folder) == alone
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_a_module_that_was_made_in_inference_mode_stays_one_of_it(folder: Path) -> None:
    with torch.inference_mode():
        module = small()
    before = [parameter.data_ptr() for parameter in module.parameters()]
    assert rows(module, folder) == rows(small(), folder)
    assert all(parameter.is_inference() for parameter in module.parameters())
    assert [parameter.data_ptr() for parameter in module.parameters()] == before


class Augmented(Dataset[Tensor]):
    """Other pictures at every look, as the transforms of training give."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        return torch.rand(3, 16, 16)


def test_a_refused_data_set_leaves_the_generators_as_they_were() -> None:
    module = small()
    process = process_state()
    with pytest.raises(geed.InputError, match="another picture each time"):
        rows(module, Augmented())
    assert process_state() == process


class Auditing(Augmented):
    """A data set that audits when it is asked for a picture."""

    def __init__(self, pictures: Tensor) -> None:
        self.pictures = pictures

    def __getitem__(self, index: int) -> Tensor:
        rows(small(), self.pictures)
        return self.pictures[index]


def test_an_audit_within_the_pictures_of_another_does_not_wait_for_itself() -> None:
    """The way out, run as printed: the pictures are made before the audit of them."""
    data_set = Auditing(torch.rand(4, 3, 16, 16))
    with pytest.raises(geed.InputError, match="within the pictures of another") as refused:
        rows(small(), data_set)
    names: dict[str, object] = {"data_set": data_set}
    exec(refused.value.remedy.partition(": ")[2], names)
    assert rows(small(), names["pictures"])


@pytest.mark.heavy
def test_public_names_draw_nothing_when_they_are_imported() -> None:
    """Rich draws a number when it is imported, after a script has seeded Python's generator."""
    code = (
        "import random, sys, geed_cli; seeded = random.seed(0) or random.getstate(); geed_cli.print_result; "
        "print('rich.style' in sys.modules, random.getstate() == seeded)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True True"
