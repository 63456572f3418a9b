"""The row v_i of every image of an orbit: the mean over G of m(f(gx), ρ(g)f̂(x)), by the integrands of audits."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.actions.representation import Representation, Trivial
from geed_cli.choices import OutputKind
from geed_cli.errors import InputError
from geed_cli.measures.distribution import among, deviation, distribution
from geed_cli.measures.map_distance import layer_deviation
from geed_cli.measures.measure import LayerMeasure, Measure, RetrievalMeasure, VectorMeasure
from geed_cli.measures.orbit import expected_orbit, orbit_centre, rows_among
from geed_cli.models.output import ALL_DISTRIBUTIONS, MEANINGS, NOT_DISTRIBUTIONS, Output, are_distributions

Array = NDArray[np.float64]


def rows_of(measure: Measure, orbit: Tensor, action: Representation, kind: OutputKind) -> Array:
    """v_i, shape (B,), float64; NaN of an image without a live channel under any element.

    Args:
        measure: which.
        orbit: f(gx), shape (n, B, k) or (n, B, C, H, W).
        action: of G on one output.
        kind: of what a network puts out, where the measure is of predictions.
    """
    deviations = _deviations_of(measure)(measure, orbit, action, kind)
    return measure.per_image(deviations.cpu().numpy().T)


def rows_of_all(measure: RetrievalMeasure, orbits: Sequence[Tensor]) -> Tensor:
    """The rows of all images of several batches of orbits, shape (n, B, k) each; shape (N,), float64.

    Raises:
        InputError: fewer images than the measure needs.
    """
    images = sum(orbit.shape[1] for orbit in orbits)
    if images < measure.fewest_images:
        raise InputError(
            f"{measure.name} of {images} image{'s' * (images != 1)}",
            expected=f"at least {measure.fewest_images} images to look among",
            remedy="more images: a Metric takes several batches",
        )
    orbit = torch.cat(list(orbits), dim=1)
    trivial = Trivial(len(orbit), tuple(orbit.shape[2:]))
    return torch.from_numpy(measure.per_image(rows_among(measure, orbit, trivial).numpy().T))


def _deviations_of(measure: Measure) -> Callable[[Measure, Tensor, Representation, OutputKind], Tensor]:
    return _of_maps if isinstance(measure, LayerMeasure) else _of_vectors


def _of_vectors(measure: Measure, orbit: Tensor, action: Representation, kind: OutputKind) -> Tensor:
    """(n, B)."""
    assert isinstance(measure, VectorMeasure)
    output = Output(kind, tuple(orbit.shape[2:]), probable=kind == "probabilities")
    vectors = orbit.cpu() if orbit.device.type == "mps" else orbit  # MPS has no float64
    if measure.site == "logits":
        vectors = distributions(measure, vectors, output)
    if measure.among is not None:
        return torch.stack([among(measure, output, each) for each in vectors.unbind(dim=1)], dim=1)
    return deviation(measure, output, vectors, expected_orbit(measure, vectors, action), vectors[0])


def distributions(measure: Measure, outputs: Tensor, output: Output) -> Tensor:
    """p(gx) of every output, shape (n, B, …).

    Raises:
        InputError: a single class; probabilities that are none, or that are called logits.
    """
    fault = _contradiction(output.kind, outputs)
    if fault is not None:
        why, better = fault
        name, meaning = MEANINGS[output.kind]
        raise InputError(
            f"{measure.name} of outputs that are not {name}: {why}",
            expected=meaning,
            remedy=f"kind={better!r}",
        )
    each = [distribution(output, z) for z in outputs.flatten(0, 1)]
    return torch.stack(each).reshape(*outputs.shape[:2], *each[0].shape)


def _contradiction(kind: OutputKind, outputs: Tensor) -> tuple[str, OutputKind] | None:
    """Why outputs cannot be what they are said to be, and what they may be."""
    if kind == "sigmoid":
        return None
    if outputs.shape[-1] < 2:
        return "each is one number", "sigmoid"
    distributed = are_distributions(outputs, -1)
    if kind == "probabilities":
        return None if distributed else (NOT_DISTRIBUTIONS, "logits")
    return (ALL_DISTRIBUTIONS, "probabilities") if distributed else None


def _of_maps(measure: Measure, orbit: Tensor, action: Representation, kind: OutputKind) -> Tensor:  # noqa: ARG001
    """(n, B), one element after another, so that only one moved copy of the maps is held."""
    assert isinstance(measure, LayerMeasure)
    centre, plain = orbit_centre(measure, orbit, action), action.restrict(orbit[0])
    return torch.stack(
        [
            layer_deviation(
                measure,
                action.restrict(moved),
                action.restrict(action.act(g, centre)),
                plain,
                action.support,
            ).value
            for g, moved in enumerate(orbit)
        ]
    )
