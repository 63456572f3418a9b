"""``--data`` names where pictures lie: in a folder, or in a file that holds them; the values are the same."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import timm
from PIL import Image
from safetensors.torch import save_file
from support.archives import tar_of, tarred, zipped
from support.command import Geed, printed
from support.pages import Page
from support.pictures import smooth_pictures

import geed_cli
from geed_cli.pipeline.draw import holds_same_draw
from geed_cli.pipeline.options import DataOptions
from geed_cli.result.file import read_result, write_result
from geed_cli.result.schema import Result
from geed_cli.tracking.track_file import read_track

SPEC = """
model: {source: timm, name: test_vit, arguments: {img_size: 16, patch_size: 8, depth: 2, num_classes: 5}}
weights: {origin: random}
input: {size: 16, crop_pct: 1.0}
"""
COUNT = 7


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures in folders, what was packed of it, and a network."""
    root = tmp_path_factory.mktemp("place")
    folder = smooth_pictures(root / "photos", COUNT, 20)
    for number, below in ((1, "b"), (2, "a"), (3, "a-b")):
        (folder / below).mkdir()
        (folder / f"000{number}.png").rename(folder / below / f"000{number}.png")
    (folder / "README.txt").write_text("notes")
    zipped(folder, root / "photos.zip")
    tarred(folder, root / "photos.tar")
    (root / "net.yaml").write_text(SPEC)
    files = sorted(file for file in folder.rglob("*.png"))
    names = [file.relative_to(root).as_posix() for file in files]
    (root / "list.txt").write_text("\n".join([*reversed(names), "photos/README.txt"]))
    rows = [f"{name},{number},{number // 2},{1 + number % 3}" for number, name in enumerate(names)]
    (root / "all.csv").write_text("path,label,cluster,weight\n" + "\n".join(rows))
    (root / "plain.csv").write_text("path\n" + "\n".join(names))
    below = [name.removeprefix("photos/") for name in names]
    for column in ("cluster", "weight"):
        place = ("path", "label", "cluster", "weight").index(column)
        said = [row.split(",")[place] for row in rows]
        lines = [f"{name},{text}" for name, text in zip(below, said, strict=True)]
        (root / f"{column}.csv").write_text(f"path,{column}\n" + "\n".join(lines))
    whole = sorted(folder.rglob("*.*"), key=lambda file: file.relative_to(folder).as_posix().encode())
    for number, part in enumerate((whole[:3], whole[3:])):
        entries = [(file.relative_to(folder).as_posix(), file.read_bytes()) for file in part]
        tar_of(root / f"shard-{number:03d}.tar", *entries)
    ordered = sorted(files, key=lambda file: file.relative_to(folder).as_posix().encode())
    array = np.stack([np.asarray(Image.open(file)) for file in ordered])
    np.save(root / "array.npy", array)
    np.savez(root / "arrays.npz", train=array[:2], test=array)
    return root


@pytest.fixture(autouse=True)
def there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def audited(geed: Geed, data: str, *options: str) -> Result:
    done = geed("audit", "net.yaml", "-d", data, "-g", "flip", "--samples", 5, *options, "--json", "r.json")
    assert done.exit_code == 0, done.stderr
    return read_result(Path("r.json"))


def values(result: Result) -> list[tuple[object, ...]]:
    """Every number of each entry."""
    return [
        (e.metric, e.layer, e.value, e.ci, e.raw, e.normaliser, e.per_image, e.controls)
        for e in result.results
    ]


@pytest.mark.parametrize("data", ["photos.zip", "photos.tar", "list.txt", "wds/shard-{000..001}.tar"])
def test_files_give_the_values_of_their_folder(geed: Geed, data: str) -> None:
    """Digit for digit, of the same draw; rows of the one are read from the cache for the other."""
    fresh = audited(geed, data, "--no-cache")
    folder = audited(geed, "photos")
    assert fresh.results == folder.results
    assert [image.sha256 for image in fresh.data.images] == [image.sha256 for image in folder.data.images]
    assert (fresh.data.sha256, len(fresh.data.refused)) == (folder.data.sha256, len(folder.data.refused))
    assert (fresh.data.found, fresh.data.not_drawn) == (folder.data.found, folder.data.not_drawn)
    again = audited(geed, data)
    assert again.timing.cached == 5
    assert again.results == folder.results


def test_a_result_says_which_archive_it_was(geed: Geed) -> None:
    """In the file, the header, the recorded command, and the next step, which a command can carry out."""
    done = geed(
        "audit", "net.yaml", "-d", "photos.zip", "-g", "flip", "--samples", 5, "--json", "r.json", "-v"
    )
    data = read_result(Path("r.json")).data
    assert (data.source, data.root) == ("archive", "photos.zip")
    words = " ".join(done.stdout.split())
    assert "of photos.zip" in words
    assert "5 images of photos.zip, 8 files found, 2 not drawn (seed 0), 1 refused" in words
    assert read_result(Path("r.json")).command[1:5] == ("audit", "net.yaml", "-d", "photos.zip")
    weights = geed("audit", "net.yaml", "-d", "photos.tar", "--samples", 5)
    assert "1 file of the archive was refused; -v lists them" in " ".join(weights.stdout.split())


