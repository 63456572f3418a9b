"""Where the pictures of an image set are read: a folder, a list of files, or whatever else implements ``Reader``.

Everything that wants a picture, its pixels or its hash asks the set's reader by the picture's name in the set.
"""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, final

from geed_cli.choices import Decode, Identity, ImageSource
from geed_cli.documents.document import path_of
from geed_cli.images.decode import decode_picture
from geed_cli.images.picture import Picture
from geed_cli.images.regular_file import read_regular


class Reader(Protocol):
    """Reads the pictures of one image set by their names; safe to be asked from several threads."""

    @property
    def source(self) -> ImageSource:
        """What kind of place it is."""

    @property
    def identity(self) -> Identity:
        """What ``sha256`` is taken of."""

    @property
    def one_thread(self) -> bool:
        """Whether more than one thread that reads ahead is of no use, or does harm."""

    def sha256(self, name: str) -> str:
        """What identifies a picture: SHA-256 of its file's bytes, or of its size and RGB pixels.

        Raises:
            ImageRefused: it cannot be read.
        """

    def picture(self, name: str, decode: Decode = "exact") -> tuple[Picture, str]:
        """A picture and its ``sha256``, from one reading.

        Args:
            name: of the picture.
            decode: ``fast`` allows another decoder that makes the same pixels (``decode_picture``).

        Raises:
            ImageRefused: it cannot be used.
        """

    def notes(self, names: Sequence[str]) -> tuple[str, ...]:
        """What a result has to say about how these pictures came, which have been read."""


class Encoded(ABC):
    """Pictures of which each is the encoded bytes of a file, wherever these lie, and is known by them."""

    identity: ClassVar[Identity] = "bytes"
    one_thread: ClassVar[bool] = False

    @abstractmethod
    def encoded(self, name: str) -> bytes:
        """The bytes of a picture.

        Raises:
            ImageRefused: there is none of that name, or they cannot be read.
        """

    def sha256(self, name: str) -> str:
        """Of the picture's bytes."""
        return hashlib.sha256(self.encoded(name)).hexdigest()

    def picture(self, name: str, decode: Decode = "exact") -> tuple[Picture, str]:
        """The decoded picture and the hash of its bytes."""
        data = self.encoded(name)
        return decode_picture(data, decode), hashlib.sha256(data).hexdigest()

    def notes(self, names: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        """Nothing: bytes are decoded as docs/images.md says."""
        return ()


@dataclass(frozen=True)
class Files(Encoded):
    """Pictures that are files; readers never follow a link, so a file that became one since is refused."""

    @abstractmethod
    def file(self, name: str) -> Path:
        """Where an image is read."""

    def encoded(self, name: str) -> bytes:
        """The file's bytes."""
        return read_regular(self.file(name))


def file_below(folder: Path, name: str, *, follow_links: bool) -> Path:
    """The file of a picture's name below a folder, or with ``follow_links`` what it leads to."""
    file = folder / path_of(name)
    return Path(os.path.realpath(file)) if follow_links else file


@final
@dataclass(frozen=True)
class Folder(Files):
    """Files below a folder.

    Attributes:
        folder: where they are; names are relative to it.
        follow_links: whether symbolic links were followed.
    """

    folder: Path
    follow_links: bool = False
    source: ClassVar[ImageSource] = "folder"

    def file(self, name: str) -> Path:
        """The file, or with ``follow_links`` what it leads to."""
        return file_below(self.folder, name, follow_links=self.follow_links)


@final
@dataclass(frozen=True)
class FileList(Files):
    """Files that were named one by one.

    Attributes:
        files: by their names; a link is followed, since the user named it.
    """

    files: Mapping[str, Path]
    source: ClassVar[ImageSource] = "files"

    def file(self, name: str) -> Path:
        """The file that the name stands for."""
        return Path(os.path.realpath(self.files[name]))
