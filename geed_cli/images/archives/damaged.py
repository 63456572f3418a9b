"""Archives that cannot be trusted as a whole, and a file of which a reader gets no more than an index needs."""

import io
from typing import BinaryIO

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError


def damaged(file: str, kind: str, why: str) -> InputError:
    """The refusal of an archive of which parts may be missing, so that none of it is taken for the whole."""
    return InputError(
        f"{path_text(file)} is no whole {kind} archive: {printable(why)}",
        expected=f"a complete {kind} archive, which is not compressed as a whole",
        remedy="download or make it again, and compare its sha256 with the publisher's",
    )


class IndexFile(io.RawIOBase):
    """A file of which no more is read at a time than an index has, whatever sizes the file itself claims.

    Args:
        file: it is closed with this.
        most: bytes of one reading.
    """

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._most = file, most

    def read(self, size: int = -1, /) -> bytes:
        """As of any file.

        Raises:
            ValueError: more than ``most`` bytes are asked for.
        """
        if size > self._most:
            raise ValueError(f"a part of its index claims to be {size} bytes long")
        data = self._file.read(size if size >= 0 else self._most + 1)
        if len(data) > self._most:
            raise ValueError("a part of its index claims all that is behind it")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._file.tell()

    def seekable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """As of any file."""
        self._file.close()
        super().close()
