"""Layers whose calls, rows or numbers are out of the ordinary: read right, or refused by name."""

from pathlib import Path

import pytest
from support.command import Geed
from support.zoo import Reading, Refused, Right, Specimen, audit_specimen
from torch import Tensor, nn


def as_they_are(maps: Tensor) -> Tensor:
    return maps


class _Twice(nn.Module):
    """One block that runs twice, with a ReLU that runs three times in all and writes over its input."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.block = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6))
        self.relu = nn.ReLU(inplace=True)
        self.unused = nn.Linear(2, 2)
        self.fc = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.stem(x))
        x = self.relu(self.block(x)) + x
        x = self.relu(self.block(x)) + x
        y: Tensor = self.fc(x.mean((2, 3)))
        return y


def twice() -> nn.Module:
    return _Twice()


def reading(*layers: str) -> Reading:
    return Reading(layers=dict.fromkeys(layers, as_they_are))


LAYERS = (
    Specimen(
        "calls-by-name",
        twice,
        Right(reading("relu#1", "relu#3", "block#2")),
        options=("--layer", "relu#3", "--layer", "relu#1", "--layer", "block#2", "--batch-size", "3"),
    ),
    Specimen(
        "calls-inside-calls",
        twice,
        Right(reading("block.0#1", "block.0#2", "block.1#1", "block.1#2")),
        options=("--layer", "block.*"),
        group="c4",
    ),
    Specimen(
        "calls-in-a-spec",
        twice,
        Right(reading("relu#1", "relu#2", "relu#3")),
        spec={"layers": ["re*"], "actions": {"relu": "spatial"}},
    ),
    Specimen("an-only-call-has-the-plain-name", twice, Right(reading("stem")), options=("--layer", "stem#1")),
    Specimen(
        "several-calls",
        twice,
        Refused("module 'relu' runs 3 times in one forward pass"),
        options=("--layer", "relu"),
    ),
    Specimen(
        "too-many-calls",
        twice,
        Refused(
            "so there is no block#3 expected: one of its calls: block#1, block#2 try: layers: [block#1] in the spec"
        ),
        spec={"layers": ["block#3"]},
    ),
    Specimen("never-run", twice, Refused("module 'unused' runs 0 times"), options=("--layer", "unused")),
    Specimen("a-vector", twice, Refused("layer 'fc' of"), options=("--layer", "fc")),
    Specimen(
        "features-of-one-call",
        twice,
        Refused(
            "expected: one of its calls: relu#1, relu#2, relu#3 try: split: {features: relu#1} in the spec"
        ),
        spec={"split": {"features": "relu", "classifier": "fc"}},
    ),
    Specimen(
        "an-action-of-one-call",
        twice,
        Refused("the action of relu#2 is regular under c4, and 6 channels are no multiple of 4"),
        spec={"layers": ["re*"], "actions": {"relu#2": {"regular": "c4"}}},
    ),
)


@pytest.mark.parametrize("specimen", LAYERS, ids=lambda specimen: specimen.name)
def test_layers_are_read_right_or_refused(specimen: Specimen, geed: Geed, tmp_path: Path) -> None:
    audit_specimen(specimen, geed, tmp_path)
