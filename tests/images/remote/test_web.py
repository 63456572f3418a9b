"""Pictures behind http://, read from a server on loopback that may behave as servers should not."""

import asyncio
import base64
import json
import traceback
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from support.archives import tarred, zipped
from support.pictures import SETTINGS, smooth_pictures
from support.web import Web, serving

from geed_cli.errors import InputError, RunError
from geed_cli.images.picture import ImageRefused
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.remote.file_system import file_system
from geed_cli.images.remote.remote_list import ELSEWHERE
from geed_cli.images.source import LoadedImage, hashes_of, iter_pixels, list_images

pytest.importorskip("aiohttp", reason="needs the extra integrations")
COUNT = 6
ARCHIVES = ("x.zip", "x.tar")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in a folder and in one below it."""
    root = smooth_pictures(tmp_path_factory.mktemp("here") / "photos", COUNT, 24)
    (root / "a b").mkdir()
    (root / "0001.png").rename(root / "a b" / "ü#1.png")
    (root / "README.txt").write_text("no picture")
    return root


@pytest.fixture
def web(folder: Path, tmp_path: Path) -> Iterator[Web]:
    """The folder's archives, an array, and a list of its files with the files, on a server."""
    web = Web()
    web.files["/d/x.zip"] = zipped(folder, tmp_path / "x.zip", zipfile.ZIP_STORED).read_bytes()
    web.files["/d/x.tar"] = tarred(folder, tmp_path / "x.tar").read_bytes()
    names = [file.relative_to(folder).as_posix() for file in folder.rglob("*.png")]
    for name in names:
        web.files["/d/" + name.replace(" ", "%20").replace("ü#", "%C3%BC%231"[:9])] = (
            folder / name
        ).read_bytes()
    lines = [f"{name},{number}" for number, name in enumerate(names)]
    web.files["/d/x.csv"] = "\n".join(["path,label", *lines]).encode()
    arrays = [np.asarray(Image.open(folder / name)) for name in sorted(names, key=str.encode)]
    np.savez(tmp_path / "x.npz", other=np.arange(3), pictures=np.stack(arrays))
    web.files["/d/x.npz"] = (tmp_path / "x.npz").read_bytes()
    web.states = dict.fromkeys(web.files, "one")
    with serving(web):
        yield web


def pixels(source: str | Path) -> list[bytes]:
    """The cropped pictures of a source in order."""
    items = list(iter_pixels(list_images(source), SETTINGS))
    assert all(isinstance(item, LoadedImage) for item in items), items
    return [item.pixels.numpy().tobytes() for item in items if isinstance(item, LoadedImage)]


@pytest.mark.parametrize("name", [*ARCHIVES, "x.csv"])
@pytest.mark.parametrize("ranges", [True, False])
def test_files_of_a_server_are_those_of_the_folder(folder: Path, web: Web, name: str, ranges: bool) -> None:
    """Names, draws, hashes and pixels; with parts of files and where a server sends none."""
    web.ranges = ranges
    there, here = list_images(folder), list_images(f"{web.address}/d/{name}")
    assert here.paths == there.paths
    assert here.draw(3, 1).paths == there.draw(3, 1).paths
    assert hashes_of(here) == hashes_of(there)
    assert pixels(here.root) == pixels(folder)
    assert here.root == f"{web.address}/d/{name}"
    assert here.reader.source == ("list" if name == "x.csv" else "archive")
    assert here.revision == f"{len(web.files['/d/' + name])} bytes, one"


@pytest.mark.parametrize("name", ["x.npz", "x.npz/pictures"])
def test_arrays_of_a_server_have_the_same_pixels(folder: Path, web: Web, name: str) -> None:
    """The one that has the axes of pictures, and by its name."""
    assert pixels(f"{web.address}/d/{name}") == pixels(folder)


@pytest.mark.parametrize("name", ARCHIVES)
def test_only_drawn_pictures_are_fetched(folder: Path, web: Web, name: str) -> None:
    """After the listing: their own bytes, and of a zip the header of each."""
    listed = list_images(f"{web.address}/d/{name}").draw(2, 0)
    web.asked.clear()
    hashes_of(listed)
    parts = [part.removeprefix("bytes=").split("-") for _, part in web.sent if part is not None]
    assert len(parts) == len(web.sent)
    fetched = sum(int(end) + 1 - int(start) for start, end in parts)
    own = sum((folder / path).stat().st_size for path in listed.paths)
    assert fetched == own + (sum(30 + len(path.encode()) for path in listed.paths) if name == "x.zip" else 0)


