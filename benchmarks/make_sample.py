"""Make the bundled sample: 40 square crops of 24 free photographs, as 256 × 256 JPEG.

The photographs come with packages: scikit-image, scikit-learn, matplotlib, an older scipy, and Debian's wallpapers of
Lomiri. Only pictures whose source states public domain, CC0 or CC BY are used; "no known copyright restrictions" is not
enough. Crop boxes are (left, top, right, bottom) in pixels of the source, and never much enlarged. The crops of one
photograph are a cluster, by the name before the number.

    python -m pip install scikit-image matplotlib
    python -m pip download --no-deps --dest others scipy==1.9.3 && unzip -d others others/scipy-*.whl 'scipy/misc/*'
    python -m pip download --no-deps --dest others scikit-learn && unzip -d others others/scikit*.whl '*/images/*'
    apt-get download lomiri-wallpapers-16.04 && dpkg-deb -x lomiri-wallpapers-16.04*.deb others
    python benchmarks/make_sample.py geed_cli/images/sample --others others

The pixels are determined by this file; the bytes also by the JPEG encoder of the installed Pillow.
"""

import argparse
import bz2
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import get_data_path
from PIL import Image
from skimage import data

SIDE = 256
QUALITY = 88
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Source:
    """One photograph.

    Attributes:
        name: prefix of the crops' file names.
        package: that it comes with, and its name there.
        shows: what is seen.
        author: who made it.
        licence: as its source states it.
        origin: where the package took it from, or who gave it.
        boxes: the crops.
    """

    name: str
    package: tuple[str, str]
    shows: str
    author: str
    licence: str
    origin: str
    boxes: tuple[Box, ...]


WALLPAPERS = "lomiri-wallpapers-16.04"

