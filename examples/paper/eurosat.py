"""Nine classes out of EuroSAT, the open stand-in for xView at paper scale: satellite pictures of the ground.

``--data DIR`` holds EuroSAT as ``torchvision.datasets.EuroSAT(DIR, download=True)`` leaves it there. Of its ten classes
SeaLake, whose pictures are nearly of one colour, is left out. It has no split of its own: test pictures are drawn by a
seed. They have 64 × 64 pixels and are enlarged to the network's size.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from torchvision.datasets import EuroSAT

from examples.paper.class_folders import finish, save
from examples.paper.settings import SCALES

LEFT_OUT = "SeaLake"


def write(data: Path, out: Path, size: int, training: int, held_out: int) -> None:
    """``training`` pictures of each class, and ``held_out`` test pictures of all classes together.

    Raises:
        RuntimeError: torchvision does not find EuroSAT in ``data``.
    """
    source = EuroSAT(str(data))
    names = [name for name in source.classes if name != LEFT_OUT]
    labels = np.array([label for _, label in source.samples])
    test = held_out // len(names)
    for number, name in enumerate(names):
        places = np.random.default_rng(number).permutation(
            np.flatnonzero(labels == source.class_to_idx[name])
        )
        for part, chosen in (("test", places[:test]), ("train", places[test : test + training])):
            pictures = (Image.open(source.samples[place][0]) for place in chosen)
            save(out, part, name, (each.resize((size, size), Image.Resampling.BICUBIC) for each in pictures))
    finish(out)


def main() -> None:
    """``python -m examples.paper.eurosat --data DIR --out DIR``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with eurosat/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--scale", choices=SCALES, default="paper")
    given = parser.parse_args()
    scale = SCALES[given.scale].overhead
    write(given.data, given.out, scale.size, scale.training, scale.held_out)


if __name__ == "__main__":
    main()
