"""Networks of one channel see luminance; other numbers of channels are refused with what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command import Geed
from support.zoo import MEAN, SIZE, STD, Expected, Reading, Refused, Right, Specimen, audit_specimen
from torch import Tensor, nn
from torch.nn import functional


class _Stem(nn.Module):
    """A convolution of so many channels, pooled features, and a head of ten classes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, 8, 3, stride=2, padding=1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(functional.relu(self.stem(x)).mean((2, 3)))


class _Patches(nn.Module):
    """Patches of one channel by a linear layer: no convolution says how many channels there are."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.fc = nn.Linear(16, 8), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        patches = functional.unfold(x, 4, stride=4).transpose(1, 2)
        return self.fc(functional.gelu(self.embed(patches)).mean(1))


class _EachChannel(nn.Module):
    """A convolution of one channel over each of the three: one channel would run, too, and is not meant."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.fc = nn.Conv2d(1, 8, 3), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.stem(x.flatten(0, 1)[:, None]).relu().mean((2, 3))
        return self.fc(maps.unflatten(0, (len(x), -1)).amax(1))


class _ItsOwnGrey(nn.Module):
    """Makes grey of three channels by itself, for a convolution of one."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = _Stem(1)
        self.fc = nn.Linear(10, 6)

    def forward(self, x: Tensor) -> Tensor:
        weights = x.new_tensor([0.2, 0.5, 0.3]).view(3, 1, 1)
        return self.fc(self.inner((x * weights).sum(1, keepdim=True)))


class _HeadFirst(nn.Module):
    """Defines a convolution of eight channels before the one that sees the picture."""

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        self.head = nn.Conv2d(8, 10, 1)
        self.stem = nn.Conv2d(channels, 8, 3)
        self.fc = nn.Linear(10 * (size - 2) ** 2, 5)

    def forward(self, x: Tensor) -> Tensor:
        print("a network that talks")
        return self.fc(self.head(self.stem(x).relu()).flatten(1))


def head_first(size: int = SIZE, channels: int = 3) -> nn.Module:
    return _HeadFirst(size, channels)


def stem_of(channels: int) -> nn.Module:
    return _Stem(channels)


def patches() -> nn.Module:
    return _Patches()


def each_channel() -> nn.Module:
    return _EachChannel()


def own_grey() -> nn.Module:
    return _ItsOwnGrey()


@dataclass(frozen=True)
class OfLuminance(Reading):
    """The plain loop on luminance: 0.299 R + 0.587 G + 0.114 B of whole levels, in whole levels."""

    def __call__(self, module: nn.Module, orbits: Sequence[Sequence[Tensor]]) -> Expected:
        return super().__call__(module, [[self.grey(x) for x in orbit] for orbit in orbits])

    def grey(self, x: Tensor) -> Tensor:
        levels = np.rint((x.double() * STD + MEAN).numpy() * 255)
        grey = np.floor((levels * [[[299]], [[587]], [[114]]]).sum(0) / 1000 + 0.5)
        return (x.new_tensor(grey)[None] / 255 - MEAN) / STD


ONE_EACH: Mapping[str, Any] = {"input": {"size": SIZE, "crop_pct": 1.0, "mean": [MEAN], "std": [STD]}}
STATED: Mapping[str, Any] = {"input": {**ONE_EACH["input"], "channels": 1}}
STEM = OfLuminance(layers={"stem": lambda maps: maps})
# Pillow's weights have 16 bits and are a part in 65536 off the decimal ones: a level may round otherwise
GREY = Right(STEM, relative=2e-3, says=("luminance (ITU-R BT.601)",))
FOUND = Right(
    STEM, relative=2e-3, says=("the first convolution, stem, takes one channel: it is shown luminance",)
)
ONE, LAYER = {"channels": 1}, ("--layer", "stem")

SPECIMENS = (
    Specimen("stated", stem_of, GREY, ONE, STATED, LAYER),
    Specimen("stated-c4", stem_of, GREY, ONE, STATED, LAYER, group="c4"),
    Specimen("found", stem_of, FOUND, ONE, ONE_EACH, LAYER),
    Specimen("found-with-three-means", stem_of, FOUND, ONE, options=LAYER),
    Specimen("a-cell-at-a-time", stem_of, GREY, ONE, STATED, (*LAYER, "--batch-size", "3"), group="c4"),
    Specimen(
        "patches", patches, Right(OfLuminance(), 2e-3, ("the network takes one channel",)), spec=ONE_EACH
    ),
    Specimen("patches-stated", patches, Right(OfLuminance(), 2e-3), spec=STATED),
    Specimen("each-channel", each_channel, Right(Reading())),
    Specimen("own-grey", own_grey, Right(Reading())),
    Specimen("one-mean-for-three", stem_of, Right(Reading()), {"channels": 3}, ONE_EACH),
    Specimen("head-first", head_first, Right(Reading())),
    Specimen("head-first-stated", head_first, Right(OfLuminance(), 2e-3), ONE, STATED),
    Specimen("head-first-of-one", head_first, Refused("takes pictures of 1 channel, not of 3 channels"), ONE),
    Specimen("head-first-of-another-size", head_first, Refused("does not run on 12×12 images"), {"size": 16}),
    Specimen(
        "two", stem_of, Refused("takes 2 channels: its first convolution, stem, has so many"), {"channels": 2}
    ),
    Specimen("four", stem_of, Refused("makes its channels of the three of a picture"), {"channels": 4}),
    Specimen(
        "three-stated-as-one",
        stem_of,
        Refused("takes pictures of 3 channels, not of 1 channel"),
        {"channels": 3},
        STATED,
    ),
    Specimen(
        "one-stated-as-three",
        stem_of,
        Refused("input: {channels: 1} in the spec"),
        ONE,
        {"input": {**ONE_EACH["input"], "channels": 3}},
    ),
)


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
def test_channels(specimen: Specimen, geed: Geed, tmp_path: Path) -> None:
    audit_specimen(specimen, geed, tmp_path)
