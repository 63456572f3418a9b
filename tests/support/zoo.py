"""The zoo: small odd networks, each with what an audit of it must come to, said beforehand.

An audit goes through the command line, in this process, on four small pictures. It has to agree with a plain loop over
images and elements, which shares no code with the package, or to end in exit code 2 with its sentence.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from typer.testing import Result

from support.command import Geed
from support.pictures import smooth_pictures

PICTURES, SIZE = 4, 12
MEAN, STD = 0.45, 0.25
INPUT: Mapping[str, Any] = {"size": SIZE, "crop_pct": 1.0, "mean": [MEAN] * 3, "std": [STD] * 3}
Expected = dict[tuple[str, str | None], float | None]
"""By measure and layer, the value; None where the measure is not applicable."""
Loop = Callable[[nn.Module, Sequence[Tensor]], Expected]
"""From the network and each picture's orbit, normalised, e first, shape (n, 3, S, S), to the values."""
TURNS: Mapping[str, Sequence[Callable[[Tensor], Tensor]]] = {
    "flip": (lambda x: x, lambda x: x.flip(-1)),
    "c4": tuple((lambda x, k=k: x.rot90(k, (-2, -1))) for k in range(4)),
}
"""What the elements of the groups of the zoo do to pictures and maps."""


@dataclass(frozen=True)
class Reading:
    """The plain loop of ordinary networks: latent.l2, softmax.kl, prediction.flip_rate, and channelwise.cosine.

    Attributes:
        features: the module whose first input is f1(x); None is the network's output.
        softmax: whether the output is logits; otherwise the measures of them must be not applicable.
        layers: the modules whose outputs are compared as maps, ``relu#2`` at the second call; what an output is as
            maps, (1, C, H, W).
    """

    features: str | None = "fc"
    softmax: bool = True
    layers: Mapping[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)

    def __call__(self, module: nn.Module, orbits: Sequence[Tensor]) -> Expected:
        seen = [[self._observe(module, x[None].clone()) for x in orbit] for orbit in orbits]
        f1 = [torch.stack([each[0] for each in orbit]) for orbit in seen]
        pairs = [(a[0] - b[0]).norm().item() for a, b in combinations(f1, 2)]
        moved = [(orbit - orbit.mean(0)).norm(dim=1).mean().item() for orbit in f1]
        values: Expected = {("latent.l2", None): float(np.mean(moved) / np.mean(pairs))}
        if self.softmax:
            logits = [torch.stack([each[1] for each in orbit]) for orbit in seen]
            values["softmax.kl", None] = float(np.mean([_divergence(z.softmax(-1)) for z in logits]))
            turned = torch.stack([z[1:].argmax(-1) != z[0].argmax(-1) for z in logits])
            values["prediction.flip_rate", None] = turned.double().mean().item()
        else:
            values |= {("softmax.kl", None): None, ("prediction.flip_rate", None): None}
        group = TURNS["flip" if len(orbits[0]) == 2 else "c4"]
        for layer in self.layers:
            values["channelwise.cosine", layer] = float(
                np.mean(
                    [
                        _minus_cosine(each[2][layer], turn(orbit[0][2][layer]))
                        for orbit in seen
                        for each, turn in zip(orbit, group, strict=True)
                    ]
                )
            )
        return values

    def _observe(self, module: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """The features, the output and the maps of one picture, float64."""
        held: dict[str, Tensor] = {}
        handles = []
        if self.features is not None:
            handles.append(
                module.get_submodule(self.features).register_forward_hook(
                    lambda _module, args, kwargs, _output: held.update(
                        features=[*args, *kwargs.values()][0].clone()
                    ),
                    with_kwargs=True,
                )
            )
        calls: dict[str, list[Tensor]] = {name: [] for name in self.layers}
        for name, maps in self.layers.items():
            handles.append(
                module.get_submodule(name.partition("#")[0]).register_forward_hook(
                    lambda _module, _args, output, name=name, maps=maps: calls[name].append(
                        maps(output)[0].double().clone()
                    )
                )
            )
        output = module(x)
        for handle in handles:
            handle.remove()
        features = held.get("features", output)
        layers = {name: calls[name][int(name.partition("#")[2] or 1) - 1] for name in self.layers}
        return features.flatten().double(), output.flatten().double(), layers


@dataclass(frozen=True)
class Right:
    """The audit agrees with the loop.

    Attributes:
        loop: makes the values; others of the result are not looked at.
        relative: how far a value may be from the loop's. 1e-5: the run is in float32, in batches, in another order.
        says: sentences that the table has to hold.
    """

    loop: Loop = field(default_factory=Reading)
    relative: float = 1e-5
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """Exit code 2, and this in the message."""

    sentence: str


@dataclass(frozen=True)
class Specimen:
    """One network of the zoo.

    Attributes:
        name: of the test.
        factory: a function of a module that builds the network, with ``model.arguments``; seeded with 0.
        outcome: what the audit has to come to.
        arguments: of the factory.
        spec: further sections of the spec, or replacements for its own.
        options: of the audit, beside the group.
        group: flip or c4.
        dtype: of the loop's network.
        twin: builds the loop's network in place of the factory, where that one's does not take single pictures.
    """

    name: str
    factory: Callable[..., nn.Module]
    outcome: Right | Refused
    arguments: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    group: str = "flip"
    dtype: torch.dtype = torch.float32
    twin: Callable[[], nn.Module] | None = None

    def write_spec(self, folder: Path) -> Path:
        """The spec that names the factory, in a folder."""
        sections: dict[str, Any] = {
            "model": {
                "source": "python",
                "name": f"{self.factory.__module__}:{self.factory.__qualname__}",
                "arguments": dict(self.arguments),
            },
            "weights": {"origin": "pretrained"},
            "input": INPUT,
        }
        path = folder / f"{self.name}.yaml"
        path.write_text(json.dumps(sections | dict(self.spec)))
        return path

    def network(self) -> nn.Module:
        """The network that the spec names, built once more."""
        torch.manual_seed(0)
        if self.twin is not None:
            return self.twin().eval().to(self.dtype)
        factory = getattr(import_module(self.factory.__module__), self.factory.__qualname__)
        module: nn.Module = factory(**self.arguments)
        return module.eval().to(self.dtype)


def audit_specimen(specimen: Specimen, geed: Geed, folder: Path) -> Result:
    """Audit a specimen in a folder of its own and require its outcome; what was printed."""
    pictures = smooth_pictures(folder / "pictures", PICTURES, SIZE)
    saved = folder / "result.json"
    fixed = ("--allow-code", "--json", saved, "-d", pictures, "-g", specimen.group, "--device", "cpu", "-v")
    done = geed("audit", specimen.write_spec(folder), *fixed, *specimen.options)
    match specimen.outcome:
        case Refused(sentence):
            assert (done.exit_code, " ".join(sentence.split()) in " ".join(done.stderr.split())) == (
                2,
                True,
            ), done.stderr or done.stdout
            assert "internal error" not in done.stderr
            assert not saved.exists()
        case Right() as right:
            assert done.exit_code == 0, done.stderr
            require_agreement(json.loads(saved.read_text()), right, expected_of(specimen, right, pictures))
            for sentence in right.says:
                assert sentence in " ".join(done.stdout.split()), done.stdout
    return done


def expected_of(specimen: Specimen, right: Right, pictures: Path) -> Expected:
    """What the loop makes of the pictures, one at a time."""
    orbits = [
        torch.stack([turn(x) for turn in TURNS[specimen.group]])
        for x in (_normalised(path).to(specimen.dtype) for path in sorted(pictures.iterdir()))
    ]
    with torch.no_grad():
        return right.loop(specimen.network(), orbits)


def require_agreement(result: Mapping[str, Any], right: Right, expected: Expected) -> None:
    """Every value that the loop made is the result's."""
    found = {(entry["metric"], entry["layer"]): entry for entry in result["results"]}
    for key, value in expected.items():
        if value is None:
            assert found[key]["status"] == "not_applicable", key
        else:
            # absolute: a divergence of 1e-9 nats is rounding of probabilities
            close = pytest.approx(value, rel=right.relative, abs=1e-9)
            assert (found[key]["status"], found[key]["value"]) == ("ok", close), key


def _normalised(path: Path) -> Tensor:
    pixels = torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)
    return (pixels.float() / 255 - MEAN) / STD


def _divergence(p: Tensor) -> float:
    """The mean of KL(p(gx) ‖ p̂(x)) over g, nats."""
    return torch.xlogy(p, p / p.mean(0)).sum(-1).mean().item()


def _minus_cosine(a: Tensor, b: Tensor) -> float:
    """Minus the mean cosine over channels that are not zero in both; maps (C, H, W)."""
    a, b = a.flatten(1), b.flatten(1)
    alive = (a.abs().amax(1) > 0) | (b.abs().amax(1) > 0)
    return -torch.cosine_similarity(a, b, dim=1)[alive].mean().item()
