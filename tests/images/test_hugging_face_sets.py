"""``hfds/NAME``: data sets that the library datasets has written, read row by row; nothing in them runs."""

import hashlib
import json
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.command import Geed, geed
from support.data_sets import rows_of
from support.memory import audited, rows
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.errors import InputError, RunError
from geed_cli.images.picture import ImageRefused
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.source import ImageSet, hashes_of, list_images

datasets = pytest.importorskip("datasets", reason="needs the extra integrations")
__all__ = ["geed"]
COUNT = 6


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache of the library's own, and no bars of the test's own writing."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return smooth_pictures(tmp_path / "pictures", COUNT, 20)


def opened(where: Path | str, **options: str) -> ImageSet:
    return list_images(f"hfds/{where}", PlaceOptions(**options))


def saved(data: Any, where: Path) -> Path:  # noqa: ANN401 - of an optional library
    data.save_to_disk(where)
    return where


def as_parquet(data: Any, where: Path) -> Path:  # noqa: ANN401
    """As ``push_to_hub`` names the files."""
    (where / "data").mkdir(parents=True)
    data.to_parquet(where / "data" / "test-00000-of-00001.parquet")
    return where


def as_arrow(data: Any, where: Path) -> Path:  # noqa: ANN401
    """One Arrow file of a split, as the library's own caches have them."""
    saved(data, where / "saved")
    (where / "test.arrow").write_bytes((where / "saved" / "data-00000-of-00001.arrow").read_bytes())
    for file in (where / "saved").iterdir():
        file.unlink()
    (where / "saved").rmdir()
    return where


WRITERS: dict[str, Callable[[Any, Path], Path]] = {
    "save_to_disk": saved,
    "splits": lambda data, where: saved(datasets.DatasetDict(train=data.select([0]), test=data), where),
    "shards": lambda data, where: (data.save_to_disk(where, num_shards=3), where)[1],
    "parquet": as_parquet,
    "arrow": as_arrow,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_rows_are_those_of_the_folder(folder: Path, tmp_path: Path, kind: str) -> None:
    """Digit for digit, by the same bytes, so that results of both compare."""
    where = WRITERS[kind](rows_of(folder), tmp_path / "written")
    network = small_conv_net(size=16)
    result, other = audited(network, f"hfds/{where}", 4), audited(network, folder, 4)
    assert rows(result) == rows(other)
    data = result.data
    assert data.sha256 == other.data.sha256
    assert (data.source, data.found, data.count, data.not_drawn) == ("hfds", COUNT, 4, 2)
    assert data.split == {"save_to_disk": None, "shards": None}.get(kind, "test")
    assert data.revision is None
    expected = [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())]
    assert list(hashes_of(opened(where)).values()) == expected


def test_labels_are_names_of_classes(folder: Path, tmp_path: Path) -> None:
    images = opened(saved(rows_of(folder), tmp_path / "written"))
    assert images.labels.of(images.paths) == ("cat", "dog") * 3
    assert images.classes == ("cat", "dog")


def test_columns_that_are_named(folder: Path, tmp_path: Path) -> None:
    """By a type that is none of pictures or classes: bytes, text, numbers; a class of −1 is none."""
    files = sorted(folder.iterdir())
    data = datasets.Dataset.from_dict(
        {
            "raw": [file.read_bytes() for file in files],
            "said": [file.stem for file in files],
            "number": list(range(COUNT)),
            "fine": [-1, 0, 0, 0, 0, 0],
            "coarse": [0] * COUNT,
        },
        features=datasets.Features(
            {
                "raw": datasets.Value("binary"),
                "said": datasets.Value("string"),
                "number": datasets.Value("int64"),
                "fine": datasets.ClassLabel(names=["a"]),
                "coarse": datasets.ClassLabel(names=["b"]),
            }
        ),
    )
    where = saved(data, tmp_path / "written")
    with pytest.raises(InputError, match="no column of images"):
        opened(where)
    images = opened(where, image_key="raw")
    assert images.reader.sha256("3") == hashlib.sha256(files[3].read_bytes()).hexdigest()
    with pytest.raises(InputError, match="none of the columns") as refusal:
        images.labels.of(images.paths)
    assert "raw, said, number, fine, coarse" in str(refusal.value.expected)
    for key, expected in (("said", "0003"), ("number", "3"), ("fine", "a")):
        named = opened(where, image_key="raw", label_key=key)
        assert named.labels.of(["3"]) == (expected,)
    with pytest.raises(InputError, match="have no label, the first of them 0"):
        named.labels.of(named.paths)
    for options, found in (
        ({"image_key": "said"}, "column said of .* is of type"),
        ({"image_key": "rae"}, "no column 'rae'"),
        ({"image_key": "raw", "label_key": "raw"}, "column raw of .* is of type"),
        ({"image_key": "raw", "split": "test"}, "--split cannot act on"),
    ):
        with pytest.raises(InputError, match=found):
            opened(where, **options)