SOURCES = (
    Source(
        "astronaut",
        ("scikit-image", "skimage.data.astronaut"),
        "the astronaut Eileen Collins",
        "NASA",
        "public domain",
        "NASA Great Images database, https://flic.kr/p/r9qvLn",
        ((0, 0, 512, 512), (100, 0, 356, 256), (0, 200, 256, 456)),
    ),
    Source(
        "coffee",
        ("scikit-image", "skimage.data.coffee"),
        "a cup of coffee on a wooden table",
        "Rachel Michetti",
        "CC0 1.0",
        "courtesy of Pikolo Espresso Bar",
        ((100, 0, 500, 400), (172, 0, 428, 256), (300, 120, 556, 376)),
    ),
    Source(
        "chelsea",
        ("scikit-image", "skimage.data.chelsea"),
        "Chelsea the cat",
        "Stefan van der Walt",
        "CC0 1.0",
        "given by the photographer",
        ((75, 0, 375, 300), (0, 0, 256, 256), (195, 44, 451, 300)),
    ),
    Source(
        "rocket",
        ("scikit-image", "skimage.data.rocket"),
        "a Falcon 9 before the launch of DSCOVR",
        "SpaceX",
        "public domain",
        "SpaceX Photos, https://www.flickr.com/photos/spacexphotos/16511594820/",
        ((110, 0, 537, 427), (0, 171, 256, 427)),
    ),
    Source(
        "hubble_deep_field",
        ("scikit-image", "skimage.data.hubble_deep_field"),
        "the Hubble eXtreme Deep Field",
        "NASA",
        "public domain",
        "HubbleSite, http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
        ((0, 0, 872, 872), (100, 40, 356, 296)),
    ),
    Source(
        "retina",
        ("scikit-image", "skimage.data.retina"),
        "a human retina",
        "Mikael Häggström",
        "CC0 1.0",
        "https://commons.wikimedia.org/wiki/File:Fundus_photograph_of_normal_left_eye.jpg",
        ((0, 0, 1411, 1411), (60, 400, 560, 900)),
    ),
    Source(
        "camera",
        ("scikit-image", "skimage.data.camera"),
        "a cameraman",
        "Lav Varshney",
        "CC0 1.0",
        "given by the photographer",
        ((0, 0, 512, 512), (110, 40, 366, 296)),
    ),
    Source(
        "brick",
        ("scikit-image", "skimage.data.brick"),
        "a brick wall",
        "cc0textures.com",
        "CC0 1.0",
        "Bricks25",
        ((128, 128, 384, 384),),
    ),
    Source(
        "grass",
        ("scikit-image", "skimage.data.grass"),
        "grass",
        "linolafett",
        "CC0 1.0",
        "DeviantArt, Grass 01 (434853879)",
        ((64, 64, 448, 448),),
    ),
    Source(
        "gravel",
        ("scikit-image", "skimage.data.gravel"),
        "gravel",
        "cc0textures.com",
        "CC0 1.0",
        "Gravel04",
        ((0, 0, 256, 256),),
    ),
    Source(
        "raccoon",
        ("scipy 1.9", "face.dat"),
        "a raccoon",
        "public-domain-image.com",
        "public domain",
        "raccoon-procyon-lotor.jpg of http://www.public-domain-image.com",
        ((256, 0, 1024, 768), (380, 100, 900, 620)),
    ),
    Source(
        "stairs",
        ("scipy 1.9", "ascent.dat"),
        "people on an outside staircase",
        "public-domain-image.com",
        "public domain",
        "accent-to-the-top.jpg of http://www.public-domain-image.com",
        ((0, 0, 512, 512),),
    ),
    Source(
        "hopper",
        ("matplotlib", "grace_hopper.jpg"),
        "Rear Admiral Grace Hopper",
        "James S. Davis, US Navy",
        "public domain",
        "official portrait of the United States Navy",
        ((0, 0, 512, 512),),
    ),
    Source(
        "pagoda",
        ("scikit-learn", "china.jpg"),
        "a pagoda by a lake",
        "danielbuechele",
        "CC BY 2.0",
        "https://www.flickr.com/photos/danielbuechele/6061409035/",
        ((0, 0, 427, 427),),
    ),
    Source(
        "dahlia",
        ("scikit-learn", "flower.jpg"),
        "a dahlia",
        "vultilion",
        "CC BY 2.0",
        "https://www.flickr.com/photos/vultilion/6056698931/",
        ((120, 0, 547, 427),),
    ),
    Source(
        "dandelion",
        (WALLPAPERS, "seeding_by_Clements_Engelhardt.jpg"),
        "dandelions",
        "Clemens Engelhardt",
        "CC0 1.0",
        "photographed for UBports, 2018",
        ((400, 0, 3388, 2988), (2900, 700, 5188, 2988)),
    ),
    Source(
        "hillside",
        (WALLPAPERS, "aitzgorri_by_Aitzol_Berasategi.jpg"),
        "a meadow below Aizkorri",
        "Aitzol Berasategi",
        "CC BY 4.0",
        "photographed for UBports, 2018",
        ((600, 0, 2656, 2056),),
    ),
    Source(
        "dogs",
        (WALLPAPERS, "friends_by_Aitzol_Berasategi.jpg"),
        "two dogs at a window",
        "Aitzol Berasategi",
        "CC BY 4.0",
        "photographed for UBports, 2018",
        ((200, 300, 2000, 2100), (450, 550, 1450, 1550)),
    ),
    Source(
        "stream",
        (WALLPAPERS, "life_by_Aitzol_Berasategi.jpg"),
        "a stream in a wood",
        "Aitzol Berasategi",
        "CC BY 4.0",
        "photographed for UBports, 2018",
        ((516, 0, 2572, 2056),),
    ),
    Source(
        "path",
        (WALLPAPERS, "picosdeeuropa_by_Aitzol_Berasategi.jpg"),
        "a path in the Picos de Europa",
        "Aitzol Berasategi",
        "CC BY 4.0",
        "photographed for UBports, 2018",
        ((816, 0, 3264, 2448), (0, 600, 1848, 2448)),
    ),
    Source(
        "sunset",
        (WALLPAPERS, "sunset_by_Aitzol_Berasategi.jpg"),
        "a sunset over hills",
        "Aitzol Berasategi",
        "CC BY 4.0",
        "photographed for UBports, 2018",
        ((712, 0, 3560, 2848), (2400, 1000, 4200, 2800)),
    ),
    Source(
        "fig",
        (WALLPAPERS, "Picture_0B_by_freespace.jpg"),
        "half a fig in a bowl",
        'Trevor "Freespace"',
        "CC BY 4.0",
        "photographed for UBports, 2018",
        ((700, 0, 2440, 1740),),
    ),
    Source(
        "brushes",
        (WALLPAPERS, "Picture_1A_by_freespace.jpg"),
        "paint brushes",
        'Trevor "Freespace"',
        "CC BY 4.0",
        "photographed for UBports, 2018",
        ((100, 0, 1174, 1074),),
    ),
    Source(
        "djembe",
        (WALLPAPERS, "Wine_by_Jakkub_Mede.jpg"),
        "a drum in a living room",
        "Jakub Mede",
        "CC BY 4.0",
        "photographed for UBports, 2018",
        ((0, 300, 2560, 2860), (500, 1700, 2400, 3600)),
    ),
)

