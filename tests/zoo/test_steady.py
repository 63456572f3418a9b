"""Networks that are a function of one image, however oddly, are audited; those that are not are refused."""

from pathlib import Path

import pytest
import torch
from support.command import Geed
from support.zoo import Reading, Right, Specimen, audit_specimen
from torch import Tensor, nn
from torch.nn import functional


class _Plain(nn.Module):
    """A stem, pooled features, and a head of ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.fc = nn.Linear(8, 10)
        with torch.no_grad():
            self.fc.weight *= 20  # predictions that differ between pictures

    def features(self, x: Tensor) -> Tensor:
        return functional.relu(self.stem(x)).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.features(x))
        return y


def plain() -> nn.Module:
    return _Plain()


STEM = Reading(layers={"stem": lambda maps: maps})

STEADY = (
    Specimen("plain", plain, Right(STEM), options=("--layer", "stem")),
    Specimen("plain-c4", plain, Right(STEM), options=("--layer", "stem", "--batch-size", "3"), group="c4"),
)


@pytest.mark.parametrize("specimen", STEADY, ids=lambda specimen: specimen.name)
def test_steady_networks_are_audited(specimen: Specimen, geed: Geed, tmp_path: Path) -> None:
    audit_specimen(specimen, geed, tmp_path)
