"""The store when nothing is wrong."""

from pathlib import Path

import numpy as np
import pytest
from support.cache import NETWORK, as_named, assert_true, change, fill, key, named, value, values

from geed_cli.cache import store as store_module
from geed_cli.cache.contents import networks_in
from geed_cli.cache.database import FILE_NAME, Database
from geed_cli.cache.keys import digest
from geed_cli.cache.location import cache_folder
from geed_cli.cache.row_bytes import Numbers
from geed_cli.cache.store import RowStore


def test_what_is_put_is_found_by_the_next_opening(tmp_path: Path) -> None:
    """More keys than one query takes, some unknown, some twice; a new folder below a new folder."""
    folder = tmp_path / "a" / "b"
    fill(folder, 1203)
    with RowStore(folder) as store:
        found = store.get_many([key(n) for n in [*range(2000), 5, 5]])
        assert store.get_many([]) == {}
        assert store.notes == ()
    expected = values(1203)
    assert found.keys() == expected.keys()
    assert_true(found, 1203)


def test_rows_of_either_kind_stay_as_they_are(tmp_path: Path) -> None:
    """Numbers and vectors, none at all, both widths; an embedding longer than a page."""
    vectors = [np.zeros(0), np.array([np.nan, -np.inf, -0.0]), np.ones(5000, np.float32)]
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "n", {})
        store.put_many(NETWORK, {key(n): one for n, one in enumerate(vectors)})
        store.put_many(NETWORK, {key(7): named(a=-0.0, b=np.inf), key(8): named()})
        found = store.get_many([key(n) for n in range(9)])
    for n, one in enumerate(vectors):
        got = found[key(n)]
        assert not isinstance(got, Numbers)
        assert (got.dtype, got.tobytes()) == (one.dtype, one.tobytes())
    assert str(as_named(found[key(7)])) == "{'a': -0.0, 'b': inf}"
    assert as_named(found[key(8)]) == {}


def test_putting_again_replaces_numbers_of_the_same_names(tmp_path: Path) -> None:
    """Others of the row stay, in this opening and the next, and rows are no more than before; vectors are replaced."""
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "n", {})
        store.put_many(NETWORK, {key(0): named(a=1, b=2), key(1): named(a=3), key(2): value(2)})
        store.put_many(NETWORK, {key(0): named(c=4, a=5), key(2): value(9)})
        store.put_many(NETWORK, {key(1): named(b=6)})
        store.put_many(NETWORK, {})
        assert as_named(store.get_many([key(1)])[key(1)]) == {"a": 3, "b": 6}
    with RowStore(tmp_path) as store:
        found = store.get_many([key(n) for n in range(3)])
    assert as_named(found[key(0)]) == {"a": 5, "b": 2, "c": 4}
    assert as_named(found[key(1)]) == {"a": 3, "b": 6}
    assert np.array_equal(found[key(2)], value(9))
    with Database(tmp_path) as database:
        assert networks_in(database)[0].rows == 3


@pytest.mark.parametrize("harm", ["x'00'", "(SELECT value FROM rows WHERE id = 2)"])
def test_a_harmed_row_is_begun_anew(tmp_path: Path, harm: str) -> None:
    """Nothing of it is mixed with what is put."""
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "n", {})
        store.put_many(NETWORK, {key(0): named(a=1), key(1): named(a=2)})
    change(tmp_path / FILE_NAME, f"UPDATE rows SET value = {harm} WHERE id = 1")
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "n", {})
        store.put_many(NETWORK, {key(0): named(b=7)})
        assert as_named(store.get_many([key(0)])[key(0)]) == {"b": 7}
        assert store.notes == ()


def test_a_put_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """The second value is none, so the first is not stored either, and the store goes on."""
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "n", {})
        with pytest.raises(TypeError):
            store.put_many(NETWORK, {key(0): value(0), key(1): np.zeros(1, int)})
        assert store.get_many([key(0)]) == {}
        store.put_many(NETWORK, {key(2): value(2)})
        assert list(store.get_many([key(2)])) == [key(2)]


