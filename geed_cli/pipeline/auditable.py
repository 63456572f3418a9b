"""What an audit would do with a network, found without any image of the user's.

The network is traced on plain pictures and planned as for an audit of mirrors. Three pictures of noise then go through
the engine itself, which shows the first of them again, so that a network that is no function of one image is found.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import torch

from geed_cli.engine.batches import Placement, Task
from geed_cli.engine.engine import Engine
from geed_cli.engine.hooks import UnreadableError
from geed_cli.engine.layerwise.layer_numbers import alike_layers
from geed_cli.engine.map_layout import Layout, NoMap
from geed_cli.engine.passes import ForwardError, OutOfMemoryError
from geed_cli.engine.plan import Plan
from geed_cli.engine.row import Subject
from geed_cli.engine.shapes import trace, trace_all
from geed_cli.engine.shared_action import families_of
from geed_cli.engine.steady.finding import Unsteady
from geed_cli.engine.workers import Worker
from geed_cli.errors import InputError
from geed_cli.images.source import ImageRecord
from geed_cli.models.network import Network, module_of
from geed_cli.models.spec_files import SPEC_SUFFIXES
from geed_cli.pipeline.chosen_layers import NEVER_RUN, read_layers
from geed_cli.pipeline.describe import describe_model
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.planning import make_plan
from geed_cli.verdict.inspection import InspectedLayer, InspectedModule, Inspection, Refusal

GROUP = "flip"
"""Mirrors move pixels exactly and cost one view more than e."""
PICTURES, ROWS = 3, 4
"""Of noise, and rows of a batch: two batches, so that the first picture is shown beside others and again later."""

Read = Mapping[str, Layout | NoMap]
"""How the output of each layer is read, or why it is not."""


def inspect(network: Network, *, every: bool = False) -> Inspection:
    """What was resolved, and whether an audit could be made of it.

    Args:
        network: on the CPU, in float32.
        every: list every module, not only those of which an audit would take layers.

    Raises:
        InputError: the network does not run on plain pictures, or a layout that the spec declares does not fit.
    """
    outputs = {
        name: text for name, text in trace_all(network).items() if name and (every or _asked(network, name))
    }
    seen = trace(network, [], map(module_of, outputs))
    ran = [name for name in outputs if name in seen.calls[module_of(name)]]
    read: Read = dict.fromkeys(outputs, NoMap(NEVER_RUN)) | read_layers(network, ran, seen)
    refusal, unsteady, unreadable = _tried(network)
    read = {name: NoMap(unreadable[name]) if name in unreadable else how for name, how in read.items()}
    return Inspection(
        describe_model(network),
        _numbers(network),
        tuple(_layer(name, how) for name, how in read.items() if _asked(network, name)),
        _modules(network, outputs, read),
        refusal,
        None if unsteady is None else unsteady.sentence,
        spec=network.reference if network.reference.endswith(SPEC_SUFFIXES) else None,
        audit=network.command("audit", "-g", GROUP),
        write=network.command("inspect", "--write-spec", "my_model.yaml"),
    )


def _tried(network: Network) -> tuple[Refusal | None, Unsteady | None, Mapping[str, str]]:
    """What an audit of a few pictures would be refused for, what it finds, and layers that some batch lacks."""
    options, rows = AuditOptions(), network.batch or ROWS
    while True:
        try:
            plan = make_plan(network, GROUP, options).plan
            return None, _shown_again(network, plan, rows), dict(options.unreadable)
        except UnreadableError as error:
            known = {"", network.features.module, *(network.spec.layers if network.spec else ())}
            if error.layer in {*known, *dict(options.unreadable)}:
                return _refusal(error), None, {}
            options = replace(options, unreadable=(*options.unreadable, (error.layer, error.problem)))
        except ForwardError as error:  # as an audit does: single images, where it takes them
            if rows == 1 or network.batch is not None:
                return _refusal(error), None, {}
            rows = 1
        except InputError as error:
            return _refusal(error), None, {}
        except OutOfMemoryError:  # the audit takes fewer rows; nothing is said of what could not be shown
            return None, None, dict(options.unreadable)


def _shown_again(network: Network, plan: Plan, rows: int) -> Unsteady | None:
    """What the engine finds of a network that shows the same picture two things."""
    placement = Placement(torch.device("cpu"), torch.float32, rows)
    engine = Engine(network, plan, alike_layers(plan, families_of(plan)), placement, on_unsteady="report")
    generator = torch.Generator().manual_seed(0)
    side, channels = plan.size, plan.channels
    tasks = []
    for number in range(PICTURES):
        subject = Subject(ImageRecord(f"noise {number}", str(number)))
        noise = torch.randint(0, 256, (channels, side, side), dtype=torch.uint8, generator=generator)
        tasks.append(Task(subject, noise, plan.variants_of(subject)))
    for _ in Worker(placement, (engine,), side).run(tasks, sum(len(task.variants) for task in tasks)):
        pass
    return engine.unsteady


def _refusal(error: InputError) -> Refusal:
    return Refusal(error.found, error.expected, error.remedy)


def _numbers(network: Network) -> int | None:
    """How many numbers f1(x) has; None where it cannot be read."""
    try:
        return math.prod(trace(network, [network.features]).shapes[network.features])
    except InputError:
        return None


def _layer(name: str, how: Layout | NoMap) -> InspectedLayer:
    return InspectedLayer(name, how.why, how.declare) if isinstance(how, NoMap) else InspectedLayer(name)


def _modules(network: Network, outputs: Mapping[str, str], read: Read) -> tuple[InspectedModule, ...]:
    """The rows of the table: what a module puts out, of which type it is, and what an audit does with it."""
    types = {name: type(module).__name__ for name, module in network.module.named_modules()}
    rows = []
    for name, output in outputs.items():
        own, how = _own(name), read[name]
        layout = str(how) if isinstance(how, Layout) else "undeclared" if how.declare else ""
        roles = ["audited" if isinstance(how, Layout) else "not measured"] if _asked(network, name) else []
        roles += ["features"] if network.features.module in own else []
        roles += ["classifier"] if network.classifier in own else []
        rows.append(InspectedModule(name, output, layout, types[module_of(name)], tuple(roles)))
    return tuple(rows)


def _asked(network: Network, layer: str) -> bool:
    """Whether an audit would take the layer, if it has maps."""
    return not _own(layer).isdisjoint(network.layers)


def _own(layer: str) -> set[str]:
    """What a spec may call the layer: by its call, or by its module."""
    return {layer, module_of(layer)}
