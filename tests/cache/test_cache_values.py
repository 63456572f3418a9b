"""Keys and values of the cache: what is put comes back bit for bit, under its own key alone."""

import hashlib
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from support.cache import key

from geed_cli.cache.keys import digest
from geed_cli.cache.row_bytes import decode, encode

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


@given(
    arrays(np.float64, st.integers(0, 9), elements=st.floats(width=64))
    | arrays(np.float32, st.integers(0, 9), elements=st.floats(width=32))
    | arrays(np.float64, (), elements=st.floats(width=64))
)
def test_values_come_back_bit_for_bit(value: NDArray[np.float64]) -> None:
    """Type, shape and bits; hypothesis tries NaN, −0.0, infinities, subnormals and nothing at all."""
    back = decode(key(0), encode(key(0), value))
    assert back is not None
    assert (back.dtype, back.shape, back.tobytes()) == (value.dtype, value.shape, value.tobytes())


def test_signs_and_payloads_of_special_values_stay() -> None:
    """−0.0 and a NaN with bits of its own, in either byte order and from every second element."""
    value = np.array([-0.0, 1, np.inf, 2, NAN_WITH_PAYLOAD, 3])[::2]
    for given_value in (value, value.astype(">f8")):
        back = decode(key(0), encode(key(0), given_value))
        assert back is not None
        assert back.dtype.isnative
        assert back.astype("<f8").tobytes().hex() == "0000000000000080000000000000f07f010000000000f8ff"
    with pytest.raises(ValueError, match="read-only"):
        back[0] = 1


@pytest.mark.parametrize(
    "value", [np.zeros((1, 1)), np.zeros(2, int), np.zeros(2, np.float16), np.array(["a"])]
)
def test_other_arrays_are_refused(value: NDArray[np.float64]) -> None:
    """A value that could not come back as it was is a mistake of the caller."""
    with pytest.raises(TypeError):
        encode(key(0), value)


def test_every_flipped_bit_is_seen() -> None:
    """Any single bit of the stored bytes or of the key makes it no value."""
    stored = encode(key(0), np.array([1.5, -2.5]))
    for bit in range(8 * len(stored)):
        assert decode(key(0), flipped(stored, bit)) is None
    for bit in range(256):
        assert decode(flipped(key(0), bit), stored) is None


@pytest.mark.parametrize(
    "payload", [b"", b"\x00", b"\x01" + b"x" * 9, b"\x04" + b"x" * 8, b"\x00" + b"x" * 16]
)
def test_forged_values_with_a_right_checksum_are_none(payload: bytes) -> None:
    """Too short, an unknown kind, bytes that are no whole number of elements, two elements in a scalar."""
    checksum = zlib.crc32(key(0) + payload).to_bytes(4, "little")
    assert decode(key(0), checksum + payload) is None


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
