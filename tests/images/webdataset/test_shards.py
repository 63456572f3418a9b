"""WebDataset shards: which there are, what a sample is, and that every one is accounted for."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from support.archives import tar_of
from support.pictures import encoded, noise

from geed_cli.errors import InputError
from geed_cli.images.archives.entries import LEAVES, LINK
from geed_cli.images.candidates import HIDDEN_FOLDER
from geed_cli.images.picture import ImageRefused
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.source import hashes_of, list_images
from geed_cli.images.webdataset.braces import expanded
from geed_cli.images.webdataset.shard_samples import NO_SAMPLE

PICTURES = [encoded(noise(8, 8, number), "PNG") for number in range(6)]


def shard(target: Path, *keys: int, label: bool = True) -> Path:
    """A shard with a picture, a class and JSON for each key."""
    target.parent.mkdir(parents=True, exist_ok=True)
    entries = []
    for key in keys:
        entries.append((f"{key:04d}.png", PICTURES[key]))
        if label:
            entries.append((f"{key:04d}.cls", str(key % 3).encode()))
        entries.append((f"{key:04d}.json", json.dumps({"label": f"name{key}", "more": [1]}).encode()))
    return tar_of(target, *entries)


def info(folder: Path, **splits: dict[str, int]) -> None:
    """The index that timm reads."""
    said = {
        name: {
            "name": name,
            "filenames": [*of],
            "shard_lengths": [*of.values()],
            "num_samples": sum(of.values()),
        }
        for name, of in splits.items()
    }
    (folder / "_info.json").write_text(json.dumps({"splits": said}))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two shards of three samples each, in a folder below the current one."""
    shard(tmp_path / "s" / "train-000.tar", 0, 1, 2)
    shard(tmp_path / "s" / "train-001.tar", 3, 4, 5)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "source",
    ["wds/s/train-{000..001}.tar", "WDS/s/train-00{0,1}.tar", "wds/s/train-000.tar::s/train-001.tar"],
)
def test_a_sample_has_one_picture(place: Path, source: str) -> None:  # noqa: ARG001
    """Names begin with the shard; hashes are of the pictures' bytes; every sample is counted."""
    images = list_images(source)
    names = [f"train-00{number // 3}.tar/{number:04d}.png" for number in range(6)]
    assert images.paths == tuple(names)
    assert (images.root, images.found, images.refused, images.reader.source) == (source, 6, (), "wds")
    assert list(hashes_of(images).values()) == [hashlib.sha256(data).hexdigest() for data in PICTURES]
    assert images.columns["label"] == {name: str(number % 3) for number, name in enumerate(names)}
    with pytest.raises(ImageRefused, match="not in the shards"):
        images.reader.sha256("train-000.tar/0009.png")


def test_ranges_and_lists_by_hand() -> None:
    """What patterns stand for."""
    assert expanded("a{8..11}") == ("a8", "a9", "a10", "a11")
    assert expanded("a{08..11}") == ("a08", "a09", "a10", "a11")
    assert expanded("{a,b}-{0..1}") == ("a-0", "a-1", "b-0", "b-1")
    assert expanded("x{0..10}")[-1] == "x10"
    assert expanded("a::b{0..1}") == ("a", "b0", "b1")


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("x-{000..001.tar", "has braces that do not close"),
        ("x-{{0..1},2}.tar", "has braces that do not close, or lie in each other"),
        ("x-{0}.tar", "neither a range nor a list"),
        ("x-{5..1}.tar", "has the range {5..1}"),
        ("x-{0..999999999}.tar", "has the range {0..999999999}"),
        ("x-{0..999}{0..999}.tar", "stands for more than 100000 shards"),
        ("x-{1,1}.tar", "names a shard twice"),
    ],
)
def test_patterns_that_are_none(pattern: str, says: str) -> None:
    """Refused before anything is opened."""
    with pytest.raises(InputError) as refused:
        list_images(f"wds/{pattern}")
    assert says in refused.value.found


