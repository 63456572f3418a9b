"""Tables of what layers are compared to: every number has a place of its own, and lines of the result are read off."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from geed_cli.actions.round_trip import RoundTrip
from geed_cli.engine.layerwise.layer_lines import lines_of
from geed_cli.engine.layerwise.layer_measures import Quantity
from geed_cli.engine.layerwise.layer_numbers import (
    AlikeLayers,
    Compared,
    LayerNumbers,
    NumbersInFlight,
    alike_layers,
)
from geed_cli.engine.plan import GroupPlan, Plan, Variant
from geed_cli.engine.row import Cell, Control
from geed_cli.engine.shared_action import Families, families_of
from geed_cli.models.load import load_model
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.planning import make_plan

GROUPS = ("flip", "c4", "c8")


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Every layer of a small network that has maps, by every measure."""
    network = load_model("timm:test_resnet", weights="random", img_size=32)
    options = AuditOptions(metrics=("*",), layers=("*", "layer1.*", "layer2.*", "layer3.*.*"))
    return make_plan(network, GROUPS, options).plan


@pytest.fixture(scope="module")
def families(plan: Plan) -> Families:
    return families_of(plan)


@pytest.fixture(scope="module")
def tables(plan: Plan, families: Families) -> tuple[AlikeLayers, ...]:
    return alike_layers(plan, families)


def numbered(alike: AlikeLayers) -> LayerNumbers:
    """A table whose every number is known and another."""
    numbers = LayerNumbers(alike)
    numbers.values[:] = np.arange(numbers.values.size).reshape(alike.shape)
    numbers.there[:] = True
    return numbers


def at(alike: AlikeLayers, group: GroupPlan, row: int, variant: Variant, quantity: Quantity) -> float:
    """A number of ``numbered``."""
    return float(row * alike.shape[1] + alike.column(alike.acting[group.name], variant, quantity))


def read_off(
    plan: Plan, group: GroupPlan, numbers: LayerNumbers
) -> tuple[dict[Cell, list[float]], dict[tuple[Cell, str], list[float]]]:
    """The lines of a group."""
    deviations: dict[Cell, NDArray[np.float64]] = {}
    controls: dict[tuple[Cell, Control], NDArray[np.float64]] = {}
    lines_of(plan, group, numbers.alike).add(numbers, deviations, controls)
    return (
        {cell: of.tolist() for cell, of in deviations.items()},
        {key: of.tolist() for key, of in controls.items()},
    )


def test_every_layer_is_in_one_table_with_those_of_its_shape(
    plan: Plan, families: Families, tables: tuple[AlikeLayers, ...]
) -> None:
    assert sorted(name for alike in tables for name in alike.layers) == sorted(plan.layers)
    for alike in tables:
        assert len({plan.layers[name].shape for name in alike.layers}) == 1
        for name, speaker in zip(alike.layers, alike.speakers, strict=True):
            assert alike.layers[speaker] == (plan.layers[name].repeats or name)
            assert families[name] is alike.acting
    assert any(alike.speakers != tuple(range(len(alike.layers))) for alike in tables), "some repeat others"
    assert len(tables) < len(plan.layers)


def test_every_number_has_a_column_of_its_own(plan: Plan, tables: tuple[AlikeLayers, ...]) -> None:
    """Each measure of each view and round trip with its dead part, and of each view the null."""
    by_channel = [measure for measure in plan.of_layers if measure.counts_dead]
    for alike in tables:
        columns = [
            alike.column(family, variant, quantity)
            for family, variant, control in alike.columns
            for quantity in alike.quantities[control]
        ]
        assert sorted(columns) == list(range(alike.shape[1]))
        for family in set(alike.acting.values()):
            views = len(family.moves)
            trips = sum(trip.there in family.moves for trip in plan.round_trips)
            of = [control for each, _, control in alike.columns if each is family]
            assert (of.count(None), of.count("null"), len(of)) == (views + trips, views, 2 * views + trips)
        assert len(alike.quantities[None]) == len(plan.of_layers) + len(by_channel)
        assert len(alike.quantities["null"]) == len(plan.of_layers)


