"""M of eq. (6): how far, or how alike, different images are."""

import torch
from torch import Tensor

from geed_cli.errors import InputError
from geed_cli.measures.catalogue import BY_NAME, measure_named
from geed_cli.measures.latent import L2
from geed_cli.measures.measure import Measure, VectorMeasure
from geed_cli.measures.pairs import Pairs, pairs_of


def whole_measure(name: str) -> Measure:
    """The measure of that name, which is no part of another.

    Raises:
        InputError: no such measure, or a part.
    """
    measure = measure_named(name)
    if name not in BY_NAME:
        whole = name.rpartition(".")[0]
        raise InputError(
            f"{name} is a part of {whole}",
            expected=f"one of {', '.join(BY_NAME)}",
            remedy=f"Metric({whole!r}): the mean of its rows is the raw value, normaliser() is M",
        )
    return measure


@torch.no_grad()
def normaliser(features: Tensor, measure: str = L2.name) -> Tensor:
    """M, the mean of d(f1(x), f1(x')) over pairs of different images, eq. (6).

    Args:
        features: f1(x) of plain images, shape (N, k).
        measure: ``latent.l2``, d = ‖f1(x) − f1(x')‖₂, or ``latent.cosine``, d = cos(f1(x), f1(x')).

    Returns:
        A float64 number on the CPU, in the unit of the features (of the cosine from −1 to 1).

    Raises:
        InputError: a measure without M; no (N, k) tensor of finite numbers; fewer than two images.
    """
    chosen = whole_measure(measure)
    if not isinstance(chosen, VectorMeasure) or not chosen.normalised:
        normalised = [name for name, each in BY_NAME.items() if each.normalised]
        raise InputError(
            f"{measure} has no normaliser", expected=f"one of {', '.join(normalised)}", remedy=normalised[0]
        )
    shape = tuple(features.shape)
    if features.ndim != 2 or len(features) < 2 or not features.is_floating_point():
        raise InputError(
            f"M of a {str(features.dtype).removeprefix('torch.')} tensor of shape {shape}",
            expected="floating-point features of plain images, shape (N, k), N ≥ 2",
            remedy="torch.cat of the batches' f1(x)",
        )
    if not bool(features.isfinite().all()):
        raise InputError(
            "M of features that have infinities or NaN",
            expected="finite numbers",
            remedy="features[features.isfinite().all(dim=1)]",
        )
    return torch.tensor(pairs_between(chosen, features).row_means.mean(), dtype=torch.float64)


def pairs_between(measure: Measure, features: Tensor) -> Pairs:
    """How far the images of features (N, k) are from each other."""
    assert isinstance(measure, VectorMeasure), "of vectors"
    return pairs_of(measure, features.detach().cpu())