def test_splits(folder: Path, tmp_path: Path) -> None:
    data = rows_of(folder)
    where = saved(datasets.DatasetDict(train=data, valid=data.select([1, 2])), tmp_path / "written")
    assert (opened(where).split, opened(where, split="train").found) == ("valid", COUNT)
    assert opened(where, split="validation").split == "valid"
    with pytest.raises(InputError, match="no split 'test'"):
        opened(where, split="test")
    both = saved(datasets.DatasetDict(a=data, b=data), tmp_path / "both")
    with pytest.raises(InputError, match="no split for validation or test"):
        opened(both)


def test_what_is_no_picture_is_refused_where_it_is_drawn(folder: Path, tmp_path: Path) -> None:
    """Bytes that are none; a file that a row names and that lies elsewhere; one that lies in the data set is read."""
    pa = pytest.importorskip("pyarrow")
    data = rows_of(folder).to_dict()
    data["image"][1] = {"bytes": None, "path": "here.png"}
    data["image"][2] = {"bytes": b"no picture", "path": None}
    data["image"][3] = {"bytes": None, "path": None}
    data["image"][4] = {"bytes": None, "path": str(folder / "0004.png")}
    data["image"][5] = {"bytes": None, "path": "https://example.org/a.png"}
    where = tmp_path / "written"
    where.mkdir()
    (where / "here.png").write_bytes((folder / "0001.png").read_bytes())
    table = pa.table(data, schema=rows_of(folder).features.arrow_schema)
    with pa.OSFile(str(where / "test.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    result = audited(small_conv_net(size=16), f"hfds/{where}", COUNT, on_bad_image="skip")
    outside = "the row names a file outside of the data set, and has no bytes"
    assert {item.path: item.reason for item in result.data.refused} == {
        "2": "not a readable JPEG, PNG, WebP, BMP or TIFF file",
        "3": "the row has no picture",
        "4": outside,
        "5": "cannot be read: No such file or directory",
    }
    assert [image.path for image in result.data.images] == ["0", "1"]
    assert result.data.found == COUNT
    with pytest.raises(ImageRefused, match="not in the data set"):
        opened(where).reader.picture("6")


def test_many_threads_read_one_data_set(folder: Path, tmp_path: Path) -> None:
    images = opened(saved(rows_of(folder), tmp_path / "written"))
    expected = hashes_of(images)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(images.reader.sha256, list(images.paths) * 20))
    assert found == list(expected.values()) * 20


def cut_at_a_batch(file: Path) -> None:
    """Of whole batches of rows all but the last, without the end: what reads as fewer rows."""
    pa = pytest.importorskip("pyarrow")
    table = pa.ipc.open_stream(file.read_bytes()).read_all()
    sink = pa.BufferOutputStream()
    writer = pa.ipc.new_stream(sink, table.schema)
    writer.write_table(table.slice(0, 3))
    file.write_bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize("damage", ["half", "batch", "empty", "noise"])
@pytest.mark.parametrize("kind", ["save_to_disk", "arrow"])
def test_an_arrow_file_cut_short_is_refused(folder: Path, tmp_path: Path, kind: str, damage: str) -> None:
    where = WRITERS[kind](rows_of(folder), tmp_path / "written")
    (file,) = where.glob("*.arrow")
    if damage == "batch":
        cut_at_a_batch(file)
    else:
        data = file.read_bytes()
        file.write_bytes(
            {"half": data[: len(data) // 2], "empty": b"", "noise": bytes(500) + data[-8:]}[damage]
        )
    with pytest.raises(InputError):
        opened(where)


def test_offsets_that_lead_outside_are_refused(folder: Path, tmp_path: Path) -> None:
    """A binary column whose last offset lies beyond its bytes."""
    pa = pytest.importorskip("pyarrow")
    where = saved(rows_of(folder), tmp_path / "written")
    (file,) = where.glob("*.arrow")
    table = pa.ipc.open_stream(file.read_bytes()).read_all()
    offsets = table["image"].chunk(0).field("bytes").buffers()[1].to_pybytes()[: 4 * (COUNT + 1)]
    wrong = offsets[:-4] + (2**30).to_bytes(4, "little")
    data = file.read_bytes()
    assert data.count(offsets) == 1
    file.write_bytes(data.replace(offsets, wrong))
    with pytest.raises(InputError, match="cannot be read"):
        opened(where)


class Runs:
    """What a pickle would do when it is opened."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.mkdir, (str(self.file),)


def test_columns_of_pythons_objects_are_not_unpickled(folder: Path, tmp_path: Path) -> None:
    """As bytes they are no pictures; as a type of Arrow's that unpickles itself they are not loaded."""
    pa = pytest.importorskip("pyarrow")
    payload = pickle.dumps(Runs(tmp_path / "ran"))
    where = saved(datasets.Dataset.from_dict({"image": [payload] * 3}), tmp_path / "objects")
    with pytest.raises(ImageRefused, match="not a readable"):
        opened(where, image_key="image").reader.picture("1")
    where = saved(rows_of(folder), tmp_path / "typed")
    (file,) = where.glob("*.arrow")
    table = pa.ipc.open_stream(file.read_bytes()).read_all()
    field = pa.field(
        "image",
        pa.binary(),
        metadata={"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": payload},
    )
    table = table.set_column(0, field, pa.array([b"x"] * COUNT))
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(InputError):
        opened(where)
    assert not (tmp_path / "ran").exists()


def test_scripts_do_not_run(folder: Path, tmp_path: Path) -> None:
    where = as_parquet(rows_of(folder), tmp_path / "scripted")
    (where / "scripted.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\n", encoding="utf-8")
    with pytest.raises(InputError, match="scripts are no longer supported"):
        opened(where)
    assert not (tmp_path / "ran").exists()


def test_files_of_other_kinds_and_places_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are read as imagefolder"):
        opened(folder)
    where = as_parquet(rows_of(folder), tmp_path / "inside" / "set")
    other = as_parquet(rows_of(folder), tmp_path / "outside")
    (where / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n"
        f"    path: {other}/data/*.parquet\n---\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="lies outside of"):
        opened(where)
    saved(rows_of(folder), tmp_path / "stated")
    state = json.loads((tmp_path / "stated" / "state.json").read_text(encoding="utf-8"))
    state["_data_files"] = [{"filename": "../outside/x.arrow"}]
    (tmp_path / "stated" / "state.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(InputError, match="leads out of the folder"):
        opened(tmp_path / "stated")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"_data_files": 3}', '{"_data_files": []}', '{"_data_files": [3]}']
)
def test_a_state_that_is_none_is_refused(folder: Path, tmp_path: Path, text: str) -> None:
    where = saved(rows_of(folder), tmp_path / "written")
    (where / "state.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        opened(where)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("./nothing", "no folder"),
        ("a/b/c", "no name of the hub"),
        ("a b", "no name of the hub"),
        ("", "no name of the"),
    ],
)
def test_names_that_are_none(name: str, found: str) -> None:
    with pytest.raises(InputError, match=found):
        opened(name)


def test_without_a_network_there_is_one_error(
    geed: Geed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exit code 3, and what leads to the same rows without a network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="HF_HUB_OFFLINE"):
        opened("ylecun/mnist@main")
    done = geed("audit", "resnet18", "--weights", "random", "-d", "hfds/ylecun/mnist")
    assert done.exit_code == 3
    assert "save_to_disk('DIR')" in done.stderr


def test_an_old_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "__version__", "3.6.0")
    with pytest.raises(InputError, match="may run scripts"):
        opened("ylecun/mnist")


def test_the_library_is_as_talkative_as_before(folder: Path, tmp_path: Path) -> None:
    where = saved(rows_of(folder), tmp_path / "written")
    level = datasets.utils.logging.get_verbosity()
    for switch, off in ((datasets.enable_progress_bars, False), (datasets.disable_progress_bars, True)):
        switch()
        opened(where)
        assert datasets.are_progress_bars_disabled() == off
    assert datasets.utils.logging.get_verbosity() == level
