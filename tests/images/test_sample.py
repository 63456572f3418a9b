"""The bundled sample: 40 crops of 24 free photographs, each listed with its source and licence."""

import re

from geed_cli.images.decode import read_picture
from geed_cli.images.source import sample_folder

ROW = re.compile(
    r"^\| (\S+\.jpg) \| `([\w.]+)` of ([^,|]+), [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$",
    re.MULTILINE,
)


def test_forty_small_square_jpegs() -> None:
    """40 files and nothing else, 256 × 256, under 1.5 MB in all, all different."""
    files = sorted(sample_folder().iterdir())
    assert len(files) == 40
    assert {file.suffix for file in files} == {".jpg"}
    assert sum(file.stat().st_size for file in files) < 1_500_000
    assert {read_picture(file)[0].size for file in files} == {(256, 256)}
    assert len({read_picture(file)[1] for file in files}) == 40
    assert {file.read_bytes()[:3] for file in files} == {b"\xff\xd8\xff"}


def test_every_file_is_listed_with_a_free_licence() -> None:
    """One row for each file, with author, public domain, CC0 or CC BY, and a square crop box."""
    rows = ROW.findall((sample_folder().parent / "LICENSES.md").read_text(encoding="utf-8"))
    assert sorted(row[0] for row in rows) == sorted(file.name for file in sample_folder().iterdir())
    for _, _, _, author, licence, origin, box in rows:
        assert author.strip()
        assert origin.strip()
        assert licence in {"CC0 1.0", "public domain", "CC BY 2.0", "CC BY 4.0"}
        left, top, right, bottom = map(int, box.split(","))
        assert right - left == bottom - top > 0


def test_crops_are_of_24_photographs() -> None:
    """Enough clusters for an interval; a crop's name says which photograph it is of, and no other has it."""
    rows = ROW.findall((sample_folder().parent / "LICENSES.md").read_text(encoding="utf-8"))
    photographs = {row[0].rpartition("_")[0]: row[1:3] for row in rows}
    assert len(photographs) == len(set(photographs.values())) == 24
    assert all(photographs[row[0].rpartition("_")[0]] == row[1:3] for row in rows)
