"""``--devices`` as a user gives it."""

from pathlib import Path

import pytest
import torch
from support.command import Geed

from geed_cli.result.file import read_result

SMALL = ("timm:test_resnet", "--weights", "random", "--img-size", "64", "--metric", "latent.*", "--no-cache")


def test_lanes_are_named_in_the_result(geed: Geed, pictures: Path, tmp_path: Path) -> None:
    """Spaces around names do no harm; values are those of one device."""
    values = []
    for device in (("--device", "cpu"), ("--devices", "cpu, cpu")):
        done = geed(
            "audit", *SMALL, "-d", pictures, *device, "--batch-size", 8, "--json", tmp_path / "r.json"
        )
        assert done.exit_code == 0, done.stderr
        result = read_result(tmp_path / "r.json")
        values.append(result.results)
    assert result.settings.device == "cpu, cpu"
    assert values[0] == values[1]


@pytest.mark.parametrize("command", ["audit", "compare"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--devices", "cpu,gpu"), "device 'gpu' among several"),
        (("--devices", "0,"), "device '' among several"),
        (("--devices", "0,1", "--device", "cpu"), "--device cpu together with --devices 0,1"),
    ],
)
def test_devices_that_cannot_be_meant(geed: Geed, command: str, options: tuple[str, ...], said: str) -> None:
    """Exit code 2 before anything is loaded."""
    done = geed(command, "resnet50", *options)
    assert done.exit_code == 2
    assert said in done.stderr


def test_discovery_is_for_one_device(geed: Geed) -> None:
    """Exit code 2 with the way out."""
    done = geed("audit", "resnet50", "--discover", "linear", "--devices", "all")
    assert done.exit_code == 2
    assert "--discover with --devices 0" in done.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("names", ["0", "0,1", "all"])
def test_no_gpu(geed: Geed, pictures: Path, names: str) -> None:
    """Exit code 3, and what is there."""
    done = geed("audit", *SMALL, "-d", pictures, "--devices", names)
    assert done.exit_code == 3
    assert "CUDA device 0 is not available here" in done.stderr
    assert "leave out --devices" in done.stderr
