"""Pages of row files, which lie in the system's memory and count as a process's own once it has read them."""

import mmap


def let_go(memory: memoryview) -> None:
    """Count a file's pages no longer: they come again from the system's memory, or the disk, when they are needed."""
    file = memory.obj
    if isinstance(file, mmap.mmap) and hasattr(file, "madvise"):  # not on Windows
        file.madvise(mmap.MADV_DONTNEED)
