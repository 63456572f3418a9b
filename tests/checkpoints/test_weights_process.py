"""The process that reads strangers' files: that it is another one, what it may use, and that nothing of it stays.

Code that a file runs under allow_pickle stands in for code that got past ``weights_only``: the limits have to hold
for it as well.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch
from support.checkpoints import read_in_this_process
from torch import Tensor, nn

from geed_cli.checkpoints.read import as_safetensors, read_tensors
from geed_cli.checkpoints.reader import convert
from geed_cli.checkpoints.reader.messages import Choice
from geed_cli.checkpoints.reader.resource_limits import MIB, Limits, limits_for
from geed_cli.errors import GeedError, InputError, RunError
from geed_cli.models.load import load_model

FREE = Choice(allow_pickle=True)
ROOMY = Limits(memory=2000 * MIB, seconds=100, output=64 * MIB)
__all__ = ["read_in_this_process"]
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits that only Linux enforces")


class Code:
    """An object whose unpickling evaluates an expression."""

    def __init__(self, expression: str) -> None:
        self.expression = expression

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, (self.expression,))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the reading process may put files during these tests."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def refusal(path: Path, limits: Limits, choice: Choice = FREE) -> GeedError:
    with pytest.raises(GeedError) as error:
        read_tensors(path, choice, limits)
    return error.value


def saved(path: Path, contents: object, **options: object) -> Path:
    torch.save(contents, path, **options)  # type: ignore[arg-type]
    return path


OLD_STREAM = pytest.param({"_use_new_zipfile_serialization": False}, marks=pytest.mark.slow, id="old stream")


@pytest.mark.parametrize("container", [pytest.param({}, id="zip"), OLD_STREAM])
def test_no_pickle_is_read_here(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, container: dict[str, bool]
) -> None:
    """With torch.load taken away from this process a file is still read, in another one."""
    state = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.ones(1, dtype=torch.int64)}
    state["c"] = state["b"].t()  # shares bytes and is not contiguous
    path = saved(tmp_path / "net.pt", {"state_dict": state, "epoch": 7, "step": torch.tensor(3)}, **container)
    monkeypatch.setattr(torch, "load", None)
    file = read_tensors(path)
    assert list(file.state) == ["b", "a", "c"]
    assert all(torch.equal(file.state[name], value) for name, value in state.items())
    assert file.ordered
    assert file.numbers == {"epoch": 7, "step": 3}
    assert file.contents["epoch"] == 7
    assert os.listdir(temporary) == []


def test_the_environment_is_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens, and variables that change how Python starts, stay here; the working folder is a private one."""
    seen = tmp_path / "seen.json"
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("PYTHONSTARTUP", "x.py")
    look = f"import json, os; json.dump([dict(os.environ), os.getcwd()], open({str(seen)!r}, 'w'))"
    monkeypatch.setattr(convert, "START_READER", look)
    refusal(saved(tmp_path / "net.pt", {"w": torch.ones(1)}), ROOMY)
    environment, folder = json.loads(seen.read_text())
    assert set(environment) <= {*convert.VARIABLES_PASSED_ON, "OMP_NUM_THREADS", "MKL_NUM_THREADS",
                                "CUDA_VISIBLE_DEVICES", "LC_CTYPE"}  # fmt: skip
    assert "secret" not in seen.read_text()
    assert Path(folder).name.startswith("geed-")


SLEEPS, CRASHES = "__import__('time').sleep(60)", "__import__('os').abort()"
IS_KILLED = "__import__('os').kill(__import__('os').getpid(), 9)"
CRASHED, WAS_KILLED = "SIGABRT, a crash in its reader", "SIGKILL, probably because memory ran out"


@linux
@pytest.mark.parametrize(
    ("ending", "seconds", "says"),
    [(SLEEPS, 1, "takes longer than 1 s"), (CRASHES, 100, CRASHED), (IS_KILLED, 100, WAS_KILLED)],
)
def test_however_the_process_ends(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, ending: str, seconds: int, says: str
) -> None:
    """Too late, by a crash, by a signal from outside: a refusal, and the temporary folder is gone."""
    monkeypatch.setattr(convert, "START_READER", ending)
    path = saved(tmp_path / "net.pt", {"w": torch.ones(1)})
    error = refusal(path, Limits(2000 * MIB, seconds, 64 * MIB))
    assert isinstance(error, InputError)
    assert says in error.found
    assert os.listdir(temporary) == []


@linux
@pytest.mark.slow
@pytest.mark.parametrize(
    ("expression", "limits", "says"),
    [
        (SLEEPS, Limits(2000 * MIB, 8, 64 * MIB), "takes longer than 8 s"),
        ("bytearray(3 * 10**9)", ROOMY, "takes more than 2000 MiB of memory"),
        (CRASHES, ROOMY, CRASHED),
        (IS_KILLED, ROOMY, WAS_KILLED),
    ],
)
def test_limits_hold_for_running_code(
    tmp_path: Path, temporary: Path, expression: str, limits: Limits, says: str
) -> None:
    """The same, and allocating, out of a file whose code was let run."""
    path = saved(tmp_path / "net.pt", {"w": torch.ones(1), "x": Code(expression)})
    error = refusal(path, limits)
    assert isinstance(error, InputError)
    assert says in error.found
    assert os.listdir(temporary) == []