def test_results_of_a_folder_and_an_archive_are_compared(geed: Geed) -> None:
    """Images are matched by their bytes, wherever these lay."""
    for data in ("photos", "photos.zip"):
        audited(geed, data)
        shutil.copy("r.json", f"{data}.json")
    done = geed("compare", "photos.json", "photos.zip.json")
    assert done.exit_code == 0, done.stderr


def test_a_draw_of_an_archive_is_known_again(geed: Geed) -> None:
    """As tracks and resumed runs ask."""
    data = audited(geed, "photos.zip").data
    for named in ("photos.zip", "photos.tar", "photos"):
        assert holds_same_draw(DataOptions(Path(named), 5), data)
    assert not holds_same_draw(DataOptions(Path("photos.zip"), 5, seed=1), data)


def test_pictures_of_an_archive_are_shown_again(geed: Geed, tmp_path: Path) -> None:
    """From the archive that the result names; where it is gone one sentence says so."""
    audited(geed, "photos.zip")
    shown = geed("report", "r.json", "--images", "2", "-o", tmp_path / "r.html")
    assert shown.exit_code == 0, shown.stderr
    assert "left out" not in shown.stderr
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert len([found for found in page.named("div") if found.get("class") == "slot"]) == 2
    Path("photos.zip").rename("elsewhere.zip")
    try:
        gone = geed("report", "r.json", "--images", "2", "-o", tmp_path / "s.html")
    finally:
        Path("elsewhere.zip").rename("photos.zip")
    assert gone.exit_code == 0, gone.stderr
    assert (
        "no pictures in the gallery: no such file: &#39;photos.zip&#39;"
        in Path(tmp_path / "s.html").read_text()
    )


def test_a_track_goes_on_with_an_archive(geed: Geed, tmp_path: Path) -> None:
    """Its steps are known again, also where the archive was unpacked since; other pictures are refused."""
    arguments = {"img_size": 16, "patch_size": 8, "depth": 2, "num_classes": 5}
    for step in (1, 2):
        save_file(
            timm.create_model("test_vit", **arguments).state_dict(), tmp_path / f"step_{step}.safetensors"
        )
    base = ("track", "--model", "net.yaml", "-g", "flip", "--samples", 5, "--json", tmp_path / "t.json")
    first = geed(*base, "-d", "photos.zip", tmp_path / "step_1.safetensors")
    assert first.exit_code == 0, first.stderr
    for data in ("photos.zip", "photos"):
        again = geed(*base, "-d", data, tmp_path / "step_1.safetensors", tmp_path / "step_2.safetensors")
        assert again.exit_code == 0, again.stderr
    assert [record.step for record in read_track(tmp_path / "t.json").records] == [1, 2]


def test_python_takes_the_same_names(geed: Geed) -> None:
    """As a string or a path."""
    expected = audited(geed, "photos").results
    for images in ("photos.zip", Path("photos.tar")):
        result = geed_cli.audit("net.yaml", images, samples=5, progress=False)
        assert result.results == expected


@pytest.mark.parametrize("data", ["array.npy", "arrays.npz/test"])
def test_arrays_give_the_values_of_the_same_pixels(geed: Geed, data: str) -> None:
    """Digit for digit; rows are those of the same pictures in memory, since pixels identify them."""
    array = audited(geed, data)
    assert values(array) == values(audited(geed, "photos"))
    memory = geed_cli.audit("net.yaml", np.load("array.npy"), samples=5, progress=False)
    assert memory.timing.cached == 5
    assert (array.data.source, array.data.root, array.data.count) == ("array", data, 5)
    said = geed("audit", "net.yaml", "-d", data, "--samples", 5, "-v").stdout
    assert f"5 images of {data}, 7 pictures found, 2 not drawn (seed 0), 0 refused" in " ".join(said.split())


def test_arrays_are_shown_again(geed: Geed, tmp_path: Path) -> None:
    """Unlike those that were in memory."""
    audited(geed, "arrays.npz/test")
    shown = geed("report", "r.json", "--images", "2", "-o", tmp_path / "r.html")
    assert shown.exit_code == 0, shown.stderr
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert len([found for found in page.named("div") if found.get("class") == "slot"]) == 2


