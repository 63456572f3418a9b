"""From a small module to a ``Network``: seeded weights, plain normalisation, and declared actions where wanted.

Pixels in [0, 1] become [−1, 1], so that noise has mean 0. Nothing is resized where pictures have the network's size.
"""

from collections.abc import Callable, Mapping

import torch
from torch import nn

from geed_cli.input_settings import InputSettings
from geed_cli.models.network import Network, Site, WeightsOrigin
from geed_cli.models.spec import ModelSpec

HALF = (0.5, 0.5, 0.5)


def wrap(
    build: Callable[[], nn.Module],
    size: int,
    features: Site,
    *,
    layers: tuple[str, ...] = (),
    logits: bool = True,
    actions: Mapping[str, object] | None = None,
) -> Network:
    """A network as the program sees it.

    Args:
        build: makes the module; its weights are drawn with seed 0, and the caller's random state is left alone.
        size: side of its input, S.
        features: where f1(x) is read.
        layers: names for channelwise measures.
        logits: whether its output is logits.
        actions: the section of a spec, where channels move too.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = build().eval().requires_grad_(requires_grad=False)
    name = type(module).__name__
    return Network(
        id=f"selftest/{name}",
        source="python",
        arch=name,
        module=module,
        features=features,
        logits=logits,
        classifier=None,
        layers=layers,
        input=InputSettings(size, size, "bilinear", HALF, HALF),
        weights=WeightsOrigin("random", "seed 0", None, "0" * 64, ()),
        parameters=sum(p.numel() for p in module.parameters()),
        spec=None if actions is None else _declaring(name, actions),
    )


def _declaring(name: str, actions: Mapping[str, object]) -> ModelSpec:
    spec = {
        "model": {"source": "python", "name": f"selftest:{name}"},
        "weights": {"origin": "random"},
        "actions": dict(actions),
    }
    return ModelSpec.model_validate(spec)
