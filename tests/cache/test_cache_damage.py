"""Every kind of damage: the run goes on without an error, never sees a wrong number, and the next run has a cache."""

import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from support.cache import NETWORK, assert_true, change, fill, key, serves, value, values

from geed_cli.cache.contents import networks_in
from geed_cli.cache.database import Database, aside
from geed_cli.cache.prune import PruneRule, prune
from geed_cli.cache.store import RowStore
from geed_cli.cache.tables import APPLICATION_ID, FILE_NAME

COUNT = 200


def use(folder: Path, count: int = COUNT) -> tuple[int, tuple[str, ...]]:
    """Look everything up and put it again, as a run does; how much was found, and the notes."""
    with RowStore(folder, patience_s=0.1) as store:
        store.register(NETWORK, "network one", {})
        found = store.get_many([key(n) for n in range(count)])
        assert_true(found, count)
        store.put_many(NETWORK, values(count))
        assert_true(store.get_many([key(n) for n in range(count)]), count)
    return len(found), store.notes


@pytest.mark.parametrize("content", [b"garbage" * 2000, bytes(8192), b"SQLite format 3\x00" + b"y" * 5000])
def test_a_file_that_is_no_database_is_moved_aside(tmp_path: Path, content: bytes) -> None:
    """With one note; this run already keeps its rows in the new file."""
    (tmp_path / FILE_NAME).write_bytes(content)
    found, notes = use(tmp_path)
    assert (found, len(notes)) == (0, 1)
    assert "moved to rows-4.sqlite.corrupt" in notes[0]
    assert aside(tmp_path / FILE_NAME).read_bytes() == content
    assert use(tmp_path) == (COUNT, ())


@pytest.mark.parametrize("content", [b"", b"x"])
def test_a_file_without_a_header_is_a_new_one(tmp_path: Path, content: bytes) -> None:
    """As a process leaves it that ended before its first page."""
    (tmp_path / FILE_NAME).write_bytes(content)
    assert use(tmp_path) == (0, ())


@pytest.mark.parametrize("length", [50, 100, 4096, 10_000, 20_480, -1])
def test_truncated_files(tmp_path: Path, length: int) -> None:
    """Cut within the header, after the first page, between pages and within one."""
    file = fill(tmp_path, COUNT)
    file.write_bytes(file.read_bytes()[:length])
    found, notes = use(tmp_path)
    assert found < COUNT
    assert notes
    assert serves(tmp_path)


def test_random_damage_never_gives_a_wrong_number(tmp_path: Path) -> None:
    """Sixty files with bits flipped, stretches overwritten or pages exchanged; ``use`` compares all values."""
    whole = fill(tmp_path, COUNT).read_bytes()
    outcomes = set()
    for seed in range(60):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / FILE_NAME).write_bytes(damaged(whole, random.Random(seed)))
        found, notes = use(folder)
        outcomes.add((found == COUNT, bool(notes)))
        assert serves(folder) or "another program" in use(folder)[1][0]
    assert {
        (True, False),
        (False, True),
    } <= outcomes  # harmless damage and damage that was seen both occurred


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """The file with one of three kinds of damage."""
    data, page = bytearray(whole), 4096
    kind = chance.randrange(3)
    if kind == 0:
        for _ in range(20):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == 1:
        start = chance.randrange(len(data))
        data[start : start + 500] = chance.randbytes(min(500, len(data) - start))
    else:
        one, other = (page * chance.randrange(1, len(data) // page) for _ in range(2))
        data[one : one + page], data[other : other + page] = (
            data[other : other + page],
            data[one : one + page],
        )
    return bytes(data)


def test_a_flipped_bit_in_a_value_drops_that_row_alone(tmp_path: Path) -> None:
    """Found by its bytes in the file, as a failing disk would change it."""
    file = fill(tmp_path, COUNT)
    data = bytearray(file.read_bytes())
    data[data.index(value(17).tobytes()) + 5] ^= 0x10
    file.write_bytes(data)
    with RowStore(tmp_path) as store:
        found = store.get_many([key(n) for n in range(COUNT)])
        assert_true(found, COUNT)
        assert set(values(COUNT)) - set(found) == {key(17)}
        assert len(store.notes) == 1
        assert "checksum" in store.notes[0]
    with RowStore(tmp_path) as store:
        assert store.get_many([key(17)]) == {}
        assert store.notes == ()


def test_values_under_each_others_keys_are_dropped(tmp_path: Path) -> None:
    """Each is whole, but not this key's."""
    file = fill(tmp_path, 3)
    change(
        file,
        "CREATE TEMP TABLE t AS SELECT id, value FROM rows",
        "UPDATE rows SET value = (SELECT value FROM t WHERE t.id = 3 - rows.id) WHERE id < 3",
    )
    with RowStore(tmp_path) as store:
        assert list(store.get_many([key(n) for n in range(3)])) == [key(2)]
        assert len(store.notes) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rows SET value = 'text'",
        "UPDATE rows SET value = 1.5",
        "UPDATE rows SET value = x''",
        "UPDATE rows SET network = 'other'",
        "UPDATE networks SET details = '[[', used = 'never', description = x'ff'",
        "UPDATE networks SET key = 7",
    ],
)
def test_columns_of_other_types(tmp_path: Path, statement: str) -> None:
    """SQLite keeps any type anywhere."""
    change(fill(tmp_path, COUNT), statement)
    with Database(tmp_path) as database:
        networks_in(database)
    use(tmp_path)
    assert serves(tmp_path)
    with Database(tmp_path) as database:
        assert networks_in(database)
        assert prune(database, PruneRule(everything=True), dry_run=False)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON rows BEGIN UPDATE rows SET value = x'00'; END",
        "CREATE VIEW v AS SELECT 1",
        "ALTER TABLE rows ADD COLUMN more",
        "DROP TABLE rows",
    ],
)
def test_other_tables_than_the_caches_own(tmp_path: Path, statement: str) -> None:
    """Whoever wrote them: moved aside, so that no SQL of theirs runs."""
    change(fill(tmp_path, COUNT), statement)
    found, notes = use(tmp_path)
    assert (found, len(notes)) == (0, 1)
    assert serves(tmp_path)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("PRAGMA user_version=1", "version 1"),
        ("PRAGMA user_version=0", "version 0"),
        ("PRAGMA application_id=7", "another program"),
    ],
)
def test_foreign_files_are_left_alone(tmp_path: Path, statement: str, said: str) -> None:
    """Nothing is read from them and not a byte is changed."""
    file = fill(tmp_path, COUNT)
    change(file, statement)
    before = file.read_bytes()
    found, notes = use(tmp_path)
    assert found == 0
    assert len(notes) == 1
    assert said in notes[0]
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == [FILE_NAME]


