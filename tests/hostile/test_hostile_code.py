"""Files that try to run code: refused, and the canary does not appear, whichever process reads them."""

import inspect
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hostile_checkpoints import CODE, Hostile
from support.command import Geed, geed
from torch import nn

from geed_cli.checkpoints.loading import KeyRules, load_checkpoint
from geed_cli.cli.audit_arguments import AuditArguments
from geed_cli.cli.guard import explain
from geed_cli.cli.inspect import inspect as inspect_command
from geed_cli.cli.run.model_request import ModelRequest
from geed_cli.errors import GeedError, InputError

__all__ = ["geed"]


def require_refused(tmp_path: Path, hostile: Hostile) -> None:
    """The refusal names what the file wanted, with exit code 2, and nothing ran anywhere."""
    path, canary = tmp_path / "net.pt", tmp_path / "canary"
    hostile.write(path, canary)
    with pytest.raises(InputError, match=hostile.says) as error:
        load_checkpoint(nn.Linear(3, 2), path, KeyRules())
    assert explain(error.value)[1] == 2
    assert not canary.exists()


@pytest.mark.usefixtures("read_in_this_process")
@pytest.mark.parametrize("hostile", CODE, ids=lambda hostile: hostile.name)
def test_no_code_runs(tmp_path: Path, hostile: Hostile) -> None:
    """What the reading process does with a file, done here, where a class or function of the file could be found."""
    require_refused(tmp_path, hostile)


@pytest.mark.slow
@pytest.mark.parametrize("hostile", CODE, ids=lambda hostile: hostile.name)
def test_no_code_runs_in_the_reading_process(tmp_path: Path, hostile: Hostile) -> None:
    """The real one; the command below starts it for one of them."""
    require_refused(tmp_path, hostile)


def test_the_canary_works(tmp_path: Path) -> None:
    """Without the safeguard the same files do create it: the tests above can fail."""
    for hostile in CODE[:2]:
        path, canary = tmp_path / "net.pt", tmp_path / f"canary {hostile.name}"
        hostile.write(path, canary)
        torch.load(path, weights_only=False)
        assert canary.is_dir()


@pytest.mark.heavy
def test_the_command_line_refuses_in_words(geed: Geed, tmp_path: Path) -> None:
    """A command on one of them: exit code 2, one message, no traceback, no canary."""
    path, canary = tmp_path / "net.pt", tmp_path / "canary"
    CODE[0].write(path, canary)
    done = geed("inspect", path, "--arch", "mobilenetv3_small_050")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {path}: the file holds Python objects")
    assert "Traceback" not in done.stderr
    assert not canary.exists()


def test_allow_pickle_warns_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said on stderr before anything is read, so that it is said even if the file's code ends the run."""
    options = AuditArguments(arch="mobilenetv3_small_050", allow_pickle=True)
    request = ModelRequest(str(tmp_path / "absent.pt"), options)
    with pytest.raises(GeedError):
        request.load()
    assert "warning: --allow-pickle lets the checkpoint file run code of its own" in capsys.readouterr().err
    with pytest.raises(GeedError):
        ModelRequest(request.model, replace(options, allow_pickle=False)).load()
    assert capsys.readouterr().err == ""


def test_allow_pickle_is_an_option_and_off() -> None:
    """Nothing but the command line sets it: no default, no environment variable."""
    option = next(
        one for one in inspect.signature(inspect_command).parameters.values() if one.name == "allow_pickle"
    )
    assert option.default is False
    assert ModelRequest("resnet18", AuditArguments()).options.allow_pickle is False
    assert all(getattr(one, "envvar", None) is None for one in option.annotation.__metadata__)
