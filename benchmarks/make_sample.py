"""Make the bundled sample: 40 square crops of ten free photographs that scikit-image carries, as 256 × 256 JPEG.

Only pictures whose source states public domain or CC0 are used; "no known copyright restrictions" is not enough.
Crop boxes are (left, top, right, bottom) in pixels of the source. Crops are never much enlarged, differ in position
and scale, and overlap where a picture is small: the sample shows what a table looks like and is no benchmark.

    python -m pip install scikit-image
    python benchmarks/make_sample.py geed_cli/images/sample

The pixels are determined by this file; the bytes also by the JPEG encoder of the installed Pillow.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from skimage import data

SIDE = 256
QUALITY = 88
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Source:
    """One photograph.

    Attributes:
        name: of the loader in ``skimage.data``, and prefix of the crops' file names.
        shows: what is seen.
        author: who made it.
        licence: as its source states it.
        origin: where scikit-image took it from, or who gave it.
        boxes: the crops.
    """

    name: str
    shows: str
    author: str
    licence: str
    origin: str
    boxes: tuple[Box, ...]


SOURCES = (
    Source(
        "astronaut",
        "the astronaut Eileen Collins",
        "NASA",
        "public domain",
        "NASA Great Images database, https://flic.kr/p/r9qvLn",
        (
            (0, 0, 512, 512),
            (100, 0, 356, 256),
            (0, 200, 256, 456),
            (256, 256, 512, 512),
            (312, 0, 512, 200),
            (0, 0, 220, 220),
            (60, 120, 420, 480),
        ),
    ),
    Source(
        "coffee",
        "a cup of coffee on a wooden table",
        "Rachel Michetti",
        "CC0 1.0",
        "courtesy of Pikolo Espresso Bar",
        (
            (100, 0, 500, 400),
            (172, 0, 428, 256),
            (300, 120, 556, 376),
            (0, 144, 256, 400),
            (344, 0, 600, 256),
            (60, 60, 380, 380),
            (180, 200, 380, 400),
        ),
    ),
    Source(
        "chelsea",
        "Chelsea the cat",
        "Stefan van der Walt",
        "CC0 1.0",
        "given by the photographer",
        (
            (75, 0, 375, 300),
            (0, 0, 256, 256),
            (195, 44, 451, 300),
            (100, 20, 300, 220),
            (151, 0, 451, 300),
            (20, 100, 220, 300),
        ),
    ),
    Source(
        "rocket",
        "a Falcon 9 before the launch of DSCOVR",
        "SpaceX",
        "public domain",
        "SpaceX Photos, https://www.flickr.com/photos/spacexphotos/16511594820/",
        (
            (110, 0, 537, 427),
            (0, 171, 256, 427),
            (192, 120, 448, 376),
            (384, 171, 640, 427),
            (230, 190, 430, 390),
        ),
    ),
    Source(
        "hubble_deep_field",
        "the Hubble eXtreme Deep Field",
        "NASA",
        "public domain",
        "HubbleSite, http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
        (
            (0, 0, 872, 872),
            (100, 40, 356, 296),
            (600, 320, 856, 576),
            (300, 420, 700, 820),
        ),
    ),
    Source(
        "retina",
        "a human retina",
        "Mikael Häggström",
        "CC0 1.0",
        "https://commons.wikimedia.org/wiki/File:Fundus_photograph_of_normal_left_eye.jpg",
        (
            (0, 0, 1411, 1411),
            (60, 400, 560, 900),
            (500, 150, 1100, 750),
        ),
    ),
    Source(
        "camera",
        "a cameraman",
        "Lav Varshney",
        "CC0 1.0",
        "given by the photographer",
        (
            (0, 0, 512, 512),
            (110, 40, 366, 296),
            (256, 256, 512, 512),
            (256, 100, 512, 356),
            (0, 150, 300, 450),
        ),
    ),
    Source("brick", "a brick wall", "cc0textures.com", "CC0 1.0", "Bricks25", ((128, 128, 384, 384),)),
    Source(
        "grass", "grass", "linolafett", "CC0 1.0", "DeviantArt, Grass 01 (434853879)", ((64, 64, 448, 448),)
    ),
    Source("gravel", "gravel", "cc0textures.com", "CC0 1.0", "Gravel04", ((0, 0, 256, 256),)),
)

HEADER = """# The bundled sample: sources and licences

{count} crops of {sources} photographs, each resized to {side} × {side} pixels and stored as JPEG. The photographs are
distributed with scikit-image, whose documentation of `skimage.data` states the licences given here; all are in the
public domain or under CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/). The crops are under the same terms.
Boxes are left, top, right, bottom in pixels of scikit-image's picture. Made by benchmarks/make_sample.py.

The sample shows what an audit looks like. It is not a data distribution: crops of one photograph resemble each other.

| file | photograph | author | licence | origin | box |
|---|---|---|---|---|---|
"""


def file_name(source: Source, number: int) -> str:
    """The name of a source's crop, counted from 1."""
    return f"{source.name}_{number}.jpg"


def crop(picture: Image.Image, box: Box) -> Image.Image:
    """The square box of a picture at 256 × 256 pixels, Lanczos filtered."""
    left, top, right, bottom = box
    inside = 0 <= left < right <= picture.width and 0 <= top < bottom <= picture.height
    if right - left != bottom - top or not inside:
        raise ValueError(f"{box} is not a square inside {picture.size}")
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)


def write_pictures(folder: Path) -> None:
    """Write every crop into ``folder``, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        picture = Image.fromarray(getattr(data, source.name)()).convert("RGB")
        for number, box in enumerate(source.boxes, start=1):
            crop(picture, box).save(folder / file_name(source, number), quality=QUALITY, optimize=True)


def licence_page() -> str:
    """The text of LICENSES.md, one row for each crop."""
    count = sum(len(source.boxes) for source in SOURCES)
    rows = (
        f"| {file_name(source, number)} | `skimage.data.{source.name}`, {source.shows} | {source.author} "
        f"| {source.licence} | {source.origin} | {', '.join(map(str, box))} |\n"
        for source in SOURCES
        for number, box in enumerate(source.boxes, start=1)
    )
    return HEADER.format(count=count, sources=len(SOURCES), side=SIDE) + "".join(rows)


def main() -> None:
    """Write pictures/ and LICENSES.md into the folder named on the command line."""
    parser = argparse.ArgumentParser(description="make the bundled sample images")
    parser.add_argument("folder", type=Path, help="usually geed_cli/images/sample")
    folder: Path = parser.parse_args().folder
    write_pictures(folder / "pictures")
    (folder / "LICENSES.md").write_text(licence_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