def test_labels_stand_where_they_are_said_to(place: Path) -> None:
    """``.cls`` goes first, then the field ``label`` of ``.json``; any other by --label-key."""
    shard(place / "j.tar", 0, 1, label=False)
    assert list(list_images("wds/j.tar").columns["label"].values()) == ["name0", "name1"]
    asked = list_images("wds/s/train-000.tar", PlaceOptions(label_key="label"))
    assert [*asked.columns["label"].values()] == ["name0", "name1", "name2"]
    labels = list_images("wds/j.tar", PlaceOptions(label_key="more")).columns["label"]
    with pytest.raises(
        InputError, match=r"j\.tar/0000\.png has no label: its \.json has no text or whole number"
    ):
        labels["j.tar/0000.png"]
    labels = list_images("wds/j.tar", PlaceOptions(label_key="lable")).columns["label"]
    with pytest.raises(InputError, match=r"no label: its \.json has label, more and no lable") as refused:
        labels["j.tar/0000.png"]
    assert (refused.value.remedy or "").startswith("--label-key")
    tar_of(place / "t.tar", ("a.png", PICTURES[0]), ("a.txt", b" cat \n"), ("b.png", PICTURES[1]))
    assert "label" not in list_images("wds/t.tar").columns
    labels = list_images("wds/t.tar", PlaceOptions(label_key="txt")).columns["label"]
    assert [*labels.values()] == ["cat", ""]
    with pytest.raises(InputError, match=r"1 of 2 pictures of 'wds/t\.tar' have no label"):
        list_images("wds/t.tar", PlaceOptions(label_key="txt")).labels.of(["t.tar/a.png", "t.tar/b.png"])
    with pytest.raises(
        InputError, match=r"none of the columns of 'wds/t\.tar' is the one of class labels"
    ) as none:
        list_images("wds/t.tar").labels.of(["t.tar/a.png"])
    assert none.value.remedy == "--label-key txt"
    with pytest.raises(InputError, match=r"has a file \.cls, or a \.json"):
        list_images("wds/t.tar", PlaceOptions(label_key="cls"))


def test_of_several_pictures_the_first_ending_counts(place: Path) -> None:
    """The order of timm, jpg before png; --image-key names another."""
    jpg = encoded(noise(8, 8, 9), "JPEG")
    entries = [("d/a.png", PICTURES[0]), ("d/a.JPG", jpg), ("d/a.seg.png", PICTURES[1])]
    tar_of(place / "m.tar", *entries)
    assert list_images("wds/m.tar").paths == ("m.tar/d/a.JPG",)
    for key, path in (
        ("png", "m.tar/d/a.png"),
        ("seg.png", "m.tar/d/a.seg.png"),
        ("webp;png", "m.tar/d/a.png"),
        (".webp, .png", "m.tar/d/a.png"),
    ):
        assert list_images("wds/m.tar", PlaceOptions(image_key=key)).paths == (path,)
    with pytest.raises(
        InputError, match=r"no pictures in the samples of 'wds/m\.tar': they have jpg, png, seg\.png"
    ) as refused:
        list_images("wds/m.tar", PlaceOptions(image_key="img"))
    assert refused.value.expected == "samples with a file that ends in img"


def test_what_is_no_sample_is_refused_one_by_one(place: Path) -> None:
    """Links, ways out, hidden folders, names without an ending, and samples without a picture."""
    link = tarfile.TarInfo("l.png")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    entries = [
        ("a.png", PICTURES[0]), (link, b""), ("../b.png", PICTURES[1]), (".h/c.png", PICTURES[2]),
        ("noending", b"x"), ("__meta__", b"x"), ("d.cls", b"1"), ("._e.png", b"x"),
    ]  # fmt: skip
    tar_of(place / "o.tar", *entries)
    images = list_images("wds/o.tar")
    assert images.paths == ("o.tar/a.png",)
    assert {item.path.removeprefix("o.tar/"): item.reason for item in images.refused} == {
        "l.png": LINK,
        "../b.png": LEAVES,
        ".h/c.png": HIDDEN_FOLDER,
        "noending": NO_SAMPLE,
        "__meta__": NO_SAMPLE,
        "d": "a sample without a picture: it has cls",
        "._e.png": NO_SAMPLE,
    }
    assert images.found == len(entries)


def test_a_key_twice_in_a_shard_is_refused_and_in_two_told_apart(place: Path) -> None:
    """By the shard in their names; shards of one name by as much of their folders as differs."""
    tar_of(place / "twice.tar", ("a.png", PICTURES[0]), ("b.png", PICTURES[1]), ("a.png", PICTURES[2]))
    with pytest.raises(InputError, match=r"'twice\.tar' has a\.png twice"):
        list_images("wds/twice.tar")
    shard(place / "p" / "q" / "x.tar", 0)
    shard(place / "p" / "r" / "x.tar", 0)
    assert list_images("wds/p/{q,r}/x.tar").paths == ("q/x.tar/0000.png", "r/x.tar/0000.png")


