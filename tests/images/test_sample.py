"""The bundled sample: 40 free crops, each listed with its source and licence."""

import re

from geed_cli.images.decode import read_picture
from geed_cli.images.source import sample_folder

ROW = re.compile(
    r"^\| (\S+\.jpg) \| `skimage\.data\.(\w+)`, [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$",
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
    """One row for each file, with author, public domain or CC0, and a square crop box."""
    rows = ROW.findall((sample_folder().parent / "LICENSES.md").read_text(encoding="utf-8"))
    assert sorted(row[0] for row in rows) == sorted(file.name for file in sample_folder().iterdir())
    for name, source, author, licence, origin, box in rows:
        assert name.startswith(source)
        assert author.strip()
        assert origin.strip()
        assert licence in {"CC0 1.0", "public domain"}
        left, top, right, bottom = map(int, box.split(","))
        assert right - left == bottom - top > 0
    assert len({row[1] for row in rows}) >= 8
