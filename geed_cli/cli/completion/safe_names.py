"""Which names a shell may be told.

Shells evaluate what they are told, and names of layers come from files of strangers: a name with any sign that means
something to a shell is not offered.
"""

import re
from collections.abc import Iterable

SAFE = re.compile(r"[A-Za-z0-9_.:,/@+=-]+")
"""Names without blanks, quotes and whatever else a shell may take for a command, a pattern or a variable."""


def beginning(names: Iterable[str], begun: str) -> list[str]:
    """Those that begin so and that any shell may be told, once each."""
    return [name for name in dict.fromkeys(names) if name.startswith(begun) and SAFE.fullmatch(name)]
