"""A file with many pictures that is opened for each of them, in any thread, and has to stay what it was at first."""

import io
import os
from pathlib import Path
from typing import ClassVar, final

from geed_cli.documents.document import path_text
from geed_cli.errors import InputError
from geed_cli.images.picture import ImageRefused
from geed_cli.images.regular_file import open_regular


@final
class UnchangedFile:
    """A regular file by its path; a link to it is followed, since the user named it.

    Args:
        path: as the user named it.
        what: how messages call it, such as "archive".

    Raises:
        InputError: it cannot be opened.
    """

    revision: ClassVar[str | None] = None

    def __init__(self, path: Path, what: str) -> None:
        self.path, self._what = path, what
        with self._open() as opened:
            self._state = _state(opened)

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path)

    def open(self, ahead: int = 0) -> io.BufferedReader:  # noqa: ARG002 - the protocol's
        """A handle of one's own.

        Raises:
            InputError: it cannot be opened, or is not what it was.
        """
        opened = self._open()
        if _state(opened) == self._state:
            return opened
        opened.close()
        raise InputError(
            f"the {self._what} {path_text(self.path)} changed while it was read",
            expected="the same file from its first picture to its last",
            remedy="the same command again, once the file is complete",
        )

    def _open(self) -> io.BufferedReader:
        try:
            return open_regular(Path(os.path.realpath(self.path)))
        except ImageRefused as refusal:
            raise InputError(
                f"the {self._what} {path_text(self.path)}: {refusal.reason}",
                expected="a readable file",
                remedy="check the path and its permissions",
            ) from refusal


def _state(opened: io.BufferedReader) -> tuple[int, int, int, int]:
    """What changes where a file is replaced or written to."""
    status = os.fstat(opened.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
