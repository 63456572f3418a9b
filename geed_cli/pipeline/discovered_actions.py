"""From the searches of a run to what the result says about hidden actions."""

from collections.abc import Iterator, Mapping

import numpy as np

from geed_cli.discovery.channel_map import Permutation
from geed_cli.discovery.conclusion import verdict
from geed_cli.discovery.discover import Discovered
from geed_cli.engine.hidden_search import HiddenSearch
from geed_cli.engine.plan import GroupPlan
from geed_cli.engine.row import Cell
from geed_cli.measures.channelwise import COSINE
from geed_cli.pipeline.entries.row_table import Table
from geed_cli.result.schema import HiddenAction


def hidden_actions(searches: Mapping[str, HiddenSearch], rows: Table) -> Iterator[HiddenAction]:
    """What was found for every group at every layer; the rows' floors say how much resampling alone leaves."""
    for layer, search in searches.items():
        for plan, discovered in search.outcomes():
            yield _action(layer, plan, discovered, _floor(layer, plan, rows))


def _action(layer: str, plan: GroupPlan, discovered: Discovered, floor: float) -> HiddenAction:
    judged = verdict(discovered, floor)
    names = plan.group.elements

    permutations = {
        name: tuple(each.source.tolist())
        for name, each in zip(names, discovered.maps, strict=True)
        if discovered.method == "permutation" and isinstance(each, Permutation)
    }

    def by_element(deviation: str) -> dict[str, float | None]:
        return dict(zip(names[1:], discovered.scores.elements(deviation)[1:], strict=True))

    return HiddenAction(
        group=plan.name,
        layer=layer,
        method=discovered.method,
        variant=discovered.variant,
        verdict=judged.words,
        reason=judged.reason,
        explained=judged.explained,
        before=by_element("before"),
        after=by_element("after"),
        unmoved=by_element("unmoved"),
        null=by_element("null_after"),
        defect=discovered.defect,
        fitted=discovered.fit_images,
        scored=discovered.score_images,
        maps=permutations,
        notes=discovered.notes,
    )


def _floor(layer: str, plan: GroupPlan, rows: Table) -> float:
    """The mean floor over g ≠ e, −1 where nothing is resampled or it was not measured."""
    cell = Cell(COSINE.name, plan.name, layer)
    floors = rows.control(cell, "floor")
    values = np.array([]) if floors is None else floors[1][:, 1:].ravel()
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else -1.0
