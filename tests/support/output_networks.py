"""Networks with every kind of output and head, and the loop of their predictions, for the zoo."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from support.zoo import Expected, Reading

KL, FLIPS = ("softmax.kl", None), ("prediction.flip_rate", None)
CLASSES = 6


class Trunk(nn.Module):
    """A stem, pooled features that differ between pictures, and a linear head."""

    def __init__(self, outputs: int = CLASSES) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8, outputs)
        with torch.no_grad():
            self.fc.weight *= 30  # predictions that differ between pictures and between mirror images
            self.fc.bias.copy_(-self.fc.weight @ self.features(torch.zeros(1, 3, 12, 12))[0])

    def features(self, x: Tensor) -> Tensor:
        y = functional.relu(self.stem(x))
        return (y * torch.linspace(0.5, 1.5, y.shape[-1])).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.features(x))
        return y


class Ended(Trunk):
    """What a network does to its head's output at the very end."""

    ENDS: ClassVar[dict[str, Callable[[Tensor], Any]]] = {
        "softmax": lambda z: z.softmax(-1),
        "log-softmax": lambda z: functional.log_softmax(z, 1),
        "softmax by hand": lambda z: z.exp() / z.exp().sum(1, keepdim=True),
        "sigmoid": torch.sigmoid,
        "sigmoid in place": lambda z: z.sigmoid_(),
        "sigmoid by hand": lambda z: 1 / (1 + (-z).exp()),
        "temperature": lambda z: z / 2,
        "temperature in place": lambda z: z.div_(2),
        "flatten": lambda z: z[:, :, None, None].flatten(1),
        "squeeze": lambda z: z[:, :, None, None].squeeze(3).squeeze(2),
        "maps of one pixel": lambda z: z[:, :, None, None],
        "scalars": lambda z: z.squeeze(1),
        "tokens": lambda z: z[:, None].expand(-1, 3, -1).contiguous(),
        "classes": lambda z: z.argmax(1),
        "tuple": lambda z: (z, z),
        "dict": lambda z: {"logits": z},
        "sparse": lambda z: z.to_sparse(),
        "softmax over the batch": lambda z: z.softmax(0),
        "half": lambda z: z.softmax(-1) / 2,
        "softmax in bfloat16": lambda z: z.bfloat16().softmax(-1),
        "the rest to 1": lambda z: torch.cat(
            [p := z.softmax(-1)[:, 1:] - 1e-7, 1 - p.sum(1, keepdim=True)], 1
        ),
    }

    def __init__(self, end: str, outputs: int = CLASSES) -> None:
        super().__init__(outputs)
        self.end = end

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.ENDS[self.end](super().forward(x))
        return y


class SometimesScaled(Trunk):
    """Probabilities of dark pictures alone."""

    def forward(self, x: Tensor) -> Tensor:
        z = super().forward(x)
        return torch.where(x[:, :, 0, 0].amax(1, keepdim=True) > 0.6, z, z.softmax(1))


class Directions(nn.Module):
    """Probabilities of the direction of features, which a black picture has not."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.fc = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        h = functional.relu(self.stem(x)).mean((2, 3))
        y: Tensor = self.fc(h / h.norm(dim=1, keepdim=True)).softmax(1)
        return y


class Keyword(Trunk):
    """A head that is called by keyword."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(input=self.features(x))
        return y


class Margin(nn.Linear):
    """A head that takes labels in training."""

    def forward(self, input: Tensor, labels: Tensor | None = None) -> Tensor:  # noqa: A002 - as its parent calls it
        return super().forward(input if labels is None else input + labels)


class WithLabels(Trunk):
    """A head that is given labels, None in evaluation."""

    def __init__(self) -> None:
        super().__init__()
        weights = self.fc.state_dict()
        self.fc = Margin(8, CLASSES)
        self.fc.load_state_dict(weights)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.features(x), labels=None)
        return y


class HeadTwice(Trunk):
    """A head that scores the features of half the brightness first."""

    def forward(self, x: Tensor) -> Tensor:
        self.fc(self.features(x) / 2)
        return super().forward(x)


class HeadByImage(Trunk):
    """A head that scores one picture at a time."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.fc(features[None]) for features in self.features(x)])


class Averaged(Trunk):
    """The mean of what a head says of a picture and its mirror image."""

    def forward(self, x: Tensor) -> Tensor:
        return (super().forward(x) + super().forward(x.flip(-1))) / 2


class Auxiliary(Trunk):
    """A head for training alone, defined last."""

    def __init__(self) -> None:
        super().__init__()
        self.auxiliary = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return y + self.auxiliary(self.features(x)) if self.training else y


class Projected(Trunk):
    """Features in evaluation, and a projection of them in training."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.training else self.features(x)