def test_another_programs_database(tmp_path: Path) -> None:
    """Most programs leave the application id at 0, as a new file has it."""
    change(tmp_path / FILE_NAME, "CREATE TABLE bookmarks (url TEXT)")
    assert "another program" in use(tmp_path)[1][0]


def test_no_file_where_the_file_should_be(tmp_path: Path) -> None:
    """A folder, a pipe, a link to nowhere; a file where the folder should be; a folder that cannot be made."""
    for name in "abcd":
        (tmp_path / name).mkdir()
    (tmp_path / "a" / FILE_NAME).mkdir()
    os.mkfifo(tmp_path / "b" / FILE_NAME)
    (tmp_path / "c" / FILE_NAME).symlink_to(tmp_path / "nowhere" / "file")
    (tmp_path / "d" / "file").touch()
    for folder in (
        tmp_path / "a",
        tmp_path / "b",
        tmp_path / "c",
        tmp_path / "d" / "file",
        Path("/proc/geed/x"),
    ):
        found, notes = use(folder)
        assert found == 0
        assert len(notes) == 1
        assert "is not used" in notes[0]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can reach, which tmp_path is not."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o000, 0o755), (0o444, 0o555), (0o644, 0o555)])
def test_permissions(open_folder: Path, file_mode: int, folder_mode: int) -> None:
    """A file that may not be read, one in a folder that may not be changed; root may do all, so it steps down."""
    folder = open_folder / "cache"
    file = fill(folder, COUNT)
    file.chmod(file_mode)
    folder.chmod(folder_mode)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        found, notes = use(folder)
    finally:
        os.seteuid(user)
        folder.chmod(0o755)
        file.chmod(0o644)
    assert found == 0
    assert len(notes) == 1
    assert use(folder) == (COUNT, ())


def test_damage_while_it_is_open(tmp_path: Path) -> None:
    """Pages overwritten under an open store, as by a disk that fails in the middle of a run."""
    file = fill(tmp_path, 5000)
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "network one", {})
        assert len(store.get_many([key(1)])) == 1
        with file.open("r+b") as behind:
            behind.seek(4096)
            behind.write(bytes(file.stat().st_size - 4096))
        assert_true(store.get_many([key(n) for n in range(5000)]), 5000)
        store.put_many(NETWORK, values(10))
        assert len(store.notes) == 1
        assert len(store.get_many([key(n) for n in range(10)])) == 10
    assert serves(tmp_path)


def test_a_new_file_of_another_process_is_not_moved_aside(tmp_path: Path) -> None:
    """Both found the damage; the other was faster and has filled a new file since."""
    file = fill(tmp_path, 5000)
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "network one", {})
        with file.open("r+b") as behind:
            behind.seek(4096)
            behind.write(bytes(file.stat().st_size - 4096))
        with RowStore(tmp_path) as other:
            other.get_many([key(1)])
            other.register(NETWORK, "network one", {})
            other.put_many(NETWORK, values(COUNT))
            assert other.notes
        assert_true(store.get_many([key(n) for n in range(5000)]), 5000)
        assert len(store.get_many([key(n) for n in range(COUNT)])) == COUNT


def test_a_stranger_cannot_exhaust_memory(tmp_path: Path) -> None:
    """A value of 100 MB is refused by its length."""
    file = fill(tmp_path, 2)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("UPDATE rows SET value = zeroblob(100000000) WHERE key = ?", (key(0),))
    connection.close()
    with RowStore(tmp_path) as store:
        assert store.get_many([key(0)]) == {}
        assert len(store.notes) == 1
        assert "too big" in store.notes[0]
    assert serves(tmp_path)


def test_application_id_spells_the_name() -> None:
    """``file rows-4.sqlite`` shows it; it never changes, or every cache would be foreign."""
    assert APPLICATION_ID == 0x67656564
    assert np.frombuffer(b"deeg", "<u4")[0] == APPLICATION_ID
