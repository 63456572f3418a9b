"""What waits for the end of a batch holds numbers alone: no layer's maps outlive their hook, nor sums their use."""

import gc
import weakref
from collections.abc import Callable
from contextlib import suppress

import torch
from torch import Tensor

from geed_cli.engine.batches import Slot
from geed_cli.engine.layerwise.agenda import Agenda
from geed_cli.engine.layerwise.layer_numbers import NumbersInFlight, alike_layers
from geed_cli.engine.layerwise.reducer import LayerReducer
from geed_cli.engine.outbox import Outbox
from geed_cli.engine.row import Subject
from geed_cli.engine.shared_action import families_of
from geed_cli.images.source import ImageRecord
from geed_cli.models.load import load_model
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.planning import make_plan


def holders(maps: Tensor) -> Callable[[], int]:
    """How many tensors share the memory of these, which are not held."""
    address, size = maps.data_ptr(), maps.nbytes

    def shares(tensor: Tensor) -> bool:
        with suppress(RuntimeError):  # those of other tests may have no memory of their own
            return address <= tensor.data_ptr() < address + size
        return False

    def count() -> int:
        gc.collect()
        return sum(shares(each) for each in gc.get_objects() if type(each) is Tensor)

    return count


def test_no_map_outlives_its_hook() -> None:
    network = load_model("timm:test_resnet", weights="random", img_size=32)
    plan = make_plan(network, ("flip",), AuditOptions()).plan
    name, layer = next((name, layer) for name, layer in plan.layers.items() if layer.repeats is None)
    views = plan.groups[0].views
    alike = next(each for each in alike_layers(plan, families_of(plan)) if name in each.layers)
    row = alike.layers.index(name)
    agenda, numbers = Agenda(tuple(alike.acting.values())), NumbersInFlight(alike)
    reducer = LayerReducer(agenda, plan.of_layers, numbers, row)
    shape = next(iter(layer.representations.values())).shape
    subjects = [Subject(ImageRecord(f"{number}.png", ""), control=True) for number in range(3)]
    slots = [Slot(subject, view, view == views[-1]) for subject in subjects for view in views]
    maps, outbox = torch.rand(len(slots), *shape), Outbox()
    held = holders(maps)
    broken: set[str] = set()
    agenda.take(slots)
    reducer.consume(maps, outbox, broken.update)
    assert held() > 0, "the caller's own"
    del maps
    assert held() == 0
    sums = [weakref.ref(waiting.sums) for every in outbox.sums._waiting.values() for waiting in every]
    outbox.sums.compare(outbox.put)
    assert len(sums) == 2, "deviations and nulls"
    assert not any(of() for of in sums), "sums of many layers would not leave their memory to the next batch"
    outbox.deliver()
    found = [numbers.pop(subject.path).there[row].sum() for subject in subjects]
    deviations, null = 2 * len(views) * 2, 2 * len(views)
    assert found == [deviations, deviations + null, deviations + null]
    assert not broken
