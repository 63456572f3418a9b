"""Pictures in a bucket, read from moto's S3 on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archives import tarred, zipped
from support.pictures import smooth_pictures
from support.s3 import s3_server

from geed_cli.errors import InputError, RunError
from geed_cli.images.candidates import HIDDEN_FOLDER
from geed_cli.images.picture import RefusedFile
from geed_cli.images.source import hashes_of, list_images

COUNT = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in folders, among other files."""
    root = smooth_pictures(tmp_path_factory.mktemp("here") / "photos", COUNT, 16)
    for name in ("b/ü 1.png", "b/.hidden/2.png"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes((root / f"000{name.count('/')}.png").read_bytes() + b"\0" * len(name))
    (root / "notes.txt").write_text("x")
    return root


@pytest.fixture(scope="module")
def client(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The folder in a bucket, as it is, packed, and named by a list."""
    place = tmp_path_factory.mktemp("packed")
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as client:
        client.create_bucket(Bucket="data")
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = file.relative_to(folder).as_posix()
            client.put_object(Bucket="data", Key=f"a/photos/{name}", Body=file.read_bytes())
        for packed in (zipped(folder, place / "x.zip"), tarred(folder, place / "x.tar")):
            client.put_object(Bucket="data", Key=f"a/{packed.name}", Body=packed.read_bytes())
        names = [f"photos/{path}" for path in list_images(folder).paths]
        client.put_object(Bucket="data", Key="a/x.txt", Body="\n".join(names).encode())
        yield client


@pytest.mark.parametrize("name", ["photos", "photos/", "x.zip", "x.tar"])
def test_a_bucket_holds_what_its_folder_held(folder: Path, client: Any, name: str) -> None:  # noqa: ANN401, ARG001
    """Names, refusals, draws and hashes, of the folder as it is and packed."""
    there, here = list_images(folder), list_images(f"s3://data/a/{name}")
    assert (here.paths, here.refused, here.found) == (there.paths, there.refused, there.found)
    assert RefusedFile("b/.hidden", HIDDEN_FOLDER) in here.refused
    assert here.draw(3, 2).paths == there.draw(3, 2).paths
    assert hashes_of(here) == hashes_of(there)
    assert here.reader.source == ("bucket" if name.startswith("photos") else "archive")
    assert here.revision


def test_a_list_in_a_bucket_names_its_files(folder: Path, client: Any) -> None:  # noqa: ANN401, ARG001
    """The pictures of the folder, under the names of the list."""
    here = list_images("s3://data/a/x.txt")
    assert {path.removeprefix("photos/"): value for path, value in hashes_of(here).items()} == hashes_of(
        list_images(folder)
    )


def test_another_state_has_another_revision_and_ends_a_run(client: Any) -> None:  # noqa: ANN401
    """An object that is replaced, and one that is gone, after the listing."""
    for key in ("one.png", "two.png"):
        body = client.get_object(Bucket="data", Key="a/photos/0000.png")["Body"].read()
        client.put_object(Bucket="data", Key=f"b/{key}", Body=body + key.encode())
    before = list_images("s3://data/b")
    assert list_images("s3://data/b").revision == before.revision
    client.put_object(Bucket="data", Key="b/one.png", Body=b"other")
    client.delete_object(Bucket="data", Key="b/two.png")
    assert list_images("s3://data/b").revision != before.revision
    for name in ("one.png", "two.png"):
        with pytest.raises(RunError, match=f"'s3://data/b/{name}' could not be read: "):
            before.reader.sha256(name)


def test_an_archive_that_is_replaced_ends_a_run(client: Any, folder: Path, tmp_path: Path) -> None:  # noqa: ANN401
    """Its size and ETag are compared with those of the listing."""
    client.put_object(Bucket="data", Key="c/x.tar", Body=tarred(folder, tmp_path / "x.tar").read_bytes())
    images = list_images("s3://data/c/x.tar")
    (tmp_path / "other").mkdir()
    other = tarred(smooth_pictures(tmp_path / "other", 2, 8, seed=4), tmp_path / "y.tar").read_bytes()
    client.put_object(Bucket="data", Key="c/x.tar", Body=other)
    with pytest.raises(RunError, match="could not be read: "):
        images.reader.sha256(images.paths[0])
    assert len(list_images("s3://data/c/x.tar").paths) == 2


def test_shards_in_a_bucket_have_an_index_or_none(client: Any) -> None:  # noqa: ANN401
    """No index beside them, then one that says another length; x.tar has as many samples as the folder files."""
    body = client.get_object(Bucket="data", Key="a/x.tar")["Body"].read()
    client.put_object(Bucket="data", Key="e/x-0.tar", Body=body)
    listed = list_images("wds/s3://data/e/x-{0..0}.tar")
    assert len(listed.paths) == COUNT + 1
    index = {"splits": {"train": {"filenames": ["x-0.tar"], "shard_lengths": [99]}}}
    client.put_object(Bucket="data", Key="e/_info.json", Body=json.dumps(index).encode())
    for name in ("wds/s3://data/e/x-0.tar", "wds/s3://data/e"):
        with pytest.raises(InputError, match="and its index says 99"):
            list_images(name)


def test_what_is_not_there_is_said(client: Any) -> None:  # noqa: ANN401
    """No bucket, no object, no picture below a folder, and one file that is no kind of these; no key in a message."""
    client.put_object(Bucket="data", Key="d/notes.md", Body=b"x")
    for address in ("s3://none/photos", "s3://data/a/y.zip", "s3://data/wds.tar"):
        with pytest.raises(RunError) as missing:
            list_images(address)
        assert missing.value.found.startswith(f"'{address}' could not be read: ")
        assert "a-secret-key" not in str(missing.value)
    with pytest.raises(InputError, match="no images in 's3://data/d'"):
        list_images("s3://data/d")
    with pytest.raises(InputError, match=r"'s3://data/d/notes\.md' is one file, and none that is read"):
        list_images("s3://data/d/notes.md")
    with pytest.raises(InputError, match="names no bucket"):
        list_images("s3:///x.zip")