def test_listing_reads_an_index_once(web: Web) -> None:
    """A second listing in the same program asks whether the file is the same, and fetches nothing."""
    address = f"{web.address}/d/x.tar"
    list_images(address)
    web.asked.clear()
    list_images(address)
    assert [(method, path) for method, path, _ in web.asked] == [("HEAD", "/d/x.tar")]
    web.states["/d/x.tar"] = "two"
    assert list_images(address).revision == f"{len(web.files['/d/x.tar'])} bytes, two"
    assert web.sent


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("name", ARCHIVES)
def test_a_transfer_that_ends_early_is_no_file(web: Web, name: str, ranges: bool) -> None:
    """Exit 3; nothing is listed of what came."""
    web.ranges, web.cut = ranges, {f"/d/{name}"}
    with pytest.raises(RunError) as refused:
        list_images(f"{web.address}/d/{name}")
    assert refused.value.found == (
        f"'{web.address}/d/{name}' could not be read: the transfer ended before all of it came"
    )


def test_a_picture_that_ends_early_ends_the_run(web: Web) -> None:
    """Of a list, whose pictures are fetched one by one; also of an archive that was listed before."""
    listed, archive = list_images(f"{web.address}/d/x.csv"), list_images(f"{web.address}/d/x.tar")
    web.cut = set(web.files)
    for images in (listed, archive):
        with pytest.raises(RunError, match="the transfer ended before all of it came"):
            images.reader.picture("0000.png")


def test_a_length_that_is_wrong_or_missing_is_refused(web: Web) -> None:
    """Parts and files that are announced shorter than they are; no length at all.

    What a whole file has beyond its length is seen where it comes along with the rest; else the file is cut off.
    """
    web.short["/d/x.tar"] = len(web.files["/d/x.tar"]) // 2
    for web.ranges, says in ((True, "is no sound HTTP"), (False, "is no sound HTTP|is no whole tar archive")):
        with pytest.raises((RunError, InputError), match=says):
            list_images(f"{web.address}/d/x.tar")
    web.unsized.add("/d/x.zip")
    with pytest.raises(RunError, match="the server does not say how long it is"):
        list_images(f"{web.address}/d/x.zip")


@pytest.mark.parametrize("ranges", [True, False])
def test_another_file_than_was_listed_ends_the_run(web: Web, ranges: bool) -> None:
    """The ETag is another after the listing; where all of it was fetched at first, that is what is read."""
    web.ranges = ranges
    images = list_images(f"{web.address}/d/x.tar")
    web.states["/d/x.tar"] = "two"
    if ranges:
        size = len(web.files["/d/x.tar"])
        with pytest.raises(
            RunError, match=rf"it changed meanwhile \({size} bytes, one; now {size} bytes, two\)"
        ):
            images.reader.picture("0000.png")
    else:
        assert images.reader.sha256("0000.png") == list_images(f"{web.address}/d/x.zip").reader.sha256(
            "0000.png"
        )


def test_what_is_not_there(web: Web) -> None:
    """An archive, a list's picture, a folder, and a server that is gone."""
    with pytest.raises(RunError, match="the server answers 404 Not Found"):
        list_images(f"{web.address}/d/y.zip")
    listed = list_images(f"{web.address}/d/x.csv")
    del web.files["/d/0000.png"]
    with pytest.raises(RunError, match="the server answers 404 Not Found"):
        listed.reader.sha256("0000.png")
    with pytest.raises(ImageRefused, match="not in the archive"):
        list_images(f"{web.address}/d/x.tar").reader.sha256("other.png")
    with pytest.raises(InputError, match=r"ends in none of \.txt, \.csv") as refused:
        list_images(f"{web.address}/d/")
    assert refused.value.expected == "one file: folders cannot be listed by http"
    with pytest.raises(RunError, match="could not be read: "):
        list_images("http://127.0.0.1:9/x.zip")


@pytest.mark.parametrize("source", ["x-0.tar", ""])
def test_an_index_that_cannot_be_asked_for_is_not_taken_for_none(web: Web, source: str) -> None:
    """The lengths of shards are checked by their index, so an answer that is none ends the run; so does no answer.

    README.txt is a sample as well, one without a picture.
    """
    web.files["/s/x-0.tar"] = web.files["/d/x.tar"]
    split = {"filenames": ["x-0.tar"], "shard_lengths": [COUNT]}
    said = json.dumps({"splits": {"train": split}}).encode()
    named = f"wds/{web.address}/s/{source}"
    for index in ("_info.json", "info.json"):
        web.files[f"/s/{index}"] = said
        with pytest.raises(InputError, match=f"has {COUNT + 1} samples, and its index says {COUNT}"):
            list_images(named)
        for status in (500, 503, 429, 401):
            web.failing = {f"/s/{index}": status}
            with pytest.raises(
                RunError, match=rf"/s/{index}' could not be read: the server answers {status} "
            ):
                list_images(named)
        web.failing, web.dropped = {}, {f"/s/{index}"}
        with pytest.raises(RunError, match=rf"/s/{index}' could not be read: "):
            list_images(named)
        web.dropped = set()
        del web.files[f"/s/{index}"]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_index_that_is_not_there_is_none(web: Web, status: int) -> None:
    """Where folders may not be listed S3 answers 403 for what is not there."""
    web.files["/s/x-0.tar"] = web.files["/d/x.tar"]
    web.failing = {"/s/_info.json": status, "/s/info.json": status}
    assert len(list_images(f"wds/{web.address}/s/x-0.tar").paths) == COUNT


