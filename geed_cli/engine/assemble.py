"""Turns what was collected of one image into its row: every deviation of every group, measure and layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geed_cli.algebra.view import View
from geed_cli.engine.layers import Comparison, Family, LayerReducer
from geed_cli.engine.plan import GroupPlan, Plan
from geed_cli.engine.row import Cell, Row
from geed_cli.measures.latent import cosine_deviation, l2_deviation
from geed_cli.measures.prediction import flips
from geed_cli.measures.softmax import probabilities, softmax_deviation

Deviations = dict[Cell, NDArray[np.float64]]


@dataclass
class Collected:
    """All that was read of one image.

    Attributes:
        embeddings: f1 per view; empty where no latent measure is wanted.
        logits: per view; empty where the network has none.
        layers: comparisons per layer.
    """

    embeddings: Mapping[View, Tensor] = field(default_factory=dict)
    logits: Mapping[View, Tensor] = field(default_factory=dict)
    layers: Mapping[str, Mapping[tuple[Family, View], Comparison]] = field(default_factory=dict)


def assemble(image: int, plan: Plan, collected: Collected, reducers: Mapping[str, LayerReducer]) -> Row:
    """The row of an audited image."""
    deviations: Deviations = {}
    dead: Deviations = {}
    names = {measure.name for measure in plan.measures}
    for group in plan.groups:
        deviations |= _vector_cells(group, collected, names)
        for layer, comparisons in collected.layers.items():
            family = reducers[layer].family.get(group.group.name)
            if family is not None:
                cell = Cell("channelwise.cosine", group.group.name, layer)
                found = [comparisons[family, view] for view in group.views]
                deviations[cell] = _array(torch.stack([c.value for c in found]))
                dead[cell] = _array(torch.stack([c.dead for c in found]))
    return Row(image, deviations, dead, _embeddings(plan, collected), _probabilities(plan, collected))


def assemble_identity(image: int, plan: Plan, collected: Collected) -> Row:
    """The row of an image that only serves the normaliser: no deviations."""
    return Row(image, {}, {}, _embeddings(plan, collected), {})


def _vector_cells(group: GroupPlan, collected: Collected, names: set[str]) -> Deviations:
    """The latent, softmax and prediction deviations of one group, shape (n,) each."""
    cells: Deviations = {}
    if collected.embeddings:
        orbit = _orbit(group, collected.embeddings)
        for name, measure in (("latent.l2", l2_deviation), ("latent.cosine", cosine_deviation)):
            cells[Cell(name, group.group.name)] = _array(measure(orbit)[:, 0])
    if collected.logits:
        orbit = _orbit(group, collected.logits)
        divergence = softmax_deviation(probabilities(orbit))
        cells[Cell("softmax.kl", group.group.name)] = _array(divergence[:, 0])
        cells[Cell("prediction.flip_rate", group.group.name)] = _array(flips(orbit)[:, 0])
    return {cell: values for cell, values in cells.items() if cell.metric in names}


def _orbit(group: GroupPlan, vectors: Mapping[View, Tensor]) -> Tensor:
    """The group's orbit as (n, 1, k)."""
    return torch.stack([vectors[view] for view in group.views])[:, None]


def _embeddings(plan: Plan, collected: Collected) -> dict[View, NDArray[np.float64]]:
    return {v: _array(collected.embeddings[v]) for v in plan.identities if v in collected.embeddings}


def _probabilities(plan: Plan, collected: Collected) -> dict[View, NDArray[np.float64]]:
    return {v: _array(probabilities(collected.logits[v])) for v in plan.identities if v in collected.logits}


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return np.asarray(tensor.double().cpu().numpy(), dtype=np.float64)
