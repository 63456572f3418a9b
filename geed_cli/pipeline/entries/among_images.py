"""Measures that look for each image among all audited ones: what they need, and their rows.

The features f1(gx) of every image under every element are held until the end, 8 bytes a number at most. They come from
the cache as those of other measures do.
"""

import numpy as np
from numpy.typing import NDArray

from geed_cli.actions.representation import Representation
from geed_cli.engine.plan import GroupPlan, Plan
from geed_cli.errors import InputError
from geed_cli.measures.held_vectors import Vectors
from geed_cli.measures.measure import RetrievalMeasure
from geed_cli.measures.orbit import rows_among
from geed_cli.pipeline.entries.row_table import Table

MOST_BYTES = 4 * 10**9
"""Of features that a run holds."""
BYTES = 8
"""Of a float64, in which features are held that float32 does not hold exactly."""


def deviations_among(
    measure: RetrievalMeasure, group: GroupPlan, audited: Table, representation: Representation
) -> NDArray[np.float64]:
    """The rows of the images under each element, shape (images, n)."""
    orbit = (Vectors(audited.embeddings(view)).block(slice(None)) for view in group.views)
    return rows_among(measure, orbit, representation).numpy().T


def why_none(measure: RetrievalMeasure, images: int, *, weighted: bool) -> str | None:
    """Why it has no value of so many images, as a clause for the table; None where it has."""
    if weighted and not measure.own_rows:
        return "its rows are of pairs of images, which have no weights"
    if images < measure.fewest_images:
        there = "is" if images == 1 else "are"
        return f"it needs {measure.fewest_images} images or more to look among, and there {there} {images}"
    return None


def require_room(plan: Plan, images: int) -> None:
    """Refuse measures of retrieval over too few images, or over more than there is room for, before any is decoded.

    Raises:
        InputError: naming the number of images that would do.
    """
    for measure in plan.of_retrieval:
        if images < measure.fewest_images:
            raise InputError(
                f"{measure.name} over {images} image{'s' * (images != 1)}",
                expected=f"at least {measure.fewest_images} images to look among",
                remedy=f"--samples {measure.fewest_images} or more, where there are as many images",
            )
    if plan.of_retrieval:
        _require_memory(plan, images)


def _require_memory(plan: Plan, images: int) -> None:
    """Refuse more features than a run holds."""
    features = max((rho.shape[0] for (site, _), rho in plan.vectors.items() if site == "features"), default=0)
    each = len(plan.kept_features) * features * BYTES
    if images * each > MOST_BYTES:
        names = " and ".join(measure.name for measure in plan.of_retrieval)
        raise InputError(
            f"{names} would hold {features} features of {images} images under {len(plan.kept_features)} elements: "
            f"{images * each / 1e9:.1f} GB",
            expected=f"at most {MOST_BYTES / 1e9:g} GB",
            remedy=f"--samples {MOST_BYTES // each}, or fewer groups at a time",
        )
