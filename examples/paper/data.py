"""Pictures of sections 4.1 and 4.2 as folders of PNG files, and the digits that networks are trained on.

``--data DIR`` holds MNIST, as its four ``idx`` files (plain or ``.gz``) or as ``mnist10k.npz`` (``images``,
``labels``), and in ``DIR/fashion-mnist`` Fashion-MNIST's (``t10k-images-idx3-ubyte.gz``), which Debian has in its
package ``dataset-fashion-mnist``, in /usr/share/datasets. Everything is 29 × 29: one row and one column of black are
added, so that the grid has a centre.
"""

import argparse
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from examples.paper.settings import SCALES

SIZE = 29
CLASSES = 9  # 0 to 8: a turned 9 is a 6


@dataclass(frozen=True)
class Pictures:
    """``x`` of shape N×1×29×29 in [0, 1], ``y`` of shape N."""

    x: Tensor
    y: Tensor


def digits(folder: Path, held_out: int) -> tuple[Pictures, Pictures]:
    """Training and test digits of the classes 0 to 8, in an order fixed by a seed; ``held_out`` are for the test."""
    images, labels = mnist(folder)
    keep = labels < CLASSES
    x, y = odd(torch.from_numpy(images[keep])), torch.from_numpy(labels[keep].astype(np.int64))
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    x, y = x[order], y[order]
    return Pictures(x[:-held_out], y[:-held_out]), Pictures(x[-held_out:], y[-held_out:])


def mnist(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """All digits that the folder has: uint8 N×28×28, and their classes.

    Raises:
        FileNotFoundError: neither form of MNIST is in the folder.
    """
    packed = folder / "mnist10k.npz"
    if packed.is_file():
        with np.load(packed) as file:
            return file["images"], file["labels"]
    parts = [
        (idx(folder, f"{part}-images-idx3-ubyte"), idx(folder, f"{part}-labels-idx1-ubyte"))
        for part in ("train", "t10k")
    ]
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def idx(folder: Path, name: str) -> np.ndarray:
    """An array of LeCun's idx format: a magic number with the number of axes, their lengths, bytes.

    Raises:
        FileNotFoundError: the folder has no such file.
    """
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            shape = np.frombuffer(raw, ">i4", raw[3], 4)
            return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)
    raise FileNotFoundError(f"{folder} has no {name}(.gz): give the folder that holds it as --data")


def odd(images: Tensor) -> Tensor:
    """Grey levels N×28×28 as pictures N×1×29×29 in [0, 1]: black above and to the left."""
    return functional.pad(images[:, None].float() / 255, (1, 0, 1, 0))


def turned(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each picture turned by an angle of its own, uniform over the circle; bilinear, black outside."""
    angle = 2 * torch.pi * torch.rand(len(x), generator=generator)
    c, s, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    matrix = torch.stack([torch.stack([c, -s, zero], 1), torch.stack([s, c, zero], 1)], 1)
    return functional.grid_sample(
        x, functional.affine_grid(matrix, list(x.shape), align_corners=False), align_corners=False
    )


def corruptions(generator: torch.Generator) -> dict[str, Callable[[Tensor], Tensor]]:
    """Six kinds in the manner of MNIST-C (Mu and Gilmer 2019): pictures in [0, 1] to pictures, not yet clipped."""
    taps = torch.exp(-(torch.arange(-4.0, 5.0) ** 2) / (2 * 1.5**2))
    blur = (taps[:, None] * taps / taps.sum() ** 2)[None, None]
    stripes = ((torch.arange(SIZE) // 4) % 2).float().view(1, 1, -1, 1)

    def fog(x: Tensor) -> Tensor:
        return functional.interpolate(
            torch.rand(len(x), 1, 4, 4, generator=generator), size=(SIZE, SIZE), mode="bicubic"
        )

    return {
        "shot": lambda x: torch.poisson(x * 8, generator=generator) / 8,
        "impulse": lambda x: torch.where(
            torch.rand(x.shape, generator=generator) < 0.1,
            torch.rand(x.shape, generator=generator).round(),
            x,
        ),
        "blur": lambda x: functional.conv2d(x, blur, padding=4),
        "inverse": lambda x: 1 - x,
        "stripes": lambda x: (x - 0.5 * stripes).abs(),
        "fog": lambda x: 0.5 * x + 0.5 * fog(x),
    }


def fashion(folder: Path, number: int) -> Tensor:
    """Fashion-MNIST's test pictures, drawn by a seed."""
    images = idx(folder / "fashion-mnist", "t10k-images-idx3-ubyte")
    drawn = images[np.random.default_rng(0).permutation(len(images))[:number]]
    return odd(torch.from_numpy(drawn.copy()))


def small_digits(number: int) -> Tensor | None:
    """scikit-learn's 8 × 8 digits, enlarged; None where the package is missing."""
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - an extra of this experiment
    except ImportError:
        return None
    images = load_digits().images
    drawn = images[np.random.default_rng(0).permutation(len(images))[:number]]
    return functional.interpolate(
        torch.from_numpy(drawn).float()[:, None] / 16, size=(SIZE, SIZE), mode="bilinear"
    )


DOWNLOADED = {"kmnist": "KMNIST", "omniglot": "Omniglot", "cifar10": "CIFAR10"}


def downloaded(name: str, folder: Path, number: int) -> Tensor | None:
    """Grey test pictures of a data set of torchvision, from the folder or fetched; None where neither can be."""
    from torchvision import datasets  # noqa: PLC0415 - seconds, and for these sets alone

    part = {"background": False} if name == "omniglot" else {"train": False}
    try:
        found = getattr(datasets, DOWNLOADED[name])(folder, **part, download=True)
    except (OSError, RuntimeError):  # no network, and what torchvision says of an incomplete folder
        return None
    drawn = np.random.default_rng(0).permutation(len(found))[:number]
    pictures = [found[i][0].convert("L").resize((SIZE, SIZE), Image.Resampling.BILINEAR) for i in drawn]
    return torch.from_numpy(np.stack([np.asarray(each) for each in pictures]))[:, None].float() / 255


def save(folder: Path, x: Tensor) -> None:
    """Pictures as grey PNG files; numbers are their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate((x.clamp(0, 1) * 255).round().byte()):
        Image.fromarray(picture[0].numpy(), "L").save(folder / f"{i:04d}.png")


def write(folder: Path, out: Path, number: int, held_out: int) -> None:
    """All data sets of 4.2, each with ``number`` pictures; every picture is turned at random, as the paper's are."""
    generator = torch.Generator().manual_seed(1)
    _, test = digits(folder, held_out)
    rotated = turned(test.x[:number], generator)
    save(out / "rotmnist", rotated)
    for name, corrupt in corruptions(generator).items():
        save(out / name, corrupt(rotated))
    save(out / "fashion", turned(fashion(folder, number), generator))
    left_out = {}
    others = {"digits": small_digits(number)} | {
        name: downloaded(name, folder, number) for name in DOWNLOADED
    }
    for name, x in others.items():
        if x is None:
            left_out[name] = (
                "scikit-learn is missing" if name == "digits" else f"not in {folder}, and no network"
            )
            print(f"{name} left out: {left_out[name]}")
        else:
            save(out / name, turned(x, generator))
    (out / "written.json").write_text(json.dumps({"pictures": number, "left_out": left_out}))


def main() -> None:
    """``python -m examples.paper.data --data DIR --out DIR``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST and Fashion-MNIST")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--scale", choices=SCALES, default="small")
    given = parser.parse_args()
    scale = SCALES[given.scale].digits
    write(given.data, given.out, scale.pictures, scale.held_out)


if __name__ == "__main__":
    main()