def test_rows_need_a_registered_network(tmp_path: Path) -> None:
    """A mistake of the caller, not of the file."""
    with RowStore(tmp_path) as store, pytest.raises(KeyError):
        store.put_many(NETWORK, values(1))


def test_contents_by_network(tmp_path: Path) -> None:
    """Rows and details of each, the last used first; a registered network without rows has 0."""
    fill(tmp_path, 5)
    with RowStore(tmp_path) as store:
        store.register(digest({"network": "two"}), "network two", {"source": "timm"})
    with Database(tmp_path) as database:
        two, one = networks_in(database)
    assert (two.description, two.rows, two.bytes, two.details) == ("network two", 0, 0, {"source": "timm"})
    assert (one.key, one.rows, one.details) == (NETWORK, 5, {"weights": "abc"})


def test_last_use_is_written_once_an_opening(tmp_path: Path) -> None:
    """A second registration writes nothing; a new opening does."""
    file = fill(tmp_path, 1)
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "renamed", {})
        change(file, "UPDATE networks SET used = 1")
        store.register(NETWORK, "ignored", {})
        store.get_many([key(0)])
    with Database(tmp_path) as database:
        assert [(one.description, one.used) for one in networks_in(database)] == [("renamed", 1)]
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "renamed", {})
    with Database(tmp_path) as database:
        (one,) = networks_in(database)
    assert one.used >= one.created > 1


def test_a_network_pruned_meanwhile_comes_back(tmp_path: Path) -> None:
    """Its rows are never booked on another network that has got its number."""
    with RowStore(tmp_path) as store:
        store.register(NETWORK, "one", {})
        with RowStore(tmp_path) as other, Database(tmp_path) as database:
            database.write(lambda c: c.execute("DELETE FROM networks"), None)
            other.register(digest({"network": "two"}), "two", {})
        store.put_many(NETWORK, values(4))
    with Database(tmp_path) as database:
        assert {(one.description, one.rows) for one in networks_in(database)} == {("one", 4), ("two", 0)}


def test_facts(tmp_path: Path) -> None:
    """The last text under each key, beside the rows, to the byte; damage leaves none."""
    file = fill(tmp_path, 3)
    with RowStore(tmp_path) as store:
        for text in ("", "δ = ½ \x00", "8"):
            store.keep_fact(key(0), text)
            assert store.fact(key(0)) == text
        store.keep_fact(key(1), "16")
    change(
        file,
        "UPDATE facts SET value = (SELECT value FROM rows WHERE id = 1) WHERE id = (SELECT MIN(id) FROM facts)",
    )
    with RowStore(tmp_path) as store:
        assert [store.fact(key(n)) for n in range(3)] == [None, "16", None]
        assert len(store.get_many([key(n) for n in range(3)])) == 3
        assert store.notes == ()


def test_the_newest_facts_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeping one again makes it the newest."""
    monkeypatch.setattr(store_module, "MOST_FACTS", 3)
    with RowStore(tmp_path) as store:
        for number in (0, 1, 2, 0, 3):
            store.keep_fact(key(number), str(number))
        assert [store.fact(key(number)) for number in range(4)] == ["0", None, "2", "3"]


@pytest.mark.parametrize("length", [1, 10, 100, 200, 300, 400, 500, 800, 1200, 2048, 10_000])
def test_sizes_are_about_those_of_the_file(tmp_path: Path, length: int) -> None:
    """Within a tenth: one of 300 numbers has a page by itself, two of 200 share one, longer ones have several."""
    file = fill(tmp_path, max(100, 400_000 // (length + 20)), length)
    with Database(tmp_path) as database:
        assert networks_in(database)[0].bytes == pytest.approx(file.stat().st_size, rel=0.1)


def test_which_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The option, else GEED_CACHE_DIR, else XDG_CACHE_HOME; an empty variable is none."""
    monkeypatch.setenv("GEED_CACHE_DIR", "~/there")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder(Path("given")) == Path("given")
    assert cache_folder(None) == tmp_path / "there"
    monkeypatch.setenv("GEED_CACHE_DIR", "")
    assert cache_folder(None) == tmp_path / "xdg" / "geed"
