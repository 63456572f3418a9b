"""Lists of pictures: ``.txt``, ``.csv`` and ``.parquet`` name the same pictures, and tables say more of them."""

import hashlib
import sys
from contextlib import suppress
from pathlib import Path

import polars
import pytest
from support.pictures import smooth_pictures

from geed_cli.errors import InputError
from geed_cli.images.picture import RefusedFile
from geed_cli.images.source import hashes_of, list_images

LINES = [
    ("photos/0002.png", "b", 1, 2.0),
    ("photos/0000.png", "a", 1, 0.5),
    ("photos/sub/x y,é.png", "b", 2, 1.0),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in a folder, and the same list in each of the three kinds, in another order than that of the names."""
    root = tmp_path_factory.mktemp("place")
    folder = smooth_pictures(root / "photos", 4, 12)
    (folder / "sub").mkdir()
    (folder / "0003.png").rename(folder / "sub" / "x y,é.png")
    paths = [line[0] for line in LINES]
    (root / "x.txt").write_text("\n".join(paths) + "\n", encoding="utf-8")
    rows = [f'"{path}",{label},{cluster},{weight},other' for path, label, cluster, weight in LINES]
    (root / "x.csv").write_text("\n".join(["path,label,cluster,weight,note", *rows]), encoding="utf-8-sig")
    polars.DataFrame(LINES, ["path", "label", "cluster", "weight"], orient="row").write_parquet(
        root / "x.parquet"
    )
    return root


@pytest.mark.parametrize("kind", ["x.txt", "x.csv", "x.parquet"])
def test_a_list_names_pictures_in_the_order_of_their_names(place: Path, kind: str) -> None:
    """Relative to the list, wherever one is; the draw is that of a folder of the same names."""
    images = list_images(place / kind)
    assert images.paths == ("photos/0000.png", "photos/0002.png", "photos/sub/x y,é.png")
    assert hashes_of(images) == {
        path: hashlib.sha256((place / path).read_bytes()).hexdigest() for path in images.paths
    }
    assert (images.found, images.refused, images.reader.source) == (3, (), "list")
    whole = list_images(place)
    assert images.draw(2, 1).paths == tuple(path for path in images.paths if path in images.draw(2, 1).paths)
    assert set(images.paths) < set(whole.paths)


@pytest.mark.parametrize("kind", ["x.csv", "x.parquet"])
def test_a_table_says_more_of_each_picture(place: Path, kind: str) -> None:
    """Labels, clusters and weights as text; further columns are left alone."""
    columns = list_images(place / kind).columns
    for number, column in enumerate(("label", "cluster", "weight"), start=1):
        assert columns[column] == {line[0]: str(line[number]) for line in LINES}
    assert columns.keys() == {"label", "cluster", "weight"}


def test_every_line_is_accounted_for(place: Path) -> None:
    """Twice named, no image by its name, control characters; absolute paths and ``..`` are the user's word."""
    lines = ["photos/0000.png", "photos/0000.png", "README.txt", "a\x1bb.png", str(place / "photos/0001.png"),
             f"../{place.name}/photos/0002.png", "", "photos/0001.png\r"]  # fmt: skip
    (place / "odd.txt").write_bytes("\n".join(lines).encode())
    images = list_images(place / "odd.txt")
    assert len(hashes_of(images)) == 4
    assert images.refused == (
        RefusedFile("README.txt", "not an image by its name"),
        RefusedFile("a\\x1bb.png", "its name holds control characters"),
        RefusedFile("photos/0000.png", "named twice in the list"),
    )
    assert images.found == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,label\na.png,1\n", "has no column path"),
        ("Path\na.png\n", "has a column 'Path' and none 'path'"),
        ("path,weights\na.png,1\n", "has a column 'weights' and none 'weight'"),
        ("path,path\na.png,b.png\n", "has the column path twice"),
        ("path,label\na.png,\n", "picture 1, has no label"),
        ("path,label\na.png,1\nb.png\n", "picture 2, has no label"),
        ("path,label\n,1\n", "picture 1, has no path"),
        ("path,label\na.png,1\na.png,2\n", "has a.png again, and says something else"),
        ('path\n"a.png\n', "is no CSV file"),
        ("path\na.txt\n", "no images in"),
        ("path\n", "no images in"),
        ("", "has no column path"),
        (b"path\n\xff.png\n", "is not UTF-8"),
    ],
)
def test_tables_that_are_no_lists_are_refused(tmp_path: Path, text: str | bytes, says: str) -> None:
    """Each with what a list looks like."""
    (tmp_path / "x.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=says):
        list_images(tmp_path / "x.csv")


def test_files_that_are_no_parquet_are_refused(tmp_path: Path) -> None:
    """Damaged ones, paths that are numbers, and gaps."""
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    with pytest.raises(InputError, match="is no Parquet file"):
        list_images(tmp_path / "x.parquet")
    polars.DataFrame({"path": [1, 2]}).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(InputError, match="paths that are no text"):
        list_images(tmp_path / "x.parquet")
    polars.DataFrame({"path": ["a.png", "b.png"], "label": [1, None]}).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(InputError, match=r"picture 2, has no label"):
        list_images(tmp_path / "x.parquet")


def test_a_panic_of_polars_is_a_refusal(place: Path, tmp_path: Path) -> None:
    """Which is no Exception in Python, and comes of damaged sizes; whatever the damage, nothing else comes out."""
    sound = (place / "x.parquet").read_bytes()
    for place_from_end in range(500, 560):  # among what the footer says of sizes
        data = bytearray(sound)
        data[-place_from_end] = 255
        (tmp_path / "x.parquet").write_bytes(data)
        with suppress(InputError):
            list_images(tmp_path / "x.parquet")


def test_parquet_without_a_library_names_what_to_install(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for every extra."""
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(InputError, match="needs the package polars") as caught:
        list_images(place / "x.parquet")
    assert caught.value.remedy == "python -m pip install polars"


def test_a_list_with_labels_in_text_is_told_of_csv(tmp_path: Path) -> None:
    """As ImageNet's val.txt has them."""
    (tmp_path / "val.txt").write_text("ILSVRC2012_val_00000001.JPEG 65\n")
    with pytest.raises(InputError, match="no images in") as caught:
        list_images(tmp_path / "val.txt")
    assert "labels need a .csv" in caught.value.remedy
