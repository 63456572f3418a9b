"""A file with pictures in it, of which single parts are read: on this machine, or elsewhere."""

from typing import BinaryIO, Protocol


class StoredFile(Protocol):
    """It stays what it was when it was first opened; safe to be opened from several threads."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def revision(self) -> str | None:
        """Which state of it is read; None where hashes of its pictures alone say so."""

    def open(self, ahead: int = 0) -> BinaryIO:
        """A handle of one's own, at its beginning.

        Args:
            ahead: bytes that one request asks for at least, where requests are slow; 0 for no more than is read.

        Raises:
            InputError: it cannot be opened, or is not what it was.
            RunError: it is elsewhere, and cannot be read or is not what it was; so do reads of the handle.
        """
