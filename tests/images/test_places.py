"""What ``--data`` names: text reaches what opens it as it was typed, and a path is a path."""

import ast
import json
import sys
from pathlib import Path

import pytest
from support.archives import tarred
from support.command import Geed, geed
from support.pictures import smooth_pictures

from geed_cli.errors import InputError
from geed_cli.images import places
from geed_cli.images.archives.archive_reader import tar_in
from geed_cli.images.file_kinds import Listed
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.places import PREFIXES, SCHEMES
from geed_cli.images.remote.file_system import file_system
from geed_cli.images.source import list_images
from geed_cli.images.unchanged_file import UnchangedFile

__all__ = ["geed"]
SPEC = """
model: {source: timm, name: test_vit, arguments: {img_size: 16, patch_size: 8, depth: 1, num_classes: 5}}
weights: {origin: random}
input: {size: 16, crop_pct: 1.0}
"""
ADDRESS = "toy://bucket//a/{000..001}.tar"


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the entries of the scheme toy:// and the prefix toy/ were given; both open one archive of six pictures."""
    archive = tarred(smooth_pictures(tmp_path / "packed", 6, 8), tmp_path / "packed.tar")
    given: list[str] = []

    def opener(text: str, options: PlaceOptions) -> Listed:
        del options
        given.append(text)
        return tar_in(UnchangedFile(archive, "archive"))

    for table in (PREFIXES, SCHEMES):
        assert isinstance(table, dict)
        monkeypatch.setitem(table, "toy", opener)
    (tmp_path / "net.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return given


@pytest.mark.parametrize("source", [ADDRESS, "TOY://bucket//a/{000..001}.tar", "toy/a//b/{000..001}.tar"])
def test_text_reaches_what_opens_it_unharmed(
    geed: Geed, opened: list[str], tmp_path: Path, source: str
) -> None:
    """Slashes, braces and capitals as they were typed, on the command line, in a result, and by a run file."""
    (tmp_path / "run.yaml").write_text(f'data: "{source}"\n', encoding="utf-8")
    for words in (["-d", source], ["--config", tmp_path / "run.yaml"]):
        opened.clear()
        done = geed(
            "audit",
            "timm:test_vit",
            "--weights",
            "random",
            *words,
            "--json",
            "r.json",
            "--no-cache",
            "--img-size",
            32,
        )
        assert done.exit_code == 0, done.output
        assert set(opened) == {source.partition("/")[2] if source.startswith("toy/") else source}
        assert json.loads(Path("r.json").read_text())["data"]["root"] == source


def test_python_takes_the_same_text_and_a_path_is_a_path(opened: list[str], tmp_path: Path) -> None:
    """``Path("toy/x")`` names what lies on the disk, and its name in results says so."""
    assert len(list_images(ADDRESS).paths) == 6
    assert opened == [ADDRESS]
    smooth_pictures(tmp_path / "toy" / "x", 3, 8)
    for source in (Path("toy/x"), "./toy/x"):
        listed = list_images(source)
        assert (listed.root, len(listed.paths)) == ("./toy/x", 3)
        assert len(list_images(listed.root).paths) == 3
    assert opened == [ADDRESS]


def test_a_path_made_of_an_address_is_told_what_it_lacks(tmp_path: Path) -> None:
    """``Path("s3://bucket/x")`` is ``s3:/bucket/x``."""
    with pytest.raises(InputError) as refused:
        list_images(Path("s3://bucket/x.zip"))
    assert refused.value.found == "no such file: 's3:/bucket/x.zip'"
    assert refused.value.remedy == "an address as text, not as a path, which leaves out one of its slashes"
    with pytest.raises(InputError, match="no such folder") as folder:
        list_images(tmp_path / "none")
    assert folder.value.remedy.startswith("check the path")


@pytest.mark.parametrize(
    ("scheme", "library", "package"),
    [("https", "aiohttp", "aiohttp"), ("s3", "s3fs", "s3fs"), ("gs", "gcsfs", "gcsfs")],
)
def test_a_library_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, scheme: str, library: str, package: str
) -> None:
    """With what installs it; for shards at such an address, too."""
    monkeypatch.setitem(sys.modules, library, None)
    file_system.cache_clear()
    for source in (f"{scheme}://host/x.tar", f"wds/{scheme}://host/x.tar"):
        with pytest.raises(
            InputError, match=f"an address of {scheme}:// needs the package {package}"
        ) as refused:
            list_images(source)
        assert refused.value.expected == f"the package {package} (geed's extra remote)"
        assert refused.value.remedy == f"python -m pip install {package}"


def test_libraries_of_addresses_are_imported_where_one_is_named() -> None:
    """No module of geed's imports them as it is imported itself."""
    names = {"fsspec", "aiohttp", "s3fs", "gcsfs", "webdataset"}
    for file in Path(places.__file__).parents[1].rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        # those that name none of them, which are most, need not be parsed
        for statement in ast.parse(text).body if any(name in text for name in names) else ():
            if isinstance(statement, ast.Import | ast.ImportFrom):
                found = {alias.name for alias in statement.names} | {getattr(statement, "module", None)}
                assert not {name.partition(".")[0] for name in found if name} & names, file


def test_a_name_that_means_two_things_is_refused(opened: list[str], tmp_path: Path) -> None:
    """What is there on the disk and begins as a place does; the way out is the folder."""
    smooth_pictures(tmp_path / "toy" / "x", 3, 8)
    with pytest.raises(InputError) as refused:
        list_images("toy/x")
    assert refused.value.found == "'toy/x' lies on the disk, and toy/ in front of a name means another place"
    assert refused.value.remedy == "./toy/x for what lies on the disk, or another working folder for toy/"
    assert len(list_images("./toy/x").paths) == 3
    assert len(list_images("toy/y").paths) == 6
    assert len(list_images("TOY/y").paths) == 6
    assert opened == ["y", "y"]


def test_other_schemes_are_refused(opened: list[str], tmp_path: Path) -> None:
    """Nothing of the address is repeated, which may hold a password; ``file://`` is a path."""
    with pytest.raises(InputError) as refused:
        list_images("ftp://me:secret@host/x.tar")
    assert "secret" not in str(refused.value)
    assert refused.value.found == "an address that begins with ftp://"
    assert "toy://" in refused.value.expected
    with pytest.raises(InputError) as local:
        list_images(f"file://{tmp_path}/packed")
    assert local.value.remedy == f"'{tmp_path}/packed'"
    assert len(list_images(f"{tmp_path}/packed").paths) == 6
    assert opened == []


def test_a_sweep_takes_the_same_text(geed: Geed, opened: list[str]) -> None:
    """With a label, and from Python."""
    done = geed("sweep", "net.yaml", "-d", f"t={ADDRESS}", "--out", "s", "--no-cache")
    assert done.exit_code == 0, done.output
    assert set(opened) == {ADDRESS}
    assert json.loads(Path("s/sweep.json").read_text())["data"][0]["source"] == ADDRESS
