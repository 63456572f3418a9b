"""CIFAR's files, which are pickles: only the published ones are opened, by the MD5 that torchvision knows of each.

The bytes that are unpickled are those that were hashed, and nothing but arrays of numbers is made of them.
"""

import hashlib
import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError
from geed_cli.images.picture import ImageRefused
from geed_cli.images.regular_file import read_regular

SIDE = 32
_MADE: Mapping[tuple[str, str], Callable[..., Any]] = {
    **{
        (module, "_reconstruct"): np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
    },
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}
"""All that such a pickle may name."""


@final
class _Arrays(pickle.Unpickler):
    """Makes arrays of numbers and plain containers."""

    def find_class(self, module: str, name: str, /) -> Any:  # noqa: ANN401 - a class or a function
        try:
            return _MADE[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}") from None


def cifar_pictures(folder: Path, files: Sequence[Sequence[str]]) -> tuple[NDArray[np.uint8], Sequence[int]]:
    """The pictures of these files, (N, 32, 32, 3), and their labels.

    Args:
        folder: that holds the files.
        files: name and published MD5 of each, in order.

    Raises:
        InputError: a file is missing, or is not the published one.
    """
    pictures: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    for name, md5 in files:
        entry = published(folder / name, md5)
        pictures.append(np.asarray(entry["data"], np.uint8).reshape(-1, 3, SIDE, SIDE))
        labels.extend(entry["labels" if "labels" in entry else "fine_labels"])
    return np.concatenate(pictures).transpose(0, 2, 3, 1), labels


def published(file: Path, md5: str) -> Mapping[str, Any]:
    """What the pickle in a file says, if it is the published one.

    Raises:
        InputError: it cannot be read, or is another.
    """
    try:
        data = read_regular(file)
    except ImageRefused as refusal:
        raise InputError(
            f"{path_text(file)}: {refusal.reason}",
            expected="a readable file",
            remedy="check the path and its permissions",
        ) from refusal
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != md5:
        raise InputError(
            f"{path_text(file)} is a pickle, which could run code, and its MD5 {found} is not that of the published "
            "file, so that it is not opened",
            expected=f"the MD5 {md5}",
            remedy="download it again",
        )
    try:
        contents: Mapping[str, Any] = _Arrays(io.BytesIO(data), encoding="latin1").load()
    except Exception as error:  # a pickle can make any line of the unpickler raise anything
        raise InputError(
            f"{path_text(file)} is no pickle of arrays alone: {printable(str(error), 300)}",
            expected="the published file",
            remedy="download it again",
        ) from error
    return contents
