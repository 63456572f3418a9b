"""How large a saved file may be that is read: what a large run writes can be read where there is memory for it.

A file may be a stranger's, so there is a limit. Reading takes some five times a result's bytes, for which an eighth of
the memory leaves room; and results up to 512 MiB are read everywhere.
"""

import os
from pathlib import Path

ALWAYS = 512 * 2**20
"""Bytes that are read whatever the memory: 110 entries of 100,000 images."""
SHARE = 8
"""Of which part of the memory a file may have the size."""
CGROUP = Path("/sys/fs/cgroup/memory.max")
"""Where Linux says how much of the memory a container may have."""


def most_bytes() -> int:
    """The largest file that is read on this machine."""
    return max(ALWAYS, memory() // SHARE)


def memory() -> int:
    """Bytes of memory of this machine, or container; 0 where the system does not say."""
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # as on Windows
        return 0
    try:
        return min(whole, int(CGROUP.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or "max"
        return whole