def test_no_command_is_run(place: Path) -> None:
    """``pipe:`` is refused, alone and among shards."""
    for source in (
        "wds/pipe:touch ran",
        "wds/s/train-000.tar::pipe:touch ran",
        "wds/ pipe:touch ran; cat x.tar",
    ):
        with pytest.raises(InputError, match="wds/pipe:, which is a command"):
            list_images(source)
    assert not (place / "ran").exists()


@pytest.mark.parametrize("scheme", ["ftp", "file", "webhdfs"])
def test_shards_behind_other_schemes_are_refused(place: Path, scheme: str) -> None:  # noqa: ARG001
    """As pictures at such an address are; also as a folder with an index, and behind other shards."""
    for source in (f"wds/{scheme}:///x.tar", f"wds/{scheme}:///x", f"wds/s/train-000.tar::{scheme}:///x.tar"):
        with pytest.raises(InputError, match=f"an address that begins with {scheme}://"):
            list_images(source)


def test_a_shard_that_is_missing_or_short_is_refused(place: Path) -> None:
    """Missing, cut off, and with fewer samples than |N or the index beside it says."""
    with pytest.raises(InputError, match=r"the shard 's/train-002\.tar': cannot be read: No such file"):
        list_images("wds/s/train-{000..002}.tar")
    whole = (place / "s" / "train-001.tar").read_bytes()
    (place / "cut.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"'cut\.tar' is no whole tar archive"):
        list_images("wds/cut.tar")
    assert len(list_images("wds/s/train-{000..001}.tar|6").paths) == 6
    with pytest.raises(InputError, match=r"have 6 samples, and \|7 was said"):
        list_images("wds/s/train-{000..001}.tar|7")
    info(place / "s", train={"train-000.tar": 3, "train-001.tar": 4})
    with pytest.raises(InputError, match=r"'s/train-001\.tar' has 3 samples, and its index says 4"):
        list_images("wds/s/train-{000..001}.tar")
    assert len(list_images("wds/s/train-000.tar").paths) == 3


def test_a_folder_with_an_index_has_splits(place: Path) -> None:
    """The form of timm: the folder, and --split; of none that for validation, or the only one."""
    info(place / "s", train={"train-000.tar": 3}, validation={"train-001.tar": 3})
    assert list_images("wds/s").paths == list_images("wds/s/train-001.tar").paths
    for split in ("train", "train-{000..000}.tar", "train-{000..000}.tar|3"):
        images = list_images("wds/s/", PlaceOptions(split=split))
        assert images.paths == list_images("wds/s/train-000.tar").paths
        assert images.split == split
    with pytest.raises(InputError, match="'s' has no split 'trian'") as refused:
        list_images("wds/s", PlaceOptions(split="trian"))
    assert (refused.value.expected, refused.value.remedy) == (
        "one of its splits: train, validation; nearest are train",
        "--split train",
    )
    for asked, called in ((None, "validation"), ("val", "validation"), ("training", "train")):
        images = list_images("wds/s", PlaceOptions(split=asked))
        assert (images.split, len(images.paths)) == (called, 3)
    info(place / "s", train={"train-000.tar": 3}, test={"train-001.tar": 3})
    assert list_images("wds/s").split == "test"
    info(place / "s", train={"train-000.tar": 3})
    assert list_images("wds/s").split == "train"
    info(place / "s", a={"train-000.tar": 3}, b={"train-001.tar": 3})
    with pytest.raises(InputError, match="has no split for validation or test"):
        list_images("wds/s")
    with pytest.raises(InputError, match=r"has no _info\.json or info\.json"):
        list_images("wds/nowhere")
    with pytest.raises(InputError, match="--split x and the shards themselves"):
        list_images("wds/s/train-000.tar", PlaceOptions(split="x"))


def test_a_path_may_begin_at_home(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No shell expands ``~`` behind ``wds/``; data sets take it as well."""
    monkeypatch.setenv("HOME", str(place))
    info(place / "s", train={"train-000.tar": 3})
    for source in ("wds/~/s", "wds/~/s/train-{000..000}.tar"):
        assert list_images(source).paths == list_images("wds/s/train-000.tar").paths


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("[]", "it is no JSON object"),
        ('{"splits": []}', "'splits' is no object"),
        ('{"splits": {"a": {}}}', "has no filenames and as many shard_lengths"),
        (
            '{"splits": {"a": {"filenames": ["../x.tar"], "shard_lengths": [1]}}}',
            "which is no file beside it",
        ),
        ('{"splits": {"a": {"filenames": ["/x.tar"], "shard_lengths": [1]}}}', "which is no file beside it"),
        (
            '{"splits": {"a": {"filenames": ["s3://b/x.tar"], "shard_lengths": [1]}}}',
            "which is no file beside it",
        ),
        ('{"splits": {"a": {"filenames": ["x"], "shard_lengths": [-1]}}}', "a length that is none"),
        ('{"splits": {"a": {"filenames": ["x"], "shard_lengths": [2], "num_samples": 3}}}', "has 3 samples"),
        (
            '{"splits": {"a": {"filenames": ["x"], "shard_lengths": [2]}, '
            '"b": {"filenames": ["x"], "shard_lengths": [3]}}}',
            "its splits say 2 and 3 samples of 'x'",
        ),
    ],
)
def test_an_index_that_is_none(place: Path, said: str, says: str) -> None:
    """A stranger's file: nothing outside of its folder is opened."""
    (place / "s" / "info.json").write_text(said)
    with pytest.raises(InputError) as refused:
        list_images("wds/s")
    assert says in refused.value.found
    with pytest.raises(InputError, match=r"s/info\.json") as refused:
        list_images("wds/s/train-000.tar")
    assert (refused.value.remedy or "").startswith(
        "repair it; or take it out of the folder, and name the shards: "
    )
    (place / "s" / "info.json").rename(place / "info.json")
    assert len(list_images("wds/s/train-000.tar").paths) == 3


def test_another_state_of_the_shards_is_another_revision(place: Path) -> None:
    """By sizes and numbers of samples."""
    before = list_images("wds/s/train-{000..001}.tar").revision
    assert before is not None
    assert before.startswith("2 shards, ")
    assert list_images("wds/s/train-{000..001}.tar").revision == before
    shard(place / "s" / "train-001.tar", 3, 4)
    assert list_images("wds/s/train-{000..001}.tar").revision != before


def test_a_shard_is_read_as_the_library_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards that webdataset's own writer makes: its samples, keys, bytes and classes."""
    wds = pytest.importorskip("webdataset", reason="needs the extra integrations")
    braceexpand = pytest.importorskip("braceexpand", reason="needs the extra integrations")
    monkeypatch.chdir(tmp_path)
    with wds.ShardWriter("out-%06d.tar", maxcount=2, verbose=0) as sink:
        for number, data in enumerate(PICTURES):
            sink.write({"__key__": f"a/{number:03d}", "png": data, "cls": number % 2, "json": {"n": number}})
    source = "out-{000000..000002}.tar"
    images = list_images(f"wds/{source}")
    theirs = []
    for name in braceexpand.braceexpand(source):
        with open(name, "rb") as stream:  # WebDataset itself leaves it open
            files = wds.tariterators.tar_file_expander([{"url": name, "stream": stream}])
            theirs += [*wds.tariterators.group_by_keys(files)]
    assert [path.partition("/")[2].partition(".")[0] for path in images.paths] == [
        x["__key__"] for x in theirs
    ]
    assert list(hashes_of(images).values()) == [hashlib.sha256(x["png"]).hexdigest() for x in theirs]
    assert list(images.columns["label"].values()) == [x["cls"].decode() for x in theirs]
    for pattern in (source, "a{0..10}", "a{08..11}", "a{1..010}", "{a,b}{1..2}"):
        assert expanded(pattern) == tuple(braceexpand.braceexpand(pattern))


def test_a_compressed_shard_is_refused_with_what_undoes_it(place: Path) -> None:
    """As a compressed archive is."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        archive.add(place / "s", "s")
    (place / "z.tar.gz").write_bytes(data.getvalue())
    with pytest.raises(InputError, match=r"'z\.tar\.gz' is compressed by gzip"):
        list_images("wds/z.tar.gz")