def test_numbers_are_found_where_they_were_put(plan: Plan, tables: tuple[AlikeLayers, ...]) -> None:
    """Two images, layers in any order; whatever was not put is not there, and repeating layers have their speaker's."""
    alike = next(
        each for each in tables if len(set(each.speakers)) > 2 and len(set(each.speakers)) < len(each.layers)
    )
    family = alike.acting["c4"]
    view = plan.groups[1].views[1]
    flight, rows = NumbersInFlight(alike), sorted(set(alike.speakers), reverse=True)
    first = alike.quantities["null"][1]
    found = torch.arange(2.0 * len(rows)).double().reshape(1, -1)
    flight.put(Compared(family, (("a", view), ("b", view)), "null"), rows, first, found)
    column = alike.column(family, view, first)
    for at, image in enumerate(("a", "b")):
        numbers = flight.pop(image)
        expected = {row: 2.0 * place + at for place, row in enumerate(rows)}
        assert numbers.values[:, column].tolist() == [expected[speaker] for speaker in alike.speakers]
        assert numbers.there[:, column].all()
        assert numbers.there.sum() == len(alike.layers)
        numbers.leave_out("null")
        assert not numbers.there.any()
    assert not flight.pop("a").there.any(), "an image is popped once"


def test_lines_are_read_off_the_columns_of_their_views(plan: Plan, tables: tuple[AlikeLayers, ...]) -> None:
    """Deviations, dead parts, nulls and floors, number by number; exact elements come back as they were."""
    for alike, group in product(tables, plan.groups):
        if group.name not in alike.acting:
            continue
        deviations, controls = read_off(plan, group, numbered(alike))
        assert len(deviations) == len(alike.layers) * len(plan.of_layers)
        for (row, layer), measure in product(enumerate(alike.layers), plan.of_layers):
            cell, name = Cell(measure.name, group.name, layer), measure.name
            assert deviations[cell] == [at(alike, group, row, view, (name, None)) for view in group.views]
            nulls = [at(alike, group, row, view, (name, "null")) for view in group.views]
            assert controls[cell, "null"] == nulls
            dead = [
                at(alike, group, row, view, (name, "dead")) for view in group.views if measure.counts_dead
            ]
            assert controls.get((cell, "dead"), []) == dead
            trips = plan.trips[group.name]
            back = [
                at(alike, group, row, trips[view], (name, None)) if view in trips else measure.best
                for view in group.views
            ]
            assert controls.get((cell, "floor")) == (back if trips else None)


def test_a_control_that_some_elements_lack_is_none(plan: Plan, tables: tuple[AlikeLayers, ...]) -> None:
    """At that layer alone; those of other layers and measures stay."""
    alike, group = tables[0], plan.groups[1]
    metric = plan.of_layers[0].name
    numbers = numbered(alike)
    numbers.there[1, alike.column(alike.acting["c4"], group.views[2], (metric, "null"))] = False
    (whole, all_controls), (part, controls) = (
        read_off(plan, group, each) for each in (numbered(alike), numbers)
    )
    assert all_controls.keys() - controls.keys() == {(Cell(metric, "c4", alike.layers[1]), "null")}
    assert part == whole
    for trip in [variant for _, variant, _ in alike.columns if isinstance(variant, RoundTrip)]:
        numbers.there[:, alike.column(alike.acting["c8"], trip, (metric, None))] = False
    _, controls = read_off(plan, plan.groups[2], numbers)
    floors = {cell.metric for cell, control in controls if control == "floor"}
    assert floors == {measure.name for measure in plan.of_layers} - {metric}


def test_a_deviation_that_is_missing_is_a_mistake(plan: Plan, tables: tuple[AlikeLayers, ...]) -> None:
    with pytest.raises(AssertionError, match="every view"):
        lines_of(plan, plan.groups[0], tables[0]).add(LayerNumbers(tables[0]), {}, {})


def test_no_tables_where_no_layer_is_measured(plan: Plan) -> None:
    assert alike_layers(replace(plan, measures=plan.of_vectors), families_of(plan)) == ()
