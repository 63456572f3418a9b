"""Class probabilities from a network's output, and measures of them: of one row of classes, of labels, of pixels.

A distribution is laid out as G acts on it: classes (K,); labels (2, K), each off and on; pixels (C, H, W). A *place* is
what has a distribution of its own: the row, a label, a pixel. A measure's deviation is made at every place, and is the
mean over places, but for labels where one that changes is enough.
"""

import torch
from torch import Tensor

from geed_cli.choices import OutputKind
from geed_cli.measures.held_vectors import Vectors
from geed_cli.measures.measure import VectorMeasure
from geed_cli.measures.softmax import probabilities
from geed_cli.models.output import Output

AXES: dict[OutputKind, int] = {"logits": -1, "probabilities": -1, "sigmoid": -2, "dense": -3}
"""Along which axis of a distribution the probabilities sum to 1."""


def distribution(output: Output, z: Tensor) -> Tensor:
    """p(x) in float64, from one flattened output z (k,) of any precision: (K,), (2, K) or (C, H, W).

    Probabilities are divided by their sum, which rounding leaves beside 1, and not put through a softmax again.
    """
    z = z.double().clamp(min=0) if output.probable else z.double()
    if output.kind == "sigmoid":
        # 1 − σ(z) would lose the digits of a label that is almost surely on
        return torch.stack([1 - z, z] if output.probable else [(-z).sigmoid(), z.sigmoid()])
    if output.kind == "dense":
        z = output.by_pixel(z)
        return z / z.sum(dim=0) if output.probable else z.softmax(dim=0)
    return z / z.sum() if output.probable else probabilities(z)


def deviation(
    measure: VectorMeasure, output: Output, moved: Tensor, expected: Tensor, plain: Tensor
) -> Tensor:
    """m(f(gx), ρ(g)f̂(x)) of features, or of distributions laid out as ``distribution`` does; (...).

    Args:
        measure: which.
        output: what distributions are of.
        moved: f(gx), (..., k).
        expected: ρ(g)f̂(x), of the same shape.
        plain: f(x), over whose size features' deviations are; NaN where that is 0.
    """
    if measure.site == "features" and measure.size is not None:
        size = measure.size(plain)
        return measure.deviation(moved, expected) / torch.where(size > 0, size, torch.nan)
    if measure.site == "features" or AXES[output.kind] == -1:
        return measure.deviation(moved, expected)
    found = measure.deviation(_by_place(output, moved), _by_place(output, expected))
    if output.kind == "sigmoid" and measure.any_label:
        return found.amin(dim=-1) if measure.larger_is_better else found.amax(dim=-1)
    return found.mean(dim=-1)


def among(measure: VectorMeasure, output: Output, back: Tensor) -> Tensor:
    """M of each copy among the others, from ρ(g)⁻¹p(gx), (n, …) as ``distribution`` lays it out, to (n,)."""
    assert measure.among is not None, "asked of measures that have one"
    places = back.unsqueeze(-2) if AXES[output.kind] == -1 else _by_place(output, back)
    return measure.among(places, output.kind == "sigmoid" and measure.any_label)


def sensitivity(measure: VectorMeasure, output: Output, seen: Vectors) -> Tensor:
    """The measure's sensitivity of the distributions of all images, the mean over places; (images,)."""
    assert measure.sensitivity is not None, "asked of measures that have one"
    mean, blocks = seen.mean(), (seen.block(here) for here in seen.places)
    if AXES[output.kind] == -1:
        return torch.cat([measure.sensitivity(p, mean) for p in blocks])
    mean = _by_place(output, mean)
    return torch.cat([measure.sensitivity(_by_place(output, p), mean).mean(dim=-1) for p in blocks])


def _by_place(output: Output, p: Tensor) -> Tensor:
    """(..., places, categories)."""
    axis = AXES[output.kind]
    return p.flatten(axis + 1).transpose(-1, -2)
