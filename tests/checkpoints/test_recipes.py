"""What a refusal of Python objects says to type is run as printed, and its weights.pt is then read."""

import email.message
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support.ways_out import in_a_shell
from torch import nn

from geed_cli.checkpoints.read import read_tensors
from geed_cli.checkpoints.reader.messages import Choice
from geed_cli.errors import InputError

pytestmark = pytest.mark.usefixtures("read_in_this_process")


class Lost(nn.Linear):
    """A network whose class is somewhere else when the file is read."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a name that a shell has to be told."""
    folder = tmp_path / "it's here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def refusal(path: Path, *, allow_pickle: bool = False) -> str:
    """The way out that is printed."""
    with pytest.raises(InputError) as caught:
        read_tensors(path, Choice(allow_pickle=allow_pickle))
    return caught.value.remedy


def python_line(remedy: str) -> str:
    """The command in it, up to what is said of its result."""
    found = re.search(r"(python -c .*), and give weights\.pt", remedy)
    assert found, remedy
    return found[1]


def run_here(line: str) -> None:
    """What ``python -c`` would run, in this process."""
    words = shlex.split(line)
    assert words[:2] == ["python", "-c"]
    assert len(words) == 3
    exec(words[2], {})


WEIGHT = torch.ones(2, 3)
STATE = {"weight": WEIGHT, "bias": torch.zeros(2)}


@pytest.mark.parametrize(
    ("contents", "key"),
    [
        (nn.Linear(3, 2), "auto"),
        ({"model": nn.Linear(3, 2), "epoch": 3}, "auto"),
        ({"state_dict": STATE, "run": email.message.Message()}, "auto"),
        ({"my_weights": STATE, "run": email.message.Message(), "lr": [0.1]}, "my_weights"),
        ({**STATE, "run": email.message.Message()}, "auto"),
        ({"state_dict": STATE, "frozen": frozenset({"conv1"})}, "auto"),
    ],
    ids=["module", "module-in-entry", "usual-entry", "own-entry", "no-entry", "python's-own"],
)
def test_importable_objects_are_left_behind(here: Path, contents: object, key: str) -> None:
    """Whatever the entries are called; --allow-pickle is the other way, and works too."""
    torch.save(contents, here / "run.pt")
    remedy = refusal(here / "run.pt")
    assert remedy.endswith("; or --allow-pickle, which lets the file run its code")
    run_here(python_line(remedy))
    for path, choice in (
        (here / "weights.pt", Choice(key)),
        (here / "run.pt", Choice(key, allow_pickle=True)),
    ):
        assert {name: value.shape for name, value in read_tensors(path, choice).state.items()} == {
            name: value.shape for name, value in STATE.items()
        }


def test_a_torch_file_that_is_called_safetensors(here: Path) -> None:
    """Its first bytes decide, and the line works too, though torch.load goes by the name."""
    named = here / "run.safetensors"
    for old in (False, True):
        torch.save(STATE, named, _use_new_zipfile_serialization=not old)
        assert torch.equal(read_tensors(named).state["weight"], WEIGHT)
    torch.save({"own": STATE, "run": email.message.Message()}, named)
    run_here(python_line(refusal(named)))
    assert torch.equal(read_tensors(here / "weights.pt", Choice("own")).state["weight"], WEIGHT)


@pytest.mark.heavy
def test_a_line_runs_in_a_shell(here: Path) -> None:
    """With an apostrophe in the path."""
    torch.save({"own": STATE, "run": email.message.Message()}, here / "run.pt")
    code, printed = in_a_shell(python_line(refusal(here / "run.pt")), here)
    assert code == 0, printed
    assert torch.equal(read_tensors(here / "weights.pt", Choice("own")).state["weight"], WEIGHT)


@pytest.mark.parametrize("allowed", [False, True])
def test_a_class_of_the_script_itself(here: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool) -> None:
    """--allow-pickle cannot import it and is not recommended; the line works at the end of that script."""
    main = sys.modules["__main__"]
    with monkeypatch.context() as script:
        script.setattr(Lost, "__module__", "__main__")
        script.setattr(main, "Lost", Lost, raising=False)
        torch.save({"model": Lost(3, 2)}, here / "run.pt")
    remedy = refusal(here / "run.pt", allow_pickle=allowed)
    assert "--allow-pickle" not in remedy
    assert remedy.startswith("Lost lives in the script that wrote the file")
    found = re.search(r"run this at the end of that script: (.*), and give weights\.pt$", remedy)
    assert found
    with monkeypatch.context() as script:
        script.setattr(main, "Lost", Lost, raising=False)
        exec(found[1], {})
    assert read_tensors(here / "weights.pt").state.keys() == STATE.keys()


@pytest.mark.parametrize("allowed", [False, True])
def test_a_package_that_is_not_here(here: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool) -> None:
    """Said to be missing; where it is there, the line works. What a stranger's file names is not to be installed."""
    (here / "lost_package.py").write_text("from torch import nn\nclass Net(nn.Linear):\n    pass\n")
    with monkeypatch.context() as elsewhere:
        elsewhere.syspath_prepend(str(here))
        import lost_package  # type: ignore[import-not-found]

        torch.save({"net": lost_package.Net(3, 2)}, here / "run.pt")
    monkeypatch.delitem(sys.modules, "lost_package")
    remedy = refusal(here / "run.pt", allow_pickle=allowed)
    assert remedy.startswith(
        "there is no package lost_package here. Where it is installed, and if you trust the file:"
    )
    assert "--allow-pickle" not in remedy
    assert "pip" not in remedy
    monkeypatch.syspath_prepend(str(here))
    run_here(python_line(remedy))
    monkeypatch.delitem(sys.modules, "lost_package")
    assert read_tensors(here / "weights.pt").state.keys() == STATE.keys()


def torch_script(path: Path) -> None:
    torch.jit.save(torch.jit.script(nn.Linear(3, 2)), path)


def exported(path: Path) -> None:
    torch.export.save(torch.export.export(nn.Linear(3, 2), (torch.ones(1, 3),)), path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("save", [torch_script, exported])
def test_programs_give_their_weights(here: Path, save: Callable[[Path], None]) -> None:
    """TorchScript and exported programs."""
    save(here / "net.pt2")
    run_here(python_line(refusal(here / "net.pt2")))
    assert read_tensors(here / "weights.pt").state.keys() == STATE.keys()
