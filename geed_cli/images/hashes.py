"""Hashes of image files without decoding them, so that what is known of an image can be looked up first."""

import hashlib
from functools import partial

from geed_cli.images.prefetch import prefetch
from geed_cli.images.refusal import ImageRefused
from geed_cli.images.regular_file import read_regular
from geed_cli.images.source import ImageSet
from geed_cli.images.workers import decoding_workers

READ_AHEAD = 8
"""Files held in memory at a time."""


def hashes_of(images: ImageSet) -> dict[str, str]:
    """SHA-256 of the bytes of each drawn file, by its path.

    Returns:
        What decoding would record; files that cannot be read are absent, for decoding to say why.
    """
    hashed = prefetch(partial(_hash, images), images.paths, workers=decoding_workers(), depth=READ_AHEAD)
    return {path: value for path, value in hashed if value is not None}


def _hash(images: ImageSet, path: str) -> tuple[str, str | None]:
    try:
        return path, hashlib.sha256(read_regular(images.file(path))).hexdigest()
    except ImageRefused:
        return path, None
