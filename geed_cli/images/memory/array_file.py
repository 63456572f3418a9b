"""Reads pictures of an array in a .npy or .npz file: single ones, where they lie, and never a pickled object.

Of an .npz the one array that has the axes of pictures is taken, or that which the path names: ``x.npz/test_images``. An
array that was saved without compression is read picture by picture; a compressed one is unpacked into memory.
"""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from geed_cli.choices import Decode, Identity, ImageSource
from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError, nearest, nearest_are
from geed_cli.images.archives.archive_reader import INDEX_AHEAD
from geed_cli.images.archives.zip_archive import ZipMember, zip_entries
from geed_cli.images.candidates import Listing
from geed_cli.images.labels_by_index import index_names, is_index
from geed_cli.images.memory.items import OfArray
from geed_cli.images.memory.memory_reader import MemoryReader
from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.images.stored_file import StoredFile

MAX_HEADER = 10_000
"""Bytes of an array's header: what numpy itself parses of a file that it does not trust."""
EXPECTED = "an array of pictures as numpy.save or numpy.savez writes it"


@dataclass(frozen=True)
class Header:
    """What an array's file says in front of its values.

    Attributes:
        shape: of the array.
        stored: type of its values in the file, with the order of their bytes.
        start: how many bytes the header takes.
    """

    shape: tuple[int, ...]
    stored: np.dtype[np.generic]
    start: int

    @property
    def size(self) -> int:
        """Bytes of the array's values."""
        return math.prod(self.shape) * self.stored.itemsize


@final
@dataclass(frozen=True)
class StoredArray:
    """An array in a file, of which single items are read.

    Attributes:
        header: its shape and type.
        file: where it is.
        start: the place of its first value there.
    """

    header: Header
    file: StoredFile
    start: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole array."""
        return self.header.shape

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of the values as they are handed over, in this machine's order of bytes."""
        return self.header.stored.newbyteorder("=")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: int) -> NDArray[np.generic]:
        shape = self.shape[1:]
        count = math.prod(shape) * self.header.stored.itemsize
        try:
            with self.file.open() as opened:
                opened.seek(self.start + index * count)
                data = opened.read(count)
        except OSError as error:
            raise ImageRefused(f"cannot be read: {error.strerror or error}") from error
        if len(data) < count:
            raise ImageRefused("truncated: the file ends within it")
        return np.frombuffer(data, self.header.stored).astype(self.dtype).reshape(shape)


@final
class ArrayFile:
    """The reader of the pictures of an array in a file, which are called by their index.

    Args:
        array: of pictures, stored or unpacked.
        revision: of its file.

    Raises:
        InputError: it is no array of pictures.
    """

    source: ClassVar[ImageSource] = "array"
    identity: ClassVar[Identity] = "pixels"
    one_thread: ClassVar[bool] = False

    def __init__(self, array: StoredArray | NDArray[np.generic], revision: str | None = None) -> None:
        self._reader = MemoryReader(OfArray(array))
        self.listing = Listing(index_names(len(array)), (), revision=revision)

    def sha256(self, name: str) -> str:
        """Of the picture's size and RGB pixels."""
        return self.picture(name)[1]

    def picture(self, name: str, decode: Decode = "exact") -> tuple[Picture, str]:
        """The picture of an index, and the hash of its size and pixels."""
        if not is_index(name, len(self.listing.candidates)):
            raise ImageRefused("it is not in the array")
        return self._reader.picture(name, decode)

    def notes(self, names: Sequence[str]) -> tuple[str, ...]:
        """Of floats that 8 bits do not hold."""
        return self._reader.notes(names)


def npy_in(file: StoredFile) -> ArrayFile:
    """The array of a .npy file.

    Raises:
        InputError: it cannot be read, is truncated, holds objects, or is no array of pictures.
    """
    where = path_text(file.name)
    with file.open() as opened:
        header = _header(opened.read(MAX_HEADER + 16), where)
        length = opened.seek(0, io.SEEK_END)
    if header.start + header.size != length:
        raise _no_array(where, f"has {length} bytes, and its header says {header.start + header.size}")
    return ArrayFile(StoredArray(header, file, header.start), file.revision)


