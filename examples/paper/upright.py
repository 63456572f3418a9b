"""Test digits as they stand in MNIST, as a folder of PNG files: the pictures of section 4.4."""

import argparse
from pathlib import Path

from examples.paper.data import digits, save
from examples.paper.settings import SCALES


def main() -> None:
    """``python -m examples.paper.upright --data DIR --out DIR``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--scale", choices=SCALES, default="small")
    given = parser.parse_args()
    scale = SCALES[given.scale]
    _, test = digits(given.data, scale.self_supervised.held_out)
    save(given.out, test.x[: scale.self_supervised.pictures + scale.norm_samples])


if __name__ == "__main__":
    main()
