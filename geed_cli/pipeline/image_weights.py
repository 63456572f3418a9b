"""``--image-weights``: how much each audited picture counts, so that the run is about another distribution of pictures.

``balanced`` makes every class count alike, a class being the folder that a picture lies in; a CSV file has a weight for
every picture.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geed_cli.documents.column_of_paths import read_column, require_all
from geed_cli.errors import InputError, meant
from geed_cli.result.samples import BALANCED, folder_of
from geed_cli.statistics.weighting import balanced

COLUMN = "weight"


def weights_of(asked: str, paths: Sequence[str]) -> tuple[float, ...]:
    """The weights of the pictures, whose mean is 1.

    Args:
        asked: ``balanced``, or a CSV file with the columns path and weight.
        paths: of the audited pictures, below their folder.

    Raises:
        InputError: pictures of one class alone, a file that cannot be used, or a weight that is not above 0.
    """
    if asked == BALANCED:
        classes = [folder_of(path) for path in paths]
        if len(set(classes)) < 2:
            raise InputError(
                f"--image-weights balanced over pictures that all lie in {classes[0] or 'one folder'}",
                expected="a folder for each class",
                remedy="leave out --image-weights, or name a CSV file with the columns path and weight",
            )
        return tuple(map(float, balanced(classes).weights))
    file = Path(asked)
    if not file.exists() and (hint := meant(str(file), [BALANCED])):
        raise InputError(
            f"--image-weights {file}: there is no such file",
            expected=f"{hint}{BALANCED}, or a CSV file with the columns path and {COLUMN}",
            remedy=f"--image-weights {BALANCED}",
        )
    found = read_column(file, COLUMN)
    require_all(found, paths, file, COLUMN)
    weights = np.array([_number(found[path], path, file) for path in paths])
    return tuple(map(float, weights / weights.mean()))


def _number(text: str, path: str, file: Path) -> float:
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
