"""The bundled sample's photographs, as many times as it takes. Imports no torch."""

import shutil
from pathlib import Path

from geed_cli.images.source import sample_folder


def copy_photographs(folder: Path, images: int) -> None:
    """Copies of the photographs, at least so many; those that are there stay.

    Args:
        folder: which holds nothing else.
        images: how many are wanted.
    """
    photographs = sorted(path for path in sample_folder().iterdir() if path.suffix == ".jpg")
    for number in range(len(list(folder.iterdir())), images):
        shutil.copyfile(photographs[number % len(photographs)], folder / f"{number:05d}.jpg")