class Block(nn.Module):
    """Two linear layers, beside which the input goes on, or does not, or is added in place."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way, self.fc1, self.fc2 = way, nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return {"beside": lambda: x + y, "in place": lambda: y.add_(x), "none": lambda: y}[self.way]()


class Headless(nn.Module):
    """Blocks of linear layers that nothing follows."""

    def __init__(self, way: str, count: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(way) for _ in range(count)))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.blocks(functional.relu(self.stem(x)).mean((2, 3)))
        return y


class Pixelwise(nn.Module):
    """Scores of three classes for each pixel, or for each 2×2 of them."""

    def __init__(self, end: str = "logits", stride: int = 1, classes: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, stride=stride)
        self.head = nn.Conv2d(8, classes, 1)
        self.end = end

    def forward(self, x: Tensor) -> Tensor:
        z: Tensor = 20 * self.head(functional.relu(self.stem(x)))
        if self.end == "certain":
            z = 1e6 * z
        if self.end == "transposed":
            return z.transpose(2, 3)
        z = z.softmax(1) if self.end in {"probabilities", "certain", "probabilities last"} else z
        return z.permute(0, 2, 3, 1) if self.end in {"classes last", "probabilities last"} else z


@dataclass(frozen=True)
class Predicted:
    """The loop of predictions: KL and flips of p(gx) against what e and the orbit say, place by place.

    Attributes:
        p: from one output (B, …) to float64 probabilities, (B, K), labels (B, K) of Bernoulli, or pixels (B, C, H, W).
        places: classes, labels or pixels.
        features: as of ``Reading``, checked too.
    """

    p: Callable[[Tensor], Tensor]
    places: str = "classes"
    features: str | None = "fc"

    def __call__(self, module: nn.Module, orbits: Sequence[Tensor]) -> Expected:
        expected = Reading(self.features, softmax=False)(module, orbits)
        seen = [[self.p(module(x[None].clone()).double())[0].numpy() for x in orbit] for orbit in orbits]
        make = {"classes": self._classes, "labels": self._labels, "pixels": self._pixels}[self.places]
        rows = [make(orbit) for orbit in seen]
        return expected | {
            KL: float(np.mean([k for k, _ in rows])),
            FLIPS: float(np.mean([f for _, f in rows])),
        }

    @staticmethod
    def _classes(orbit: Sequence[np.ndarray]) -> tuple[float, float]:
        mean = sum(orbit) / len(orbit)
        kl = [sum(a * np.log(a / b) for a, b in zip(p, mean, strict=True) if a > 0) for p in orbit]
        return float(np.mean(kl)), float(np.mean([p.argmax() != orbit[0].argmax() for p in orbit[1:]]))

    @staticmethod
    def _labels(orbit: Sequence[np.ndarray]) -> tuple[float, float]:
        mean = sum(orbit) / len(orbit)
        kl = [
            np.mean(
                [
                    a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
                    for a, b in zip(p, mean, strict=True)
                ]
            )
            for p in orbit
        ]
        flips = [any((a > 0.5) != (b > 0.5) for a, b in zip(p, orbit[0], strict=True)) for p in orbit[1:]]
        return float(np.mean(kl)), float(np.mean(flips))

    @staticmethod
    def _pixels(orbit: Sequence[np.ndarray]) -> tuple[float, float]:
        turned = (
            [orbit[0], orbit[0][:, :, ::-1]]
            if len(orbit) == 2
            else [np.rot90(orbit[0], k, (1, 2)) for k in range(4)]
        )
        _, height, width = orbit[0].shape
        kl, flips = [], []
        for g, (p, q) in enumerate(zip(orbit, turned, strict=True)):
            for i in range(height):
                for j in range(width):
                    kl.append(sum(a * np.log(a / b) for a, b in zip(p[:, i, j], q[:, i, j], strict=True)))
                    if g:
                        flips.append(p[:, i, j].argmax() != q[:, i, j].argmax())
        return float(np.mean(kl)), float(np.mean(flips))


def softmax(z: Tensor) -> Tensor:
    return z.flatten(1).softmax(1)


def as_it_is(p: Tensor) -> Tensor:
    return p / p.sum(1, keepdim=True)


VECTORS = tuple(f"--metric={name}" for name in ("latent.*", "softmax.*", "prediction.*"))
"""Options of an audit without layers."""


def declared(**split: str | None) -> dict[str, dict[str, str | None]]:
    """The section split of a spec."""
    return {"split": split}