def test_columns_of_a_list_are_the_options_of_their_names(geed: Geed) -> None:
    """``cluster`` and ``weight`` as files for ``--cluster`` and ``--image-weights``: the same clusters and values."""
    listed = audited(geed, "all.csv")
    asked = audited(geed, "photos", "--cluster", "cluster.csv", "--image-weights", "weight.csv")
    assert values(listed) == values(asked)
    assert listed.data.weights == asked.data.weights != ()
    assert listed.data.clusters is not None
    assert asked.data.clusters is not None
    assert listed.data.clusters.of == asked.data.clusters.of
    assert (listed.data.clusters.how, listed.data.weighted_by) == ("all.csv", "all.csv")
    assert values(audited(geed, "plain.csv")) == values(audited(geed, "photos"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--cluster", "folder"), "--cluster folder, and a column cluster in 'all.csv'"),
        (("--image-weights", "balanced"), "--image-weights balanced, and a column weight in 'all.csv'"),
        (("--norm-samples", "2"), "a column cluster in 'all.csv' together with --norm-samples"),
    ],
)
def test_columns_beside_what_contradicts_them_are_refused(
    geed: Geed, options: tuple[str, str], says: str
) -> None:
    """Before any picture is shown; what the refusal says works."""
    done = geed("audit", "net.yaml", "-d", "all.csv", "--samples", 4, *options)
    assert done.exit_code == 2
    assert says in " ".join(done.stderr.split())
    without = geed("audit", "net.yaml", "-d", "plain.csv", "--samples", 4, *options)
    assert without.exit_code == 0, without.stderr


def test_a_list_in_one_cluster_is_refused(geed: Geed) -> None:
    """As a rule is that puts all images together."""
    Path("one.csv").write_text(
        Path("plain.csv").read_text().replace("\n", ",1\n").replace("path,1", "path,cluster") + ",1"
    )
    done = geed("audit", "net.yaml", "-d", "one.csv")
    assert done.exit_code == 2
    assert "the clusters of one.csv: all 7 images are in one cluster, '1'" in " ".join(done.stderr.split())


def test_a_track_goes_on_with_a_list_in_clusters(geed: Geed, tmp_path: Path) -> None:
    """The list itself says them, and no option that might differ."""
    arguments = {"img_size": 16, "patch_size": 8, "depth": 2, "num_classes": 5}
    for step in (1, 2):
        save_file(
            timm.create_model("test_vit", **arguments).state_dict(), tmp_path / f"step_{step}.safetensors"
        )
        done = geed("track", "--model", "net.yaml", "-g", "flip", "--samples", 5, "--json", tmp_path / "t.json",
                    "-d", "all.csv", *sorted(tmp_path.glob("*.safetensors")))  # fmt: skip
        assert done.exit_code == 0, done.stderr
    assert [record.step for record in read_track(tmp_path / "t.json").records] == [1, 2]


def test_a_result_cannot_name_a_picture_beside_its_list(geed: Geed, tmp_path: Path) -> None:
    """A stranger's result that names a file which the list does not."""
    named = audited(geed, "plain.csv")
    images = tuple(image.model_copy(update={"path": "photos/README.txt"}) for image in named.data.images)
    data = named.data.model_copy(update={"images": images})
    write_result(named.model_copy(update={"data": data}), tmp_path / "r.json")
    shown = geed("report", tmp_path / "r.json", "--images", "2", "-o", tmp_path / "r.html")
    assert shown.exit_code == 0, shown.stderr
    assert "it is not among these pictures" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_split_of_shards_and_their_labels(geed: Geed, tmp_path: Path) -> None:
    """``--split`` is kept for the pictures to be shown again; ``--labels data`` is the samples' ``.cls``."""
    (tmp_path / "shards").mkdir()
    for split, numbers in (("train", (0, 1)), ("validation", (2, 3))):
        entries = []
        for number in numbers:
            picture = Image.new("RGB", (16, 16), (60 * number, 90, 200))
            picture.save(tmp_path / "x.png")
            entries += [
                (f"{number}.png", (tmp_path / "x.png").read_bytes()),
                (f"{number}.cls", b"%d" % number),
            ]
        tar_of(tmp_path / "shards" / f"{split}-0.tar", *entries)
    names = {"train": "train-0.tar", "validation": "validation-0.tar"}
    splits = {name: {"filenames": [file], "shard_lengths": [2]} for name, file in names.items()}
    (tmp_path / "shards" / "_info.json").write_text(json.dumps({"splits": splits}))
    source = f"wds/{tmp_path}/shards"
    result = audited(geed, source, "--split", "train", "--labels", "data")
    assert (result.data.source, result.data.split, result.data.found) == ("wds", "train", 2)
    assert result.data.labels is not None
    assert result.data.labels.of == (0, 1)
    shown = geed("report", "r.json", "--images", "2", "-o", tmp_path / "r.html")
    assert shown.exit_code == 0, shown.stderr
    assert "left out" not in shown.stderr
    result = audited(geed, source, "--split", "val")
    assert result.data.split == "validation"
    assert "2 images of shards (validation) · " in printed(result)
    assert [image.path for image in result.data.images] == [f"validation-0.tar/{n}.png" for n in (2, 3)]
