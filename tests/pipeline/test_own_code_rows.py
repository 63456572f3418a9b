"""Rows of a spec's own code: kept only under the name that the spec gives it, since equal weights do not tell."""

from pathlib import Path

import pytest
from support.pictures import smooth_pictures

from geed_cli import AuditOptions, DataOptions, RunOptions, audit, load_model

CODE = """
from pathlib import Path
from torch import nn

class Net(nn.Sequential):
    def forward(self, x):
        return super().forward(x ** float(Path(__file__).with_name("power.txt").read_text()))

def build():
    return Net(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 2)), nn.Flatten(), nn.Linear(8, 3))
"""
SPEC = """
model: {source: python, name: "own_code_rows:build"KEY}
weights: {origin: random}
layers: ["0"]
input: {size: 16, crop_pct: 1.0, interpolation: bilinear, mean: [0, 0, 0], std: [1, 1, 1]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, and code of one's own."""
    folder = smooth_pictures(tmp_path_factory.mktemp("own") / "pictures", 4, 20).parent
    (folder / "own_code_rows.py").write_text(CODE)
    return folder


def test_rows_of_own_code_are_kept_under_its_name(folder: Path) -> None:
    """Code that changes has other values where it has no name or another one; under the same name the kept ones."""

    def value(power: str, key: str) -> float:
        (folder / "power.txt").write_text(power)
        (folder / "net.yaml").write_text(SPEC.replace("KEY", key))
        network = load_model(str(folder / "net.yaml"), allow_code=True)
        data, run = DataOptions(folder / "pictures"), RunOptions("cpu", 4)
        options = AuditOptions(data, run=run, metrics=("latent.l2",))
        made = audit(network, groups="flip", options=options, cache=folder / "cache", progress=False)
        found = made.results[0].value
        assert found is not None
        return found

    linear, square = value("1", ""), value("2", "")
    assert linear != square
    assert value("1", ", cache_key: v1") == linear
    assert value("2", ", cache_key: v1") == linear  # whoever names two codes alike gets the rows of the first
    assert value("2", ", cache_key: v2") == square
    assert value("1", "") == linear
