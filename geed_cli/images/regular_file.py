"""Reading a file that may not be one: pipes, devices, links and enormous files are refused beforehand.

Opening a pipe blocks and opening a device can act on it, so the kind is looked up first, and checked again
on the open descriptor, because the name may have been given to something else in between.
"""

import os
import stat
from pathlib import Path

from geed_cli.images.picture import ImageRefused

MAX_BYTES = 512 * 2**20
"""Largest file read: the largest accepted picture (89 megapixels) takes 360 MB uncompressed with alpha."""

# O_NOFOLLOW and O_NONBLOCK do not exist on Windows, where O_BINARY is needed instead.
_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)


def read_regular(path: Path) -> bytes:
    """The bytes of a regular file, read once; a symbolic link as the last part of its path is not followed.

    Raises:
        ImageRefused: it is a link, a pipe, a device or a folder, is larger than ``MAX_BYTES``, or cannot be read.
    """
    try:
        _check(os.lstat(path))
        descriptor = os.open(path, _FLAGS)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _check(status)
            # not MAX_BYTES at once, for which Python sets aside so much memory beforehand
            data = file.read(status.st_size + 1)
            if len(data) > status.st_size:  # it grew, or is one of those that never tell their size
                data += file.read(MAX_BYTES + 1 - len(data))
    except OSError as error:
        raise ImageRefused(f"cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise ImageRefused(_too_large(len(data)))
    return data


def _check(status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise ImageRefused("a symbolic link, which is not followed")
    if not stat.S_ISREG(status.st_mode):
        raise ImageRefused("not a regular file")
    if status.st_size > MAX_BYTES:
        raise ImageRefused(_too_large(status.st_size))


def _too_large(size: int) -> str:
    return f"too large: {size} bytes or more, at most {MAX_BYTES} are read"
