"""``--image-weights``: how much each audited picture counts, so that the run is about another distribution of pictures.

``balanced`` makes every class count alike, a class being the folder that a picture lies in; a CSV file has a weight for
every picture, and so may the list that ``--data`` names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geed_cli.documents.column_of_paths import read_column, require_all
from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError, meant
from geed_cli.images.source import ImageSet
from geed_cli.pipeline.options import DataOptions
from geed_cli.result.samples import BALANCED, folder_of
from geed_cli.statistics.weighting import balanced

COLUMN = "weight"


@dataclass(frozen=True)
class ImageWeights:
    """How much each picture counts.

    Attributes:
        how: as it is recorded: ``balanced``, or the name of the file that says it.
        of: the weights of the audited pictures, by their paths, with mean 1.
    """

    how: str
    of: Callable[[Sequence[str]], tuple[float, ...]]


def weights_asked(options: DataOptions, listing: ImageSet) -> ImageWeights | None:
    """The weights of ``--image-weights``, or those that the list of pictures has; None where all count alike.

    Args:
        options: which images.
        listing: of the folder or list, or a part of it.

    Raises:
        InputError: both at once, or weights beside a normaliser over images of its own. ``of`` raises it for pictures
            of one class alone, a file that cannot be used, or a weight that is not above 0.
    """
    asked, said = options.image_weights, listing.columns.get(COLUMN)
    if said is not None:
        _require_alone(options, listing.root)
        return ImageWeights(Path(listing.root).name, lambda paths: _scaled(said, paths, listing.root))
    if asked is None:
        return None
    if asked == BALANCED:
        return ImageWeights(asked, _balanced)
    return ImageWeights(Path(asked).name, lambda paths: _of_file(Path(asked), paths))


def _require_alone(options: DataOptions, root: str) -> None:
    """Refuse a list with weights beside what does not go with them."""
    if options.image_weights is not None:
        raise InputError(
            f"--image-weights {printable(options.image_weights)}, and a column {COLUMN} in {path_text(root)}",
            expected="one place that says how much pictures count",
            remedy="leave out --image-weights, or the column",
        )
    if options.norm_samples is not None:
        raise InputError(
            f"a column {COLUMN} in {path_text(root)} together with --norm-samples",
            expected="a normaliser over the audited images, with their weights",
            remedy="leave out --norm-samples, or the column",
        )


def _balanced(paths: Sequence[str]) -> tuple[float, ...]:
    """Every class counts alike, a class being a folder."""
    classes = [folder_of(path) for path in paths]
    if len(set(classes)) < 2:
        raise InputError(
            f"--image-weights balanced over pictures that all lie in {classes[0] or 'one folder'}",
            expected="a folder for each class",
            remedy="leave out --image-weights, or name a CSV file with the columns path and weight",
        )
    return tuple(map(float, balanced(classes).weights))


def _of_file(file: Path, paths: Sequence[str]) -> tuple[float, ...]:
    """As a CSV file says."""
    if not file.exists() and (hint := meant(str(file), [BALANCED])):
        raise InputError(
            f"--image-weights {file}: there is no such file",
            expected=f"{hint}{BALANCED}, or a CSV file with the columns path and {COLUMN}",
            remedy=f"--image-weights {BALANCED}",
        )
    found = read_column(file, COLUMN)
    require_all(found, paths, file, COLUMN)
    return _scaled(found, paths, file)


def _scaled(found: Mapping[str, str], paths: Sequence[str], file: Path | str) -> tuple[float, ...]:
    weights = np.array([_number(found[path], path, file) for path in paths])
    return tuple(map(float, weights / weights.mean()))


def _number(text: str, path: str, file: Path | str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = np.nan
    if not (np.isfinite(weight) and weight > 0):
        raise InputError(
            f"the weight {text!r} of {path} in {file}",
            expected="a number above 0",
            remedy="leave pictures that must not count out of the folder",
        )
    return weight