@pytest.mark.heavy
@linux
def test_processor_time_is_limited() -> None:
    """The operating system ends a process that computes for longer than it may, whatever the clock says."""
    code = (
        "from geed_cli.checkpoints.reader.resource_limits import Limits, limit_time_and_output\n"
        "limit_time_and_output(Limits(memory=2**31, seconds=1, output=0))\n"
        "for _ in range(10**10): pass"
    )
    ended = -subprocess.run([sys.executable, "-c", code], check=False).returncode
    assert ended == signal.SIGXCPU
    assert "takes longer than 100 s" in convert._killed(ended, ROOMY).found


@linux
@pytest.mark.heavy
def test_a_claimed_storage_does_not_get_its_memory(tmp_path: Path) -> None:
    """The old stream says how long its storages are, and 30 GB are refused without being taken."""
    path = saved(tmp_path / "net.pt", {"w": torch.arange(1000.0)}, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    assert data.count(b"M\xe8\x03") == 2  # 1000 as a pickled number: the storage's size and the shape
    path.write_bytes(data.replace(b"M\xe8\x03", b"\x8a\x05" + (7_500_000_000).to_bytes(5, "little")))
    assert "takes more than 2048 MiB of memory" in refusal(path, limits_for(len(data)), Choice()).found


@pytest.mark.usefixtures("read_in_this_process")
def test_shared_bytes_do_not_multiply(tmp_path: Path) -> None:
    """Four MB under a hundred names: 400 MB of safetensors are refused before they are written."""
    tensor = torch.zeros(1_000_000)
    path = saved(tmp_path / "net.pt", {f"w{i}": tensor for i in range(100)})
    assert path.stat().st_size < 5_000_000
    error = refusal(path, limits_for(path.stat().st_size), Choice())
    assert "100 tensors that share bytes add up to 400000000 bytes" in error.found


@linux
@pytest.mark.heavy
def test_no_room_is_not_the_files_fault(tmp_path: Path, temporary: Path) -> None:
    """Output beyond the limit that the system enforces, as on a full disk: exit 3, and where to make room."""
    path = saved(tmp_path / "net.pt", {"w": torch.ones(10_000)})
    error = refusal(
        path, Limits(2000 * MIB, 100, 40_020), Choice()
    )  # enough for the tensor, not for a header
    assert isinstance(error, RunError)
    assert "TMPDIR" in error.remedy
    assert os.listdir(temporary) == []


def test_a_process_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation is not the file's fault: exit 3 with the last line of the traceback."""
    path = saved(tmp_path / "net.pt", {"w": torch.ones(1)})
    monkeypatch.setattr(convert, "START_READER", "import no_such_module")
    error = refusal(path, ROOMY, Choice())
    assert isinstance(error, RunError)
    assert "ModuleNotFoundError" in error.found
    monkeypatch.setattr(convert, "START_READER", "pass")
    assert "no usable answer" in refusal(path, ROOMY, Choice()).found


@pytest.mark.usefixtures("read_in_this_process")
def test_whole_modules_need_the_users_word(tmp_path: Path) -> None:
    """Refused by default with the way round; with it loaded, and what ran is noted."""
    path = saved(tmp_path / "net.pt", nn.Linear(2, 2))
    assert "--allow-pickle" in refusal(path, ROOMY, Choice()).remedy
    file = read_tensors(path, FREE)
    assert list(file.state) == ["weight", "bias"]
    (note,) = file.notes
    assert note.startswith("allow_pickle: the file imported torch.nn.modules.linear.Linear")


@pytest.mark.usefixtures("read_in_this_process")
def test_allow_pickle_is_recorded_with_the_weights(tmp_path: Path) -> None:
    """load_model states it in the origin, which a result keeps; plain files keep to weights_only even then."""
    net = load_model("timm:mobilenetv3_small_050", weights="random").module
    path = saved(tmp_path / "net.pt", {"model": net})
    loaded = load_model(str(path), arch="mobilenetv3_small_050", allow_pickle=True)
    assert any(note.startswith("allow_pickle: ") for note in loaded.weights.notes)
    saved(path, net.state_dict())
    loaded = load_model(str(path), arch="mobilenetv3_small_050", allow_pickle=True)
    assert "allow_pickle was given but not needed: the file holds tensors alone" in loaded.weights.notes


@pytest.mark.parametrize("section", ["", "model:", "weights:"])
def test_no_spec_can_allow_pickles(tmp_path: Path, section: str) -> None:
    """The key is unknown in every section of a spec."""
    model, weights = "{source: timm, name: resnet18}", "{origin: random}"
    extra = ", allow_pickle: true}"
    model = model[:-1] + extra if section == "model:" else model
    weights = weights[:-1] + extra if section == "weights:" else weights
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"model: {model}\nweights: {weights}\n" + ("allow_pickle: true\n" if not section else ""))
    with pytest.raises(InputError, match=r"unknown key '.*allow_pickle'"):
        load_model(str(spec))


@pytest.mark.usefixtures("read_in_this_process")
def test_libraries_get_safetensors_only(tmp_path: Path, temporary: Path) -> None:
    """What timm reads itself is converted first, its preferred entry taken, and gone afterwards."""
    ema: dict[str, Tensor] = {"w": torch.full((2,), 2.0)}
    path = saved(tmp_path / "net.bin", {"state_dict": {"w": torch.ones(2)}, "state_dict_ema": ema})
    with as_safetensors(path, Choice(usual=("state_dict_ema", "state_dict"))) as file:
        assert file.suffix == ".safetensors"
        assert torch.equal(read_tensors(file).state["w"], ema["w"])
        with as_safetensors(file, Choice()) as same:
            assert same == file
    assert os.listdir(temporary) == []
