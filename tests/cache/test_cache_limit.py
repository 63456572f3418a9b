"""The cache keeps below its limit: rows and converted weights together, what was used longest ago first."""

import os
from pathlib import Path

import pytest
from support.cache import digest_of, key, values

from geed_cli.cache.contents import networks_in
from geed_cli.cache.database import Database
from geed_cli.cache.limit import DEFAULT_LIMIT, cache_limit, rows_size
from geed_cli.cache.store import RowStore
from geed_cli.cache.tables import FILE_NAME
from geed_cli.checkpoints.kept import KEPT_FOLDER
from geed_cli.checkpoints.kept_files import stored_weights
from geed_cli.errors import InputError
from geed_cli.pipeline.reuse.pruning import keep_below

LENGTH = 500
"""Rows of 4 kB, as many embeddings have."""


def put(folder: Path, name: str, start: int, most: int = DEFAULT_LIMIT) -> None:
    """A hundred rows of a network: 400 kB."""
    with RowStore(folder, most_bytes=most) as store:
        store.register(digest_of(name), name, {})
        for some in range(start, start + 100, 10):
            store.put_many(digest_of(name), values(10, LENGTH, start=some))
        assert store.notes == ()


def keep(folder: Path, name: str, size: int, used: float) -> None:
    """A file of converted weights, as far as sizes and times go."""
    path = folder / KEPT_FOLDER / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (used, used))


def rows_of(folder: Path) -> dict[str, int]:
    """Rows by network."""
    with Database(folder) as database:
        return {network.description: network.rows for network in networks_in(database)}


@pytest.mark.parametrize(
    ("text", "size"), [("", 5 * 10**9), ("500MB", 500_000_000), ("2 GiB", 2**31), ("0", 0), (None, 5 * 10**9)]
)
def test_the_limit_of_the_environment(text: str | None, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """5 GB where nothing is said; otherwise in the units of --max-size."""
    monkeypatch.delenv("GEED_CACHE_LIMIT", raising=False)
    if text is not None:
        monkeypatch.setenv("GEED_CACHE_LIMIT", text)
    assert cache_limit() == size


def test_a_limit_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named by its variable, with one that works."""
    monkeypatch.setenv("GEED_CACHE_LIMIT", "much")
    with pytest.raises(InputError, match="GEED_CACHE_LIMIT: 'much' is no size") as refusal:
        cache_limit()
    name, _, value = refusal.value.remedy.partition("=")
    monkeypatch.setenv(name, value)
    assert cache_limit() == DEFAULT_LIMIT


def test_rows_used_longest_ago_go_while_new_ones_come(tmp_path: Path) -> None:
    """Three networks of 400 kB within 1 MB: the first loses rows, the last has all of them."""
    for number, name in enumerate(("first", "second", "third")):
        put(tmp_path, name, 1000 * number, most=1_000_000)
    rows = rows_of(tmp_path)
    assert rows["third"] == 100
    assert rows.get("first", 0) < rows["second"]
    assert sum(rows.values()) > 150
    assert rows_size(tmp_path / FILE_NAME) <= 1_000_000


def test_rows_of_one_network_beyond_the_limit(tmp_path: Path) -> None:
    """Its newest rows stay."""
    put(tmp_path, "only", 0, most=300_000)
    assert rows_size(tmp_path / FILE_NAME) <= 300_000
    with RowStore(tmp_path) as store:
        found = store.get_many([key(n) for n in range(100)])
    assert list(values(10, LENGTH, start=90)) == [one for one in values(100, LENGTH) if one in found][-10:]
    assert key(0) not in found


def test_weights_and_rows_together(tmp_path: Path) -> None:
    """The weights used longest ago go first, and rows only where that is not enough; then there is a tenth of room."""
    put(tmp_path, "net", 0)
    for name, used in (("old", 1000), ("middle", 2000), ("new", 3000)):
        keep(tmp_path, name, 400_000, used)
    assert keep_below(tmp_path, 10_000_000) is None
    said = keep_below(tmp_path, 1_500_000)
    assert said == (
        "1 converted weights file and 0 rows, used longest ago, were removed to keep below 1.50 MB (GEED_CACHE_LIMIT)"
    )
    assert [file.key for file in stored_weights(tmp_path)] == ["new", "middle"]
    said = keep_below(tmp_path, 300_000)
    assert said is not None
    assert said.startswith("2 converted weights files and ")
    assert stored_weights(tmp_path) == ()
    assert 0 < rows_of(tmp_path)["net"] < 100
    assert rows_size(tmp_path / FILE_NAME) <= 300_000
    assert keep_below(tmp_path, 300_000) is None


def test_a_limit_of_nothing(tmp_path: Path) -> None:
    """No row and no weights are left, and a cache that is not there is none."""
    put(tmp_path, "net", 0)
    keep(tmp_path, "old", 1000, 1000)
    assert keep_below(tmp_path, 0) is not None
    assert (rows_of(tmp_path), stored_weights(tmp_path)) == ({}, ())
    assert keep_below(tmp_path / "none", 0) is None
    assert not (tmp_path / "none").exists()
