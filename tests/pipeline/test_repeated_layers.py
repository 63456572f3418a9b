"""Layers that put out one tensor are compared once; their numbers are those that each has when it is audited alone."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.audits import audited
from support.equivariant_networks import declaring
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.engine.shapes import trace
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.options import AuditOptions, ControlOptions
from geed_cli.pipeline.planning import make_plan
from geed_cli.result.schema import Result

LAYERS = ("block1", "block1.0", "block1.1", "block2", "block2.0", "block2.1", "block3", "relu")
REPEATS = {"block1.1": "block1", "block2.1": "block2"}
"""A Sequential puts out what its last module does; a ReLU in place overwrites block1.0, block2.0 and block3."""


@pytest.fixture
def network() -> Network:
    return replace(small_conv_net(), layers=LAYERS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return smooth_pictures(tmp_path, count=4, size=16)


def repeats_of(network: Network, options: AuditOptions) -> dict[str, str]:
    layers = make_plan(network, ["c4"], options).plan.layers
    return {name: layer.repeats for name, layer in layers.items() if layer.repeats is not None}


def numbers(result: Result, layer: str) -> list[object]:
    """Everything said of a layer, its name and what depends on the number of tests left out."""
    return [
        entry.model_dump(exclude={"layer", "p_adjusted"}) for entry in result.results if entry.layer == layer
    ]


def test_the_trace_tells_one_tensor_from_one_that_was_overwritten(network: Network) -> None:
    """In order of execution: a block's last ReLU comes before the block, and a ReLU in place after its convolution."""
    sites = [Site(name, "output") for name in LAYERS]
    first = trace(network, sites).first
    assert {site.module: first[site].module for site in sites if first[site] != site} == {
        "block1": "block1.1",
        "block2": "block2.1",
    }


@pytest.mark.parametrize("made_there", [False, True])
def test_a_caller_in_inference_mode_gets_the_same_plan(*, made_there: bool) -> None:
    """Its tensors do not count how often they are written, those of weights made there among them."""
    outside = small_conv_net()
    with torch.inference_mode():
        network = replace(small_conv_net() if made_there else outside, layers=LAYERS)
        assert repeats_of(network, AuditOptions()) == REPEATS


def test_layers_with_one_tensor_speak_for_each_other(network: Network) -> None:
    """The first in the plan's order is compared."""
    assert repeats_of(network, AuditOptions()) == REPEATS


@pytest.mark.parametrize(
    "layer",  # one that is overwritten, one that repeats another, and the others
    [
        pytest.param(each, marks=[pytest.mark.heavy] * (each not in {"block2.0", "block2.1"}))
        for each in LAYERS
    ],
)
def test_a_layer_has_the_numbers_that_it_has_alone(network: Network, folder: Path, layer: str) -> None:
    """Values, intervals, null, floor and rounding of c4 and c3, with all layers and with that one alone."""
    controls = ControlOptions(probes=3)
    together, alone = (
        audited(replace(network, layers=layers), ["c4", "c3"], folder, controls=controls, precision="fp32")
        for layers in (LAYERS, (layer,))
    )
    assert len(numbers(together, layer)) == 4
    assert numbers(together, layer) == numbers(alone, layer)


def test_another_action_is_compared_by_itself(network: Network) -> None:
    """One of the two is asked for invariance, the other for equivariance; so nothing is shared there."""
    assert repeats_of(declaring(network, {"block1.1": "trivial"}), AuditOptions()) == {"block2.1": "block2"}


@pytest.mark.parametrize(
    "controls", [ControlOptions(discover="permutation"), ControlOptions(phase_correct=True)]
)
def test_what_reads_every_layer_reads_every_layer(network: Network, controls: ControlOptions) -> None:
    """Hidden actions are searched on a layer's own maps, and a layer's grid may have a centre of its own."""
    assert repeats_of(network, AuditOptions(controls=controls)) == {}
