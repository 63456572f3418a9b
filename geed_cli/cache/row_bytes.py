"""A row of the cache as bytes and back: a checksum, what kind of row it is, and named values or a text as they are.

Layout, little-endian: CRC32 (4 bytes) and kind (1 byte). Of values follow how many there are (4 bytes); their names,
16 bytes each; their types (element type and number of axes), 1 byte each; how many elements each has, 4 bytes each;
and the elements, those of float64 before those of float32. The checksum covers the key too, so that a row that damage
attached to another key is not taken for its own.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Value = NDArray[np.floating[Any]]
"""A float64 or float32 scalar or vector."""
NAME_BYTES = 16

_TYPES = {("d", 0): 0, ("d", 1): 1, ("f", 0): 2, ("f", 1): 3}
"""Element type and axes of each type, which is stored as its number here."""
_FLOATS = ("<f8", "<f4")
_VALUES, _TEXT = b"V", b"T"


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
        starts = range(5, 5 + self._count * NAME_BYTES, NAME_BYTES)
        return tuple([self.payload[start : start + NAME_BYTES] for start in starts])

    @property
    def values(self) -> dict[bytes, Value]:
        """By name, read-only, in this machine's byte order."""
        return dict(zip(self.names, self._values(), strict=True))

    @property
    def _count(self) -> int:
        return int.from_bytes(self.payload[1:5], "little")

    @property
    def _types(self) -> bytes:
        start = 5 + self._count * NAME_BYTES
        return self.payload[start : start + self._count]

    @property
    def _sizes(self) -> list[int]:
        start = 5 + self._count * (NAME_BYTES + 1)
        sizes: list[int] = np.frombuffer(self.payload, "<u4", self._count, start).tolist()
        return sizes

    @property
    def is_whole(self) -> bool:
        """Whether the bytes are those of as many values as it says; nothing else is to be asked before."""
        if len(self.payload) < 5 or len(self.payload) < 5 + self._count * (NAME_BYTES + 5):
            return False
        if any(each >= len(_TYPES) for each in self._types):
            return False
        sized = list(zip(self._types, self._sizes, strict=True))
        if any(size != 1 for of, size in sized if not of % 2):
            return False
        elements = sum(size * (4 if of // 2 else 8) for of, size in sized)
        return len(self.payload) == 5 + self._count * (NAME_BYTES + 5) + elements

    def _values(self) -> Iterator[Value]:
        flats, ends = self._elements(), [0, 0]
        for of, size in zip(self._types, self._sizes, strict=True):
            flat, end = flats[of // 2], ends[of // 2] + size
            value = flat[end - size : end]
            ends[of // 2] = end
            yield value if of % 2 else value.reshape(())

    def _elements(self) -> tuple[Value, Value]:
        """Those of float64 and of float32."""
        start = 5 + self._count * (NAME_BYTES + 5)
        wide = sum(size for of, size in zip(self._types, self._sizes, strict=True) if of < 2)
        flats = (
            np.frombuffer(self.payload, "<f8", wide, start),
            np.frombuffer(self.payload, "<f4", offset=start + 8 * wide),
        )
        one, other = (flat.astype(flat.dtype.newbyteorder("="), copy=False) for flat in flats)
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
    types = bytes([_type_of(value) for value in values.values()])
    parts: tuple[list[bytes], list[bytes]] = [], []
    for of, value in zip(types, values.values(), strict=True):
        parts[of // 2].append(value.astype(_FLOATS[of // 2], copy=False).tobytes())
    sizes = np.array([value.size for value in values.values()], "<u4")
    head = (_VALUES, len(values).to_bytes(4, "little"), *values, types, sizes.tobytes())
    return _sealed(key, b"".join([*head, *parts[0], *parts[1]]))


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
