"""Whether images of one folder are alike, so that they may be no independent draws; said where nobody said so."""

from collections.abc import Iterator

import numpy as np

from geed_cli.phrases import counted
from geed_cli.result.samples import BALANCED, folder_of, sample_of
from geed_cli.result.schema import Entry, Result
from geed_cli.statistics.estimate import estimate
from geed_cli.statistics.intraclass import Intraclass, intraclass
from geed_cli.statistics.sample import Units, finite_rows
from geed_cli.statistics.validity import MIN_IMAGES, undefined_reason, withheld_reason

ALIKE = 0.2
"""An intraclass correlation that is large; of the rows of classes it is mostly below."""
SURE = 0.01
"""The p-value at which it is no chance."""


def folders_alike(result: Result) -> str | None:
    """The line on folders whose images are alike, about the measure for which most hangs on it; None where none are."""
    data = result.data
    if data.clusters is not None or data.bundled_sample or data.weighted_by == BALANCED:
        return None
    folders = [folder_of(image.path) for image in data.images]
    several = len(set(folders))
    if several < 2:
        return None
    found = sorted(
        _alike(result, np.unique(folders, return_inverse=True)[1]), key=lambda each: -each[1].width
    )
    if not found:
        return None
    entry, alike = found[0]
    few = f" (which withholds intervals below {MIN_IMAGES} of them)" if several < MIN_IMAGES else ""
    return (
        f"images of one folder are alike: the intraclass correlation of {entry.metric} under {entry.group} is "
        f"{alike.correlation:.2f} over {counted(several, 'folder')}. Where a folder holds frames or crops of one "
        f"thing, intervals are {alike.width:.1f} times too narrow, and --cluster folder mends that{few}; where it is a "
        "class of a data set, they are not"
    )


def _alike(result: Result, folders: Units) -> Iterator[tuple[Entry, Intraclass]]:
    """The entries of whole networks whose rows folders have much to do with."""
    for entry in result.results:
        sample = sample_of(result, entry) if entry.layer is None and entry.status == "ok" else None
        if sample is None:
            continue
        with np.errstate(all="ignore"):
            rows = finite_rows(sample)
            if withheld_reason(rows) or undefined_reason(rows):
                continue
            moved = estimate(rows).deviations[0][rows.kept]
        alike = intraclass(moved, folders[rows.kept])
        if alike is not None and alike.correlation >= ALIKE and alike.p_value <= SURE:
            yield entry, alike
