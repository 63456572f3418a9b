"""What is audited: which images were found, drawn and refused; their pixels in order; their hashes.

Every file found is used, a copy of one that is, refused with a reason, or not drawn, and all are counted. A drawn file
that turns out unreadable moves to the refused ones; ``pipeline.draw`` draws another in its place, and says so.
Where the pictures are and how they are read is the business of the set's reader (``images.reader``).
Without a folder the bundled sample is audited: 40 crops of 24 free photographs, a demonstration and not a data
distribution. Sources and licences are in sample/LICENSES.md; benchmarks/make_sample.py makes the files.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import torch

from geed_cli.choices import NAMED, Decode, ImageSource
from geed_cli.documents.document import path_text
from geed_cli.errors import InputError
from geed_cli.images.picture import ImageRefused, RefusedFile, Size
from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.places import listed_at
from geed_cli.images.prefetch import decoding_workers, prefetch
from geed_cli.images.preprocess import padded_fraction, to_pixels
from geed_cli.images.reader import Folder, Reader
from geed_cli.images.resize import resizes_alike
from geed_cli.images.same_picture import fingerprint
from geed_cli.images.selection import select
from geed_cli.images.source_labels import SourceLabels
from geed_cli.input_settings import InputSettings

SAMPLE_ROOT = "bundled sample"
SAMPLE_PHOTOGRAPH = r"^(.+)_\d+\.jpg$"
"""Finds the photograph in the name of one of its crops."""
PREFETCH_DEPTH = 16
"""Images decoded ahead: a few batches of one orbit each, 2.4 MB at S = 224, or 4.9 MB of larger crops."""
READ_AHEAD = 8
"""Files held in memory at a time while they are hashed."""
MOST_NAMED = 20
"""Pictures that cannot be used which one message names; the others are counted."""


def sample_folder() -> Path:
    """The folder with the sample's 40 JPEG files, 256 × 256, and nothing else."""
    return Path(str(files("geed_cli.images"))) / "sample" / "pictures"


class ImageRecord(NamedTuple):
    """The identity of one image in a result; made for each of a million images, a tuple takes half of the time.

    Attributes:
        path: POSIX, relative to the image folder.
        sha256: of the file's bytes.
        fingerprint: shared by files with the same pixels; empty where it has not been decoded.
    """

    path: str
    sha256: str
    fingerprint: str = ""


@dataclass(frozen=True, eq=False)  # tensors have no single truth value to compare by
class LoadedImage:
    """One image, ready for G.

    Attributes:
        record: its identity.
        pixels: uint8, shape (3, S, S), in [0, 255]; (3, side, side) where a larger crop was asked for.
        padded_fraction: the part of a larger crop's surroundings that the picture does not reach, in [0, 1].
    """

    record: ImageRecord
    pixels: torch.Tensor
    padded_fraction: float = 0.0


@dataclass(frozen=True)
class ImageSet:
    """Images before any of them is opened: all that were found, or those of one audit.

    Attributes:
        root: how the source is named in results: a path as the user wrote it, ``SAMPLE_ROOT``, or what else it is.
        reader: reads the images.
        paths: the names of the images, in order; below a folder, or in an archive, relative to it.
        refused: what listing refused, by kind or name.
        found: how many entries the source holds, drawn, not drawn and refused together.
        side: where the pictures are cropped already: of the square that every one of them must be.
        columns: what the source says of each picture: its label, cluster or weight, as text.
        revision: which state of the source it is, where the source says so.
        classes: what a data set calls the classes that its labels mean, by their numbers.
        split: which split of a data set it is.
        fields: what else its rows have, for messages.
    """

    root: str
    reader: Reader = field(repr=False)
    paths: tuple[str, ...] = field(repr=False)
    refused: tuple[RefusedFile, ...] = field(repr=False)
    found: int
    side: int | None = None
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    revision: str | None = field(default=None, repr=False)
    classes: tuple[str, ...] = field(default=(), repr=False)
    split: str | None = field(default=None, repr=False)
    fields: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        """What messages call it."""
        return self.root

    @property
    def is_sample(self) -> bool:
        """Whether this is the bundled sample, which results have to say."""
        reader = self.reader
        return self.root == SAMPLE_ROOT and isinstance(reader, Folder) and reader.folder == sample_folder()

    @property
    def labels(self) -> SourceLabels:
        """What the source itself says of classes."""
        return SourceLabels(self.root, self.columns.get("label"), self.classes, self.fields)

    @property
    def not_drawn(self) -> int:
        """How many images were found and left out by ``--samples``."""
        return self.found - len(self.refused) - len(self.paths)

    def draw(self, samples: int, seed: int) -> "ImageSet":
        """Some of the images, see ``select``; a smaller sample of one seed is part of every larger one.

        Raises:
            InputError: ``samples`` or ``seed`` out of range.
        """
        return replace(self, paths=select(self.paths, samples, seed))


def list_images(
    data: str | Path | ImageSet | None,
    options: PlaceOptions = PlaceOptions(),  # noqa: B008 - frozen
) -> ImageSet:
    """All images of a source that is named, of the bundled sample, or of what is listed already.

    No picture is opened.

    Args:
        data: text as ``--data`` takes it, a path on this machine, a list, or None for the sample.
        options: how the source is read.

    Raises:
        InputError: what is named is missing, is of no kind that is read, or holds no images.
    """
    if isinstance(data, ImageSet):
        return data
    found = listed_at(sample_folder() if data is None else data, options)
    root, listing = SAMPLE_ROOT if data is None else found.root, found.listing
    return ImageSet(
        root,
        found.reader,
        listing.candidates,
        listing.refused,
        listing.found,
        columns=listing.columns,
        revision=listing.revision,
        classes=listing.classes,
        split=listing.split,
        fields=listing.fields,
    )


