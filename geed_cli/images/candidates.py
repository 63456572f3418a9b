"""What a source of pictures holds, entry by entry: candidates by their names, and refusals with a reason each.

Nothing is opened for it. Names are POSIX paths below the source, ordered by their UTF-8 bytes, so that the order of the
same names is the same on every file system and in every archive. Names of bytes that are not UTF-8 hold surrogates.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError
from geed_cli.images.picture import RefusedFile

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
_OTHER_PICTURES = """
    apng arw avif avifs cr2 cr3 dcm dds dng emf eps exr gif hdr heic heif hif icns ico j2k jp2 jpx jxl nef orf
    pbm pcx pfm pgm pnm ppm psd qoi raf rw2 svg svgz tga wmf xcf
"""
OTHER_PICTURES = frozenset(f".{suffix}" for suffix in _OTHER_PICTURES.split())
"""Suffixes of pictures in formats that are not audited."""
OTHER_FORMAT = "not a format that is audited: JPEG, PNG, WebP, BMP or TIFF"
HIDDEN_FOLDER = "a hidden folder, which is not searched"


@dataclass(frozen=True)
class Listing:
    """Everything that was found in a source, in order.

    Attributes:
        candidates: entries whose name says image.
        refused: everything else: other files, links, pipes, hidden or unreadable folders.
        columns: what the source says beside the pictures: label, cluster or weight, each for every one.
        revision: which state of the source it is of, where that is known and hashes of pictures do not say it.
        classes: what a data set calls the classes that its labels mean, by their numbers.
        split: which split of a data set it is.
        fields: what else its rows have, for messages.
    """

    candidates: tuple[str, ...]
    refused: tuple[RefusedFile, ...]
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    revision: str | None = None
    classes: tuple[str, ...] = ()
    split: str | None = None
    fields: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        """How many entries were found: candidates and refused together."""
        return len(self.candidates) + len(self.refused)


def reason_by_name(path: str) -> str:
    """Why a file is no candidate by its name, or "" if it is one."""
    name = path.rpartition("/")[2]
    suffix = suffix_of(name)
    if suffix not in SUFFIXES:
        return OTHER_FORMAT if suffix in OTHER_PICTURES else "not an image by its name"
    if name.startswith("."):
        return "a hidden file"  # such as ._photo.jpg, in which macOS keeps attributes
    return reason_by_signs(path)


def reason_by_signs(path: str) -> str:
    """Why a name cannot stand in a result, or "" if it can."""
    try:  # whatever the locale has made of it
        text = name_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        return "its name is not valid UTF-8"
    return "" if text == printable_name(path) else "its name holds control characters"


def suffix_of(name: str) -> str:
    """The end of a name from its last dot, in lower case, as ``pathlib`` has it; a tenth of its time."""
    stem, dot, end = name.rpartition(".")
    return f"{dot}{end}".lower() if stem and end else ""


def name_bytes(path: str) -> bytes:
    """What names are ordered by."""
    return path.encode("utf-8", "surrogateescape")


def printable_name(path: str) -> str:
    r"""The path with control characters and bytes that are not UTF-8 written as \xff, to be stored and shown."""
    if path.isprintable():  # of most names, at once
        return path
    return "".join(ascii(c)[1:-1] if unicodedata.category(c) == "Cc" else c for c in unicode_text(path))


def no_images(
    where: str, refused: tuple[RefusedFile, ...], *, what: str, link: str, follow: str
) -> InputError:
    """Says what is there instead, and how to get at it.

    Args:
        where: the source, as messages call it.
        refused: all that it holds.
        what: what to name in its place, such as "the folder that holds the images; it may be nested".
        link: the reason by which links are refused there.
        follow: what to do about links.
    """
    reasons = [file.reason for file in refused]
    links, others = reasons.count(link), reasons.count(OTHER_FORMAT)
    remedy = f"name {what}"
    parts = []
    if others:
        named = [file.path.rpartition("/")[2] for file in refused if file.reason == OTHER_FORMAT]
        suffixes = {suffix_of(name) for name in named}
        parts.append(f"{others} of formats that are not audited: {', '.join(sorted(suffixes))}")
        remedy = "convert them, to PNG for instance, or name another folder"
    if links:
        parts.insert(0, f"{links} symbolic link{'s' * (links != 1)}, not followed")
        remedy = follow
    if len(refused) > links + others or not parts:
        parts.append(f"{len(refused) - links - others} other entries")
    return InputError(
        f"no images in {where} ({'; '.join(parts)})",
        expected="at least one file whose name ends in .jpg, .jpeg, .png, .webp, .bmp, .tif or .tiff",
        remedy=remedy,
    )
