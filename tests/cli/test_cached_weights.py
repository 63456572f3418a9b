"""Converted weights on the command line: audits that keep and find them, ``geed cache list`` and ``prune``."""

import json
import os
from pathlib import Path

import pytest
import torch
from support.cache import change, digest_of, values
from support.command import Geed
from torch import nn

from geed_cli.cache.store import RowStore
from geed_cli.cache.tables import FILE_NAME
from geed_cli.checkpoints.kept import KEPT_FOLDER, KeptWeights
from geed_cli.checkpoints.reader.messages import Taken


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two kept files of about 3 and 5 kB, the first of them used long ago, in a cache without rows."""
    folder = tmp_path / "cache"
    for name, size, used in (("old.pth", 3000, 10**8), ("new.pth", 5000, 10**9)):
        (tmp_path / name).write_bytes(b"x" * size)
        taken = Taken(order=("w",), numbers={}, notes=())
        KeptWeights(folder).keep(name[:3] * 4, Path("/models") / name, tmp_path / name, taken)
        for path in (folder / KEPT_FOLDER).glob(f"{name[:3]}*"):
            os.utime(path, (used, used))
    monkeypatch.setenv("GEED_CACHE_DIR", str(folder))
    return folder


def left(cache: Path) -> set[str]:
    """The names of checkpoints whose conversions are there."""
    return {path.stem[:3] for path in (cache / KEPT_FOLDER).glob("*.safetensors")}


@pytest.mark.usefixtures("cache")
def test_list(geed: Geed) -> None:
    """A line for each, the last used first, their sum, and the whole path in JSON."""
    done = geed("cache", "list")
    assert done.exit_code == 0
    assert done.stdout.index("weights of new.pth") < done.stdout.index("weights of old.pth")
    assert "2 converted weights files, 8." in done.stdout
    content = json.loads(geed("cache", "list", "--json", "-").stdout)
    assert [one["made_from"] for one in content["weights"]] == ["/models/new.pth", "/models/old.pth"]


@pytest.mark.parametrize(
    ("options", "stay"),
    [
        (("--older-than", "1d"), set()),
        (("--model", "OLD.pth"), {"new"}),
        (("--max-size", "6kB"), {"new"}),
        (("--max-size", "1GB"), {"old", "new"}),
        (("--max-size", "0B"), set()),
        (("--all",), set()),
    ],
)
def test_prune(geed: Geed, cache: Path, options: tuple[str, ...], stay: set[str]) -> None:
    """First only said; what goes goes with its entry, and a half written file goes with all."""
    (cache / KEPT_FOLDER / "x.partial").write_text("")
    said = geed("cache", "prune", *options, "--dry-run")
    assert left(cache) == {"old", "new"}
    done = geed("cache", "prune", *options)
    assert (said.exit_code, done.exit_code) == (0, 0)
    assert left(cache) == stay
    assert {path.stem[:3] for path in (cache / KEPT_FOLDER).glob("*.json")} == stay
    assert (cache / KEPT_FOLDER).exists() == (options != ("--all",))


@pytest.mark.parametrize("option", [("--older-than", "30d"), ("--model", "resnet18")])
def test_rows_that_go_anyway_take_no_room(geed: Geed, cache: Path, option: tuple[str, str]) -> None:
    """40 kB of rows are named by another option, so that what is left fits and no weights go."""
    with RowStore(cache) as store:
        store.register(digest_of("resnet18"), "timm:resnet18", {})
        store.put_many(digest_of("resnet18"), values(5, 1000))
    change(cache / FILE_NAME, "UPDATE networks SET used = 0")
    for path in (cache / KEPT_FOLDER).iterdir():
        os.utime(path)
    for extra in ("--dry-run", "--debug"):
        done = geed("cache", "prune", *option, "--max-size", "20kB", extra)
        assert done.exit_code == 0
        assert "5 rows" in done.stdout
        assert "weights" not in done.stdout
    assert left(cache) == {"old", "new"}


@pytest.mark.usefixtures("read_in_this_process")
def test_an_audit_keeps_and_finds_them(geed: Geed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cache the checkpoint is read once; with --no-cache it is read each time and nothing is written."""
    from torchvision.models import squeezenet1_1

    from geed_cli.checkpoints.reader import convert

    torch.manual_seed(0)
    net: nn.Module = squeezenet1_1(num_classes=1000)
    torch.save(net.state_dict(), tmp_path / "net.pth")
    reads: list[Path] = []
    read = convert._run

    def counted(request: object, folder: Path) -> None:
        reads.append(folder)
        read(request, folder)  # type: ignore[arg-type]

    monkeypatch.setattr(convert, "_run", counted)
    ask = ("audit", "--checkpoint", tmp_path / "net.pth", "--arch", "torchvision:squeezenet1_1")
    ask += ("--img-size", "64", "--samples", "2", "-q", "--metric", "latent.l2", "--json", "-")
    results = []
    for extra in (["--cache-dir", tmp_path / "c"], ["--cache-dir", tmp_path / "c"], ["--no-cache"]):
        done = geed(*ask, *extra)
        assert done.exit_code == 0, done.stderr
        content = json.loads(done.stdout)
        results.append({key: content[key] for key in content.keys() - {"timing", "command"}})
        if len(results) == 2:
            assert len(reads) == 1
    assert results[0] == results[1] == results[2]
    assert len(reads) == 2
    assert sorted(os.listdir(tmp_path)) == ["c", "net.pth"]
