"""Keys and rows of the cache: what is put comes back bit for bit, under its own key and names alone."""

import hashlib
import struct
import zlib
from collections import Counter
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from support.cache import key, named

from geed_cli.cache.keys import digest
from geed_cli.cache.row_bytes import NAME_BYTES, Content, Numbers, decode, encode, names_in

NAN_WITH_PAYLOAD = struct.unpack("<d", bytes.fromhex("010000000000f8ff"))[0]


def test_a_key_is_the_hash_of_canonical_json() -> None:
    """Written out by hand; every machine and version finds the same rows."""
    text = b'{"a":"1","b":"\\u00e9"}'
    assert digest({"b": "é", "a": "1"}) == hashlib.sha256(text).digest()


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3), max_size=5))
def test_different_fields_have_different_keys(fields: list[dict[str, str]]) -> None:
    """Quotes, commas and lone surrogates in names or values cannot make two sets of fields one text."""
    different = {tuple(sorted(one.items())) for one in fields}
    assert len({digest(one) for one in fields}) == len(different)


@pytest.mark.parametrize("fields", [{"a": 1}, {1: "a"}, {"a": None}])
def test_fields_are_text(fields: dict[str, str]) -> None:
    """JSON writes the names 1 and "1" alike, so neither is turned into the other."""
    with pytest.raises(TypeError):
        digest(fields)


VECTORS = arrays(np.float64, st.integers(0, 9), elements=st.floats(width=64)) | arrays(
    np.float32, st.integers(0, 9), elements=st.floats(width=32)
)
NAMED = st.dictionaries(st.binary(min_size=NAME_BYTES, max_size=NAME_BYTES), st.floats(width=64), max_size=6)


def numbers(named: dict[bytes, float]) -> Numbers:
    """Numbers by their names."""
    return Numbers(names_in(b"".join(named)), np.array(list(named.values()), dtype=np.float64))


def back_of(content: Content) -> Content:
    """What comes back."""
    row = decode(key(0), encode(key(0), content))
    assert row is not None
    return row


@given(VECTORS)
def test_vectors_come_back_bit_for_bit(vector: NDArray[np.floating]) -> None:
    """Types and bits; hypothesis tries NaN, −0.0, infinities, subnormals and nothing at all."""
    back = back_of(vector)
    assert not isinstance(back, Numbers)
    assert (back.dtype, back.shape, back.tobytes()) == (vector.dtype, vector.shape, vector.tobytes())


@given(NAMED)
def test_numbers_come_back_bit_for_bit(named: dict[bytes, float]) -> None:
    """Names, their order, and bits."""
    given_numbers = numbers(named)
    back = back_of(given_numbers)
    assert isinstance(back, Numbers)
    assert back.names.astype("<u8").tobytes() == b"".join(named)
    assert back.values.tobytes() == given_numbers.values.tobytes()


@given(NAMED, st.lists(st.binary(min_size=NAME_BYTES, max_size=NAME_BYTES), max_size=6), st.randoms())
def test_numbers_are_found_by_their_names(
    named: dict[bytes, float], others: list[bytes], random: Random
) -> None:
    """In any order, some twice and some unknown; one whose first half another has may be missed, never mistaken."""
    wanted = [*named, *others, *list(named)[:2]]
    random.shuffle(wanted)
    values, there = numbers(named).at(names_in(b"".join(wanted)))
    halves = Counter(name[:8] for name in named)
    for name, value, known in zip(wanted, values, there, strict=True):
        assert known == (name in named) or halves[name[:8]] > 1
        assert np.array_equal(value, named[name] if known else 0.0, equal_nan=True)


@given(NAMED, NAMED)
def test_numbers_beside_others_are_those_of_both(one: dict[bytes, float], other: dict[bytes, float]) -> None:
    """As dictionaries are put together: of a name that both have, the first one's number."""
    assume(len({name[:8] for name in one}) == len(one))
    both = numbers(one).beside(numbers(other))
    names = [name.tobytes() for name in both.names.astype("<u8")]
    assert dict(zip(names, both.values.view(np.int64).tolist(), strict=True)) == {
        name: int(np.float64(value).view(np.int64)) for name, value in (other | one).items()
    }
    assert len(names) == len(set(names))


def test_signs_and_payloads_of_special_values_stay() -> None:
    """−0.0 and a NaN with bits of its own, in either byte order and from every second element."""
    vector = np.array([-0.0, 1, np.inf, 2, NAN_WITH_PAYLOAD, 3])[::2]
    named = Numbers(names_in(bytes(range(3 * NAME_BYTES))), vector)
    rows = [back_of(vector), back_of(vector.astype(">f8")), back_of(named)]
    for row in rows:
        back = row.values if isinstance(row, Numbers) else row
        assert back.dtype.isnative
        assert back.astype("<f8").tobytes().hex() == "0000000000000080000000000000f07f010000000000f8ff"
        with pytest.raises(ValueError, match="read-only"):
            back[0] = 1


@pytest.mark.parametrize(
    "vector",
    [
        np.zeros((1, 1)),
        np.zeros(()),
        np.zeros(2, int),
        np.zeros(2, np.float16),
        np.zeros(2, complex),
        np.array(["a"]),
    ],
)
def test_other_arrays_are_refused(vector: NDArray[np.float64]) -> None:
    """A vector that could not come back as it was is a mistake of the caller."""
    with pytest.raises(TypeError):
        encode(key(0), vector)


@pytest.mark.parametrize("values", [np.zeros(1), np.zeros(3), np.zeros((2, 1)), np.zeros(2, np.float32)])
def test_other_numbers_are_refused(values: NDArray[np.float64]) -> None:
    """They lie side by side, so that each has a name and all have one type."""
    with pytest.raises(ValueError, match="2 names"):
        encode(key(0), Numbers(names_in(bytes(range(2 * NAME_BYTES))), values))


def test_every_flipped_bit_is_seen() -> None:
    """Any single bit of the stored bytes or of the key makes it no row."""
    for content in (named(a=1.5, b=-2.5), np.array([1.5, -2.5], np.float32)):
        stored = encode(key(0), content)
        for bit in range(8 * len(stored)):
            assert decode(key(0), flipped(stored, bit)) is None
        for bit in range(256):
            assert decode(flipped(key(0), bit), stored) is None


LENGTHS = {b"N": 24, b"D": 8, b"S": 4}
"""Bytes of one element of each kind."""


def test_forged_rows_with_a_right_checksum() -> None:
    """A row where the bytes are those of so many elements; else none, and never an error."""
    for kind, size in product([bytes([byte]) for byte in range(256)], range(50)):
        payload = kind + bytes(size)
        row = decode(key(0), zlib.crc32(key(0) + payload).to_bytes(4, "little") + payload)
        length = LENGTHS.get(kind)
        assert (row is not None) == (length is not None and size % length == 0)
        if isinstance(row, Numbers):
            assert len(row.names) == len(row.values) == size // 24


@pytest.mark.parametrize("stored", [None, 3, 1.5, "text", b""])
def test_other_types_are_none(stored: object) -> None:
    """SQLite keeps any type in any column."""
    assert decode(key(0), stored) is None
    assert decode(stored, encode(key(0), np.zeros(2))) is None


def flipped(data: bytes, bit: int) -> bytes:
    """The bytes with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
