"""Data sets as their publishers and libraries write them: CIFAR's pickles, MNIST's idx files, rows of ``datasets``."""

import hashlib
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchvision
from PIL import Image

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""CIFAR-10's, by number."""


def write_cifar10(
    folder: Path, pictures: np.ndarray, labels: list[int], monkeypatch: pytest.MonkeyPatch | None
) -> Path:
    """The test split and names of CIFAR-10, of these pictures (N, 32, 32, 3); torchvision is told their MD5."""
    there = folder / "cifar-10-batches-py"
    there.mkdir(parents=True)
    rows = pictures.transpose(0, 3, 1, 2).reshape(len(pictures), -1)
    for name, said in (
        ("test_batch", {"data": rows, "labels": labels}),
        ("batches.meta", {"label_names": list(CLASSES)}),
    ):
        (there / name).write_bytes(pickle.dumps(said, protocol=4))
    if monkeypatch is not None:
        kind = torchvision.datasets.CIFAR10
        monkeypatch.setattr(kind, "test_list", [["test_batch", md5(there / "test_batch")]])
        monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": md5(there / "batches.meta")})
    return folder


def md5(file: Path) -> str:
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()


def write_idx(file: Path, values: np.ndarray) -> None:
    """Bytes or, of QMNIST's labels, 32-bit numbers in the format of MNIST's files."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kind = {"uint8": 8, "int32": 12}[values.dtype.name]
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, kind, values.ndim, *values.shape)
    file.write_bytes(head + values.astype(values.dtype.newbyteorder(">")).tobytes())


def write_mnist(folder: Path, name: str, pictures: np.ndarray, labels: np.ndarray) -> Path:
    """Both splits of a data set of MNIST's family: these pictures (N, 28, 28) for test, the same mirrored for train."""
    raw = folder / name / "raw"
    if name == "QMNIST":
        full = np.zeros((len(labels), 8), np.int32)
        full[:, 0] = labels
        write_idx(raw / "qmnist-test-images-idx3-ubyte", pictures)
        write_idx(raw / "qmnist-test-labels-idx2-int", full)
        return folder
    for split, shown in (("t10k", pictures), ("train", pictures[..., ::-1])):
        write_idx(raw / f"{split}-images-idx3-ubyte", shown)
        write_idx(raw / f"{split}-labels-idx1-ubyte", labels.astype(np.uint8))
    return folder


def rows_of(folder: Path, names: tuple[str, ...] = ("cat", "dog")) -> Any:  # noqa: ANN401 - an optional library
    """A ``datasets.Dataset`` of the files of a folder, as they are, with class labels that alternate."""
    import datasets

    files = sorted(folder.iterdir())
    return datasets.Dataset.from_dict(
        {
            "image": [{"bytes": file.read_bytes(), "path": file.name} for file in files],
            "label": [number % len(names) for number in range(len(files))],
        },
        features=datasets.Features(
            {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(names))}
        ),
    )


def pictures_in(folder: Path) -> np.ndarray:
    """The pictures of a folder in the order of their names, (N, H, W, 3)."""
    return np.stack([np.asarray(Image.open(file).convert("RGB")) for file in sorted(folder.iterdir())])
