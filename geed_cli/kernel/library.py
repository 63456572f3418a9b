"""The compiled map_sums.c: found beside its source, and used only where it was compiled from that very text.

So a library that an earlier version left behind is never used: whoever updates the source builds again
(``pip install -e .``), and until then maps are summed by torch.
"""

import ctypes
import hashlib
import os
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("map_sums.c")
LIBRARY = SOURCE.with_name("libmap_sums.so")
"""The same name on every system, since ctypes takes a path as it is; Python imports no module of that name."""
VARIABLE = "GEED_KERNEL"
OFF = frozenset({"0", "false", "no", "off"})
DIGITS = 16
"""Of the source's SHA-256 that the library holds."""
FASTEST = 9
"""A level above all there are; see map_sums_level."""


def kernel() -> ctypes.CDLL | None:
    """The library; None where the environment has ``GEED_KERNEL=off``, or there is none that fits its source."""
    return None if os.environ.get(VARIABLE, "").lower() in OFF else _built()


@cache
def _built() -> ctypes.CDLL | None:
    return load(LIBRARY, SOURCE)


def load(path: Path, source: Path) -> ctypes.CDLL | None:
    """A library compiled from a source, at its fastest level; None where it is not there, or of another text."""
    try:
        library = ctypes.CDLL(str(path))
        library.map_sums_source.restype = ctypes.c_char_p
        made_from = library.map_sums_source()
        text = source.read_bytes()
    except (OSError, AttributeError):  # no file, of another machine, or another library altogether
        return None
    if made_from != hashlib.sha256(text).hexdigest()[:DIGITS].encode():
        return None
    library.map_sums.argtypes, library.map_sums.restype = [ctypes.c_void_p], None
    library.map_sums_level(FASTEST)
    return library
