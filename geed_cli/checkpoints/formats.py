"""Which kind of file a checkpoint is, decided by its first bytes and never by its suffix.

Three containers are read: safetensors, the zip archives of ``torch.save`` and its older pickle stream. Whatever else
people have under a checkpoint's name is recognised, so that the refusal can say what it is. A name in a file may be
any string, terminal escapes and a megabyte of length included, so ``shown`` prints it.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path

from geed_cli.errors import InputError

LONGEST_NAME = 80
NAMES_SHOWN = 5
HEAD_BYTES = 512
READABLE_FILES = "a .safetensors file, or a .pt/.pth file with a state dict written by torch.save"
# torch.save of before 1.6 starts its stream with this number, 0x1950A86A20F9469CFC6C, as a pickled LONG1.
LEGACY_MAGIC = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
TENSORFLOW_NAME = re.compile(r"\.(ckpt|pb|index|meta)(-\d+)?$|\.data-\d+-of-\d+$|\.ckpt-\d+\.(index|meta)$")


def shown(name: object) -> str:
    """The name in printable ASCII, at most 80 characters."""
    text = ascii(name)[1:-1] if isinstance(name, str) else ascii(name)
    return text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "..."


def shown_list(names: Collection[str]) -> str:
    """The first five names and how many more there are: "a, b, c, d, e and 12 more"."""
    first = ", ".join(shown(name) for name in islice(names, NAMES_SHOWN))
    rest = len(names) - NAMES_SHOWN
    return f"{first} and {rest} more" if rest > 0 else first


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Put the file's name in front of an InputError from the block: code that looks at contents does not know it."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error.found}", expected=error.expected, remedy=error.remedy) from error


class Container(Enum):
    """The containers that can be read."""

    SAFETENSORS = "safetensors"
    ZIP = "zip"
    LEGACY = "legacy"


@dataclass(frozen=True)
class Foreign:
    """A format that is recognised in order to be refused.

    Attributes:
        what: the format, as the end of "this is …".
        remedy: what to do with such a file.
        starts: first bytes that identify it; letters are compared in lower case where ``text``.
        offset: where those bytes stand.
        text: leading blanks and a byte order mark do not count.
    """

    what: str
    remedy: str
    starts: tuple[bytes, ...]
    offset: int = 0
    text: bool = False

    def fits(self, head: bytes) -> bool:
        """Whether a file that begins with ``head`` is of this format."""
        if self.text:
            head = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        return head[self.offset :].startswith(self.starts)


EXPORT_REMEDY = (
    "export the weights from the framework that wrote it and save them with safetensors.torch.save_file"
)
DOWNLOAD_REMEDY = (
    "download the file itself: open the link in a browser to see what the server wants, then check the size"
)
UNPACK_REMEDY = "unpack it and give the checkpoint inside"
TENSORFLOW = Foreign("a TensorFlow checkpoint", f"{EXPORT_REMEDY}; several converters to PyTorch exist", ())
ONNX = Foreign("an ONNX model", "give the PyTorch checkpoint that it was exported from", ())
FOREIGN_FORMATS = (
    Foreign(
        "a Git LFS pointer, not the file it stands for",
        "run `git lfs pull` in that repository, or download the file itself",
        (b"version https://git-lfs",),
        text=True,
    ),
    Foreign(
        "a web page (HTML)", DOWNLOAD_REMEDY, (b"<!doctype html", b"<html", b"<head", b"<body"), text=True
    ),
    Foreign("XML text, probably a server's error message", DOWNLOAD_REMEDY, (b"<",), text=True),
    Foreign(
        "JSON text (the index of a sharded checkpoint, or a server's error message)",
        "give the file that holds the tensors; merge a sharded checkpoint into one file first",
        (b"{", b"["),
        text=True,
    ),
    Foreign(TENSORFLOW.what, TENSORFLOW.remedy, (b"model_checkpoint_path",), text=True),
    Foreign("an HDF5 file (Keras weights)", EXPORT_REMEDY, (b"\x89HDF\r\n\x1a\n",)),
    Foreign("a NumPy array", EXPORT_REMEDY, (b"\x93NUMPY",)),
    Foreign("a GGUF model", "give the checkpoint that it was quantised from", (b"GGUF",)),
    Foreign("a TensorFlow Lite model", EXPORT_REMEDY, (b"TFL3",), offset=4),
    Foreign("a gzip archive", UNPACK_REMEDY, (b"\x1f\x8b",)),
    Foreign("an xz archive", UNPACK_REMEDY, (b"\xfd7zXZ",)),
    Foreign("a zstd archive", UNPACK_REMEDY, (b"\x28\xb5\x2f\xfd",)),
    Foreign("a bzip2 archive", UNPACK_REMEDY, (b"BZh",)),
    Foreign("a 7z archive", UNPACK_REMEDY, (b"7z\xbc\xaf",)),
    Foreign("a tar archive", UNPACK_REMEDY, (b"ustar",), offset=257),
    Foreign("an empty zip archive", "download or save the file again", (b"PK\x05\x06",)),
    Foreign(
        "a Python pickle that torch.save did not write",
        "if you trust it, load it and save the tensors alone with safetensors.torch.save_file",
        (b"\x80",),
    ),
)


def container_of(head: bytes, file_name: str) -> Container:
    """The container that a file's first ``HEAD_BYTES`` bytes announce; its name only explains bytes that say nothing.

    Raises:
        InputError: the file is empty, of a recognised foreign format, or unknown.
    """
    if head.startswith(b"PK\x03\x04"):
        return Container.ZIP
    if head[:1] == b"\x80" and LEGACY_MAGIC in head[:32]:
        return Container.LEGACY
    # Eight bytes of header length, then JSON; no header comes near 2^40 bytes, and text always exceeds it.
    if head[5:9] == b"\0\0\0{":
        return Container.SAFETENSORS
    raise _refusal(head, file_name)


def _refusal(head: bytes, file_name: str) -> InputError:
    if not head:
        return InputError(
            "the file is empty",
            expected=READABLE_FILES,
            remedy="download or save it again: the last attempt broke off",
        )
    foreign = _foreign(head, file_name)
    if foreign is not None:
        return InputError(f"this is {foreign.what}", expected=READABLE_FILES, remedy=foreign.remedy)
    return InputError(
        f"the file's first bytes ({head[:8].hex(' ')}) belong to no known checkpoint format",
        expected=READABLE_FILES,
        remedy="check the download, or convert the weights with safetensors.torch.save_file",
    )


def _foreign(head: bytes, file_name: str) -> Foreign | None:
    for foreign in FOREIGN_FORMATS:
        if foreign.fits(head):
            return foreign
    if TENSORFLOW_NAME.search(file_name):
        return TENSORFLOW
    # Protobuf: field 1 (ir_version) is a small number, then a string or message field.
    looks_onnx = head[:1] == b"\x08" and head[2:3] in (b"\x12", b"\x1a", b":", b"B")
    return ONNX if looks_onnx or file_name.endswith(".onnx") else None
