"""A module is as it was however a run ends, runs where and as it is, and nothing of it or of the process is kept."""

import copy
import gc
import random
import weakref
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from reference.action import planar_group
from reference.aggregates import mean_deviation
from reference.audit import audit as slow_audit
from reference.network import hooked_network
from support.networks import MEAN, STD
from support.pictures import pixels_of
from support.trained_module import Small, trained
from support.untouched import module_state, process_state
from torch import nn

import geed_cli as geed
from geed_cli import AuditOptions, DataOptions, InputError, Network, RunOptions, load_model, wrap
from geed_cli.images.prefetch import usable_cores
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.borrowed import own_precision
from geed_cli.pipeline.progress import Silent
from geed_cli.result.schema import Result

PICTURES = (4, 16)
SAID = {"size": 16, "mean": MEAN, "std": STD}


def options(folder: Path, **run: object) -> AuditOptions:
    return AuditOptions(data=DataOptions(folder), run=RunOptions(batch_size=6, **run))


def rows(result: Result) -> object:
    """Every number of a result."""
    return result.model_dump(mode="json", include={"results", "top_classes", "grid_phase", "unsteady"})


def test_values_are_those_of_the_slow_reference(folder: Path) -> None:
    """In float64, from a module in training mode: the oracle reads a copy in evaluation mode."""
    module = trained().double()
    before = module_state(module)
    net = wrap(module, **SAID, layers=["stem", "body"])
    result = audit(net, ["c4"], options(folder, precision=own_precision(net)))
    assert module_state(module) == before
    assert result.settings.precision == "fp64"
    read = hooked_network(copy.deepcopy(module).eval(), "fc", "input", ("stem", "body"), True)
    slow = slow_audit(read, pixels_of(folder), planar_group("c4"), "disc", MEAN, STD)
    found = {(entry.metric, entry.layer): entry for entry in result.results}
    for metric in ("latent.l2", "softmax.kl"):
        assert found[metric, None].raw == pytest.approx(
            mean_deviation(slow.rows[metric]), rel=1e-8, abs=1e-12
        )
    for layer, each in slow.channelwise.items():
        assert found["channelwise.cosine", layer].value == pytest.approx(mean_deviation(each), rel=1e-8)


class Interrupting(Silent):
    """Progress that ends a run in its middle, as Ctrl-C does."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def images(self, done: int, total: int) -> None:  # noqa: ARG002 - the protocol's
        """Once an image is done."""
        if done:
            raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("of a callback")])
def test_module_and_process_are_as_before_after_an_interruption(folder: Path, error: BaseException) -> None:
    module = trained()
    net = wrap(module, **SAID)
    before, process = module_state(module), process_state()
    with pytest.raises(type(error)):
        audit(net, ["flip"], options(folder), Interrupting(error))
    assert module_state(module) == before
    assert process_state() == process


class Drawing(Small):
    """Advances every random generator, without any effect on what it puts out."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.rand(1)
        np.random.rand()
        random.random()
        return super().forward(x)


def test_process_is_as_before_after_an_audit(folder: Path) -> None:
    """Threads, collector, warnings, environment, streams, signals, random generators; also of a loaded network."""
    module = Drawing()
    threads = torch.get_num_threads()
    torch.set_num_threads(usable_cores() + 1)
    try:
        process, frozen = process_state(), gc.get_freeze_count()
        net = wrap(module, **SAID)
        assert process_state() == process
        audit(net, ["flip"], options(folder))
        audit(load_model("timm:test_resnet", weights="random", img_size=32), ["flip"], options(folder))
        assert process_state() == process
        assert gc.get_freeze_count() <= frozen
    finally:
        torch.set_num_threads(threads)


def test_module_is_as_before_where_it_does_not_run() -> None:
    """A refusal of wrap, in its forward and in its eval()."""

    class Fails(Small):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            super().forward(x)
            raise ValueError("too bright")

    class Stays(Small):
        def train(self, mode: bool = True) -> "Stays":
            self.stem.train(mode)
            if not mode:
                raise ValueError("not now")
            return super().train(mode)

    for kind, why in ((Fails, "too bright"), (Stays, "not now")):
        module = kind()
        before = module_state(module)
        with pytest.raises(InputError, match=why):
            wrap(module, **SAID)
        assert module_state(module) == before


class Merging(nn.Linear):
    """As LoRA's layers, whose weights are merged by eval() and taken apart by train()."""

    merged = False

    def train(self, mode: bool = True) -> "Merging":
        if mode == self.merged:
            self.weight.data += -1 if mode else 1
            self.merged = not mode
        return super().train(mode)


def test_a_train_of_its_own_is_called(folder: Path) -> None:
    """Whole numbers, which are exactly what they were after 1 was added and taken off again."""
    module = nn.Sequential(OrderedDict(pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), fc=Merging(3, 2)))
    nn.init.constant_(module.fc.weight, 2)
    before = module_state(module)
    net = wrap(module, **SAID)
    assert module_state(module) == before
    audit(net, ["flip"], options(folder))
    assert module_state(module) == before
    assert net.weights.state_sha256 != wrap(nn.Sequential(*module), **SAID).weights.state_sha256


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_runs_as_it_is_beside_a_float32_copy(folder: Path, dtype: torch.dtype) -> None:
    module = trained().to(dtype)
    before = module_state(module)
    net = wrap(module, **SAID)
    seen = weakref.WeakSet[nn.Module]()
    module.stem.register_forward_pre_hook(lambda part, _: seen.add(part))
    before = module_state(module)
    result = audit(net, ["flip"], options(folder, precision=own_precision(net)))
    assert module_state(module) == before
    assert result.settings.precision == {torch.float16: "fp16", torch.bfloat16: "bf16"}[dtype]
    shift = next(e for e in result.results if e.metric == "latent.l2").controls["precision_shift"]
    assert 0 < shift < 0.1
    gc.collect()
    assert list(seen) == [module.stem], "copies are let go"


