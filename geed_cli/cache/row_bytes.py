"""One value as bytes and back: a checksum, what kind of value it is, and its numbers or its text as they are.

Layout: CRC32 (4 bytes), kind (1 byte: element type and number of axes, or text), then the elements; little-endian.
The checksum covers the key too, so that a value that damage attached to another key is not taken for its own.
"""

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Value = NDArray[np.floating[Any]]
"""A float64 or float32 array."""

_HEAD = struct.Struct("<IB")
_KINDS = ((0, "<f8"), (1, "<f8"), (0, "<f4"), (1, "<f4"))
"""Axes and element type of each kind, which is stored as its number here."""
_TEXT = b"T"
"""The kind of a text, which no array has."""


def encode(key: bytes, value: NDArray[Any]) -> bytes:
    """A float64 or float32 scalar or vector as bytes; the bits of NaN, −0.0 and infinities are kept.

    Raises:
        TypeError: it has another element type, or more than one axis.
    """
    found = (value.ndim, value.dtype.newbyteorder("<").str)
    if found not in _KINDS:
        raise TypeError(
            f"a cached value is a float64 or float32 scalar or vector, not {value.dtype}{value.shape}"
        )
    payload = bytes((_KINDS.index(found),)) + value.astype(found[1], copy=False).tobytes()
    return _checksum(key, payload).to_bytes(4, "little") + payload


def decode(key: object, stored: object) -> Value | None:
    """What ``encode`` was given, read-only, in this machine's byte order; None where the bytes are not as written."""
    if not (isinstance(key, bytes) and isinstance(stored, bytes)) or len(stored) < _HEAD.size:
        return None
    checksum, kind = _HEAD.unpack_from(stored)
    if checksum != _checksum(key, stored[4:]) or kind >= len(_KINDS):
        return None
    axes, dtype = _KINDS[kind]
    if (len(stored) - _HEAD.size) % int(dtype[-1]):
        return None
    flat = np.frombuffer(stored, dtype, offset=_HEAD.size)
    if axes == 0 and flat.size != 1:
        return None
    value: Value = flat.reshape(flat.shape if axes else ())
    return value if value.dtype.isnative else _native(value)


def encode_text(key: bytes, text: str) -> bytes:
    """A text as bytes."""
    payload = _TEXT + text.encode("utf-8")
    return _checksum(key, payload).to_bytes(4, "little") + payload


def decode_text(key: bytes, stored: object) -> str | None:
    """What ``encode_text`` was given; None where the bytes are not as written."""
    if not isinstance(stored, bytes) or len(stored) < _HEAD.size or stored[4:5] != _TEXT:
        return None
    if int.from_bytes(stored[:4], "little") != _checksum(key, stored[4:]):
        return None
    return stored[5:].decode("utf-8", "replace")


def _native(value: Value) -> Value:
    """The same numbers in this machine's byte order."""
    turned = value.astype(value.dtype.newbyteorder("="))
    turned.flags.writeable = False
    return turned


def _checksum(key: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(key))
