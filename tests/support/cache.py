"""What the tests of the cache share: keys, a network, values that are easily got wrong, a filled store."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geed_cli.cache.keys import digest
from geed_cli.cache.row_bytes import Content, Numbers, names_in
from geed_cli.cache.store import RowStore
from geed_cli.cache.tables import FILE_NAME

NETWORK = digest({"network": "one"})


def key(number: int) -> bytes:
    """A key of its own for every number."""
    return digest({"number": str(number)})


def value(number: int, length: int = 3) -> NDArray[np.float64]:
    """A vector that only this number has."""
    return np.arange(length) + number / 7


def values(count: int, length: int = 3, start: int = 0) -> dict[bytes, NDArray[np.float64]]:
    """Rows of a vector each, by their keys."""
    return {key(n): value(n, length) for n in range(start, start + count)}


def named(**numbers: float) -> Numbers:
    """Numbers under these names."""
    names = [name.ljust(16).encode() for name in numbers]
    return Numbers(names_in(b"".join(names)), np.array(list(numbers.values()), dtype=np.float64))


def as_named(row: Content) -> dict[str, float]:
    """The names and numbers of a row."""
    assert isinstance(row, Numbers)
    names = [name.tobytes().decode().strip() for name in row.names]
    return dict(zip(names, row.values.tolist(), strict=True))


def fill(folder: Path, count: int, length: int = 3) -> Path:
    """A store with these values; its file."""
    with RowStore(folder) as store:
        store.register(NETWORK, "network one", {"weights": "abc"})
        store.put_many(NETWORK, values(count, length))
        assert store.notes == ()
    return folder / FILE_NAME


def assert_true(found: dict[bytes, Content], count: int, length: int = 3) -> None:
    """Nothing was found that was not written so."""
    written = values(count, length)
    for one, got in found.items():
        assert not isinstance(got, Numbers)
        assert got.tobytes() == written[one].tobytes()


def serves(folder: Path) -> bool:
    """Whether a store there keeps what it is given, without notes."""
    with RowStore(folder) as store:
        store.register(NETWORK, "network one", {})
        store.put_many(NETWORK, {key(-1): value(-1)})
    with RowStore(folder) as store:
        return list(store.get_many([key(-1)])) == [key(-1)] and store.notes == ()


def counted_puts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each ``put_many`` has, from now on; the list grows."""
    counts: list[int] = []
    put = RowStore.put_many

    def counted(store: RowStore, key: bytes, items: Mapping[bytes, Content]) -> None:
        counts.append(len(items))
        put(store, key, items)

    monkeypatch.setattr(RowStore, "put_many", counted)
    return counts


def change(file: Path, *statements: str) -> None:
    """Do SQL to the file behind the store's back."""
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def digest_of(name: str) -> bytes:
    """A network's key by its name."""
    return digest({"network": name})