def iter_pixels(
    images: ImageSet,
    settings: InputSettings,
    *,
    workers: int | None = None,
    side: int | None = None,
    decode: Decode = "exact",
) -> Generator[LoadedImage | RefusedFile, None, None]:
    """Decode the drawn images ahead of the consumer; yield one item for each of ``images.paths``, in order.

    An image that cannot be used is yielded as a ``RefusedFile``; whether that ends the run is the consumer's to decide.
    What listing refused by its name is not repeated here.

    Args:
        images: what to read.
        settings: the model's preprocessing.
        workers: decoding threads, at least 1; None for as many as the reader and the machine allow. The items do not
            depend on it.
        side: of a larger crop, see ``to_pixels``; None for the network's own.
        decode: how pictures are decoded and resized, see ``to_pixels``.
    """
    load = partial(_load, images, settings, side, decode)
    threads = workers or _threads(images)
    yield from prefetch(load, images.paths, workers=threads, depth=PREFETCH_DEPTH)


def _threads(images: ImageSet) -> int:
    return 1 if images.reader.one_thread else decoding_workers()


def can_be_used(images: ImageSet, path: str, settings: InputSettings, decode: Decode) -> bool:
    """Whether decoding will not refuse an image; arguments as for ``iter_pixels``."""
    return not isinstance(_load(images, settings, None, decode, path), RefusedFile)


def _load(
    images: ImageSet, settings: InputSettings, side: int | None, decode: Decode, path: str
) -> LoadedImage | RefusedFile:
    try:
        way = "exact" if resizes_alike(settings.interpolation) else decode
        picture, sha256 = images.reader.picture(path, way)
        if images.side is not None:
            require_side(images, picture.size, images.side, path)
        pixels = to_pixels(picture, settings, side=side, decode=way)
        return LoadedImage(
            ImageRecord(path, sha256, fingerprint(picture)),
            pixels,
            padded_fraction(picture, settings, side or settings.size),
        )
    except ImageRefused as refusal:
        return RefusedFile(path, refusal.reason)


def require_side(images: ImageSet, size: Size, side: int, path: str | None = None) -> None:
    """Refuse pictures that were said to be cropped already and are not of the network's input size.

    Args:
        images: what they belong to.
        size: width and height of one picture.
        side: what the network is shown, S.
        path: of that picture; None where all are of this size.

    Raises:
        InputError: they are not S × S.
    """
    if size != (side, side):
        which = f"image {path} of {images.root}" if path is not None else f"the pictures of {images.root}"
        raise InputError(
            f"{which} {'is' if path is not None else 'are'} {size[1]} × {size[0]} (height × width), and ready=True "
            "says that they are cropped already",
            expected=f"{side} × {side} pixels, which the network is shown",
            remedy="ready=False, which resizes and crops them as the network's preprocessing does",
        )


def unusable(root: str, refused: Sequence[RefusedFile], source: ImageSource = "folder") -> InputError:
    """The error that names every drawn picture that cannot be used, the first ``MOST_NAMED`` of many."""
    where = path_text(root) if source in NAMED else root
    shown = [f"{item.path!r}: {item.reason}" for item in refused[:MOST_NAMED]]
    if len(refused) == 1:
        found = f"cannot use image {refused[0].path!r} of {where}: {refused[0].reason}"
    else:
        more = [f"and {len(refused) - MOST_NAMED} more"] if len(refused) > MOST_NAMED else []
        listed = "".join(f"\n    {line}" for line in [*shown, *more])
        found = f"cannot use {len(refused)} images of {where}{listed}"
    kind = "complete 8-bit JPEG, PNG, WebP, BMP or TIFF pictures"
    skip = "--on-bad-image skip"
    if source == "memory":
        kind = "pictures of 8 bits, or of finite floats in [0, 1]"
    if source not in NAMED:  # from Python alone
        skip = 'on_bad_image="skip"'
    return InputError(
        found,
        expected=kind,
        remedy=f"repair or remove them, or {skip} to draw others in their place and count them",
    )


def fingerprints_of(images: ImageSet, settings: InputSettings, decode: Decode) -> dict[str, str]:
    """The fingerprint of each drawn image by its path; images that cannot be used are absent."""
    items = iter_pixels(images, settings, decode=decode)
    return {item.record.path: item.record.fingerprint for item in items if isinstance(item, LoadedImage)}


def hashes_of(images: ImageSet) -> dict[str, str]:
    """What identifies each drawn image, by its path: what decoding would record. Files are not decoded for it.

    Images that cannot be read are absent, for decoding to say why.
    """
    hashed = prefetch(partial(_hash, images), images.paths, workers=_threads(images), depth=READ_AHEAD)
    return {path: value for path, value in hashed if value is not None}


def _hash(images: ImageSet, path: str) -> tuple[str, str | None]:
    try:
        return path, images.reader.sha256(path)
    except ImageRefused:
        return path, None
