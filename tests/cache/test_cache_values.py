"""Keys and rows of the cache: what is put comes back bit for bit, under its own key and names alone."""

import hashlib
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from support.cache import NAME, key

from geed_cli.cache.keys import digest
from geed_cli.cache.row_bytes import NAME_BYTES, decode, encode

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


VALUES = (
    arrays(np.float64, st.integers(0, 9), elements=st.floats(width=64))
    | arrays(np.float32, st.integers(0, 9), elements=st.floats(width=32))
    | arrays(np.float64, (), elements=st.floats(width=64))
    | arrays(np.float32, (), elements=st.floats(width=32))
)
NAMES = st.binary(min_size=NAME_BYTES, max_size=NAME_BYTES)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_values_come_back_bit_for_bit(values: dict[bytes, NDArray[np.floating]]) -> None:
    """Names, types, shapes and bits; hypothesis tries NaN, −0.0, infinities, subnormals and nothing at all."""
    row = decode(key(0), encode(key(0), values))
    assert row is not None
    assert row.names == tuple(values)
    for name, back in row.values.items():
        one = values[name]
        assert (back.dtype, back.shape, back.tobytes()) == (one.dtype, one.shape, one.tobytes())


def test_signs_and_payloads_of_special_values_stay() -> None:
    """−0.0 and a NaN with bits of its own, in either byte order and from every second element."""
    value = np.array([-0.0, 1, np.inf, 2, NAN_WITH_PAYLOAD, 3])[::2]
    for given_value in (value, value.astype(">f8")):
        row = decode(key(0), encode(key(0), {NAME: given_value}))
        assert row is not None
        back = row.values[NAME]
        assert back.dtype.isnative
        assert back.astype("<f8").tobytes().hex() == "0000000000000080000000000000f07f010000000000f8ff"
    with pytest.raises(ValueError, match="read-only"):
        back[0] = 1


@pytest.mark.parametrize(
    "value",
    [np.zeros((1, 1)), np.zeros(2, int), np.zeros(2, np.float16), np.zeros(2, complex), np.array(["a"])],
)
def test_other_arrays_are_refused(value: NDArray[np.float64]) -> None:
    """A value that could not come back as it was is a mistake of the caller."""
    with pytest.raises(TypeError):
        encode(key(0), {NAME: value})


@pytest.mark.parametrize("name", [b"", b"short", b"x" * 17])
def test_other_names_are_refused(name: bytes) -> None:
    """They lie side by side in a row, so that their length is theirs all."""
    with pytest.raises(ValueError, match="16 bytes"):
        encode(key(0), {name: np.zeros(1)})


def test_every_flipped_bit_is_seen() -> None:
    """Any single bit of the stored bytes or of the key makes it no row."""
    stored = encode(key(0), {NAME: np.array([1.5, -2.5]), b"another name....": np.ones((), np.float32)})
    for bit in range(8 * len(stored)):
        assert decode(key(0), flipped(stored, bit)) is None
    for bit in range(256):
        assert decode(flipped(key(0), bit), stored) is None


def forged(count: int, of: int, size: int, elements: bytes) -> bytes:
    """The payload of a row of one value that says all this."""
    return b"V" + count.to_bytes(4, "little") + NAME + bytes([of]) + size.to_bytes(4, "little") + elements


FORGED = {
    "nothing": b"",
    "no count": b"V\x01",
    "another kind": b"W" + forged(1, 1, 1, bytes(8))[1:],
    "an unknown type": forged(1, 4, 1, bytes(8)),
    "more values than bytes": forged(2**32 - 1, 1, 1, bytes(8)),
    "more elements than bytes": forged(1, 1, 2**32 - 1, bytes(8)),
    "fewer elements than bytes": forged(1, 1, 1, bytes(9)),
    "half an element": forged(1, 1, 1, bytes(4)),
    "two elements in a scalar": forged(1, 0, 2, bytes(16)),
    "none in a scalar": forged(1, 2, 0, b""),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_rows_with_a_right_checksum_are_none(name: str) -> None:
    """Whatever they say of themselves has to fit their length; one that fits is a row."""
    for payload, expected in ((FORGED[name], True), (forged(1, 1, 1, bytes(8)), False)):
        checksum = zlib.crc32(key(0) + payload).to_bytes(4, "little")
        assert (decode(key(0), checksum + payload) is None) == expected


@given(st.binary(max_size=80))
def test_any_bytes_with_a_right_checksum_are_a_row_or_none(rest: bytes) -> None:
    """Never an error, and what is a row has as many values as names."""
    payload = b"V" + rest
    row = decode(key(0), zlib.crc32(key(0) + payload).to_bytes(4, "little") + payload)
    if row is not None:
        assert len(row.values) == len(set(row.names))


@pytest.mark.parametrize("stored", [None, 3, 1.5, "text", b""])
def test_other_types_are_none(stored: object) -> None:
    """SQLite keeps any type in any column."""
    assert decode(key(0), stored) is None
    assert decode(stored, encode(key(0), {NAME: np.zeros(2)})) is None


def flipped(data: bytes, bit: int) -> bytes:
    """The bytes with one bit changed."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
