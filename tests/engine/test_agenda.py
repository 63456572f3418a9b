"""What of a batch is compared: every row once, however orbits are cut into batches, and what is held till then."""

from collections import Counter

import pytest

from geed_cli.actions.view import View
from geed_cli.engine.batches import Slot
from geed_cli.engine.layerwise.agenda import EARLIER, Agenda, Due
from geed_cli.engine.plan import Plan
from geed_cli.engine.row import Subject
from geed_cli.engine.shared_action import families_of
from geed_cli.images.source import ImageRecord
from geed_cli.models.load import load_model
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.planning import make_plan

SIDE = 32


@pytest.fixture(scope="module")
def plan() -> Plan:
    network = load_model("timm:test_resnet", weights="random", img_size=SIDE)
    return make_plan(network, ("flip", "c4", "c8"), AuditOptions()).plan


def agenda_of(plan: Plan) -> Agenda:
    families = families_of(plan)[next(iter(plan.layers))]
    return Agenda(tuple(dict.fromkeys(families.values())))


def slots_of(plan: Plan, images: int, controls: int = 0) -> list[Slot]:
    subjects = [Subject(ImageRecord(f"{at}.png", ""), control=at < controls) for at in range(images)]
    return [
        Slot(subject, variant, variant == variants[-1])
        for subject in subjects
        for variants in [plan.variants_of(subject)]
        for variant in variants
    ]


def run(agenda: Agenda, slots: list[Slot], size: int) -> list[tuple[Due, list[Slot | None]]]:
    """What is due in batches of so many rows, and what its numbers stand for: slots, and behind them what is held."""
    found: list[tuple[Due, list[Slot | None]]] = []
    held: list[Slot | None] = []
    for start in range(0, len(slots), size):
        batch: list[Slot | None] = [*slots[start : start + size]]
        batch += [None] * (size - len(batch))
        agenda.take(batch)
        named = batch + held
        found += [(due, named) for due in agenda.step.due]
        held = [named[number] for number in agenda.step.kept]
    assert not held, "the last orbit is complete"
    return found


def shown(named: list[Slot | None], number: int) -> tuple[str, object]:
    slot = named[number]
    assert slot is not None, "padding is compared with nothing"
    return slot.image, slot.variant


@pytest.mark.parametrize("size", [1, 3, 5, 16, 64])
def test_every_row_is_compared_once_with_its_own_centre(plan: Plan, size: int) -> None:
    agenda, images = agenda_of(plan), 4
    compared: Counter[tuple[object, str, View]] = Counter()
    for due, named in run(agenda, slots_of(plan, images), size):
        for row, ((image, view), number, of) in enumerate(
            zip(due.rows, due.numbers, due.matching.of, strict=True)
        ):
            compared[due.family, image, view] += 1
            assert shown(named, number) == (image, view)
            assert due.images[of] == image
            centre = [shown(named, each) for each in due.kernels[of]]
            assert centre == [(image, each) for each in due.family.kernel]
            is_centre = due.itself is not None and due.itself[of] == row
            assert (due.matching.moves[row] is None) == is_centre
    assert set(compared.values()) == {1}
    assert {view for _, _, view in compared} == set(plan.views)
    families = {family for family, _, _ in compared}
    assert len(compared) == images * sum(len(family.moves) for family in families)


def test_equal_batches_have_one_matching(plan: Plan) -> None:
    """One object, by which what is found of them is found once."""
    slots = slots_of(plan, 2)
    dues = [due for due, _ in run(agenda_of(plan), slots, len(slots) // 2)]
    half = len(dues) // 2
    for first, second in zip(dues[:half], dues[half:], strict=True):
        assert first.family is second.family
        assert first.images != second.images
        assert first.matching is second.matching


def test_round_trips_are_compared_with_their_identity(plan: Plan) -> None:
    slots = slots_of(plan, 1, controls=1)
    trips = [trip for due, _ in run(agenda_of(plan), slots, 5) for trip in [due.trips] if trip is not None]
    found = [variant for each in trips for _, variant in each.compared.shown]
    assert Counter(found) == Counter(plan.round_trips)


def test_nulls_are_beside_the_partners_that_are_named(plan: Plan) -> None:
    slots = slots_of(plan, 3, controls=3)
    agenda = agenda_of(plan)
    agenda.take(slots)
    due = agenda.step.due[0]
    assert due.controls == {0: True, 1: True, 2: True}
    null = due.null({1: 0, 2: EARLIER})
    assert null is not None
    assert null.compared.control == "null"
    assert null.compared.shown == tuple(each for each in due.rows if each[0] != "0.png")
    assert [null.centres[at] for at in null.matching.of] == [
        0 if image == "1.png" else EARLIER for image, _ in null.compared.shown
    ]
    assert due.null({1: 0, 2: EARLIER}) is null, "made once for all layers"
    assert due.null({}) is None


def test_layers_of_one_shape_are_compared_alike(plan: Plan) -> None:
    families = families_of(plan)
    for one, layer in plan.layers.items():
        for other, another in plan.layers.items():
            shared = families[one] is families[other]
            assert shared == (layer.shape == another.shape)
