"""Kinds of output and of heads: read as what they are, not applicable, or refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from support.command import Geed
from support.zoo import Expected, Reading, Refused, Right, Specimen, audit_specimen
from torch import Tensor, nn
from torch.nn import functional

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
        "softmax over the batch": lambda z: z.softmax(0),
        "half": lambda z: z.softmax(-1) / 2,
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

    def __init__(self, way: str) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(way) for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.blocks(functional.relu(self.stem(x)).mean((2, 3)))
        return y


class Pixelwise(nn.Module):
    """Scores of three classes for each pixel, or for each 2×2 of them."""

    def __init__(self, end: str = "logits", stride: int = 1) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, stride=stride)
        self.head = nn.Conv2d(8, 3, 1)
        self.end = end

    def forward(self, x: Tensor) -> Tensor:
        z: Tensor = 20 * self.head(functional.relu(self.stem(x)))
        return z.softmax(1) if self.end == "probabilities" else z


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


CLASSIFIER, NONE = Right(Predicted(softmax)), Right(Reading(None, softmax=False))
HEAD_ALONE = Right(Reading("fc", softmax=False))


VECTORS = tuple(f"--metric={name}" for name in ("latent.*", "softmax.*", "prediction.*"))


def declared(**split: str | None) -> dict[str, dict[str, str | None]]:
    return {"split": split}


def ended(
    end: str, outcome: Right | Refused, name: str = "", outputs: int = CLASSES, **split: str | None
) -> Specimen:
    return Specimen(
        f"{end} {name}".strip(),
        Ended,
        outcome,
        {"end": end, "outputs": outputs},
        declared(**split) if split else {},
    )


SPECIMENS = (
    Specimen("plain", Trunk, Right(Predicted(softmax), says=("output: 6 logits (inferred)",))),
    Specimen("plain, fc declared", Trunk, CLASSIFIER, spec=declared(classifier="fc", output="logits")),
    Specimen("plain, null", Trunk, NONE, spec=declared(classifier=None)),
    Specimen("plain, none", Trunk, HEAD_ALONE, spec=declared(output="none")),
    Specimen("plain, said to be probabilities", Trunk, Refused("a row is negative somewhere or does not sum to 1"),
             spec=declared(output="probabilities")),
    ended("softmax", Right(Predicted(as_it_is), says=("output: 6 probabilities (inferred)",))),
    ended("softmax", Right(Predicted(as_it_is)), "declared", output="probabilities"),
    ended("softmax", Refused("all its rows are non-negative and sum to 1"), "said to be logits", output="logits"),
    ended("softmax", Refused("all its rows are non-negative and sum to 1"), "said to be labels", output="sigmoid"),
    ended("softmax by hand", Right(Predicted(as_it_is, features=None))),
    ended("log-softmax", CLASSIFIER),
    ended("flatten", CLASSIFIER),
    ended("squeeze", CLASSIFIER),
    ended("maps of one pixel", CLASSIFIER),
    ended("temperature", NONE),
    ended("temperature", CLASSIFIER, "classifier declared", classifier="fc"),
    ended("temperature", Right(Predicted(softmax, features=None)), "logits declared", output="logits"),
    ended("temperature in place", NONE),
    ended("flatten", Right(Reading("fc", softmax=False), says=("the output is one number",)), "one logit", 1),
    ended("flatten", Right(Predicted(torch.sigmoid, "labels"), says=("logits of 1 independent label (declared)",)),
          "one logit declared", 1, output="sigmoid"),
    ended("flatten", Refused("it is one number for each image"), "one logit, said to be logits", 1, output="logits"),
    ended("scalars", HEAD_ALONE, "one logit", 1),
    ended("scalars", Right(Predicted(lambda z: z[:, None].sigmoid(), "labels")), "declared", 1, output="sigmoid"),
    ended("flatten", Right(Predicted(torch.sigmoid, "labels")), "labels", output="sigmoid"),
    ended("sigmoid", HEAD_ALONE),
    ended("sigmoid", Right(Predicted(lambda p: p, "labels")), "declared", output="sigmoid"),
    ended("sigmoid", Refused("it ends in a sigmoid"), "said to be logits", output="logits"),
    ended("sigmoid in place", NONE),
    ended("sigmoid in place", Right(Predicted(lambda p: p, "labels", None)), "declared", output="sigmoid"),
    ended("sigmoid by hand", NONE),
    ended("sigmoid by hand", Refused("every value seen lies in [0, 1]"), "said to be labels", output="sigmoid"),
    ended("sigmoid by hand", Refused("every value seen lies in [0, 1]"), "said to be logits", output="logits"),
    ended("half", NONE),
    ended("tokens", NONE),
    ended("tokens", Refused("it is 3×6 for each image"), "said to be logits", output="logits"),
    ended("classes", Refused("the network's output is of type int64")),
    ended("tuple", Refused("returns tuple, not one tensor")),
    ended("dict", Refused("returns dict, not one tensor")),
    Specimen("probabilities of some pictures", SometimesScaled, Refused("a row is negative somewhere"),
             spec=declared(output="probabilities")),
    Specimen("keyword", Keyword, CLASSIFIER),
    Specimen("labels that are None", WithLabels, CLASSIFIER),
    Specimen("head twice", HeadTwice,
             Refused("one of its calls: fc#1 or fc#2 (its output is the network's)")),
    Specimen("head twice, unnamed", HeadTwice, Refused("runs 2 times"), spec=declared(classifier="fc")),
    Specimen("head twice, no such call", HeadTwice, Refused("one of its calls: fc#1 or fc#2"),
             spec=declared(classifier="fc#3")),
    Specimen("averaged", Averaged, NONE, options=VECTORS),
    Specimen("auxiliary", Auxiliary, CLASSIFIER),
    Specimen("auxiliary declared", Auxiliary, Refused("split: {classifier: fc} in the spec"),
             spec=declared(classifier="auxiliary")),
    Specimen("projected in training", Projected, NONE),
    Specimen("projected, declared", Projected, Refused("split: {classifier: null} in the spec"),
             spec=declared(classifier="fc")),
    *(Specimen(f"headless, {way}", Headless, NONE, {"way": way}) for way in ("beside", "in place", "none")),
    Specimen("pixels", Pixelwise, NONE),
    Specimen("pixels declared", Pixelwise, Right(Predicted(lambda z: z.softmax(1), "pixels", None)),
             spec=declared(output="dense")),
    Specimen("pixels under c4", Pixelwise, Right(Predicted(lambda z: z.softmax(1), "pixels", None)),
             {"stride": 2}, declared(output="dense"), group="c4"),
    Specimen("pixels, probabilities", Pixelwise, Right(Predicted(as_it_is, "pixels", None)),
             {"end": "probabilities"}, declared(output="dense")),
    Specimen("pixels, said to be logits", Pixelwise, Refused("it is 3×12×12 for each image"),
             spec=declared(output="logits")),
    Specimen("rows, said to be pixels", Trunk, Refused("it is 6 for each image, not classes × height × width"),
             spec=declared(output="dense")),
)  # fmt: skip


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_outputs_are_read_as_what_they_are(specimen: Specimen, geed: Geed, tmp_path: Path) -> None:
    audit_specimen(specimen, geed, tmp_path)
