"""Networks of torch.hub: never without --allow-code; a folder, and a repository that the cache holds."""

import re
from pathlib import Path

import pytest
import torch
from support.command import Geed, geed
from support.pictures import smooth_pictures

from geed_cli.errors import GeedError, InputError, RunError
from geed_cli.models.load import load_model
from geed_cli.pipeline.reuse.row_cache import told_apart

__all__ = ["geed"]
HUBCONF = """
dependencies = ["torch"]
import pathlib
import torch
pathlib.Path({canary!r}).touch()


def small(classes=3):
    print("building")
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(4 * 6 * 6, classes))


def number():
    return 3


def broken():
    raise RuntimeError("no such file")
"""
SPEC = """
model: {{source: torchhub, name: '{name}', arguments: {{classes: 5}}}}
weights: {{origin: pretrained}}
input: {{size: 8, mean: [0.5], std: [0.5]}}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with a hubconf.py that leaves a file behind where it runs."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "hubconf.py").write_text(HUBCONF.format(canary=str(tmp_path / "ran")))
    return folder


def spec_of(folder: Path, name: str) -> str:
    path = folder / "spec.yaml"
    path.write_text(SPEC.format(name=name))
    return str(path)


def error_of(reference: str, *, allow_code: bool = True) -> GeedError:
    with pytest.raises(GeedError) as error:
        load_model(reference, allow_code=allow_code)
    return error.value


def test_code_needs_permission(repository: Path, tmp_path: Path, geed: Geed) -> None:
    """By name and by spec: refused with what to do, and nothing has run."""
    for reference in (f"torchhub:{repository}:small", spec_of(tmp_path, f"{repository}:small")):
        done = geed("inspect", reference)
        assert done.exit_code == 2
        assert "add --allow-code" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_folder(repository: Path, tmp_path: Path, geed: Geed) -> None:
    """Beside the spec; what it prints is no result; its rows are kept under no key of a library."""
    spec = spec_of(tmp_path, f"{repository.name}:small")
    network = load_model(spec, allow_code=True)
    assert (network.source, network.classifier, network.output.shape) == ("torchhub", "2", (5,))
    assert network.id == "torchhub/repository:small"
    assert any("as the code returned them" in note for note in network.weights.notes)
    assert not told_apart([network])
    assert network.inspect_command == f"geed inspect {spec} --layers --allow-code"
    photos = smooth_pictures(tmp_path / "photos", 3, 8)
    done = geed("audit", spec, "--allow-code", "-d", photos, "--json", "-", "--quiet")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("{")


def test_a_repository_that_torch_hub_holds(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As torch.hub keeps a branch, without a network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    held = Path(torch.hub.get_dir()) / "owner_name_v1"
    held.parent.mkdir(parents=True)
    repository.rename(held)
    assert load_model(spec_of(tmp_path, "owner/name@v1:small"), allow_code=True).output.shape == (5,)


def test_a_repository_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network: exit code 3, and a way out that names a folder."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    error = error_of("torchhub:owner/name@v1:small")
    assert isinstance(error, RunError)
    assert error.found.startswith("owner/name@v1 could not be downloaded from GitHub")
    assert "torchhub:PATH:ENTRY" in error.remedy


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("{folder}:number", "returned int"),
        ("{folder}:broken", "failed: RuntimeError: no such file"),
        ("{folder}:missing", "failed: "),
        (
            "{folder}:small",
            "it is not known what this model is shown: entries of torch.hub state no preprocessing",
        ),
        ("nothing:small", "nothing is neither a folder with hubconf.py nor a repository of GitHub"),
        ("owner/name", "names no entry of torch.hub"),
    ],
)
def test_entries_that_are_none(repository: Path, name: str, found: str) -> None:
    """Exit code 2."""
    error = error_of("torchhub:" + name.format(folder=repository))
    assert isinstance(error, InputError)
    assert re.search(re.escape(found), error.found)


def test_random_weights_are_refused(repository: Path) -> None:
    """The code gives the network its weights."""
    with pytest.raises(InputError, match="whose own code gives it its weights"):
        load_model(f"torchhub:{repository}:small", weights="random", allow_code=True)
