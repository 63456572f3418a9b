"""Pictures that a list elsewhere names, which lie in or below the folder of the list and nowhere else."""

from dataclasses import replace
from typing import ClassVar, final
from urllib.parse import quote

from geed_cli.choices import ImageSource
from geed_cli.documents.document import path_text
from geed_cli.errors import InputError
from geed_cli.images.archives.entries import leads_out
from geed_cli.images.candidates import Listing, reason_by_name
from geed_cli.images.lists.picture_list import Rows, list_of
from geed_cli.images.picture import ImageRefused
from geed_cli.images.reader import Encoded
from geed_cli.images.remote.address import Address, is_address
from geed_cli.images.remote.remote_file import RemoteFile

ELSEWHERE = "it leads out of the folder of the list, which is not on this machine"


@final
class RemoteList(Encoded):
    """The reader of the pictures of a list that is not on this machine.

    Args:
        address: of the list.
        rows: reads its lines.

    Raises:
        InputError: as ``PictureList``.
        RunError: it cannot be read.
    """

    source: ClassVar[ImageSource] = "list"

    def __init__(self, address: Address, rows: Rows) -> None:
        file = RemoteFile(address)
        try:
            data = file.whole()
        except ImageRefused as refusal:
            raise InputError(
                f"the list {path_text(address.whole)}: {refusal.reason}",
                expected="a list of paths",
                remedy="name the archive of pictures, if it is one",
            ) from refusal
        self._address = address
        listing = list_of(rows(data, address.whole), address.whole, _reason)
        self.listing: Listing = replace(listing, revision=file.revision)

    def encoded(self, name: str) -> bytes:
        """The bytes of the file that the list names."""
        if _reason(name):
            raise ImageRefused(ELSEWHERE)
        # a name may hold signs that mean something in a URL, and none in a bucket
        path = quote(name) if self._address.is_web else name
        folder = self._address.folder
        file = Address(self._address.scheme, f"{folder.partition('://')[2]}{path}", f"{folder}{path}")
        return RemoteFile(file).whole()


def _reason(path: str) -> str:
    """Why a path of the list is no candidate, or "" if it is one."""
    return ELSEWHERE if leads_out(path) or is_address(path) else reason_by_name(path)
