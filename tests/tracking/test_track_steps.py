"""Which number in a file name is the training step."""

import re
from pathlib import Path

import pytest

from geed_cli.errors import InputError
from geed_cli.tracking.steps import (
    Step,
    glued_step,
    step_by_pattern,
    step_in_name,
    step_pattern,
)


@pytest.mark.parametrize(
    ("name", "step", "unit"),
    [
        ("step_100.pt", 100, "step"),
        ("resnet50_step100.pt", 100, "step"),
        ("epoch=3-step=1500.ckpt", 1500, "step"),
        ("epoch_7_acc_0.93.pth", 7, "epoch"),
        ("vit_b16_224_iter-00040.safetensors", 40, "iteration"),
        ("model_global_step_12.pt", 12, "step"),
        ("ckpt-12k.pth", 12_000, "step"),
        ("checkpoint.9.bin", 9, "step"),
        ("Epochs 20.pt", 20, "epoch"),
        ("step_3.pth.tar", 3, "step"),
        ("checkpoint-500/model.safetensors", 500, "step"),
    ],
)
def test_a_number_after_a_word_is_sure(name: str, step: int, unit: str) -> None:
    """The last such number, whatever else stands in the name; the folder's name where the file's has none."""
    found = step_in_name(Path("/nowhere") / name)
    assert found is not None
    assert (found.number, found.unit, found.sure) == (step, unit, True)


@pytest.mark.parametrize(("name", "step"), [("000500.pt", 500), ("run_2_300.pt", 300), ("net-64.pt", 64)])
def test_a_number_alone_is_taken_but_doubtful(name: str, step: int) -> None:
    """The last one that stands by itself."""
    found = step_in_name(Path("/nowhere") / name)
    assert found is not None
    assert (found.number, found.sure) == (step, False)


@pytest.mark.parametrize("name", ["resnet50.pt", "model10.pt", "vit50.pt", "best.pt", "step.pt"])
def test_digits_of_a_word_are_the_last_resort(name: str) -> None:
    """They may be the network's name, so that an entry of the checkpoint goes before them."""
    assert step_in_name(Path("/nowhere") / name) is None
    digits = re.sub("[^0-9]", "", name)
    found = glued_step(Path(name))
    assert found == (Step(int(digits), "the last digits of the file name", sure=False) if digits else None)


def test_a_pattern_sees_the_whole_path() -> None:
    """Its one group is the step; folders count."""
    pattern = step_pattern(r"phase(\d+)/")
    assert pattern is not None
    assert step_by_pattern(Path("runs/phase7/step_100.pt"), pattern) == Step(7, "--step-regex")
    assert step_pattern(None) is None


@pytest.mark.parametrize(
    ("text", "message"), [("step", "0 groups"), (r"(\d)(\d)", "2 groups"), ("(", "no regular")]
)
def test_patterns_without_exactly_one_group_are_refused(text: str, message: str) -> None:
    """Before any file is looked at."""
    with pytest.raises(InputError, match=message):
        step_pattern(text)


@pytest.mark.parametrize("text", [r"nothing(\d+)", "(run)"])
def test_a_pattern_has_to_find_a_whole_number(text: str) -> None:
    """Otherwise the file is named."""
    pattern = step_pattern(text)
    assert pattern is not None
    with pytest.raises(InputError, match=r"runs/a\.pt"):
        step_by_pattern(Path("runs/a.pt"), pattern)


@pytest.mark.parametrize("name", ["run_step1.5k.pt", "ckpt_step_2.5e4.pt", "model-1.5M.pt"])
def test_decimals_are_no_steps(name: str) -> None:
    """Neither of their halves is meant; --step-regex can say what is."""
    assert step_in_name(Path("/nowhere") / name) is None
