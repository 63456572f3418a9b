"""A row of the cache as bytes and back: a checksum, what kind of row it is, and named values or a text as they are.

Layout, little-endian: CRC32 (4 bytes) and kind (1 byte). Of values follow how many there are (4 bytes); the name, type
and number of elements of each; and the elements, those of float64 before those of float32. The checksum covers the key
too, so that a row that damage attached to another key is not taken for its own.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Value = NDArray[np.floating[Any]]
"""A float64 or float32 scalar or vector."""
NAME_BYTES = 16

_VALUES, _TEXT = b"V", b"T"
_BEGIN = 5
"""Where the values' heads begin, in what follows the checksum."""
_HEAD = np.dtype([("name", f"V{NAME_BYTES}"), ("type", "u1"), ("size", "<u4")])
_TYPES = {("d", 0): 0, ("d", 1): 1, ("f", 0): 2, ("f", 1): 3}
"""Element type and axes of each type, which is stored as its number here: even ones are scalars, the first two wide."""
_FLOATS = (np.dtype("<f8"), np.dtype("<f4"))


@dataclass(frozen=True)
class Record:
    """The values of a row as they lie in it: until somebody asks, nothing but their bytes is held.

    Attributes:
        payload: of which ``decode`` has made sure that it is whole.
    """

    payload: bytes

    @property
    def names(self) -> tuple[bytes, ...]:
        """Of the values, in their order."""
        joined = np.ascontiguousarray(self._heads["name"]).tobytes()
        return tuple([joined[start : start + NAME_BYTES] for start in range(0, len(joined), NAME_BYTES)])

    @property
    def values(self) -> dict[bytes, Value]:
        """By name, read-only, in this machine's byte order."""
        types, sizes = self._types, self._sizes
        ends = np.where(types < 2, np.cumsum(sizes * (types < 2)), np.cumsum(sizes * (types >= 2)))
        elements = self._elements()
        found: dict[bytes, Value] = {}
        for name, of, size, end in zip(
            self.names, types.tolist(), sizes.tolist(), ends.tolist(), strict=True
        ):
            value = elements[of // 2][end - size : end]
            found[name] = value if of % 2 else value.reshape(())
        return found

    @property
    def is_whole(self) -> bool:
        """Whether the bytes are those of as many values as it says; nothing else is to be asked before."""
        elements = len(self.payload) - _BEGIN - self._count * _HEAD.itemsize
        if len(self.payload) < _BEGIN or elements < 0:
            return False
        types, sizes = self._types, self._sizes
        if (types >= len(_TYPES)).any() or (sizes[types % 2 == 0] != 1).any():
            return False
        return elements == int((sizes * np.where(types < 2, 8, 4)).sum())

    @property
    def _count(self) -> int:
        return int.from_bytes(self.payload[1:_BEGIN], "little")

    @property
    def _heads(self) -> NDArray[Any]:
        return np.frombuffer(self.payload, _HEAD, self._count, _BEGIN)

    @property
    def _types(self) -> NDArray[np.uint8]:
        types: NDArray[np.uint8] = self._heads["type"]
        return types

    @property
    def _sizes(self) -> NDArray[np.int64]:
        return self._heads["size"].astype(np.int64)

    def _elements(self) -> tuple[Value, Value]:
        """Those of float64 and of float32."""
        start = _BEGIN + self._count * _HEAD.itemsize
        wide = int(self._sizes[self._types < 2].sum())
        one = np.frombuffer(self.payload, _FLOATS[0], wide, start).astype(np.float64, copy=False)
        other = np.frombuffer(self.payload, _FLOATS[1], offset=start + 8 * wide).astype(
            np.float32, copy=False
        )
        one.flags.writeable = other.flags.writeable = False
        return one, other


def encode(key: bytes, values: Mapping[bytes, NDArray[Any]]) -> bytes:
    """Named float64 or float32 scalars or vectors as bytes; the bits of NaN, −0.0 and infinities are kept.

    Raises:
        TypeError: a value has another element type, or more than one axis.
        ValueError: a name has not ``NAME_BYTES``.
    """
    if any(len(name) != NAME_BYTES for name in values):
        raise ValueError(f"names of cached values have {NAME_BYTES} bytes")
    heads = np.empty(len(values), _HEAD)
    heads["name"] = np.frombuffer(b"".join(values), _HEAD["name"])
    heads["type"] = types = [_type_of(value) for value in values.values()]
    heads["size"] = [value.size for value in values.values()]
    parts: tuple[list[bytes], list[bytes]] = [], []
    for of, value in zip(types, values.values(), strict=True):
        parts[of // 2].append(value.astype(_FLOATS[of // 2], copy=False).tobytes())
    count = len(values).to_bytes(_BEGIN - 1, "little")
    return _sealed(key, b"".join([_VALUES, count, heads.tobytes(), *parts[0], *parts[1]]))


def decode(key: object, stored: object) -> Record | None:
    """The values that ``encode`` was given; None where the bytes are not as written."""
    payload = _payload(key, stored)
    if payload is None or payload[:1] != _VALUES:
        return None
    record = Record(payload)
    return record if record.is_whole else None


def encode_text(key: bytes, text: str) -> bytes:
    """A text as bytes."""
    return _sealed(key, _TEXT + text.encode("utf-8"))


def decode_text(key: bytes, stored: object) -> str | None:
    """What ``encode_text`` was given; None where the bytes are not as written."""
    payload = _payload(key, stored)
    return payload[1:].decode("utf-8", "replace") if payload is not None and payload[:1] == _TEXT else None


def _type_of(value: NDArray[Any]) -> int:
    found = _TYPES.get((value.dtype.char, value.ndim))
    if found is None:
        raise TypeError(
            f"a cached value is a float64 or float32 scalar or vector, not {value.dtype}{value.shape}"
        )
    return found


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