def test_a_list_elsewhere_reads_nothing_here(web: Web, tmp_path: Path) -> None:
    """Paths of this machine, other addresses and ways up are refused one by one; nothing is asked for."""
    secret = smooth_pictures(tmp_path / "mine", 1, 8) / "0000.png"
    lines = [
        "0000.png",
        str(secret),
        f"file://{secret}",
        "../up.png",
        f"{web.address}/d/0002.png",
        "C:\\x.png",
    ]
    web.files["/d/y.txt"] = "\n".join(lines).encode()
    images = list_images(f"{web.address}/d/y.txt")
    assert images.paths == ("0000.png",)
    assert {item.path for item in images.refused} == set(lines[1:])
    assert {item.reason for item in images.refused} == {ELSEWHERE}
    for line in lines[1:]:
        with pytest.raises(ImageRefused):
            images.reader.sha256(line)
    assert {path for path, _ in web.sent} == {"/d/y.txt"}


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x.zip", "data:text/plain,x"])
def test_no_way_leads_to_another_scheme(web: Web, target: str) -> None:
    """A server that sends on to another scheme is not followed; to another path it is."""
    web.sent_on["/d/y.zip"] = target
    with pytest.raises(RunError, match="sends an address of http:// on to one of") as refused:
        list_images(f"{web.address}/d/y.zip")
    assert "passwd" not in str(refused.value)
    web.sent_on["/d/z.zip"] = "/d/x.zip"
    assert len(list_images(f"{web.address}/d/z.zip").paths) == COUNT


def test_no_way_leads_from_https_to_http() -> None:
    """Of what aiohttp asks before it follows a redirect; from http to https it may."""
    yarl = pytest.importorskip("yarl", reason="needs the extra integrations")
    asked = file_system("https").client_kwargs["trace_configs"][0].on_request_redirect[0]

    def follow(start: str, target: str) -> None:
        answer = SimpleNamespace(url=yarl.URL(start), headers={"Location": target})
        asyncio.run(asked(None, None, SimpleNamespace(response=answer)))

    for start, target in (
        ("http://a/x", "https://b/y"),
        ("https://a/x", "https://b/y"),
        ("https://a/x", "/y"),
    ):
        follow(start, target)
    with pytest.raises(RunError, match="a sends an address of https:// on to one of http://"):
        follow("https://a/x", "http://b/y?secret")


def test_a_signed_address_to_which_a_server_leads_is_not_repeated(web: Web) -> None:
    """Where it answers with an error, of which libraries quote the address."""
    web.sent_on["/d/y.zip"] = "/d/none.zip?X-Amz-Signature=secret"
    with pytest.raises(RunError, match="the server answers 404") as refused:
        list_images(f"{web.address}/d/y.zip")
    shown = "".join(traceback.format_exception(refused.value))
    assert "secret" not in shown
    assert ("GET", "/d/none.zip?X-Amz-Signature=secret", None) in web.asked


def test_what_may_be_secret_is_refused_and_not_repeated() -> None:
    """Users and passwords, and signatures behind ``?``."""
    for address in (
        "https://me:secret@host/x.zip",
        "https://host/x.zip?X-Amz-Signature=secret",
        "s3://b/x#secret",
    ):
        for source in (address, f"wds/{address}"):
            with pytest.raises(InputError) as refused:
                list_images(source.replace(".zip", ".tar"))
            assert "secret" not in str(refused.value)
        for end in ("x-{0.tar", "x-{0..1}.tar|7", "x::pipe:y"):
            with pytest.raises(InputError) as refused:
                list_images(f"wds/{address}/{end}")
            assert "secret" not in str(refused.value)


def test_passwords_are_read_from_netrc(
    web: Web, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the refusal of an address with a password says."""
    web.login = "Basic " + base64.b64encode(b"me:secret").decode()
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    with pytest.raises(RunError, match="the server answers 401"):
        list_images(f"{web.address}/d/x.zip")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert hashes_of(list_images(f"{web.address}/d/x.zip")) == hashes_of(list_images(folder))


def test_options_of_data_sets_do_not_act_on_addresses(web: Web) -> None:
    """They are refused by name."""
    with pytest.raises(InputError, match="--split cannot act on an address"):
        list_images(f"{web.address}/d/x.zip", PlaceOptions(split="train"))
