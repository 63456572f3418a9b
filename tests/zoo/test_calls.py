"""Modules that run several times: every call is a layer, in tables, in the cache and in what messages suggest."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.command import Geed
from support.networks import network_of
from support.zoo import Specimen
from torch import nn

from geed_cli.engine.compiled import CompiledNetwork
from geed_cli.engine.engine import full_precision
from geed_cli.engine.hooks import hooked
from geed_cli.errors import InputError
from geed_cli.grids.obstacles import trace_alignments
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Silent

PICTURES = (4, 12)


class Twice(nn.Module):
    """A convolution that runs twice and a ReLU that runs once a call, on purpose over its input."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.block = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(inplace=True))
        self.fc = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.fc(self.block(self.block(self.stem(x))).mean((2, 3)))
        return y


def twice() -> nn.Module:
    return Twice()


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    return network_of(Twice(), features=Site("fc", "input"), layers=("block",), size=12)


def test_stages_that_run_twice_are_two_layers_in_the_cache_too(
    network: Network, folder: Path, tmp_path: Path
) -> None:
    """The second run asks for the second call alone and takes it from the cache, digit for digit."""
    known = replace(network, source="timm")  # rows are kept of networks of known libraries alone
    options = AuditOptions(
        data=DataOptions(folder), run=RunOptions("cpu", 3), cache=tmp_path, metrics=("channelwise.cosine",)
    )
    both = audit(known, ["flip"], options)
    assert [entry.layer for entry in both.results] == ["block#1", "block#2"]
    assert both.results[0].value != both.results[1].value
    again = audit(known, ["flip"], replace(options, layers=("block#2",)))
    assert (again.results, again.timing.cached) == (both.results[1:], 4)


@pytest.mark.heavy
def test_a_compiled_network_tells_calls_apart(network: Network) -> None:
    """By the hooks of a plain pass; 1e-5: the graph may sum in another order."""
    sites = [Site("block.0#2", "output"), Site("stem", "output"), Site("block.0#1", "output")]
    pictures = torch.rand(2, 3, 12, 12)
    plain: dict[Site, torch.Tensor] = {}
    with hooked(network.module, sites, lambda site, maps: plain.update({site: maps.clone()})):
        network.module(pictures)
    with full_precision():
        held = CompiledNetwork(network, sites, "eager")(pictures)
    assert list(held) == sites
    for site in sites:
        torch.testing.assert_close(held[site], plain[site], rtol=1e-5, atol=1e-6)


class Fickle(Twice):
    """Runs its block once more where a batch has a bright picture, and not at all where it has a dark one."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.stem(x)
        shades = x.mean((1, 2, 3))
        times = 2 if bool((shades > 1.5).any()) else 0 if bool((shades < -1.5).any()) else 1
        for _ in range(times):
            maps = self.block(maps)
        y: torch.Tensor = self.fc(maps.mean((2, 3)))
        return y


@pytest.fixture(params=[(255, "more often"), (0, "does not run")], ids=["bright", "dark"])
def otherwise(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """Two pictures, of which the second makes the block run otherwise than for the trace's plain ones."""
    shade, says = request.param
    Image.new("RGB", (12, 12), (128,) * 3).save(tmp_path / "grey.png")
    Image.new("RGB", (12, 12), (shade,) * 3).save(tmp_path / "plain.png")
    return tmp_path, says


class Listener(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize("layers", [("block",), ("bl*",), ()], ids=["written", "glob", "stage"])
def test_a_batch_in_which_a_module_runs_otherwise(
    otherwise: tuple[Path, str], layers: tuple[str, ...]
) -> None:
    """No row is taken from another call: what is written out is refused, anything else is left out of the run.

    (What is beside a picture then decides about it, too, so the run is told to go on.)
    """
    folder, says = otherwise
    network = network_of(Fickle(), features=Site("fc", "input"), layers=("stem", "block"), size=12)
    heard = Listener()
    options = AuditOptions(
        data=DataOptions(folder),
        run=RunOptions("cpu", 2, on_unsteady="report"),
        layers=layers and (*layers, "stem"),
    )
    if layers == ("block",):
        with pytest.raises(InputError, match=f"'block' of Fickle cannot be read: in this batch it .*{says}"):
            audit(network, ["flip"], options, heard)
        return
    found = audit(network, ["flip"], options, heard)
    alone = audit(network, ["flip"], replace(options, layers=("stem",)))
    assert [each for each in found.results if each.layer != "block"] == list(alone.results)
    assert {each.status for each in found.results if each.layer == "block"} == (
        set() if layers else {"not_applicable"}
    )
    assert any(note.startswith("starting over without layer block: in this batch it") for note in heard.notes)
    assert any(
        note.startswith("left out of what bl* selects: block (in this") for note in heard.notes
    ) == bool(layers)


SPECIMEN = Specimen("twice", twice, outcome=None)  # type: ignore[arg-type] # only its spec is used


def test_what_the_refusal_suggests_is_audited(geed: Geed, folder: Path, tmp_path: Path) -> None:
    """Its last line is an option of the same command."""
    command = ("audit", SPECIMEN.write_spec(tmp_path), "--allow-code", "-d", folder)
    refused = geed(*command, "--layer", "block.0")
    assert refused.exit_code == 2
    option = refused.stderr.splitlines()[-1].removeprefix("  try:").split()
    assert option == ["--layer", "block.0#1"]
    done = geed(*command, *option)
    assert done.exit_code == 0
    assert "block.0#1" in done.stdout


def test_a_glob_leaves_out_with_one_note(geed: Geed, folder: Path, tmp_path: Path) -> None:
    """The classifier's output is no map; every call of the block is a row."""
    command = ("audit", SPECIMEN.write_spec(tmp_path), "--allow-code", "-d", folder, "--layer", "*")
    done = geed(*command, "--json", tmp_path / "result.json")
    assert done.exit_code == 0
    entries = json.loads((tmp_path / "result.json").read_text())["results"]
    layers = dict.fromkeys(entry["layer"] for entry in entries if entry["layer"])
    assert list(layers) == ["stem", "block#1", "block#2"]
    assert done.stderr.count("left out of what * selects: fc (its output of shape 3 is no") == 1


def test_inspect_lists_calls(geed: Geed, tmp_path: Path) -> None:
    done = geed("inspect", SPECIMEN.write_spec(tmp_path), "--allow-code", "--layers")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["block.1#2", "4×12×12", "nchw", "ReLU"] in lines
    assert ["block#1", "4×12×12", "nchw", "Sequential", "audited"] in lines


def test_grids_of_calls_are_followed() -> None:
    """A convolution of kernel 3, stride 2, padding 1 samples 12 pixels off their middle, and then the 6 once more."""

    class Shrinking(Twice):
        def __init__(self) -> None:
            super().__init__()
            self.block = nn.Sequential(nn.Conv2d(4, 4, 3, stride=2, padding=1), nn.ReLU())

    layers = ("stem", "block#1", "block.0#2")
    network = network_of(Shrinking(), features=Site("fc", "input"), layers=layers, size=12)
    found = trace_alignments(network, layers)
    assert {name: (found[name].jump, found[name].known_offset) for name in layers} == {
        "stem": ((1, 1), (0.0, 0.0)),
        "block#1": ((2, 2), (-0.25, -0.25)),
        "block.0#2": ((4, 4), (-0.375, -0.375)),
    }
