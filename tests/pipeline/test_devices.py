"""Several devices of one machine: the same results as from one, digit for digit, whoever sees which image.

Workers on the CPU stand in for GPUs. One thread each: with several, a matrix product may round a row by its place in a
batch, and places differ between workers.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.networks import small_conv_net
from support.results import measured

from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.audit import audit, audit_together
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions, UntilOptions
from geed_cli.result.schema import Result

SIZE = 16
LAYERS = ("block1", "block3", "pool")
ONE, TWO, THREE = (), ("cpu", "cpu"), ("cpu", "cpu", "cpu")
PICTURES = (24, SIZE)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def network() -> Network:
    # rows are kept of networks of known libraries alone
    return replace(small_conv_net(size=SIZE), source="timm")


def options_of(folder: Path, devices: tuple[str, ...] = ONE, **changes: object) -> AuditOptions:
    """Batches of five, so that orbits are cut anywhere."""
    options = AuditOptions(
        data=DataOptions(folder),
        run=RunOptions("auto" if devices else "cpu", 5, devices=devices),
        layers=LAYERS,
        controls=ControlOptions(probes=6),
    )
    return replace(options, **changes)


def numbers(result: Result) -> dict[str, object]:
    """Everything in a result but the time it took and the devices' names."""
    return result.model_dump(exclude={"timing": True, "settings": {"device"}})


@contextmanager
def watching(network: Network) -> Iterator[list[tuple[int, str]]]:
    """The module and the thread of every forward pass of five rows; copies of the network keep the hook."""
    seen: list[tuple[int, str]] = []

    def note(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if len(inputs[0]) == 5 and inputs[0].any():
            seen.append((id(module), threading.current_thread().name))

    handle = network.module.register_forward_pre_hook(note)
    try:
        yield seen
    finally:
        handle.remove()


@pytest.mark.parametrize("devices", [pytest.param(TWO, marks=pytest.mark.slow), THREE])
def test_workers_give_the_digits_of_one_device(folder: Path, devices: tuple[str, ...]) -> None:
    """Values, intervals, rows and all controls; every worker has a network of its own and sees images."""
    network, layers = load_model("timm:test_resnet", weights="random", img_size=SIZE), ("layer1", "layer4")
    one = audit(network, ["flip", "c3"], options_of(folder, layers=layers))
    with watching(network) as seen:
        several = audit(network, ["flip", "c3"], options_of(folder, devices, layers=layers))
    assert numbers(several) == numbers(one)
    controls = {name for entry in several.results for name in entry.controls}
    assert {"null", "floor", "rounding"} <= controls
    assert len(set(seen)) == len({module for module, _ in seen}) == len(devices)
    assert (one.settings.device, several.settings.device) == ("cpu", ", ".join(devices))


def test_one_device_has_no_threads(network: Network, folder: Path) -> None:
    """Named by itself or not at all, it runs in the caller's thread on the network itself."""
    for devices in (ONE, ("cpu",)):
        with watching(network) as seen:
            audit(network, ["flip"], options_of(folder, devices))
        assert set(seen) == {(id(network.module), threading.main_thread().name)}


def test_rounding_without_probes(network: Network, folder: Path) -> None:
    """It is measured on the same image, wherever that lies in the folder."""
    for seed in (0, 1):
        changes = {
            "controls": ControlOptions(probes=0),
            "data": DataOptions(folder, samples=13, seed=seed),
        }
        one, several = (
            audit(network, ["flip"], options_of(folder, devices, **changes)) for devices in (ONE, THREE)
        )
        assert numbers(several) == numbers(one)
        assert any("rounding" in entry.controls for entry in several.results)


def test_every_image_a_probe(network: Network, folder: Path) -> None:
    """More pictures than may wait for the first worker: the other waits, and nulls are those of the folder's order."""
    changes = {"controls": ControlOptions(probes=24)}
    one, several = (
        audit(network, ["flip"], options_of(folder, devices, **changes)) for devices in (ONE, TWO)
    )
    assert numbers(several) == numbers(one)


def test_normaliser_images_and_unreadable_ones(network: Network, folder: Path, tmp_path: Path) -> None:
    """Both are the same; what is refused is listed in the same order."""
    for path in sorted(folder.iterdir()):
        broken = path.name in {"0003.png", "0017.png"}
        (tmp_path / path.name).write_bytes(path.read_bytes()[: 80 if broken else None])
    changes = {"data": DataOptions(tmp_path, samples=14, norm_samples=10, on_bad_image="skip")}
    one, several = (
        audit(network, ["c4"], options_of(tmp_path, devices, **changes)) for devices in (ONE, THREE)
    )
    assert numbers(several) == numbers(one)
    assert [item.path for item in several.data.refused] == ["0003.png", "0017.png"]


@pytest.mark.heavy
def test_two_networks(network: Network, folder: Path) -> None:
    """As for ``geed compare``; a twin is such a network."""
    other = small_conv_net(3, SIZE)
    one, several = (
        audit_together([network, other], ["c4"], options_of(folder, devices)) for devices in (ONE, TWO)
    )
    assert list(map(numbers, several)) == list(map(numbers, one))
    twins = [audit(network, ["c4"], options_of(folder, devices), twin=other) for devices in (ONE, TWO)]
    assert numbers(twins[1]) == numbers(twins[0])


def test_a_run_in_looks(network: Network, folder: Path) -> None:
    """The second look goes on with the same workers: its first probe is set against the last of the first look."""
    changes = {
        "data": DataOptions(folder, samples=20),
        "until": UntilOptions(1e-9, 24),
        "controls": ControlOptions(24),
    }
    one, several = (
        audit(network, ["flip"], options_of(folder, devices, **changes)) for devices in (ONE, TWO)
    )
    assert several.settings.looks is not None
    assert several.settings.looks.used == 2
    assert numbers(several) == numbers(one)


def test_reduced_precision(network: Network, folder: Path) -> None:
    """The deviation from float32 is taken by workers, too."""
    changes = {"data": DataOptions(folder, samples=8), "controls": ControlOptions(probes=2)}
    results = []
    for devices in (ONE, TWO):
        options = options_of(folder, devices, **changes)
        results.append(audit(network, ["flip"], replace(options, run=replace(options.run, precision="bf16"))))
    assert numbers(results[1]) == numbers(results[0])
    assert all("precision_shift" in entry.controls for entry in measured(results[1]))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ONE, TWO),
        pytest.param(TWO, ONE, marks=pytest.mark.slow),
        pytest.param(THREE, TWO, marks=pytest.mark.slow),
    ],
)
def test_the_cache_does_not_care_who_made_a_row(
    network: Network, folder: Path, tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """What some workers have written others read: no forward pass, the same digits; parts are filled in."""
    fresh = numbers(audit(network, ["flip", "c4"], options_of(folder)))
    audit(network, ["flip"], options_of(folder, before, cache=tmp_path))
    grown = audit(network, ["flip", "c4"], options_of(folder, after, cache=tmp_path))
    with watching(network) as seen:
        again = audit(network, ["flip", "c4"], options_of(folder, before, cache=tmp_path))
    assert seen == []
    assert again.timing.cached == 24
    assert numbers(grown) == numbers(again) == fresh
