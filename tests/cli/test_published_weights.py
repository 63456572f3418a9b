"""Commands that name a published network, as printed: downloaded, checked, kept, and the same without the server."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from support.command import Geed
from support.hub import Host, loopback, offer_timm, offer_torchvision

from geed_cli.result.file import read_result

SMALL = ("--samples", "3", "--img-size", "64", "--metric", "latent.l2", "--metric", "softmax.kl")
"""Enough to see that two runs agree."""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Host]:
    with loopback(monkeypatch, tmp_path / "home") as host:
        yield host


def audited(geed: Geed, *arguments: str | Path) -> dict[str, object]:
    """What an audit finds, but its times, which no two runs have alike."""
    target = Path(geed("cache", "path").stdout.strip()).parent / "found.json"
    done = geed("audit", *arguments, "--json", target, "--quiet")
    assert done.exit_code == 0, done.stderr
    content: dict[str, object] = json.loads(target.read_text("utf-8"))
    return {key: value for key, value in content.items() if key not in ("timing", "command")}


def assert_published(
    geed: Geed, host: Host, command: tuple[str, ...], file: Path, by_hand: tuple[str | Path, ...]
) -> None:
    """The command downloads the file once; the same numbers come without the server, and from the file by hand."""
    first = audited(geed, *command, "--no-cache")
    weights = first["model"]["weights"]  # type: ignore[index]
    assert weights["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    got = [path for path in host.asked if path.startswith("GET") and "." in path]
    assert len(got) == 1
    host.files.clear()  # from here on it has nothing
    host.asked.clear()
    assert audited(geed, *command) == first
    assert audited(geed, *command) == first  # which is from the rows that the run before has kept
    assert host.asked == []
    other = audited(geed, *command[1:], *by_hand, "--no-cache")
    assert other["results"] == first["results"]


def test_a_network_of_the_hub(geed: Geed, host: Host, tmp_path: Path) -> None:
    """A default tag of timm leads to its repository, whose file is kept in the hub's cache."""
    file = offer_timm(host, "test_resnet", tmp_path)
    command = ("timm:test_resnet", "-g", "flip", *SMALL)
    assert_published(geed, host, command, file, ("--checkpoint", file, "--arch", "test_resnet"))


@pytest.mark.heavy
@pytest.mark.usefixtures("read_in_this_process")
def test_a_network_of_a_file_server(
    geed: Geed, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A default of torchvision leads to a URL, whose file is kept in torch's cache."""
    file = offer_torchvision(host, "squeezenet1_1", "IMAGENET1K_V1", tmp_path, monkeypatch)
    command = ("torchvision:squeezenet1_1", "-g", "flip", *SMALL)
    arch = "torchvision:squeezenet1_1"
    assert_published(geed, host, command, file, ("--checkpoint", file, "--arch", arch))


@pytest.mark.usefixtures("read_in_this_process")
def test_a_file_that_its_digest_does_not_fit(
    geed: Geed, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One flipped bit on the way: refused, and nothing of it is kept for the next run."""
    file = offer_torchvision(host, "squeezenet1_1", "IMAGENET1K_V1", tmp_path, monkeypatch)
    good = file.read_bytes()
    file.write_bytes(good[:5000] + bytes([good[5000] ^ 1]) + good[5001:])
    command = ("audit", "torchvision:squeezenet1_1", "-g", "flip", *SMALL)
    refused = geed(*command)
    assert refused.exit_code == 3
    assert "could not be downloaded" in refused.stderr
    assert "invalid hash value" in refused.stderr
    assert not list((tmp_path / "home").rglob("*.pth"))
    file.write_bytes(good)
    assert geed(*command).exit_code == 0


FULL_SIZE = {
    "resnet50": ("IMAGENET1K_V1", ("resnet50", "-g", "flip")),
    "torchvision:resnet50": ("IMAGENET1K_V2", ("torchvision:resnet50", "-g", "flip")),
    "timm:resnet50": ("", ("timm:resnet50", "-g", "flip")),
}
"""The mission's commands, and which published weights each of them means."""


@pytest.mark.slow
@pytest.mark.parametrize("name", FULL_SIZE)
def test_the_full_size(
    geed: Geed, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As printed, on the bundled pictures: 100 MB of generated weights, 25 million parameters, 224 pixels."""
    tag, command = FULL_SIZE[name]
    if tag:
        file = offer_torchvision(host, "resnet50", tag, tmp_path, monkeypatch)
    else:
        file = offer_timm(host, "resnet50", tmp_path)
    assert file.stat().st_size > 100_000_000
    arch = "resnet50" if not tag else f"torchvision:resnet50/{tag}"
    assert_published(geed, host, command, file, ("--checkpoint", file, "--arch", arch))


@pytest.mark.network
@pytest.mark.parametrize("name", FULL_SIZE)
def test_the_published_weights(
    geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The same from the real hub and file server: trained networks, whose digests are those of their names."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    _, command = FULL_SIZE[name]
    first = audited(geed, *command)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert audited(geed, *command) == first
    target = tmp_path / "flip.json"
    assert geed("audit", *command, "--json", target, "--quiet").exit_code == 0
    (latent,) = [entry for entry in read_result(target).results if entry.metric == "latent.l2"]
    assert latent.value is not None
    assert (
        0.02 < latent.value < 0.3
    )  # trained with mirrored pictures; copies as far apart as pictures score 0.5