def test_another_type_gets_a_copy(folder: Path) -> None:
    """The rows of float32 asked of a module in float64 are those of its copy in float32."""
    module = trained()
    exact = copy.deepcopy(module).double()
    before = module_state(exact)
    found = audit(wrap(exact, **SAID), ["flip"], options(folder, precision="fp32"))
    assert module_state(exact) == before
    assert rows(found) == rows(audit(wrap(module, **SAID), ["flip"], options(folder)))


class Noting(Silent):
    """Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)


class NotCopied(Small):
    """Refuses to be copied, as what holds a lock or a file does."""

    def __deepcopy__(self, memo: object) -> "NotCopied":
        raise TypeError("cannot pickle a lock")


def test_without_copies_there_is_no_rounding(folder: Path) -> None:
    """Declined, or impossible: the same values, and no rounding beside them."""
    torch.manual_seed(0)
    module, stubborn = Small(), NotCopied()
    stubborn.load_state_dict(module.state_dict())
    plain, declined, impossible = (
        audit(net, ["flip"], options(folder))
        for net in (wrap(module, **SAID), wrap(module, **SAID, rounding=False), wrap(stubborn, **SAID))
    )
    assert all("rounding" in entry.controls for entry in plain.results if entry.metric == "latent.l2")
    for other in (declined, impossible):
        assert not any("rounding" in entry.controls for entry in other.results)
        assert [entry.value for entry in other.results] == [entry.value for entry in plain.results]
    progress = Noting()
    audit(wrap(stubborn, **SAID), ["flip"], options(folder), progress)
    assert progress.notes == [
        "rounding is not measured: the module cannot be copied (TypeError: cannot pickle a lock)"
    ]
    with pytest.raises(InputError, match="cannot be copied for another device or type"):
        audit(wrap(stubborn, **SAID), ["flip"], options(folder, precision="fp64"))


def test_only_the_network_holds_the_module(folder: Path) -> None:
    module = trained()
    watched = weakref.ref(module)
    net = wrap(module, **SAID)
    result = audit(net, ["flip", "c4"], options(folder))
    del module
    gc.collect()
    assert watched() is net.module
    del net
    gc.collect()
    assert watched() is None
    assert result.model.arch == "Small"


def test_present_weights_are_audited(folder: Path) -> None:
    """A network that was wrapped before a step of training is audited with what the step has made of it."""
    module = trained()
    net = wrap(module, **SAID)
    first = audit(net, ["flip"], options(folder))
    with torch.no_grad():
        module.fc.weight += 1
    then = audit(net, ["flip"], options(folder))
    assert first.model.weights.state_sha256 == net.weights.state_sha256 != then.model.weights.state_sha256
    assert rows(then) == rows(audit(wrap(module, **SAID), ["flip"], options(folder)))


def test_rows_are_kept_only_under_a_name_of_the_code(folder: Path, tmp_path: Path) -> None:
    """Equal weights in another forward: without cache_key nothing is kept; with another key nothing is found."""

    class Other(Small):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(x.flip(-1) + x)

    def cached(module: nn.Module, key: str | None) -> Result:
        net = wrap(module, **SAID, name="mine", cache_key=key)
        asked = AuditOptions(data=DataOptions(folder), run=RunOptions(batch_size=6), cache=tmp_path)
        return audit(net, ["flip"], asked)

    torch.manual_seed(0)
    module, other = Small(), Other()
    other.load_state_dict(module.state_dict())
    assert [cached(module, None).timing.cached for _ in range(2)] == [0, 0]
    assert [cached(module, "v1").timing.cached for _ in range(2)] == [0, 4]
    assert cached(other, "v2").timing.cached == 0
    assert rows(cached(other, "v2")) == rows(cached(other, None)) != rows(cached(module, "v1"))


def test_a_wrapped_network_says_so() -> None:
    net = wrap(trained(), **SAID, name="step 200")
    assert (net.id, net.arch, net.source) == ("python/step 200", "step 200", "python")
    assert (net.weights.origin, net.weights.detail) == ("memory", "of the module")
    assert isinstance(net, Network)
    assert net.borrowed
    assert (net.classifier, net.output.kind) == ("fc", "logits")


@pytest.mark.heavy
def test_audit_takes_the_module_where_and_as_it_is(folder: Path) -> None:
    """Half precision by default, float32 where it is asked for; a refusal in the words of wrap."""
    module = trained().bfloat16()
    asked = {"groups": "flip", "batch_size": 6, "progress": False}
    assert geed.audit(wrap(module, **SAID), folder, **asked).settings.precision == "bf16"
    assert geed.audit(wrap(module, **SAID), folder, **asked, precision="fp32").settings.precision == "fp32"
    loaded = load_model("timm:test_resnet", weights="random", img_size=16)
    assert geed.audit(loaded, folder, **asked).settings.precision == "fp32"
    with pytest.raises(InputError) as refused:
        geed.audit(wrap(trained(), **SAID), folder, **asked, layers="fc")
    assert (refused.value.remedy, "--" in str(refused.value)) == (
        "choose another: print(*dict(module.named_modules()))",
        False,
    )


def test_a_network_is_one_line() -> None:
    """At the end of a notebook's cell, of however many modules."""
    net = wrap(trained(), **SAID, layers=["stem", "body"])
    assert repr(net) == "<Network python/Small: 16 × 16, 665 parameters, logits, 2 layers>"
