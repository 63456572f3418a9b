"""``--data`` names pictures that are elsewhere: the values are those of the folder, and what fails says so and ends."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archives import tar_of, tarred, zipped
from support.command import Geed
from support.pages import Page
from support.pictures import smooth_pictures
from support.s3 import s3_server
from support.web import Web, serving

from geed_cli.images.remote.file_system import file_system
from geed_cli.result.file import read_result
from geed_cli.result.schema import Result

pytest.importorskip("aiohttp", reason="needs the extra integrations")
SPEC = """
model: {source: timm, name: test_vit, arguments: {img_size: 16, patch_size: 8, depth: 2, num_classes: 5}}
weights: {origin: random}
input: {size: 16, crop_pct: 1.0}
"""
COUNT = 6
SHARDS = "shard-{000..001}.tar"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures, what was packed of it, and a network."""
    root = tmp_path_factory.mktemp("place")
    folder = smooth_pictures(root / "photos", COUNT, 20)
    zipped(folder, root / "x.zip")
    tarred(folder, root / "x.tar")
    for number in range(2):
        files = sorted(folder.iterdir())[3 * number : 3 * number + 3]
        tar_of(root / f"shard-{number:03d}.tar", *((file.name, file.read_bytes()) for file in files))
    (root / "photos.txt").write_text("\n".join(file.name for file in folder.iterdir()))
    (root / "net.yaml").write_text(SPEC)
    return root


@pytest.fixture(autouse=True)
def there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


@pytest.fixture
def web(place: Path) -> Iterator[Web]:
    """All of it on a server."""
    web = Web({f"/{file.name}": file.read_bytes() for file in place.iterdir() if file.is_file()})
    web.files |= {f"/{file.name}": file.read_bytes() for file in (place / "photos").iterdir()}
    web.states = dict.fromkeys(web.files, "one")
    with serving(web):
        yield web


@pytest.fixture(scope="module")
def bucket(place: Path) -> Iterator[Any]:
    """All of it in a bucket."""
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as client:
        client.create_bucket(Bucket="data")
        for file in (path for path in place.rglob("*") if path.is_file()):
            client.put_object(Bucket="data", Key=file.relative_to(place).as_posix(), Body=file.read_bytes())
        yield client


def audited(geed: Geed, data: str, *options: str) -> Result:
    done = geed("audit", "net.yaml", "-d", data, "-g", "flip", "--samples", 4, *options, "--json", "r.json")
    assert done.exit_code == 0, done.stderr
    return read_result(Path("r.json"))


@pytest.mark.parametrize(
    "name",
    ["{}/x.zip", "{}/x.tar", "{}/photos.txt", f"wds/{{}}/{SHARDS.replace('{', '{{').replace('}', '}}')}"],
)
def test_a_server_gives_the_values_of_the_folder(geed: Geed, web: Web, name: str) -> None:
    """Digit for digit, of the same draw; the result keeps the address and the state."""
    source = name.format(web.address)
    there, folder = audited(geed, source, "--no-cache"), audited(geed, "photos")
    assert there.results == folder.results
    assert there.data.sha256 == folder.data.sha256
    assert there.data.root == source
    assert there.data.revision is not None
    assert source in there.command
    assert audited(geed, source).timing.cached == 4


@pytest.mark.parametrize("source", ["s3://data/photos", "s3://data/x.zip", f"wds/s3://data/{SHARDS}"])
def test_a_bucket_gives_the_values_of_the_folder(geed: Geed, bucket: Any, source: str) -> None:  # noqa: ANN401, ARG001
    """Digit for digit, of the same draw; no credentials anywhere in the file."""
    there, folder = audited(geed, source, "--no-cache"), audited(geed, "photos")
    assert there.results == folder.results
    assert there.data.root == source
    said = Path("r.json").read_text()
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in said
    assert audited(geed, source).timing.cached == 4


def test_pictures_of_a_bucket_are_shown_again(geed: Geed, bucket: Any, tmp_path: Path) -> None:  # noqa: ANN401, ARG001
    """From the address that the result names."""
    for source in ("s3://data/photos", f"wds/s3://data/{SHARDS}"):
        audited(geed, source)
        shown = geed("report", "r.json", "--images", "2", "-o", tmp_path / "r.html")
        assert shown.exit_code == 0, shown.stderr
        page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
        assert len([found for found in page.named("div") if found.get("class") == "slot"]) == 2


def test_pictures_that_cannot_be_fetched_again_are_left_out(geed: Geed, web: Web, tmp_path: Path) -> None:
    """The page is written without them, and says why: the server is gone, or one picture is."""
    audited(geed, f"{web.address}/photos.txt")
    for name in [*web.files]:
        if name.endswith(".png"):
            del web.files[name]
    for says in ("2 pictures of", "no pictures in the gallery: "):
        shown = geed("report", "r.json", "--images", "2", "-o", tmp_path / "r.html")
        assert shown.exit_code == 0, shown.stderr
        assert says in (tmp_path / "r.html").read_text(encoding="utf-8")
        web.files.clear()


