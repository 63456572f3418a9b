"""A row of the cache as bytes and back: a checksum, what kind of row it is, and named numbers, a vector or a text.

Layout, little-endian: CRC32 (4 bytes), kind (1 byte), content. Of numbers that is the names of all, 16 bytes each, and
then the numbers in float64; of a vector its elements; a text is in UTF-8. The checksum covers the key too, so that a
row that damage attached to another key is not taken for its own.
"""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAME_BYTES = 16
Names = NDArray[np.uint64]
"""Of N numbers, shape (N, 2): the 16 bytes of each as two integers."""
Vector = NDArray[np.floating[Any]]
"""In float64 or float32, of one axis."""

_NUMBERS, _TEXT = b"N", b"T"
_VECTORS: dict[bytes, np.dtype[Any]] = {b"D": np.dtype("<f8"), b"S": np.dtype("<f4")}
_NAME, _NUMBER = np.dtype("<u8"), np.dtype("<f8")


@dataclass(frozen=True, eq=False)
class Numbers:
    """Named numbers.

    Attributes:
        names: each once.
        values: float64, shape (N,).
    """

    names: Names
    values: NDArray[np.float64]

    def at(self, names: Names) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The numbers of these names, and which of them there are; the others are 0."""
        if np.array_equal(names, self.names[: len(names)]):  # as an equal run has put them
            return self.values[: len(names)], np.ones(len(names), dtype=np.bool_)
        if not len(self.names):
            return np.zeros(len(names)), np.zeros(len(names), dtype=np.bool_)
        # names are parts of hashes: one that shares its first half with another is not found, which costs time alone
        order = np.argsort(self.names[:, 0])
        places = np.searchsorted(self.names[:, 0], names[:, 0], sorter=order)
        found = order[np.minimum(places, len(order) - 1)]
        there = (self.names[found] == names).all(axis=1)
        return np.where(there, self.values[found], 0.0), there

    def beside(self, others: "Numbers") -> "Numbers":
        """Of the others those that have other names, and behind them these."""
        _, replaced = self.at(others.names)
        left = ~replaced
        return Numbers(
            np.concatenate([others.names[left], self.names]),
            np.concatenate([others.values[left], self.values]),
        )


Content = Numbers | Vector
"""What a row holds."""


def names_in(data: bytes) -> Names:
    """Names from their bytes, 16 each, one behind the other."""
    names: Names = np.frombuffer(data, _NAME).astype(np.uint64, copy=False).reshape(-1, 2)
    return names


def encode(key: bytes, content: Content) -> bytes:
    """Numbers or a vector as bytes; the bits of NaN, −0.0 and infinities are kept.

    Raises:
        TypeError: a vector has another element type, or not one axis.
        ValueError: there are not as many names as numbers.
    """
    if not isinstance(content, Numbers):
        return _sealed(key, _vector(content))
    if content.values.shape != content.names.shape[:1] or content.values.dtype != np.float64:
        raise ValueError(f"{len(content.names)} names for {content.values.shape} {content.values.dtype}")
    parts = content.names.astype(_NAME, copy=False), content.values.astype(_NUMBER, copy=False)
    return _sealed(key, b"".join([_NUMBERS, *(part.tobytes() for part in parts)]))


def decode(key: object, stored: object) -> Content | None:
    """What ``encode`` was given, read-only, in this machine's byte order; None where the bytes are not as written."""
    payload = _payload(key, stored)
    if payload is None:
        return None
    kind, size = payload[:1], len(payload) - 1
    if kind == _NUMBERS and size % (NAME_BYTES + _NUMBER.itemsize) == 0:
        count = size // (NAME_BYTES + _NUMBER.itemsize)
        names = names_in(payload[1 : 1 + NAME_BYTES * count])
        return Numbers(names, _elements(payload, _NUMBER, 1 + NAME_BYTES * count))
    if kind in _VECTORS and size % _VECTORS[kind].itemsize == 0:
        return _elements(payload, _VECTORS[kind], 1)
    return None


def encode_text(key: bytes, text: str) -> bytes:
    """A text as bytes."""
    return _sealed(key, _TEXT + text.encode("utf-8"))


def decode_text(key: bytes, stored: object) -> str | None:
    """What ``encode_text`` was given; None where the bytes are not as written."""
    payload = _payload(key, stored)
    return payload[1:].decode("utf-8", "replace") if payload is not None and payload[:1] == _TEXT else None


def _vector(vector: Vector) -> bytes:
    for kind, dtype in _VECTORS.items():
        if vector.dtype.char == dtype.char and vector.ndim == 1:
            elements: bytes = vector.astype(dtype, copy=False).tobytes()
            return kind + elements
    raise TypeError(
        f"a cached vector has one axis and is float64 or float32, not {vector.dtype}{vector.shape}"
    )


def _elements(payload: bytes, dtype: np.dtype[Any], start: int) -> NDArray[Any]:
    elements = np.frombuffer(payload, dtype, offset=start).astype(dtype.newbyteorder("="), copy=False)
    elements.flags.writeable = False
    return elements


def _sealed(key: bytes, payload: bytes) -> bytes:
    return _checksum(key, payload).to_bytes(4, "little") + payload


def _payload(key: object, stored: object) -> bytes | None:
    """Kind and content, at least one byte; None where the checksum is wrong."""
    if not (isinstance(key, bytes) and isinstance(stored, bytes)) or len(stored) < 5:
        return None
    payload = stored[4:]
    return payload if int.from_bytes(stored[:4], "little") == _checksum(key, payload) else None


def _checksum(key: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(key))
