"""The union of records: the same in any order and however often they come, and rows that contradict each other."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import DEVIATION, RECIPE, record_of

from geed_cli.errors import InputError
from geed_cli.rows.row_file import StoredRows
from geed_cli.rows.row_folder import union_of
from geed_cli.rows.tile_record import LeftOut, Record, record_in
from geed_cli.rows.union import ROUNDING, Union


def union(records: list[Record], precision: str = "fp32") -> Union:
    made = Union(precision)
    made.add(records)
    return made


def values(found: Union) -> dict[str, list[float]]:
    """The deviations of every image."""
    return {
        path: row.record.networks[0][DEVIATION].at(row.place).tolist()  # type: ignore[union-attr]
        for path, row in sorted(found.audited.items())
    }


ROWS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 4), max_size=5)


@given(st.lists(ROWS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_it_depends_on_neither_order_nor_number(tiles: list[dict[str, int]], chance: random.Random) -> None:
    """An oracle of dicts: of the rows of an image that which is least as bytes, 8 little-endian bytes a number."""
    records = [
        record_of({path: [size + 2, 1e-5 * size] for path, size in tile.items()}) for tile in tiles if tile
    ]
    several = records + [record_in(record.to_bytes()) for record in records]
    chance.shuffle(several)
    wanted: dict[str, list[int]] = {}
    for tile in tiles:
        for path, size in tile.items():
            wanted.setdefault(path, []).append(size)
    alike = {path: sizes for path, sizes in wanted.items() if len(set(sizes)) == 1}
    if alike != wanted:
        with pytest.raises(InputError, match=r"its rows differ in deviation latent\.l2 flip"):
            union(several)
        return
    assert values(union(several)) == {
        path: [sizes[0] + 2, 1e-5 * sizes[0]] for path, sizes in sorted(alike.items())
    }


@pytest.mark.parametrize("precision", ROUNDING)
def test_rows_that_differ_in_rounding(precision: str) -> None:
    """That with the smaller bytes is taken in either order, and counted; beyond a rounding none is."""
    first = 5.0
    second, third = (first * (1 + part * ROUNDING[precision]) for part in (0.5, 1.5))
    records = [record_of({"a": [value, 1.0]}) for value in (first, second)]
    least = min((first, second), key=lambda value: np.float64(value).tobytes())
    for some in (records, records[::-1]):
        found = union(some, precision)
        assert values(found) == {"a": [least, 1.0]}
        assert found.twice == {"a"}
    with pytest.raises(InputError, match=r"a: its rows differ in deviation latent\.l2 flip") as caught:
        union([records[0], record_of({"a": [third, 1.0]})], precision)
    assert caught.value.exit_code == 2


def test_decisions_may_fall_either_way() -> None:
    """A flip is 0 or 1, and of two classes that are equally probable rounding chooses."""
    decided = [record_of({"a": [flips, 0.5]}, times=0.0) for flips in (0.0, 1.0)]
    assert union(decided).twice == {"a"}


def test_two_pictures_of_one_name() -> None:
    """A file that was changed between the shards."""
    one, other = record_of({"a": [1.0, 2.0]}), record_of({"a": [1.0, 2.0]})
    changed = record_in(other.to_bytes().replace(b"sha of a", b"sha of b"))
    with pytest.raises(InputError, match="a: two pictures of this name were audited"):
        union([one, changed])


def test_files_without_rows() -> None:
    """What is known of them, in any order; images of the normaliser are others than audited ones."""
    out = [LeftOut("x", "s", "truncated"), LeftOut("y", None, "")]
    records = [record_of({"a": [1.0, 2.0]}, left_out=out), record_of({"b": [3.0, 4.0]}, audited=False)]
    for some in (records, records[::-1]):
        found = union(some)
        assert found.hashes() == {"a": "sha of a", "b": "sha of b", "x": "s"}
        assert found.lacking("abxyz", audited=True) == ["b", "z"]
        assert found.lacking("b", audited=False) == []
        assert found.outputs[0].rows == 2


def test_unlike_machines() -> None:
    """In types with fewer digits than float32 their rows are not put together."""
    files = [
        StoredRows(path, RECIPE, {"device": device}, (record_of({device: [1.0, 2.0]}),), 0)
        for device, path in (("cpu", __file__), ("cuda", __file__))
    ]
    assert union_of(files, "fp32").audited.keys() == {"cpu", "cuda"}
    with pytest.raises(InputError, match=r"rows in bf16 of unlike machines: device cpu .*, device cuda"):
        union_of(files, "bf16")
    assert union_of(files[:1] * 2, "bf16").audited.keys() == {"cpu"}