def test_two_states_of_one_source_do_not_compare(geed: Geed, web: Web, tmp_path: Path) -> None:
    """Though the drawn pictures are the same; those of the folder compare with both."""
    source = f"{web.address}/x.zip"
    audited(geed, source)
    Path("r.json").rename(tmp_path / "a.json")
    web.states["/x.zip"] = "two"
    audited(geed, source)
    done = geed("compare", tmp_path / "a.json", "r.json")
    assert done.exit_code == 2
    size = len(web.files["/x.zip"])
    assert f"they differ in revision of {source}: {size} bytes, one and {size} bytes, two" in " ".join(
        done.stderr.split()
    )
    Path("r.json").rename(tmp_path / "b.json")
    audited(geed, "photos")
    assert geed("compare", tmp_path / "b.json", "r.json").exit_code == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("cut", "shard-001.tar' could not be read: the transfer ended before all of it came"),
        ("gone", "shard-001.tar' could not be read: the server answers 404 Not Found"),
    ],
)
def test_what_fails_on_the_way_ends_with_exit_code_3(geed: Geed, web: Web, change: str, says: str) -> None:
    """A shard that is cut off, and one that is missing; no result is written."""
    if change == "cut":
        web.cut.add("/shard-001.tar")
    else:
        del web.files["/shard-001.tar"]
    done = geed("audit", "net.yaml", "-d", f"wds/{web.address}/{SHARDS}", "--json", "failed.json")
    assert done.exit_code == 3
    assert says in " ".join(done.stderr.split())
    assert not Path("failed.json").exists()


@pytest.mark.parametrize(
    "source",
    [
        "https://me:secret@host/x.zip",
        "https://host/x.zip?X-Amz-Signature=secret",
        "wds/https://a:secret@h/x.tar",
    ],
)
def test_secrets_are_refused_and_not_repeated(geed: Geed, source: str) -> None:
    """Exit 2, and not a word of them; also in a sweep."""
    for words in (
        ("audit", "net.yaml", "-d", source),
        ("sweep", "net.yaml", "-d", f"a={source}", "--out", "s"),
    ):
        done = geed(*words)
        assert done.exit_code == 2
        assert "secret" not in done.output
    assert not any("secret" in file.read_text() for file in Path("s").glob("*") if file.is_file())


def test_a_sweep_reads_addresses(geed: Geed, web: Web, tmp_path: Path) -> None:
    """Without labels the data are called by the end of the address; a second run audits nothing again."""
    words = ("sweep", "net.yaml", "-d", f"{web.address}/x.zip", "-d", "photos", "--out", tmp_path / "s")
    first = geed(*words)
    assert first.exit_code == 0, first.stderr
    files = {file.relative_to(tmp_path / "s").as_posix() for file in (tmp_path / "s").rglob("*/*.json")}
    assert len(files) == 2
    assert {name.partition("/")[0] for name in files} == {"x.zip", "photos"}
    again = geed(*words)
    assert again.exit_code == 0, again.stderr


def test_a_hub_that_cannot_be_reached_says_so(geed: Geed, monkeypatch: pytest.MonkeyPatch) -> None:
    """``hf://`` where nobody answers: exit 3 and one sentence."""
    monkeypatch.setattr("huggingface_hub.hf_file_system.constants.ENDPOINT", "http://127.0.0.1:9")
    done = geed("audit", "net.yaml", "-d", "hf://datasets/org/name/x.zip")
    assert done.exit_code == 3, done.stderr
    assert "'hf://datasets/org/name/x.zip' could not be read: " in " ".join(done.stderr.split())


@pytest.fixture
def google(web: Web, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """The server on loopback as Google's store; no file system that is kept asks it afterwards."""
    pytest.importorskip("gcsfs", reason="needs the extra integrations")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", web.address)
    file_system.cache_clear()
    yield web
    file_system.cache_clear()


def test_a_store_of_google_that_has_nothing_says_so(geed: Geed, google: Web) -> None:
    """``gs://`` where a server on loopback answers that there is no such object: exit 3 and one sentence."""
    done = geed("audit", "net.yaml", "-d", "gs://bucket/x.zip")
    assert done.exit_code == 3, done.stderr
    assert "'gs://bucket/x.zip' could not be read: " in " ".join(done.stderr.split())
    assert any("bucket" in path for path, _ in google.sent)


def test_a_store_of_google_without_an_answer_says_one_sentence(geed: Geed, google: Web) -> None:
    """Gcsfs logs a traceback, which Python prints where no handler is set up, as none is in the program."""
    google.login = "nobody's"
    done = geed("audit", "net.yaml", "-d", "gs://bucket/photos")
    assert done.exit_code == 3, done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
