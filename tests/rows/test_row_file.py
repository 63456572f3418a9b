"""Row files: whole records or none, whatever happens to their writer or to the file."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support.records import MACHINE, RECIPE, record_of

from geed_cli.errors import InputError
from geed_cli.rows.row_file import MAGIC, RowFile, read_row_file
from geed_cli.rows.row_folder import read_rows

RECORDS = [record_of({f"{n}a": [n, 0.5], f"{n}b": [n, 0.25]}) for n in range(3)]


def written(folder: Path) -> Path:
    """A file of three records."""
    with RowFile(folder, "1-of-2", RECIPE, MACHINE) as file:
        for record in RECORDS:
            file.append(record.to_bytes())
        file.sync()
    return file.path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Each writer has a file of its own, in a folder that is made for it."""
    paths = [written(tmp_path / "rows") for _ in range(2)]
    assert paths[0] != paths[1]
    for stored in read_rows(tmp_path / "rows", RECIPE):
        assert (stored.recipe, stored.machine, stored.harmed) == (RECIPE, MACHINE, 0)
        assert [record.to_bytes() for record in stored.records] == [record.to_bytes() for record in RECORDS]
    assert read_rows(tmp_path / "rows", {**RECIPE, "model": "other"}) == ()
    assert read_rows(tmp_path / "nowhere", RECIPE) == ()


def test_a_file_that_ends_anywhere_has_its_whole_records(tmp_path: Path) -> None:
    """As a writer leaves it that is killed: the record at the end is passed over."""
    data = written(tmp_path).read_bytes()
    cut, counts = tmp_path / "cut.rows", []
    for end in range(len(data) + 1):
        cut.write_bytes(data[:end])
        stored = read_row_file(cut)
        assert [record.to_bytes() for record in stored.records] == [
            record.to_bytes() for record in RECORDS[: len(stored.records)]
        ]
        counts.append(len(stored.records))
    assert counts == sorted(counts)
    assert (counts[0], counts[-2], counts[-1]) == (0, 2, 3)


def test_a_byte_that_is_another_costs_its_record_alone(tmp_path: Path) -> None:
    """A checksum over each record finds it; where it is in a length, what follows cannot be found."""
    data = written(tmp_path).read_bytes()
    size = len(RECORDS[0].to_bytes())
    begin = data.index(RECORDS[1].to_bytes())
    changed = tmp_path / "changed.rows"
    for at in (begin, begin + size // 2, begin + size - 1, begin - 1):
        changed.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        stored = read_row_file(changed)
        assert [record.images[0].path for record in stored.records] == ["0a", "2a"]
        assert stored.harmed == 1


@pytest.mark.parametrize("data", [b"PK\x03\x04 something else", MAGIC[:-1] + b" and more"])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    """They are named, and what to do with them."""
    file = tmp_path / "other.rows"
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"other\.rows is not a file of rows: it begins otherwise"):
        read_row_file(file)
    with pytest.raises(InputError, match="it cannot be read"):
        read_row_file(tmp_path / "none.rows")


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from support.records import MACHINE, RECIPE, record_of
from geed_cli.errors import RunError
from geed_cli.rows.row_file import RowFile
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
record = record_of({"a": [1.0] * 500}).to_bytes()
with RowFile(Path(sys.argv[1]), "1-of-1", RECIPE, MACHINE) as file:
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(record) * 5 // 2, len(record) * 5 // 2))
    for _ in range(4):
        try:
            file.append(record)
        except RunError as error:
            print(error.exit_code, error.found)
"""


@pytest.mark.heavy
def test_where_there_is_no_room_what_was_written_stays(tmp_path: Path) -> None:
    """A limit of the system on a file's size ends a write in its middle, as a full disk does: exit code 3."""
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(tests), str(tests.parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2  # two records had room, and two had not
    assert all(line.startswith("3 rows could not be written to ") for line in lines)
    (path,) = tmp_path.glob("*.rows")
    stored = read_row_file(path)
    assert (len(stored.records), stored.harmed) == (2, 0)
    assert resource.RLIMIT_FSIZE is not None
