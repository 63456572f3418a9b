"""Models of a hub on this machine that really answers: revisions, links, broken transfers, a second run without it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch
from huggingface_hub import constants
from support.command import Geed, geed
from support.hub import Host, loopback
from support.hugging_face import small_vit
from timm.models import save_for_hf

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.errors import InputError, RunError
from geed_cli.models.load import load_model

__all__ = ["geed"]
pytestmark = pytest.mark.usefixtures("read_in_this_process")
OLD, NEW = "a" * 40, "b" * 40
REPOSITORY = "org/net"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Host]:
    with loopback(monkeypatch, tmp_path / "home") as host:
        yield host


def timm_repository(folder: Path, seed: int) -> Path:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        save_for_hf(timm.create_model("test_resnet"), folder, safe_serialization=True)
    return folder


@pytest.fixture
def offered(host: Host, tmp_path: Path) -> dict[str, Path]:
    """Two commits of one repository: ``v1`` and what ``main`` is now."""
    folders = {commit: timm_repository(tmp_path / commit[0], seed) for seed, commit in enumerate((OLD, NEW))}
    host.offer(REPOSITORY, {"v1": (OLD, folders[OLD]), "main": (NEW, folders[NEW])})
    return folders


def refusal(reference: str) -> RunError:
    with pytest.raises(RunError) as error:
        load_model(reference)
    assert error.value.exit_code == 3
    return error.value


def test_a_revision_is_the_commit_that_it_means(offered: dict[str, Path]) -> None:
    """A branch, a tag, a commit; without one ``main``. The commit stands in the detail, the file's hash beside it."""
    for reference, commit in (
        (f"hf-hub:{REPOSITORY}", NEW),
        (f"hf-hub:{REPOSITORY}@main", NEW),
        (f"hf-hub:{REPOSITORY}@v1", OLD),
        (f"hf-hub:{REPOSITORY}@{OLD}", OLD),
    ):
        network = load_model(reference)
        assert network.id == reference
        assert network.weights.detail == f"hf-hub:{REPOSITORY}@{commit}/model.safetensors"
        assert network.weights.sha256 == file_sha256(offered[commit] / "model.safetensors")


@pytest.mark.usefixtures("offered")
def test_all_files_are_of_one_commit(host: Host) -> None:
    """The description is asked for first; weights then come from its commit, whatever the branch means by then."""
    load_model(f"hf-hub:{REPOSITORY}@v1")
    asked = [path for path in host.asked if "/resolve/" in path]
    assert [path for path in asked if "/resolve/v1/" in path and "config.json" not in path] == []
    assert f"HEAD /{REPOSITORY}/resolve/{OLD}/model.safetensors" in asked


@pytest.mark.usefixtures("offered")
def test_a_second_run_needs_no_hub(host: Host) -> None:
    """Everything is in the cache then, of a name, a revision and a commit alike."""
    references = [f"hf-hub:{REPOSITORY}", f"hf-hub:{REPOSITORY}@v1"]
    before = [load_model(reference).weights for reference in references]
    host.repositories.clear()
    host.files.clear()
    host.asked.clear()
    assert [load_model(reference).weights for reference in references] == before
    assert host.asked == []
    assert load_model(f"hf-hub:{REPOSITORY}@{OLD}").weights.detail == before[1].detail


@pytest.mark.parametrize(
    ("reference", "cause"),
    [
        (f"hf-hub:{REPOSITORY}@v2", "the repository has no such revision"),
        ("hf-hub:org/other", "there is no such repository, or it is private"),
        ("transformers:org/other@main", "there is no such repository, or it is private"),
    ],
)
@pytest.mark.usefixtures("offered")
def test_what_the_hub_does_not_have(reference: str, cause: str) -> None:
    """One message with the hub's own answer."""
    pytest.importorskip("transformers", reason="needs the extra transformers")
    error = refusal(reference)
    assert cause in error.found
    assert error.found.startswith(f"the pretrained weights of {reference} could not be downloaded")


