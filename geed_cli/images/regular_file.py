"""Reading a file that may not be one: pipes, devices, links and enormous files are refused beforehand.

Opening a pipe blocks and opening a device can act on it, so the kind is looked up first, and checked again
on the open descriptor, because the name may have been given to something else in between.
"""

import io
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
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            _require_size(size)
            # not MAX_BYTES at once, for which Python sets aside so much memory beforehand
            data = file.read(size + 1)
            if len(data) > size:  # it grew, or is one of those that never tell their size
                data += file.read(MAX_BYTES + 1 - len(data))
    except OSError as error:
        raise ImageRefused(f"cannot be read: {error.strerror or error}") from error
    _require_size(len(data))
    return data


def open_regular(path: Path) -> io.BufferedReader:
    """A regular file of any size, opened; a symbolic link as the last part of its path is not followed.

    Raises:
        ImageRefused: it is a link, a pipe, a device or a folder, or cannot be opened.
    """
    try:
        _require_regular(os.lstat(path))
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise ImageRefused(f"cannot be read: {error.strerror or error}") from error
    try:
        _require_regular(os.fstat(descriptor))
        return io.BufferedReader(io.FileIO(descriptor))
    except ImageRefused:
        os.close(descriptor)
        raise


def too_large(size: int) -> str:
    """Why a file of that many bytes is refused."""
    return f"too large: {size} bytes or more, at most {MAX_BYTES} are read"


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise ImageRefused("a symbolic link, which is not followed")
    if not stat.S_ISREG(status.st_mode):
        raise ImageRefused("not a regular file")


def _require_size(size: int) -> None:
    if size > MAX_BYTES:
        raise ImageRefused(too_large(size))
