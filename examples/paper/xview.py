"""Nine maritime classes out of xView: chips around the boxes of its GeoJSON file, cut from its TIFF pictures.

``--data DIR`` holds ``xView_train.geojson`` and ``train_images/``, as xView is downloaded (https://xviewdataset.org,
after registration). The paper says no more than that it took *the nine maritime classes*; they are taken to be the nine
kinds that xView has below Maritime Vessel. A chip is the square about the middle of a box whose side is 1.2 times the
longer side of the box, and is enlarged or reduced to the network's size; boxes at the edge of a picture, whose chip
would be cut, are left out, as are those under ten pixels. Pictures are dealt out whole, three of four to the training
and one to the test, so that no scene is in both.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from examples.paper.class_folders import finish, save
from examples.paper.settings import SCALES

KINDS = {
    41: "motorboat",
    42: "sailboat",
    44: "tugboat",
    45: "barge",
    47: "fishing_vessel",
    49: "ferry",
    50: "yacht",
    51: "container_ship",
    52: "oil_tanker",
}
CONTEXT = 1.2
SMALLEST = 10  # pixels of the longer side
PARTS = ("train", "train", "train", "test")


@dataclass(frozen=True)
class Box:
    """A vessel in a picture: the file's name, the class, and the limits in pixels."""

    picture: str
    kind: str
    limits: tuple[int, int, int, int]

    def square(self) -> tuple[int, int, int, int]:
        """Left, upper, right and lower edge of its chip."""
        left, top, right, bottom = self.limits
        side = round(CONTEXT * max(right - left, bottom - top))
        x, y = round((left + right - side) / 2), round((top + bottom - side) / 2)
        return x, y, x + side, y + side


def boxes(geojson: Path) -> list[Box]:
    """The vessels of the nine classes, large enough to be told apart.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a feature that is not as xView writes them.
    """
    found = []
    for number, feature in enumerate(json.loads(geojson.read_text())["features"]):
        try:
            given = feature["properties"]
            kind = KINDS.get(int(given["type_id"]))
            left, top, right, bottom = map(int, given["bounds_imcoords"].split(","))
            picture = str(given["image_id"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"feature {number} of {geojson}: {error!r}; expected xView's properties"
            ) from error
        if kind is not None and max(right - left, bottom - top) >= SMALLEST:
            found.append(Box(picture, kind, (left, top, right, bottom)))
    return found


def part_of(pictures: list[str]) -> dict[str, str]:
    """Which part each picture belongs to, dealt out in an order fixed by a seed."""
    order = np.random.default_rng(0).permutation(len(pictures))
    return {pictures[place]: PARTS[turn % len(PARTS)] for turn, place in enumerate(order)}


def chips(folder: Path, found: list[Box], size: int) -> Iterator[Image.Image]:
    """The chips of boxes that lie well inside their pictures; of pictures that are there."""
    by_picture = defaultdict(list)
    for box in found:
        by_picture[box.picture].append(box)
    for name, inside in by_picture.items():
        if (folder / name).is_file():  # xView's list names pictures that were never published
            with Image.open(folder / name) as picture:
                for box in inside:
                    left, top, right, bottom = box.square()
                    if left >= 0 and top >= 0 and right <= picture.width and bottom <= picture.height:
                        yield picture.crop((left, top, right, bottom)).resize(
                            (size, size), Image.Resampling.BICUBIC
                        )


def write(data: Path, out: Path, size: int, training: int, held_out: int) -> None:
    """At most ``training`` chips of each class, and at most ``held_out`` test chips of all, drawn by a seed."""
    found = boxes(data / "xView_train.geojson")
    parts = part_of(sorted({box.picture for box in found}))
    for number, kind in enumerate(KINDS.values()):
        for part, most in (("train", training), ("test", held_out // len(KINDS))):
            of_kind = [box for box in found if (box.kind, parts[box.picture]) == (kind, part)]
            drawn = np.random.default_rng(number).permutation(len(of_kind))
            kept = sorted((of_kind[place] for place in drawn[:most]), key=lambda box: box.picture)
            written = save(out, part, kind, chips(data / "train_images", kept, size))
            print(f"{part} {kind}: {written} chips", flush=True)
    finish(out)


def main() -> None:
    """``python -m examples.paper.xview --data DIR --out DIR``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with xView's GeoJSON file and pictures"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the chips")
    parser.add_argument("--scale", choices=SCALES, default="paper")
    given = parser.parse_args()
    scale = SCALES[given.scale].overhead
    write(given.data, given.out, scale.size, scale.training, scale.held_out)


if __name__ == "__main__":
    main()
