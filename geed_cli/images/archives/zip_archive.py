"""The index of a zip archive, and the bytes of a file in it.

The central directory decides; of what each file's own header says besides, the name alone is asked and must be the
same. Files lie one behind the other without overlap, stored or deflated, and their checksums must be right.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from geed_cli.documents.document import path_text
from geed_cli.errors import InputError
from geed_cli.images.archives.damaged import IndexFile, damaged
from geed_cli.images.archives.entries import LINK, NO_FILE, Entry
from geed_cli.images.picture import ImageRefused
from geed_cli.images.regular_file import MAX_BYTES, too_large

MAX_INDEX = 256 * 2**20
"""Bytes of the central directory: 2 million entries with names of 80 bytes."""
SUSPECT_BYTES = 16 * 2**20
"""Up to here a file may be deflated however well: an even picture takes a thousandth of its pixels."""
MAX_RATIO = 100
"""What larger files, and the archive as a whole, may unpack to at most, as a multiple of their bytes there."""
ENCRYPTED = "encrypted"
_HEADER = struct.Struct("<4s22xHH")
_SIGNATURE = b"PK\x03\x04"
_UTF8, _ENCRYPTION = 0x800, 0x1
_UNIX, _MACOS = 3, 19


class ZipMember(NamedTuple):
    """A file of a zip archive.

    Attributes:
        header: where its own header begins.
        name: its bytes there.
        packed: how many bytes it takes.
        size: how many bytes it has.
        crc: CRC-32 of these.
        deflated: whether they are compressed.
    """

    header: int
    name: bytes
    packed: int
    size: int
    crc: int
    deflated: bool

    def read(self, archive: BinaryIO) -> bytes:
        """Its bytes, unpacked up to its size and checked."""
        self.seek(archive)
        data = archive.read(self.packed)
        if len(data) < self.packed:
            raise ImageRefused("truncated: the archive ends within it")
        data = self._inflated(data, self.size + 1) if self.deflated else data
        if len(data) != self.size or zlib.crc32(data) != self.crc:
            raise ImageRefused("damaged: its checksum in the archive is another")
        return data

    def beginning(self, archive: BinaryIO, count: int) -> bytes:
        """Its first bytes, so many or all that it has, unpacked and not checked.

        Raises:
            ImageRefused: they are damaged, or not there.
        """
        self.seek(archive)
        data = archive.read(min(self.packed, count))
        return self._inflated(data, count) if self.deflated else data

    def seek(self, archive: BinaryIO) -> int:
        """Go to where its bytes begin in the archive, behind its own header; gives that place.

        Raises:
            ImageRefused: its header is not there.
        """
        archive.seek(self.header)
        head = archive.read(_HEADER.size)
        if len(head) < _HEADER.size:
            raise ImageRefused("truncated: the archive ends before it")
        signature, name_length, extra_length = _HEADER.unpack(head)
        names = archive.read(name_length + extra_length)
        if signature != _SIGNATURE or names[:name_length] != self.name:
            raise ImageRefused("damaged: the archive has another file in its place")
        return self.header + len(head) + len(names)

    def _inflated(self, data: bytes, most: int) -> bytes:
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, most)
        except zlib.error as error:
            raise ImageRefused("damaged: it does not unpack") from error


def zip_entries(file: str, opened: BinaryIO, most: int = MAX_BYTES) -> Iterator[Entry]:
    """Every entry of the archive, folders among them.

    Args:
        file: how messages call it.
        opened: the archive; it is closed.
        most: bytes of a file that is stored as it is; deflated ones have ``MAX_BYTES``.

    Raises:
        InputError: truncated or damaged, entries that overlap, or all together a bomb.
    """
    length = opened.seek(0, io.SEEK_END)
    try:
        with IndexFile(opened, MAX_INDEX) as index, zipfile.ZipFile(index) as archive:
            infos = archive.infolist()
    except (MemoryError, InputError):
        raise
    except Exception as error:  # a damaged directory has an exception of its own for every place
        raise damaged(file, "zip", str(error)) from error
    _refuse_overlap(infos, length, file)
    _refuse_bomb(infos, length, file)
    for info in infos:
        yield _entry(info, most)


def _entry(info: zipfile.ZipInfo, most: int) -> Entry:
    raw = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")
    path = raw.decode("utf-8", "surrogateescape")  # as the names of files on a disk are read
    mode = info.external_attr >> 16 if info.create_system in (_UNIX, _MACOS) else 0
    if path.endswith("/") or stat.S_ISDIR(mode):
        return Entry(path)
    if reason := _reason(info, mode, most):
        return Entry(path, None, reason)
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    member = ZipMember(info.header_offset, raw, info.compress_size, info.file_size, info.CRC, deflated)
    return Entry(path, member)


def _reason(info: zipfile.ZipInfo, mode: int, most: int) -> str:
    """Why a file is refused, whatever its name."""
    if stat.S_ISLNK(mode):
        return LINK
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return NO_FILE
    return ENCRYPTED if info.flag_bits & _ENCRYPTION else _reason_by_size(info, most)


def _reason_by_size(info: zipfile.ZipInfo, most: int) -> str:
    """Why a file is refused for how it is packed, and how large it is."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "packed by a method that is not read; stored and deflated files are"
    most = most if info.compress_type == zipfile.ZIP_STORED else MAX_BYTES
    if max(info.file_size, info.compress_size) > most:
        return too_large(info.file_size)
    if info.file_size > max(SUSPECT_BYTES, MAX_RATIO * info.compress_size):
        return (
            f"unpacks to more than {MAX_RATIO} times its bytes, as archives do that are made to fill memory"
        )
    return ""


def _refuse_overlap(infos: Sequence[zipfile.ZipInfo], length: int, file: str) -> None:
    """Refuse files that share bytes, by which a small archive would hold any number of large ones."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise damaged(file, "zip", "its entries overlap")
        end = info.header_offset + _HEADER.size + info.compress_size
    if end > length:
        raise damaged(file, "zip", "its last entries are not there")


def _refuse_bomb(infos: Sequence[zipfile.ZipInfo], length: int, file: str) -> None:
    total = sum(info.file_size for info in infos)
    if total > max(MAX_BYTES, MAX_RATIO * length):
        raise InputError(
            f"{path_text(file)} has {length} bytes and unpacks to {total}",
            expected=f"an archive that unpacks to at most {MAX_RATIO} times its bytes, as pictures do",
            remedy="name the folder of pictures that it was made of, if they are so even",
        )
