"""The zip archive around a torch.save file, checked before anything in it is unpickled.

torch.load ignores the archive's checksums and single flipped bits load as other weights, so they are
verified here. torch.save stores its members uncompressed, one behind the other: whatever else an archive
does (compress, overlap, repeat a name, hide bytes in front or behind) makes two zip readers see two files,
or unpacks to far more than it holds.
"""

import struct
import zipfile
from pathlib import Path

from geed_cli.checkpoints.formats import EXPORT_REMEDY, READABLE_FILES, UNPACK_REMEDY, shown
from geed_cli.checkpoints.reader.recipes import from_exported, from_script
from geed_cli.errors import InputError

MOST_MEMBERS = 100_100  # 100,000 tensors and torch's few records beside them
LOCAL_HEADER_BYTES = 30
SAVE_AGAIN = "download or save the file again and compare its sha256 with the publisher's"
SAVE_WEIGHTS_ALONE = "save only the network's weights, without training state"


def check_archive(path: Path) -> tuple[frozenset[int], tuple[str, ...]]:
    """Refuse an archive that is not a whole and plain torch.save file.

    Returns:
        The byte counts of its members with tensor data, and a note where it carries no checksums.

    Raises:
        InputError: truncated, not from torch.save, TorchScript, .pt2, compressed, overlapping, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_other_kinds([member.filename for member in members], path)
            _refuse_layout(archive, members, path.stat().st_size)
            notes = _verify_checksums(archive, members)
    # A damaged directory sends the reader to impossible places, each of which has an exception of its own.
    except (
        zipfile.BadZipFile,
        struct.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        OverflowError,
    ) as error:
        raise InputError(
            f"the zip archive is truncated or damaged ({shown(str(error))})",
            expected="a complete file as torch.save wrote it",
            remedy=SAVE_AGAIN,
        ) from error
    return frozenset(member.file_size for member in members if "/data/" in member.filename), notes


def _refuse_other_kinds(names: list[str], path: Path) -> None:
    """TorchScript, exported programs, npz and Keras are zip archives too."""
    endings = {name.partition("/")[2] or name for name in names}
    if "constants.pkl" in endings or any(ending.startswith("code/") for ending in endings):
        raise _kind("a TorchScript archive, which carries program code", from_script(path))
    if endings & {"archive_format", "archive_version", "serialized_exported_program.json"}:
        raise _kind("an exported program (.pt2), which carries a graph", from_exported(path))
    if names and all(name.endswith(".npy") for name in names):
        raise _kind("a NumPy archive (.npz)", EXPORT_REMEDY)
    if "model.weights.h5" in endings:
        raise _kind("a Keras model", EXPORT_REMEDY)
    if "data.pkl" not in endings or len({name.partition("/")[0] for name in names}) != 1:
        raise _kind("a zip archive that torch.save did not write", UNPACK_REMEDY)


def _kind(what: str, remedy: str) -> InputError:
    return InputError(f"this is {what}", expected=READABLE_FILES, remedy=remedy)


def _refuse_layout(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], file_size: int) -> None:
    """Stored, unencrypted, each name once, back to back from the first byte, nothing larger than the file."""
    if len(members) > MOST_MEMBERS:
        raise _layout(f"the archive has {len(members)} members")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise _layout(f"member {shown(member.filename)} is compressed or encrypted")
    if len({member.filename for member in members}) != len(members):
        raise _layout("the archive holds two members of one name")
    by_place = sorted(members, key=lambda member: member.header_offset)
    ends = [*(member.header_offset for member in by_place[1:]), file_size]
    for member, end in zip(by_place, ends, strict=True):
        if member.header_offset + LOCAL_HEADER_BYTES + member.file_size > end:
            raise _layout(f"member {shown(member.filename)} claims more bytes than the file has for it")
    if by_place[0].header_offset != 0 or archive.comment:
        raise _layout("the archive has bytes in front of its first member or a comment behind its last")


def _layout(found: str) -> InputError:
    return InputError(
        found,
        expected="members stored uncompressed, once each, one behind the other, as torch.save writes them",
        remedy="if you trust it, load it and save the tensors again with torch.save or safetensors",
    )


def _verify_checksums(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> tuple[str, ...]:
    if all(member.CRC == 0 for member in members if member.file_size):
        return ("the file was written without checksums: damage to its weights cannot be detected",)
    damaged = archive.testzip()
    if damaged is not None:
        raise InputError(
            f"the file is damaged: the checksum of member {shown(damaged)} does not fit its contents",
            expected="contents that agree with the archive's own checksums",
            remedy=SAVE_AGAIN,
        )
    return ()
