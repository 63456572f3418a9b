"""What each rule of pruning takes, and that the room goes back to the disk."""

import sqlite3
from pathlib import Path

import pytest
from support.cache import change, digest_of, key, values

from geed_cli.cache.contents import bytes_as_text, bytes_in, networks_in, seconds_in
from geed_cli.cache.database import Database
from geed_cli.cache.prune import PruneRule, prune
from geed_cli.cache.store import RowStore
from geed_cli.cache.tables import FILE_NAME
from geed_cli.errors import InputError

LENGTH = 100
ROW = 4096 // 4 + 45
"""A row's bytes as they are summed: four of 830 bytes and their keys go on a page of 4096, and the index has it too."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three networks with 100 rows each: old, used at 1000; middle at 2000; new at 3000."""
    with RowStore(tmp_path) as store:
        for n, name in enumerate(("old ResNet", "middle ViT", "new ResNet")):
            store.register(digest_of(name), name, {})
            store.put_many(digest_of(name), values(100, LENGTH, start=100 * n))
    for used, name in ((1000, "old"), (2000, "middle"), (3000, "new")):
        change(tmp_path / FILE_NAME, f"UPDATE networks SET used = {used} WHERE description LIKE '{name}%'")
    return tmp_path


def left(folder: Path) -> dict[str, int]:
    """Rows of each network by the first word of its name."""
    with Database(folder) as database:
        return {one.description.split()[0]: one.rows for one in networks_in(database)}


CASES = [
    (PruneRule(used_before=2000), {"old": 100}),
    (PruneRule(used_before=2001), {"old": 100, "middle": 100}),
    (PruneRule(used_before=1000), {}),
    (PruneRule(model="resnet"), {"old": 100, "new": 100}),
    (PruneRule(model="%"), {}),
    (PruneRule(everything=True), {"old": 100, "middle": 100, "new": 100}),
    (PruneRule(max_bytes=300 * ROW), {}),
    (PruneRule(max_bytes=300 * ROW - 1), {"old": 1}),
    (PruneRule(max_bytes=150 * ROW), {"old": 100, "middle": 50}),
    (PruneRule(max_bytes=0), {"old": 100, "middle": 100, "new": 100}),
    (PruneRule(model="new", max_bytes=150 * ROW), {"old": 50, "new": 100}),
    (PruneRule(model="vit", used_before=1500), {"old": 100, "middle": 100}),
    (PruneRule(), {}),
]


@pytest.mark.parametrize(("rule", "expected"), CASES)
@pytest.mark.parametrize("dry_run", [True, False])
def test_rules(folder: Path, rule: PruneRule, expected: dict[str, int], *, dry_run: bool) -> None:
    """What is said to go is what goes, and in a dry run nothing does; a network without rows is forgotten."""
    before = (folder / FILE_NAME).read_bytes()
    with Database(folder) as database:
        gone = prune(database, rule, dry_run=dry_run)
        assert database.notes == ()
    assert gone is not None
    assert {one.description.split()[0]: one.rows for one in gone} == expected
    assert all(one.bytes == one.rows * ROW for one in gone)
    if dry_run:
        assert (folder / FILE_NAME).read_bytes() == before
    else:
        stays = {name: 100 - expected.get(name, 0) for name in ("new", "middle", "old")}
        assert left(folder) == {name: rows for name, rows in stays.items() if rows}


def test_of_a_network_that_is_cut_the_newest_rows_stay(folder: Path) -> None:
    """A row put again counts as new."""
    with RowStore(folder) as store:
        store.register(digest_of("old ResNet"), "old ResNet", {})
        store.put_many(digest_of("old ResNet"), values(10, LENGTH))
        with Database(folder) as database:
            prune(database, PruneRule(max_bytes=30 * ROW), dry_run=False)
        assert store.get_many([key(n) for n in range(300)]).keys() == {
            *values(10, LENGTH),
            *values(20, LENGTH, start=80),
        }


def test_the_file_shrinks(folder: Path) -> None:
    """By about what was removed."""
    file = folder / FILE_NAME
    before = file.stat().st_size
    with Database(folder) as database:
        prune(database, PruneRule(used_before=2500), dry_run=False)
    assert file.stat().st_size < 0.45 * before


def test_registered_networks_without_rows_go_by_name_alone(folder: Path) -> None:
    """A size takes rows, and there are none."""
    with RowStore(folder) as store:
        store.register(digest_of("empty"), "empty", {})
    with Database(folder) as database:
        assert prune(database, PruneRule(max_bytes=10**9), dry_run=False) == ()
        gone = prune(database, PruneRule(model="empty"), dry_run=False)
    assert gone is not None
    assert [(one.description, one.rows) for one in gone] == [("empty", 0)]
    assert "empty" not in left(folder)


def test_rows_of_no_network_go_too(folder: Path) -> None:
    """Damage can leave rows that no network lists."""
    change(folder / FILE_NAME, "UPDATE rows SET network = 77 WHERE id % 2")
    with Database(folder) as database:
        prune(database, PruneRule(used_before=0), dry_run=False)
    connection = sqlite3.connect(folder / FILE_NAME)
    assert connection.execute("SELECT COUNT(*) FROM rows").fetchone() == (150,)
    connection.close()


def test_a_lock_prunes_nothing(folder: Path) -> None:
    """And the caller is told by None."""
    connection = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    with Database(folder, patience_s=0.1) as database:
        assert prune(database, PruneRule(everything=True), dry_run=False) is None
        assert len(database.notes) == 1
    connection.execute("ROLLBACK")
    connection.close()
    assert left(folder) == {"old": 100, "middle": 100, "new": 100}


@pytest.mark.parametrize(
    ("text", "seconds"), [("30d", 2_592_000), ("1.5 h", 5400), ("2W", 1_209_600), ("90min", 5400), ("0s", 0)]
)
def test_ages(text: str, seconds: float) -> None:
    """Blanks and capitals do not matter."""
    assert seconds_in(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("1.5 MiB", 1_572_864), ("10k", 10_000), ("512", 512), ("1tb", 10**12), ("0", 0)],
)
def test_sizes(text: str, size: int) -> None:
    """SI units are powers of 1000, those with an i of 1024."""
    assert bytes_in(text) == size


@pytest.mark.parametrize("text", ["", "d", "-1d", "30", "1e3d", "30 days ago", "nan", "2GB", "٣d"])
def test_no_ages(text: str) -> None:
    """A number without a unit could be days or seconds, so it is none."""
    with pytest.raises(InputError):
        seconds_in(text)


@pytest.mark.parametrize("text", ["", "GB", "-2GB", "2 GBs", "inf", "9" * 400, "30d"])
def test_no_sizes(text: str) -> None:
    """Refused with what is expected."""
    with pytest.raises(InputError, match="expected"):
        bytes_in(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (12_345, "12.3 kB"), (99_960, "100 kB"), (999_499, "999 kB"),
     (999_500, "1.00 MB"), (18_235_392, "18.2 MB"), (10**15, "1000 TB")],
)  # fmt: skip
def test_sizes_as_text(size: int, text: str) -> None:
    """Three digits, and never 1000 of a unit that has a next one."""
    assert bytes_as_text(size) == text
