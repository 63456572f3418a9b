"""Pictures: folders of them, of exactly the network's size so that nothing is resized, and single files as bytes.

Files are encoded by Pillow, or PNG written by hand chunk by chunk.
"""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from geed_cli.images.place_options import PlaceOptions
from geed_cli.images.source import ImageSet, list_images
from geed_cli.input_settings import InputSettings

SETTINGS = InputSettings(
    size=32, resize=36, interpolation="bicubic", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
)


def smooth_pictures(folder: Path, count: int, size: int, seed: int = 0) -> Path:
    """Random blurred colour pictures, written as PNG; neighbouring pixels agree, as in photographs."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for number in range(count):
        coarse = generator.integers(0, 256, size=(5, 5, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:04d}.png")
    return folder


def open_images(data: Path | None, samples: int, seed: int, *, follow_links: bool = False) -> ImageSet:
    """List a folder, or the bundled sample, and draw once."""
    return list_images(data, PlaceOptions(follow_links)).draw(samples, seed)


def pixels_of(folder: Path) -> list[np.ndarray]:
    """The pictures as float64 arrays (3, S, S) in [0, 1], read without the package's reader."""
    paths = sorted(folder.iterdir())
    return [
        np.asarray(Image.open(path).convert("RGB"), dtype=np.float64).transpose(2, 0, 1) / 255
        for path in paths
    ]


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture in which every pixel differs, so that a wrong crop or turn cannot go unseen."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def encoded(picture: Image.Image, image_format: str, **options: object) -> bytes:
    """The picture as a file's bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(depth: int, colour: int, size: tuple[int, int], rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG file from its unfiltered rows (each led by a 0 byte) and extra chunks before the pixels."""
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def write_folder(root: Path, names: list[str]) -> Path:
    """A folder in which each name is a small JPEG of its own."""
    for seed, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(noise(48, 40, seed), "JPEG"))
    return root