def test_a_broken_transfer_leaves_nothing_behind(
    geed: Geed, host: Host, offered: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends in the middle of the weights: exit code 3; the next run asks for the whole file again."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # the client waits between its own tries
    host.cut.add("model.safetensors")
    done = geed("inspect", f"hf-hub:{REPOSITORY}")
    assert done.exit_code == 3
    assert f"the pretrained weights of hf-hub:{REPOSITORY} could not be downloaded" in done.stderr
    cache = Path(constants.HF_HUB_CACHE)
    assert list(cache.rglob("snapshots/*/model.safetensors")) == []
    host.cut.clear()
    weights = load_model(f"hf-hub:{REPOSITORY}").weights
    assert weights.sha256 == file_sha256(offered[NEW] / "model.safetensors")


def test_without_a_connection(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers, or nobody may be asked."""
    host.server_close()
    assert "refused" in refusal(f"hf-hub:{REPOSITORY}@v1").found
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for reference in (f"hf-hub:{REPOSITORY}", f"transformers:{REPOSITORY}"):
        if reference.startswith("transformers"):
            pytest.importorskip("transformers", reason="needs the extra transformers")
        error = refusal(reference)
        assert "switched off by HF_HUB_OFFLINE" in error.found
        assert "HF_HOME" in error.remedy


@pytest.mark.parametrize("shards", [None, "10KB"])
def test_a_model_of_transformers(host: Host, tmp_path: Path, shards: str | None) -> None:
    """In one file or several: downloaded once, the same as from the folder, and there without the hub."""
    pytest.importorskip("transformers", reason="needs the extra transformers")
    folder = small_vit(tmp_path / "vit", **({} if shards is None else {"max_shard_size": shards}))
    host.offer(REPOSITORY, {"main": (NEW, folder)})
    network = load_model(f"transformers:{REPOSITORY}")
    beside = load_model(f"local-dir:{folder}")
    assert network.id == f"transformers:{REPOSITORY}"
    assert (network.input, network.weights.sha256) == (beside.input, beside.weights.sha256)
    assert network.weights.state_sha256 == beside.weights.state_sha256
    file = "model.safetensors" if shards is None else "model.safetensors.index.json"
    assert network.weights.detail == f"hf-hub:{REPOSITORY}@{NEW}/{file}"
    host.repositories.clear()
    host.files.clear()
    host.asked.clear()
    assert load_model(f"transformers:{REPOSITORY}").weights == network.weights
    assert host.asked == []


def test_a_shard_that_the_repository_lacks(host: Host, tmp_path: Path) -> None:
    """Exit code 3 with the file's name."""
    pytest.importorskip("transformers", reason="needs the extra transformers")
    folder = small_vit(tmp_path / "vit", max_shard_size="10KB")
    (folder / "model-00002-of-00004.safetensors").unlink()
    host.offer(REPOSITORY, {"main": (NEW, folder)})
    error = refusal(f"transformers:{REPOSITORY}")
    assert "model-00002-of-00004.safetensors" in error.found
    assert "the repository has no such file" in error.found


@pytest.mark.usefixtures("offered")
def test_a_repository_of_the_other_library(host: Host, tmp_path: Path) -> None:
    """Each says how the other's is named, and that way out works."""
    pytest.importorskip("transformers", reason="needs the extra transformers")
    host.offer("org/vit", {"main": (NEW, small_vit(tmp_path / "vit"))})
    with pytest.raises(InputError) as error:
        load_model("hf-hub:org/vit")
    assert error.value.remedy == "transformers:org/vit"
    assert load_model(error.value.remedy).arch == "ViTForImageClassification"
    with pytest.raises(InputError) as error:
        load_model(f"transformers:{REPOSITORY}@v1")
    assert error.value.remedy == f"hf-hub:{REPOSITORY}@v1"
    assert load_model(error.value.remedy).arch == "test_resnet"


@pytest.mark.heavy
@pytest.mark.usefixtures("offered")
def test_the_hub_is_that_of_hf_endpoint(host: Host, tmp_path: Path) -> None:
    """In a process of its own, by the variable that names a hub, and again without the hub by HF_HUB_OFFLINE."""
    names = {"HF_ENDPOINT": host.address, "HF_HOME": str(tmp_path / "fresh"), "HF_HUB_OFFLINE": "0"}
    code = f"from geed_cli import load_model; print(load_model('hf-hub:{REPOSITORY}@v1').weights.detail)"
    command = [sys.executable, "-c", code]

    def run(**more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, env={**os.environ, **names, **more}, capture_output=True, text=True, check=False
        )

    first = run()
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"hf-hub:{REPOSITORY}@{OLD}/model.safetensors\n"
    host.repositories.clear()
    assert run(HF_HUB_OFFLINE="1").stdout == first.stdout
    assert "could not be downloaded" in run(HF_HOME=str(tmp_path / "empty")).stderr
