"""CSV files that say one thing of each picture, and what is wrong with those that do not."""

from pathlib import Path

import polars
import pytest

from geed_cli.documents.column_of_paths import read_column, require_all
from geed_cli.errors import InputError


def written(folder: Path, text: str) -> Path:
    file = folder / "table.csv"
    file.write_bytes(text.encode("utf-8"))
    return file


def test_what_is_said_of_each_path(tmp_path: Path) -> None:
    """In any order of columns, with quotes, a mark of byte order, Windows' ends of lines, and other columns."""
    file = written(tmp_path, '\ufeffweight,path,note\r\n2,"a, b/1.png",x\r\n3.5,ü.png,\r\n')
    assert read_column(file, "weight") == {"a, b/1.png": "2", "ü.png": "3.5"}


def test_parquet_says_the_same(tmp_path: Path) -> None:
    """Numbers as text, further columns left alone; gaps, paths twice, and columns that lack are refused by the row."""
    file = tmp_path / "t.PARQUET"
    polars.DataFrame({"label": [3, 4], "path": ["b/1.png", "a.png"], "x": [[1], [2]]}).write_parquet(file)
    assert read_column(file, "label") == {"b/1.png": "3", "a.png": "4"}
    for table, said in (
        ({"path": ["a.png", None], "label": ["x", "y"]}, "row 2, has no path or no label"),
        ({"path": ["a.png", "b.png"], "label": ["x", None]}, "row 2, has no path or no label"),
        ({"path": ["a.png", "a.png"], "label": ["x", "x"]}, "row 2, has a.png again"),
        ({"path": ["a.png"], "labels": ["x"]}, "has no column label; nearest are labels"),
    ):
        polars.DataFrame(table).write_parquet(file)
        with pytest.raises(InputError, match=r"t\.PARQUET") as caught:
            read_column(file, "label")
        assert (
            said in f"{caught.value.found}{caught.value.expected[caught.value.expected.find('; nearest') :]}"
        )


@pytest.mark.parametrize("kept", [0, 3, 200, -5])
def test_a_damaged_parquet_file_is_refused(tmp_path: Path, kept: int) -> None:
    """Cut short anywhere, or text."""
    file = tmp_path / "t.parquet"
    polars.DataFrame({"path": [f"{k}.png" for k in range(99)], "label": range(99)}).write_parquet(file)
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(InputError, match="cannot be read"):
        read_column(file, "label")
    file.write_text("path,label\na.png,1\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_column(file, "label")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.png,1\n", "has no column path and none weight"),
        ("path,count\na.png,1\n", "has no column weight"),
        ("", "has no column path"),
        ("path,weight\na.png,1\na.png,2\n", "line 3, has a.png again"),
        ("path,weight\na.png\n", "line 2, has no path or no weight"),
        ("path,weight\n,1\n", "line 2, has no path or no weight"),
        ('path,weight\n"a.png,1\n', "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    """With the file, and the line where it is one."""
    with pytest.raises(InputError, match=r"table\.csv") as caught:
        read_column(written(tmp_path, text), "weight")
    assert said in str(caught.value)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """No such file, a folder, and bytes that are no text."""
    (tmp_path / "bytes.csv").write_bytes(b"path,weight\n\xff\xfe,1\n")
    for name, said in (
        ("none.csv", "there is no file"),
        (".", "cannot be read"),
        ("bytes.csv", "cannot be read"),
    ):
        with pytest.raises(InputError, match=said):
            read_column(tmp_path / name, "weight")


def test_every_picture_is_there(tmp_path: Path) -> None:
    """Lines of other pictures are left alone; what lacks is counted and named."""
    found = {"a.png": "1", "other.png": "2"}
    require_all(found, ["a.png"], tmp_path, "weight")
    with pytest.raises(InputError, match=r"no weight for 2 of 3 pictures, the first of them b.png"):
        require_all(found, ["a.png", "b.png", "c.png"], tmp_path, "weight")
