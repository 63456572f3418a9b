"""An observation's numbers as blocks: what is read is put back, under names that no two numbers share."""

import numpy as np
import pytest

from geed_cli.engine.layerwise.layer_numbers import alike_layers
from geed_cli.engine.observation import Observation
from geed_cli.engine.plan import Plan
from geed_cli.engine.row import Subject
from geed_cli.engine.shared_action import families_of
from geed_cli.images.source import ImageRecord
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.options import ActionOptions, AuditOptions
from geed_cli.pipeline.planning import make_plan
from geed_cli.pipeline.reuse.blocks import Scheduled
from geed_cli.pipeline.reuse.schedule import Schedule

OTHER = ImageRecord("other", "")
KINDS = {
    "audited": Subject(ImageRecord("a", "")),
    "control": Subject(ImageRecord("a", ""), control=True),
    "with a partner": Subject(ImageRecord("a", ""), control=True, partner=OTHER),
    "first": Subject(ImageRecord("a", ""), control=True, first=True),
    "normaliser": Subject(ImageRecord("a", ""), audited=False),
}


@pytest.fixture(scope="module")
def network() -> Network:
    return load_model("timm:test_resnet", weights="random", img_size=32)


def plan_of(
    network: Network,
    *groups: str,
    layers: tuple[str, ...] = ("layer1", "layer2.*"),
    sets: tuple[str, ...] = ("lie:rotation",),
) -> Plan:
    """By every measure, with surroundings that are read."""
    options = AuditOptions(metrics=("*",), layers=layers, sets=sets, action=ActionOptions("context"))
    return make_plan(network, groups, options).plan


def scheduled(plan: Plan, kind: str) -> Scheduled:
    schedule = Schedule(plan, alike_layers(plan, families_of(plan)), {})
    return schedule.numbers(KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_put_is_read(network: Network, kind: str) -> None:
    """Part by part, in any order: derivatives, rounding and surroundings beside the tables of layers."""
    plan, rng = plan_of(network, "flip", "c8"), np.random.default_rng(0)
    numbers, seen = scheduled(plan, kind), Observation(KINDS[kind])
    count = len(numbers.names)
    values = rng.random(count)
    _, there = numbers.read(seen)
    assert not there.any()
    left = np.ones(count, dtype=bool)
    for _ in range(3):
        part = left & (rng.random(count) < 0.5)
        numbers.put(np.where(part, values, -1.0), part, seen)
        left &= ~part
        found, there = numbers.read(seen)
        rounding = np.array([need.rounding for block in numbers.blocks for need in block.needs])
        assert np.array_equal(found[~left], values[~left])
        # one number of a rounding says that there is one: others are those that it has no value of
        assert np.array_equal(there & ~rounding, ~left & ~rounding)
    numbers.put(values, left, seen)
    found, there = numbers.read(seen)
    assert there.all()
    assert np.array_equal(found, values)


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_numbers_share_a_name(network: Network, kind: str) -> None:
    """And those of a run that measures less are among those of one that measures more."""
    more = scheduled(plan_of(network, "flip", "c8"), kind)
    names = {name.tobytes() for name in more.names}
    assert len(names) == len(more.names) == len(more.of_partner)
    assert more.of_partner.any() == (kind == "with a partner")
    less = scheduled(plan_of(network, "flip", layers=("layer1",), sets=()), kind)
    assert {name.tobytes() for name in less.names} < names or kind == "normaliser"


def test_what_it_takes_to_find_a_number(network: Network) -> None:
    """Its view, those of f̂, both ends of a flow; of a null the views of the image before."""
    plan = plan_of(network, "flip")
    numbers = scheduled(plan, "with a partner")
    assert list(numbers.needs(np.zeros(len(numbers.names), dtype=bool))) == []
    needs = list(numbers.needs(np.ones(len(numbers.names), dtype=bool)))
    assert len(needs) == len(set(needs))
    assert {need.variant for need in needs} <= {*plan.views, *plan.round_trips}
    assert all(need.kernel[0] == plan.identities[0] for need in needs if need.partner)
    (flow,) = plan.flows
    assert any((need.variant, need.kernel) == (flow.views[1], (flow.views[2],)) for need in needs)
