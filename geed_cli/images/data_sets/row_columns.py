"""Which columns of a Hugging Face data set hold its pictures and labels, found by their types or named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geed_cli.documents.document import printable
from geed_cli.errors import InputError, nearest, nearest_are

MOST_NAMED = 20


@dataclass(frozen=True)
class Columns:
    """The columns that are read.

    Attributes:
        image: of pictures.
        label: of labels; None where no column, or no one column, is one of class labels.
        classes: their names, by number; empty of numbers and text.
    """

    image: str
    label: str | None
    classes: tuple[str, ...] = ()


def columns_of(
    library: Any,  # noqa: ANN401 - a module
    features: Mapping[str, Any],
    image: str | None,
    label: str | None,
    where: str,
) -> Columns:
    """The columns of pictures and labels.

    Args:
        library: datasets.
        features: the type of each column.
        image: what ``--image-key`` says; None for the column of images, or that of them that is called image.
        label: what ``--label-key`` says; None for the column of class labels, or that of them that is called label.
        where: how messages call the data set.

    Raises:
        InputError: a column that was named is not there or is of another type, or none or several may be meant.
    """
    images = [name for name, kind in features.items() if isinstance(kind, library.Image)]
    labelled = {name: kind.names for name, kind in features.items() if isinstance(kind, library.ClassLabel)}
    found = _image(features, images, image, where)
    said = _label(features, list(labelled), label, where)
    return Columns(found, said, tuple(labelled[said]) if said in labelled else ())


def _image(features: Mapping[str, Any], found: Sequence[str], asked: str | None, where: str) -> str:
    """The column of pictures; ``found`` are those of the type."""
    if asked is not None:
        kind = _column(features, asked, "--image-key", where)
        if asked not in found and not _holds_bytes(kind):
            raise InputError(
                f"the column {printable(asked)} of {where} is of type {printable(str(kind), 100)}",
                expected="a column of images, or of the bytes of their files",
                remedy=f"--image-key {printable(found[0])}" if found else "a data set with pictures",
            )
        return asked
    if len(found) != 1 and "image" not in found:
        what = f"{len(found)} columns of images: {listed(found)}" if found else "no column of images"
        raise InputError(
            f"{where} has {what}",
            expected=f"one, or the name of the column that is meant; its columns are {listed(list(features))}",
            remedy=f"--image-key {printable(next(iter(found or features), 'NAME'))}",
        )
    return "image" if "image" in found else found[0]


def _holds_bytes(kind: object) -> bool:
    """Whether cells are bytes, or have some beside a path."""
    if isinstance(kind, dict):
        kind = kind.get("bytes")
    return getattr(kind, "dtype", None) in ("binary", "large_binary")


def _label(features: Mapping[str, Any], found: Sequence[str], asked: str | None, where: str) -> str | None:
    """The column of labels; ``found`` are those of class labels."""
    if asked is not None:
        kind = _column(features, asked, "--label-key", where)
        dtype = str(getattr(kind, "dtype", ""))
        if asked not in found and not dtype.startswith(("int", "uint", "string", "large_string")):
            raise InputError(
                f"the column {printable(asked)} of {where} is of type {printable(str(kind), 100)}",
                expected="a column of class labels, whole numbers or text",
                remedy="leave out --label-key, or name another column",
            )
        return asked
    return "label" if "label" in found else found[0] if len(found) == 1 else None


def _column(features: Mapping[str, Any], asked: str, option: str, where: str) -> object:
    """The type of a column that was named."""
    if asked not in features:
        near = nearest_are(nearest(asked, features))
        raise InputError(
            f"{where} has no column {printable(asked)!r}",
            expected=f"one of {listed(list(features))}{near}",
            remedy=f"{option} with one of them",
        )
    return features[asked]


def listed(names: Sequence[str]) -> str:
    """Names in a message, not more than ``MOST_NAMED``."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(printable(name) for name in names[:MOST_NAMED]) + more
