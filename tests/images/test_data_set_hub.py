"""Data sets of a hub on this machine: one commit from first to last, which results name; and what can fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Geed, geed
from support.data_sets import rows_of
from support.dataset_hub import DatasetHub, dataset_hub
from support.memory import audited, rows
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.errors import InputError, RunError
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.source import ImageSet, hashes_of, list_images
from geed_cli.result.file import read_result

pytest.importorskip("datasets", reason="needs the extra integrations")
__all__ = ["geed"]
FIRST, SECOND = "1" * 40, "2" * 40
SPEC = """
model: {source: timm, name: test_vit, arguments: {img_size: 16, patch_size: 8, depth: 1, num_classes: 2}}
weights: {origin: random}
input: {size: 16, crop_pct: 1.0}
"""


def published(folder: Path, where: Path) -> Path:
    """A repository's files, as ``push_to_hub`` names them."""
    (where / "data").mkdir(parents=True)
    rows_of(folder).to_parquet(where / "data" / "test-00000-of-00001.parquet")
    return where


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatasetHub]:
    """x/y, whose main is at the second of two commits with other pictures."""
    monkeypatch.chdir(tmp_path)
    one = published(smooth_pictures(tmp_path / "one", 4, 20, seed=1), tmp_path / "first")
    two = published(smooth_pictures(tmp_path / "two", 5, 20, seed=2), tmp_path / "second")
    with dataset_hub(monkeypatch, tmp_path / "home") as host:
        host.repositories["x/y"] = {"main": (SECOND, two), "v1": (FIRST, one)}
        yield host


def opened(name: str, **options: str) -> ImageSet:
    return list_images(f"hfds/{name}", PlaceOptions(**options))


def test_a_revision_is_a_commit(hub: DatasetHub, tmp_path: Path) -> None:
    """Of a branch, a tag, or itself; rows are those of the files that it was made of."""
    del hub
    for name, commit, folder in (
        ("x/y", SECOND, "two"),
        ("x/y@v1", FIRST, "one"),
        (f"x/y@{FIRST}", FIRST, "one"),
    ):
        images = opened(name)
        assert (images.revision, images.split) == (commit, "test")
        assert list(hashes_of(images).values()) == list(hashes_of(list_images(tmp_path / folder)).values())
    network = small_conv_net(size=16)
    result = audited(network, "hfds/x/y", 4)
    assert result.data.revision == SECOND
    assert rows(result) == rows(audited(network, tmp_path / "two", 4))


def test_only_one_commit_is_read(hub: DatasetHub) -> None:
    """What a branch means is asked once; files are those of the commit."""
    opened("x/y@main")
    read = [line for line in hub.asked if "/resolve/" in line or "/tree/" in line]
    assert read
    assert all(SECOND in line for line in read)


def test_commits_do_not_compare_and_pictures_are_shown_again(
    hub: DatasetHub, geed: Geed, tmp_path: Path
) -> None:
    """Also when the branch has moved since: they are read at the commit that was audited."""
    (tmp_path / "net.yaml").write_text(SPEC, encoding="utf-8")
    words = (
        "audit",
        "net.yaml",
        "-d",
        "hfds/x/y",
        "--samples",
        3,
        "--labels",
        "data",
        "--no-cache",
        "--floor",
        0,
    )
    first = geed(*words, "--json", "a.json", "-v")
    assert first.exit_code == 0, first.stderr
    assert "3 images of hfds/x/y (test)" in " ".join(first.stdout.split())
    two, one = hub.repositories["x/y"]["main"], hub.repositories["x/y"]["v1"]
    hub.repositories["x/y"] = {"main": one, "v2": two}
    assert geed(*words, "--json", "b.json").exit_code == 0
    refused = geed("compare", "a.json", "b.json")
    assert refused.exit_code == 2
    assert "revision of hfds/x/y" in " ".join(refused.stderr.split())
    shown = geed("report", "a.json", "--images", "2", "-o", "r.html")
    assert shown.exit_code == 0, shown.stderr
    page = Path("r.html").read_text(encoding="utf-8")
    assert "no pictures in the gallery" not in page
    assert "left out of the gallery" not in page
    assert read_result(Path("a.json")).data.revision == SECOND


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("x/z", "no such repository"),
        ("x/y@v9", "no such revision"),
        ("x/scripted", "scripts are no longer supported"),
    ],
)
def test_what_the_hub_has_not_is_one_error(hub: DatasetHub, tmp_path: Path, name: str, cause: str) -> None:
    scripted = tmp_path / "scripted"
    scripted.mkdir()
    (scripted / "scripted.py").write_text(
        f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\n", encoding="utf-8"
    )
    hub.repositories["x/scripted"] = {"main": (FIRST, scripted)}
    with pytest.raises(RunError, match=cause):
        opened(name)
    assert not (tmp_path / "ran").exists()


def test_a_configuration(hub: DatasetHub) -> None:
    _, folder = hub.repositories["x/y"]["main"]
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: small\n  data_files:\n  - split: test\n    path: data/*.parquet\n"
        "- config_name: large\n  data_files:\n  - split: train\n    path: data/*.parquet\n---\n",
        encoding="utf-8",
    )
    assert opened("x/y:large", split="train").split == "train"
    for name in ("x/y", "x/y:medium"):
        with pytest.raises(InputError, match="onfig") as refusal:
            opened(name)
        assert "small" in refusal.value.found


def test_the_way_out_leads_to_the_same_rows(hub: DatasetHub) -> None:
    """The line that is printed where the hub has nothing, run as printed where it has."""
    expected = hashes_of(opened("x/y@v1"))
    offered = dict(hub.repositories)
    hub.repositories.clear()
    with pytest.raises(RunError) as refusal:
        opened("x/y@v1")
    hub.repositories.update(offered)
    line, where = refusal.value.remedy.split("; and then --data ")
    exec(line.partition('python -c "')[2].rpartition('"')[0], {})
    assert hashes_of(opened(where.removeprefix("hfds/"))) == expected


def test_one_audit_looks_once(hub: DatasetHub, geed: Geed, tmp_path: Path) -> None:
    """For all that asks what is there."""
    (tmp_path / "net.yaml").write_text(SPEC, encoding="utf-8")
    done = geed("audit", "net.yaml", "-d", "hfds/x/y", "--samples", 3, "--no-cache", "--floor", 0)
    assert done.exit_code == 0, done.stderr
    assert sum("/tree/" in line for line in hub.asked) == 2  # the files, and those below data


@pytest.mark.heavy  # the client waits between its tries
def test_a_cut_transfer_is_no_data_set(hub: DatasetHub) -> None:
    """Nothing partial is taken for the whole, and the next run begins again."""
    hub.cut.add("data/test-00000-of-00001.parquet")
    with pytest.raises(RunError, match="cannot be read"):
        opened("x/y")
    hub.cut.clear()
    assert opened("x/y").found == 5
