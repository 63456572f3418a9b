"""Turns what was observed of one image into its row: every deviation of every group, measure and layer.

Vectors and maps follow one rule: f(gx) is compared with ρ(g)f̂(x), f̂ the mean over the kernel of ρ (eq. 2 and 4).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.actions.representation import Representation
from geed_cli.actions.view import View
from geed_cli.engine.layerwise.layer_lines import lines_of
from geed_cli.engine.layerwise.layer_numbers import AlikeLayers
from geed_cli.engine.observation import Observation
from geed_cli.engine.plan import GroupPlan, Plan, Variant
from geed_cli.engine.row import Cell, Control, Row
from geed_cli.errors import InputError
from geed_cli.groups.group import FiniteGroup
from geed_cli.measures.distribution import among, deviation, distribution
from geed_cli.measures.measure import VectorMeasure, VectorSite
from geed_cli.measures.orbit import expected_orbit
from geed_cli.models.output import Output
from geed_cli.rows.column import shortest

Array = NDArray[np.float64]
Vectors = Mapping[VectorSite, Mapping[Variant, Tensor]]


class Assembler:
    """Makes rows.

    Args:
        plan: what is measured.
        alike: its layers that are compared, by ``alike_layers``.
    """

    def __init__(self, plan: Plan, alike: Sequence[AlikeLayers]) -> None:
        self._plan = plan
        self._lines = [
            [lines_of(plan, group, layers) for group in plan.groups if group.name in layers.acting]
            for layers in alike
        ]

    def row(self, seen: Observation) -> Row:
        """The row of an image of which all was seen; one that only serves the normaliser has no deviations."""
        plan = self._plan
        deviations: dict[Cell, Array] = {}
        controls: dict[tuple[Cell, Control], Array] = {}
        vectors = _vectors(seen, plan.output)
        embeddings, distributions = _identities(plan, vectors)
        if not seen.subject.audited:
            return Row(seen.subject, {}, {}, embeddings, {})
        for group in plan.groups:
            for measure in plan.of_vectors:
                _vector_cell(measure, group, plan, vectors, deviations, controls)
        for numbers, lines in zip(seen.layers, self._lines, strict=True):
            for of_group in lines:
                of_group.add(numbers, deviations, controls)
        deviations |= _slopes(plan, seen)
        apart = dict(_apart(plan, vectors))
        tops = _tops(plan, vectors)
        return Row(seen.subject, deviations, controls, embeddings, distributions, seen.rounding, apart, tops)


def _vectors(seen: Observation, output: Output) -> Vectors:
    """The features as they are, and the output as probabilities."""
    return {
        site: held
        if site == "features"
        else {variant: distribution(output, z) for variant, z in held.items()}
        for site, held in seen.vectors.items()
    }


def _vector_cell(
    measure: VectorMeasure,
    group: GroupPlan,
    plan: Plan,
    vectors: Vectors,
    deviations: dict[Cell, Array],
    controls: dict[tuple[Cell, Control], Array],
) -> None:
    """One measure of features or probabilities for one group, and its floor."""
    held = vectors.get(measure.site)
    representation = plan.vectors.get((measure.site, group.name))
    if held is None or representation is None or (measure.of_flows and not group.is_flow):
        return
    cell = Cell(measure.name, group.name)
    orbit = torch.stack([held[view] for view in group.views])
    if measure.among is None:
        expected = expected_orbit(measure, orbit, representation)
        deviations[cell] = _array(deviation(measure, plan.output, orbit, expected, orbit[0]))
    else:
        deviations[cell] = _array(among(measure, plan.output, _undone(orbit, group, representation)))
    if np.isinf(deviations[cell]).any():
        raise _infinite(measure, group)
    trips = {view: trip for view, trip in plan.trips[group.name].items() if trip in held}
    if trips:
        back = torch.stack([held[trips[view]] if view in trips else orbit[0] for view in group.views])
        plain = orbit[0].expand_as(back)
        controls[cell, "floor"] = _array(deviation(measure, plan.output, back, plain, orbit[0]))


def _slopes(plan: Plan, seen: Observation) -> dict[Cell, Array]:
    """The derivative of every layer along each flow, which both of its ends have, and 0 at e."""
    found = {(layer, *key): number for layer, slopes in seen.slopes.items() for key, number in slopes.items()}
    return {
        Cell(measure.name, flow.name, layer): np.array([0.0, slope, slope])
        for flow in plan.flows
        for measure in plan.of_derivatives
        for layer in plan.layers
        for slope in [found[layer, measure.name, flow.views[1]]]
    }


def _apart(plan: Plan, vectors: Vectors) -> Iterator[tuple[Cell, float]]:
    """How far an image's copies lie apart once the action on the vectors is undone; an orbit of one has no pairs."""
    for group in plan.groups:
        for measure in plan.of_vectors:
            held = vectors.get(measure.site)
            representation = plan.vectors.get((measure.site, group.name))
            if measure.apart and held is not None and representation is not None and len(group.views) > 1:
                orbit = torch.stack([held[view] for view in group.views])
                yield Cell(measure.name, group.name), measure.apart(_undone(orbit, group, representation))


def _undone(orbit: Tensor, group: GroupPlan, representation: Representation) -> Tensor:
    """ρ(g)⁻¹f(gx) for every g; of the members of a set, which move no vectors, what they are."""
    members = group.group
    if not isinstance(members, FiniteGroup):
        return orbit
    return torch.stack([representation.act(members.inverse(g), each) for g, each in enumerate(orbit)])


def _infinite(measure: VectorMeasure, group: GroupPlan) -> InputError:
    """The refusal of p(gx) > 0 where ρ(g)p̂(x) = 0, which moved predictions alone may have: no mean over G has it."""
    return InputError(
        f"{measure.name} under {group.name} is infinite: a probability is 0 that is more under another element",
        expected="probabilities above 0, as of scores that the network returns before its softmax",
        remedy=f"leave out {measure.name}: --metric 'latent.*' --metric 'prediction.*' --metric 'channelwise.*'",
    )


def _identities(
    plan: Plan, vectors: Vectors
) -> tuple[dict[View, NDArray[np.floating[Any]]], dict[View, Array]]:
    """The embeddings that are kept, and probabilities where a sensitivity is made of them, under each view of e."""
    features, predicted = (vectors.get(site, {}) for site in ("features", "logits"))
    if plan.output.kind == "dense":  # a map for each image would fill the memory
        predicted = {}
    return (
        {v: shortest(_array(features[v])) for v in plan.kept_features if v in features},
        {v: _array(predicted[v]) for v in plan.identities if v in predicted},
    )


def _tops(plan: Plan, vectors: Vectors) -> dict[View, tuple[int, float]]:
    """The place and the probability of the top class under every view, where there is one class to an image.

    Ties go to the lowest class, as in ``prediction.flip_rate``.
    """
    if plan.output.kind not in ("logits", "probabilities"):
        return {}
    held = {view: p for view in plan.views if (p := vectors.get("logits", {}).get(view)) is not None}
    if not held:
        return {}
    together = torch.stack(list(held.values()))
    tops = zip(together.argmax(dim=1).tolist(), together.amax(dim=1).tolist(), strict=True)
    return dict(zip(held, tops, strict=True))


def _array(tensor: Tensor) -> Array:
    """A copy: a view would hold the tensors of the whole batch as long as the row."""
    return np.array(tensor.cpu().numpy(), dtype=np.float64)
