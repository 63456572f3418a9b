"""The cache's keys.

A key is the sha256 of a text that different fields cannot share: JSON with sorted names, no blanks and ASCII alone, so
that it is the same on every machine.
"""

import hashlib
import json
from collections.abc import Mapping

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(fields: Mapping[str, str]) -> bytes:
    """sha256 of the fields' canonical text, 32 bytes; their order does not matter, everything else does.

    Raises:
        TypeError: a name or a value is no text. JSON would write the name 1 as it writes the name "1".
    """
    if not all(isinstance(part, str) for item in fields.items() for part in item):
        raise TypeError("names and values of a cache key are text")
    return hashlib.sha256(_CANONICAL.encode(dict(fields)).encode("ascii")).digest()
