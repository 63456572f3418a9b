"""A comparison on a real Ray cluster of this machine: results with the digests of one process, and its differences."""

import json
from pathlib import Path

import pytest
from support.ray_runs import RayRun

from geed_cli.result.embedded import read_page

COMPARE = (
    *("compare", "timm:resnet18", "timm:resnet34", "--weights", "random", "--img-size", "64", "-g", "flip"),
    *("--samples", "40", "-q", "--json", "made.json", "-o", "page.html"),
)


def compared(folder: Path, *words: str) -> tuple[dict[str, str], dict[str, object]]:
    """The digest of each model's result, and the comparison."""
    folder.mkdir()
    RayRun(folder, *COMPARE, *words).said()
    digests = {name: result.digest for name, result in read_page(folder / "page.html").items()}
    return digests, json.loads((folder / "made.json").read_text())


@pytest.mark.heavy
def test_two_models_have_the_results_and_differences_of_one_process(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra integrations")
    digests, local = compared(tmp_path / "local")
    assert len(digests) == 2
    on_ray, made = compared(tmp_path / "ray", "--engine", "ray", "--workers", "2")
    assert on_ray == digests
    assert made == local
