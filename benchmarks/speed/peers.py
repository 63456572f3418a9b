"""The case ``peers``: what else measures invariance, beside the same bare loop, over the same views of one network.

tmeasures is its users' package; it is timed where it is installed (``pip install tmeasures statsmodels``), in
evaluation mode and without gradients, as its documentation has it. The published way of the paper's measures is what
code that came with it does: the whole data set is one batch, gradients are kept, and every layer and measure has a
forward pass of its own. Inputs lie ready in memory for both; ``geed`` decodes its files.
"""

import copy
import importlib.util
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from benchmarks.speed.audits import audit_once, options_for, warm_up
from benchmarks.speed.bare import sides
from benchmarks.speed.cases import every_map_layer
from benchmarks.speed.settings import Settings
from benchmarks.speed.timing import in_turns
from benchmarks.table import Line

MODEL, GROUP, TURNS = "torchvision:resnet18", "c4", 4
STAGES = ("layer1", "layer2", "layer3", "layer4")
MOST = 40
"""Images: the published way holds all their activations at once."""
TMEASURES = "tmeasures"


def peers(settings: Settings) -> Iterator[Line]:
    """A line for each way: its rate and its time over that of the bare loop."""
    with sides(MODEL, settings) as both:
        network, images = both.network, min(settings.images, MOST)
        every = every_map_layer(network)
        size = network.input.size
        ready = torch.rand(images, 3, size, size, generator=torch.Generator().manual_seed(0))
        warm_up(network, [GROUP], options_for(network, settings, images=4))

        def audited(layers: tuple[str, ...]) -> float:
            options = options_for(network, settings, images=images, layers=layers)
            return audit_once(network, [GROUP], options).total

        timed: dict[str, Callable[[], float]] = {
            "bare": lambda: both.plain.seconds(TURNS * images),
            "geed, all measures and stages": lambda: audited(()),
            f"geed, all {len(every)} modules with maps": lambda: audited(every),
            f"the published way, {len(STAGES)} layers": lambda: seconds(
                lambda: as_published(network.module, ready)
            ),
        }
        if importlib.util.find_spec(TMEASURES):
            timed |= {
                f"tmeasures, {name}": partial(seconds, partial(variance, name, network.module, ready))
                for name in ("TransformationVarianceInvariance", "NormalizedVarianceInvariance")
            }
        turns = in_turns(timed, settings.repeats)
        for name in list(timed)[1:]:
            rates = [TURNS * images / turns.median(one) for one in (name, "bare")]
            words = f"{rates[0]:.1f} against {rates[1]:.1f} inputs/s ({both.plain.form})"
            yield Line(f"resnet18, {GROUP}, {images} images: {name}", words, turns.ratio(name, "bare"))


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def as_published(module: nn.Module, images: Tensor) -> list[float]:
    """Channelwise G-EED of each stage, latent and softmax G-EED, a forward pass of all views for each."""
    module.eval()
    views = torch.cat([torch.rot90(images, g, (2, 3)) for g in range(TURNS)])
    values = []
    for name in STAGES:
        maps = by_turn(output_of(module, name, views))
        moved = torch.stack([torch.rot90(maps[0], g, (2, 3)) for g in range(TURNS)])
        values.append(-cosine_similarity(maps.flatten(3), moved.flatten(3), dim=-1).mean().item())
    for distance in (torch.nn.functional.pairwise_distance, _angular):
        features = output_of(module, "avgpool", views).flatten(1)
        means = by_turn(features).mean(dim=0).repeat(TURNS, 1)
        values.append(distance(features, means).mean().item())
    probabilities = by_turn(module(views).softmax(dim=1))
    values.append((probabilities - probabilities.mean(dim=0)).norm(dim=-1).mean().item())
    return values


def by_turn(outputs: Tensor) -> Tensor:
    """Outputs of all views, shape (turns, images, …)."""
    return outputs.view(TURNS, -1, *outputs.shape[1:])


def _angular(one: Tensor, other: Tensor) -> Tensor:
    return 1 - cosine_similarity(one, other)


def output_of(module: nn.Module, name: str, views: Tensor) -> Tensor:
    """What one module puts out."""
    seen: list[Tensor] = []
    handle = module.get_submodule(name).register_forward_hook(lambda _, _inputs, output: seen.append(output))
    module(views)
    handle.remove()
    return seen[0]


def variance(name: str, module: nn.Module, images: Tensor) -> int:
    """One of tmeasures' measures over turns, of all modules of a copy, since its hooks stay; how many these are.

    It takes angles in units of 180 radians; for its time, that turns by other angles does not matter.
    """
    import tmeasures  # type: ignore[import-not-found]  # noqa: PLC0415 - not everybody has it

    package: Any = tmeasures.pytorch
    affine: Any = import_module("tmeasures.pytorch.transformations.affine")
    turns = affine.RotationGenerator([g / TURNS for g in range(TURNS)])
    observed = package.AutoActivationsModule(copy.deepcopy(module).eval())
    options = package.PyTorchMeasureOptions(batch_size=8, num_workers=0, verbose=False)
    with torch.no_grad():
        found = getattr(package, name)().eval(images, turns, observed, options)
    return len(found.layers)