def npz_in(file: StoredFile, name: str | None = None) -> ArrayFile:
    """An array of a .npz file.

    Args:
        file: the archive of arrays.
        name: of the array; None for the one that has the axes of pictures.

    Raises:
        InputError: as ``npy_in``; no array of that name, or several that may be meant.
    """
    with file.open() as opened:
        most = opened.seek(0, io.SEEK_END)
    members = {
        entry.path.removesuffix(".npy"): entry.member
        for entry in zip_entries(file.name, file.open(INDEX_AHEAD), most)
        if isinstance(entry.member, ZipMember) and entry.path.endswith(".npy")
    }
    with file.open() as opened:
        try:
            if name is None:
                name = _only(file.name, opened, members)
            elif name not in members:
                raise InputError(
                    f"{path_text(file.name)} has no array {printable(name)!r}",
                    expected=f"one of {_listed(members)}{nearest_are(nearest(name, members))}",
                    remedy="check the name behind the file's own",
                )
            array = _array_of(members[name], opened, file, f"{name} of {path_text(file.name)}")
            return ArrayFile(array, file.revision)
        except ImageRefused as refusal:
            raise _no_array(path_text(file.name), f"cannot be read: {refusal.reason}") from refusal


def _array_of(
    member: ZipMember, opened: BinaryIO, file: StoredFile, where: str
) -> StoredArray | NDArray[np.generic]:
    """The array of a member: where it lies, or unpacked where it is compressed."""
    header = _header(member.beginning(opened, MAX_HEADER + 16), where)
    if header.start + header.size != member.size:
        raise _no_array(where, f"has {member.size} bytes, and its header says {header.start + header.size}")
    if not member.deflated:
        return StoredArray(header, file, member.seek(opened) + header.start)
    values = np.frombuffer(member.read(opened), header.stored, offset=header.start)
    return values.reshape(header.shape).astype(header.stored.newbyteorder("="), copy=False)


def _only(path: str, opened: BinaryIO, members: Mapping[str, ZipMember]) -> str:
    """The name of the one array that has as many axes as pictures have."""
    shapes = {
        name: _header(member.beginning(opened, MAX_HEADER + 16), f"{name} of {path_text(path)}").shape
        for name, member in members.items()
    }
    found = [name for name, shape in shapes.items() if len(shape) in (3, 4)] or list(shapes)
    if len(found) == 1:
        return found[0]
    if not found:
        raise _no_array(path_text(path), "holds no array")
    raise InputError(
        f"{path_text(path)} has {len(found)} arrays that may be meant: {_listed(found)}",
        expected="the name of one of them behind the file's own",
        remedy=f"--data {path}/{printable(found[0])}",
    )


def _listed(names: Mapping[str, object] | Sequence[str]) -> str:
    return ", ".join(printable(name) for name in list(names)[:20])


def _header(data: bytes, where: str) -> Header:
    """The header at the beginning of an array's file, which is a literal and nothing that runs.

    Raises:
        InputError: there is none, it says what none says, or the array holds objects or lies by columns.
    """
    try:
        stream = io.BytesIO(data)
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[
            version
        ]
        shape, by_columns, stored = read(stream, max_header_size=MAX_HEADER)
    except MemoryError:
        raise
    except Exception as error:  # numpy's, and those of the literal's parser
        raise _no_array(where, f"has no header of an array: {error}") from error
    if stored.hasobject:
        raise InputError(
            f"{where} holds Python's objects, which would have to be unpickled and could run code",
            expected=EXPECTED,
            remedy="save numbers: numpy.save(file, numpy.stack(pictures))",
        )
    if by_columns and sum(side > 1 for side in shape) > 1:
        raise InputError(
            f"{where} lies by columns (Fortran order), so that no picture lies in one piece",
            expected=EXPECTED,
            remedy="numpy.save(file, numpy.ascontiguousarray(images))",
        )
    if any(side < 0 for side in shape) or not stored.itemsize:
        raise _no_array(where, "has a header that no array has")
    return Header(shape, stored, stream.tell())


def _no_array(where: str, why: str) -> InputError:
    return InputError(
        f"{where} {printable(why)}",
        expected=EXPECTED,
        remedy="numpy.save(file, images), or download the file again",
    )