HEADER = """# The bundled sample: sources and licences

{count} crops of {sources} photographs, each cut to the box, resized to {side} × {side} pixels and stored as JPEG: these
are the changes that were made. Licences are as the packages state them that the photographs come with: public domain,
CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/), CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/)
and CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). Each crop is under the terms of its photograph. Boxes are
left, top, right, bottom in pixels of the package's picture. Made by benchmarks/make_sample.py.

The sample shows what an audit looks like. It is not a data distribution. Crops of one photograph resemble each other
and are audited as a cluster.

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


def photograph(source: Source, others: Path) -> Image.Image:
    """A source's whole picture; ``others`` is the folder of what scikit-image and matplotlib do not carry."""
    package, name = source.package
    if package == "scikit-image":
        return Image.fromarray(getattr(data, source.name)()).convert("RGB")
    if package == "matplotlib":
        return Image.open(Path(get_data_path()) / "sample_data" / name).convert("RGB")
    found = next(others.rglob(name))
    return _of_scipy(found) if found.suffix == ".dat" else Image.open(found).convert("RGB")


def _of_scipy(file: Path) -> Image.Image:
    """The raccoon is compressed bytes, the staircase a pickled list, from scipy's own wheel: no stranger's pickle."""
    content = file.read_bytes()
    if file.name == "face.dat":
        return Image.frombytes("RGB", (1024, 768), bz2.decompress(content))
    return Image.fromarray(np.array(pickle.loads(content), dtype=np.uint8)).convert("RGB")


def write_pictures(folder: Path, others: Path) -> None:
    """Write every crop into ``folder``, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        picture = photograph(source, others)
        for number, box in enumerate(source.boxes, start=1):
            crop(picture, box).save(folder / file_name(source, number), quality=QUALITY, optimize=True)


def licence_page() -> str:
    """The text of LICENSES.md, one row for each crop."""
    count = sum(len(source.boxes) for source in SOURCES)
    rows = (
        f"| {file_name(source, number)} | `{source.package[1]}` of {source.package[0]}, {source.shows} "
        f"| {source.author} | {source.licence} | {source.origin} | {', '.join(map(str, box))} |\n"
        for source in SOURCES
        for number, box in enumerate(source.boxes, start=1)
    )
    return HEADER.format(count=count, sources=len(SOURCES), side=SIDE) + "".join(rows)


def main() -> None:
    """Write pictures/ and LICENSES.md into the folder named on the command line."""
    parser = argparse.ArgumentParser(description="make the bundled sample images")
    parser.add_argument("folder", type=Path, help="usually geed_cli/images/sample")
    parser.add_argument("--others", type=Path, required=True, help="what is not in a Python package of today")
    asked = parser.parse_args()
    folder: Path = asked.folder
    write_pictures(folder / "pictures", asked.others)
    (folder / "LICENSES.md").write_text(licence_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
