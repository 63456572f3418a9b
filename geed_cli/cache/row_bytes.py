"""One value as bytes and back: a checksum, what kind of value it is, and its numbers or its text as they are.

Layout: CRC32 (4 bytes), kind (1 byte: element type and number of axes, or text), then the elements; little-endian.
The checksum covers the key too, so that a value that damage attached to another key is not taken for its own.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Value = NDArray[np.floating[Any]]
"""A float64 or float32 array."""

_KINDS = ((0, "<f8"), (1, "<f8"), (0, "<f4"), (1, "<f4"))
"""Axes and element type of each kind, which is stored as its number here."""
_TEXT = b"T"
"""The kind of a text, which no array has."""


def encode(key: bytes, value: NDArray[Any]) -> bytes:
    """A float64 or float32 scalar or vector as bytes; the bits of NaN, −0.0 and infinities are kept.

    Raises:
        TypeError: it has another element type, or more than one axis.
    """
    kind = (value.ndim, value.dtype.newbyteorder("<").str)
    if kind not in _KINDS:
        raise TypeError(
            f"a cached value is a float64 or float32 scalar or vector, not {value.dtype}{value.shape}"
        )
    return _sealed(key, bytes((_KINDS.index(kind),)) + value.astype(kind[1], copy=False).tobytes())


def decode(key: object, stored: object) -> Value | None:
    """What ``encode`` was given, read-only, in this machine's byte order; None where the bytes are not as written."""
    payload = _payload(key, stored)
    if payload is None or payload[0] >= len(_KINDS):
        return None
    axes, dtype = _KINDS[payload[0]]
    if (len(payload) - 1) % int(dtype[-1]):
        return None
    flat = np.frombuffer(payload, dtype, offset=1)
    if axes == 0 and flat.size != 1:
        return None
    value: Value = flat.astype(flat.dtype.newbyteorder("="), copy=False).reshape(flat.shape if axes else ())
    value.flags.writeable = False
    return value


def encode_text(key: bytes, text: str) -> bytes:
    """A text as bytes."""
    return _sealed(key, _TEXT + text.encode("utf-8"))


def decode_text(key: bytes, stored: object) -> str | None:
    """What ``encode_text`` was given; None where the bytes are not as written."""
    payload = _payload(key, stored)
    return payload[1:].decode("utf-8", "replace") if payload is not None and payload[:1] == _TEXT else None


def _sealed(key: bytes, payload: bytes) -> bytes:
    return _checksum(key, payload).to_bytes(4, "little") + payload


def _payload(key: object, stored: object) -> bytes | None:
    """Kind and elements, at least one byte; None where the checksum is wrong."""
    if not (isinstance(key, bytes) and isinstance(stored, bytes)) or len(stored) < 5:
        return None
    payload = stored[4:]
    return payload if int.from_bytes(stored[:4], "little") == _checksum(key, payload) else None


def _checksum(key: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(key))
