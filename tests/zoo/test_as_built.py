"""Networks that cannot be audited as their code builds them: they are made to run, or refused in one sentence."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from safetensors.torch import save_file
from support.command import Geed
from support.pictures import smooth_pictures
from support.zoo import Expected, Reading, Refused, Right, Specimen, audit_specimen
from torch import Tensor, nn
from torch.nn import functional

from geed_cli.checkpoints.fingerprint import state_sha256
from geed_cli.models.load import load_model


class _Plain(nn.Module):
    """A stem, pooled features that something is done to, and a head of ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8, 10)

    def change(self, features: Tensor) -> Tensor:
        return features

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.change(functional.relu(self.stem(x)).mean((2, 3))))
        return y


class _InBatches(_Plain):
    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows

    def change(self, features: Tensor) -> Tensor:
        return features.view(self.rows, 8)


class _FirstAlone(_Plain):
    def change(self, features: Tensor) -> Tensor:
        return features[:1]


class _NotOne(_Plain):
    """``squeeze`` takes the batch axis of a single picture for one of its map's."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(functional.adaptive_avg_pool2d(functional.relu(self.stem(x)), 1).squeeze())
        return y


class _Typed(_Plain):
    """Computes in another type, inside or at its end."""

    def __init__(self, inside: torch.dtype, outside: torch.dtype) -> None:
        super().__init__()
        self.inside, self.outside = inside, outside

    def change(self, features: Tensor) -> Tensor:
        return features.to(self.inside).cos().to(torch.float32)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).to(self.outside)


class _Fixed(_Plain):
    """Turns pictures to float64 itself, whatever its weights are."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.double())


class _Inference(_Plain):
    """Runs in inference mode of its own, and may write its scores in place there."""

    def __init__(self, *, written: bool) -> None:
        super().__init__()
        self.written = written

    def forward(self, x: Tensor) -> Tensor:
        with torch.inference_mode():
            z = super().forward(x)
            if self.written:
                z[:, 0] = 5
            return z


class _Talkative(_Plain):
    def forward(self, x: Tensor) -> Tensor:
        print("a batch of", len(x))
        return super().forward(x)


class _Crowded(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if len(x) > 2:
            raise ValueError("too many\npictures")
        return x


class _Choosy(nn.Module):
    """Takes no pictures but plain ones and noise, with which networks are tried."""

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean((1, 2, 3)).abs()
        if ((means > 0.15) & (means < 0.95)).any():
            raise ValueError("no such pictures")
        return x


class _Guarded(_Plain):
    def __init__(self, guard: nn.Module) -> None:
        super().__init__()
        self.guards = nn.Sequential(guard)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.guards(x))


class _Ending(_Plain):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if len(x) < 0 else sys.exit(5)


class _Odd(BaseException):
    """No Exception, as those that ask a program to end."""


class _MuteError(ValueError):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("nothing")


class _SilentError(RuntimeError):
    """Says a number."""

    def __str__(self) -> str:
        return 5  # type: ignore[return-value]  # noqa: PLE0307 - that is what is odd


class _Raising(_Plain):
    """Raises when it is built, tried, or shown pictures that are neither plain nor noise."""

    RAISED: ClassVar = {"odd": _Odd, "mute": _MuteError, "silent": _SilentError}

    def __init__(self, what: str, when: str) -> None:
        super().__init__()
        self.error, self.when = self.RAISED[what], when
        if when == "built":
            raise self.error("raised\nhere")

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean((1, 2, 3)).abs()
        if self.when == "tried" or ((means > 0.15) & (means < 0.95)).any():
            raise self.error("raised\nhere")
        return super().forward(x)


class _Elsewhere(_Plain):
    def change(self, features: Tensor) -> Tensor:
        return features.to("meta")


class _Broken(_Plain):
    def __init__(self, *, lazy: bool) -> None:
        super().__init__()
        self.more = nn.LazyLinear(10) if lazy else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        raise KeyError("no such thing", x.dim())


class _Sized(nn.Module):
    """Adds positions, which there are for pictures of 32 pixels alone."""

    def __init__(self, *, lazy: bool) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, 3, 32, 32))
        self.fc = nn.LazyLinear(10) if lazy else nn.Linear(3, 10)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc((x + self.positions).relu().mean((2, 3)))
        return y


class _Quantised(nn.Module):
    """To be turned to int8; observers see noise of a seed."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
        self.stem, self.relu, self.pool = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(self.pool(self.relu(self.stem(self.quant(x)))).flatten(1))
        return self.dequant(y)


def plain() -> nn.Module:
    torch.manual_seed(0)  # the weights of every network here that is told to be its like
    return _Plain()


def lazy() -> nn.Module:
    convolution, linear = nn.LazyConv2d(8, 3, padding=1), nn.LazyLinear(10)
    return nn.Sequential(convolution, nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), linear)


def lazy_and_unused() -> nn.Module:
    network = _Plain()
    network.unused = nn.LazyLinear(3)
    return network


def in_batches(*, rows: int) -> nn.Module:
    torch.manual_seed(0)
    return _InBatches(rows)


def first_alone() -> nn.Module:
    return _FirstAlone()


def not_one() -> nn.Module:
    torch.manual_seed(0)
    return _NotOne()


def typed(*, inside: str = "float32", outside: str = "float32") -> nn.Module:
    return _Typed(getattr(torch, inside), getattr(torch, outside))


def fixed() -> nn.Module:
    return _Fixed().double()


def inference(*, written: bool = False) -> nn.Module:
    return _Inference(written=written)


def without_numbers() -> nn.Module:
    network = _Plain()
    network.fc.to("meta")
    return network


def named_like_a_call() -> nn.Module:
    network = _Plain()
    network.add_module("stem#1", nn.Identity())
    return network


class _Stubborn(_Plain):
    def train(self, mode: bool = True) -> "_Stubborn":
        raise RuntimeError(mode)


def stubborn() -> nn.Module:
    return _Stubborn()


def torchscript_inside() -> nn.Module:
    network = _Plain()
    network.fc = torch.jit.trace(network.fc, torch.zeros(1, 8))
    return network


class _Mapped(_Plain):
    """Sees one picture at a time, by ``torch.vmap``."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.vmap(lambda one: super(_Mapped, self).forward(one[None])[0])(x)
        return y


def mapped() -> nn.Module:
    return _Mapped()


class _Frozen(dict[str, int]):
    def clear(self) -> None:
        raise TypeError("frozen")


class _Built(_Plain):
    """Builds a part of itself in its first call, and keeps settings that cannot be written, and a sparse buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.ready, self.settings = False, _Frozen(width=8)
        self.register_buffer("halves", torch.eye(8).mul(0.5).to_sparse())

    def change(self, features: Tensor) -> Tensor:
        if not self.ready:
            torch.manual_seed(1)
            self.more, self.ready = nn.Linear(8, self.settings["width"]), True
        y: Tensor = self.more(torch.sparse.mm(self.halves, features.T).T)
        return y


def built() -> nn.Module:
    return _Built()


def talkative() -> nn.Module:
    return _Talkative()


def two_at_most() -> nn.Module:
    return _Guarded(_Crowded())


def choosy() -> nn.Module:
    return _Guarded(_Choosy())


def ending() -> nn.Module:
    return _Ending()


class _NoState(_Plain):
    def state_dict(self, *_arguments: object, **_named: object) -> dict[str, object]:
        raise RuntimeError("no state")


class _NoFloat(_Plain):
    def float(self) -> "_NoFloat":
        raise RuntimeError("no float")


class _NoPlace(_Plain):
    def get_submodule(self, target: str) -> nn.Module:
        raise LookupError(target)


class _Equal(_Plain):  # noqa: PLW1641 - that is what is odd
    def __eq__(self, other: object) -> bool:
        return other is self


class _Kept(Tensor):
    """Refuses some of what is asked of it."""

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], *given: object) -> object:
        if getattr(func, "__name__", "") == "isfinite":
            raise RuntimeError("nobody asks that")
        return super().__torch_function__(func, *given)


class _Keeping(_Plain):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).as_subclass(_Kept)


UNLIKE = {each.__name__: each for each in (_NoState, _NoFloat, _NoPlace, _Equal, _Keeping)}


def unlike(*, name: str) -> nn.Module:
    return UNLIKE[name]()


class _Empty(_Plain):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[:, :0]


def empty() -> nn.Module:
    return _Empty()


def raising(*, what: str, when: str) -> nn.Module:
    return _Raising(what, when)


def compiled() -> nn.Module:
    return torch.compile(_Plain().eval())


def elsewhere() -> nn.Module:
    return _Elsewhere()


def broken(*, lazy: bool = False) -> nn.Module:
    return _Broken(lazy=lazy)


def sized(*, lazy: bool = False) -> nn.Module:
    return _Sized(lazy=lazy)


def int8(*, scale: float = 1.0) -> nn.Module:
    network = _Quantised().eval()
    with torch.no_grad():
        network.fc.weight *= scale
    network.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    torch.ao.quantization.prepare(network, inplace=True)
    network(torch.randn(8, 3, 12, 12))
    return torch.ao.quantization.convert(network, inplace=True)


def int8_by_batch() -> nn.Module:
    return torch.ao.quantization.quantize_dynamic(_Plain().eval(), {nn.Linear})


def traced() -> nn.Module:
    return torch.jit.trace(_Plain().eval(), torch.rand(1, 3, 12, 12))


def scripted() -> nn.Module:
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())
    return torch.jit.script(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), pool, nn.Linear(32, 10)))


def exported(*, rows: int = 2, anything: bool = False) -> object:
    shapes = ({0: torch.export.Dim("batch")},) if anything else None
    return torch.export.export(plain().eval(), (torch.rand(rows, 3, 12, 12),), dynamic_shapes=shapes)


def graph_of_a_program() -> object:
    return exported().module()  # type: ignore[attr-defined]


NO_PREDICTIONS: Expected = {("softmax.kl", None): None, ("prediction.flip_rate", None): None}
OUTPUT = Reading(features=None, softmax=False)
STEM = Reading(layers={"stem": lambda maps: maps})
ROUNDED = 3e-2
"""bfloat16 has 8 bits, so that a value may fall on either side in a batch and alone."""

AS_BUILT = (
    Specimen(
        "lazy", lazy, Right(Reading("4", layers={"0": lambda x: x})), spec={"weights": {"origin": "random"}}
    ),
    Specimen(
        "lazy-without-weights", lazy, Refused("returns a network without weights for 0.weight, 0.bias,")
    ),
    Specimen(
        "lazy-and-unused",
        lazy_and_unused,
        Refused("no picture reaches the lazy module of unused.weight"),
        spec={"weights": {"origin": "random"}},
    ),
    Specimen("int8", int8, Right(OUTPUT)),
    Specimen("int8-by-batch", int8_by_batch, Right(OUTPUT), options=("--batch-size", "1")),
    Specimen("int8-by-batch-in-batches", int8_by_batch, Refused("it depends on what else is in the batch")),
    Specimen("int8-in-bf16", int8, Refused("--precision fp32"), options=("--precision", "bf16")),
    Specimen("traced", traced, Right(OUTPUT)),
    Specimen("scripted", scripted, Right(OUTPUT), group="c4"),
    Specimen("inside-torchscript", traced, Refused("layer 'stem' is not in"), options=("--layer", "stem")),
    Specimen("exported", exported, Right(STEM), {"rows": 3}, {"split": {"classifier": "fc"}}, twin=plain),
    Specimen(
        "exported-for-any-batch",
        exported,
        Right(STEM),
        {"anything": True},
        {"split": {"classifier": "fc"}},
        twin=plain,
    ),
    Specimen(
        "graph-of-a-program",
        graph_of_a_program,
        Refused("try: return the exported program without .module()"),
    ),
    *(
        Specimen(
            f"batches-of-{rows}",
            in_batches,
            Right(STEM),
            {"rows": rows},
            options=("--batch-size", "3", *options),
            group="c4",
            twin=plain,
        )
        for rows, options in ((1, ()), (4, ()), (7, ("--layer", "*")))
    ),
    Specimen("first-alone", first_alone, Right(STEM)),
    Specimen("not-one", not_one, Right(STEM), twin=plain),
    Specimen("float64-inside", typed, Right(STEM), {"inside": "float64"}),
    Specimen("bfloat16-inside", typed, Right(STEM, relative=ROUNDED), {"inside": "bfloat16"}),
    Specimen("float64-outside", typed, Right(STEM), {"outside": "float64"}),
    Specimen("float16-outside", typed, Right(STEM, relative=ROUNDED), {"outside": "float16"}),
    Specimen(
        "integers-outside", typed, Refused("the network's output is of type int64"), {"outside": "int64"}
    ),
    Specimen(
        "float32-inside-float64",
        typed,
        Refused(
            "expected: a network that takes every batch of pictures, here in float64 try: --precision fp32"
        ),
        options=("--precision", "fp64"),
    ),
    Specimen("float64-alone", fixed, Refused("does not run in float32: RuntimeError: ")),
    Specimen("inference-mode", inference, Right(STEM)),
    Specimen("written-in-inference-mode", inference, Right(OUTPUT), {"written": True}),
    Specimen(
        "without-numbers", without_numbers, Refused("without numbers for fc.weight, fc.bias, on torch's meta")
    ),
    Specimen("named-like-a-call", named_like_a_call, Refused("with a module named 'stem#1'")),
    Specimen("stubborn", stubborn, Refused("a module whose eval() fails: RuntimeError: False")),
    Specimen("torchscript-inside", torchscript_inside, Refused("with TorchScript inside it, at 'fc'")),
    Specimen("mapped", mapped, Right(OUTPUT)),
    Specimen("mapped-layer", mapped, Refused("is inside torch.vmap"), options=("--layer", "stem")),
    Specimen("built-in-a-call", built, Right(STEM)),
    Specimen("talkative", talkative, Right(STEM)),
    Specimen("broken", broken, Refused("does not run on 12×12 images: KeyError: ('no such thing', 4)")),
    Specimen("two-at-most", two_at_most, Right(STEM), options=("--layer", "stem")),
    Specimen(
        "choosy",
        choosy,
        Refused(
            "test_as_built:choosy fails in a forward pass: ValueError: no such pictures, in module 'guards.0'"
        ),
    ),
    Specimen("ending", ending, Refused("ended the program (sys.exit)")),
    *(
        Specimen(f"{what}-{when}", raising, Refused(says), {"what": what, "when": when})
        for what, when, says in (
            ("odd", "built", "raised _Odd: raised here, which is no Exception"),
            ("odd", "tried", "raised _Odd: raised here, which is no Exception"),
            ("odd", "shown", "raised _Odd: raised here, which is no Exception"),
            ("mute", "built", "test_as_built:raising failed: _MuteError expected:"),
            ("mute", "tried", "does not run on 12×12 images: _MuteError expected:"),
            ("mute", "shown", "fails in a forward pass: _MuteError expected:"),
            ("silent", "tried", "does not run on 12×12 images: _SilentError expected:"),
            ("silent", "shown", "fails in a forward pass: _SilentError expected:"),
        )
    ),
    *(
        Specimen(f"unlike{name}", unlike, Refused(says), {"name": name})
        for name, says in (
            ("_NoState", "raised RuntimeError: no state (test_as_built.py, line "),
            ("_NoFloat", "raised RuntimeError: no float (test_as_built.py, line "),
            ("_NoPlace", "raised LookupError: "),
            ("_Equal", "whose modules cannot be listed: unhashable type: '_Equal'"),
            ("_Keeping", "raised RuntimeError: nobody asks that (test_as_built.py, line "),
        )
    ),
    Specimen("empty", empty, Right(lambda _module, _orbits: NO_PREDICTIONS)),
    Specimen(
        "empty-scores",
        empty,
        Refused("it is 0 for each image, not one row of numbers"),
        spec={"split": {"output": "logits"}},
    ),
    Specimen("compiled", compiled, Right(STEM), twin=plain),
    Specimen("elsewhere", elsewhere, Refused("not on the expected device meta!, in module 'fc'")),
)


@pytest.mark.parametrize("specimen", AS_BUILT, ids=lambda specimen: specimen.name)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_networks_run_as_they_can_or_are_refused(specimen: Specimen, geed: Geed, tmp_path: Path) -> None:
    audit_specimen(specimen, geed, tmp_path)


def specimen_of(factory: Callable[..., object], **spec: object) -> Specimen:
    return Specimen("one", factory, Right(), spec=spec)  # type: ignore[arg-type]


def test_a_spec_whose_code_brings_the_weights_is_valid(geed: Geed, tmp_path: Path) -> None:
    """There are no random weights to try it with."""
    spec = specimen_of(plain, layers=["stem"]).write_spec(tmp_path)
    done = geed("validate", spec, "--allow-code")
    assert (done.exit_code, "weights were made by its code" in " ".join(done.stdout.split())) == (0, True)
    wrong = geed("validate", specimen_of(plain, layers=["stm"]).write_spec(tmp_path), "--allow-code")
    assert (wrong.exit_code, "layer 'stm' is not in" in wrong.stderr) == (2, True)


def test_what_a_network_prints_is_no_result(geed: Geed, tmp_path: Path) -> None:
    """Stdout is the JSON document alone, and the printing of ``inspect`` does not stand in its table."""
    pictures, spec = (
        smooth_pictures(tmp_path / "pictures", 2, 12),
        specimen_of(talkative).write_spec(tmp_path),
    )
    done = geed("audit", spec, "--allow-code", "-d", pictures, "-g", "flip", "--json", "-")
    assert json.loads(done.stdout)["schema"] == "geed.result/2"
    assert "a batch of" in done.stderr
    shown = geed("inspect", spec, "--allow-code", "--layers")
    assert ("a batch of" in shown.stdout, "a batch of" in shown.stderr) == (False, True)


def test_a_batch_size_that_has_to_be_is_noted_and_recorded(geed: Geed, tmp_path: Path) -> None:
    pictures = smooth_pictures(tmp_path / "pictures", 2, 12)
    spec = Specimen("four", in_batches, Right(), {"rows": 4}).write_spec(tmp_path)
    saved = tmp_path / "result.json"
    done = geed(
        "audit", spec, "--allow-code", "-d", pictures, "-g", "flip", "--batch-size", "auto", "--json", saved
    )
    assert "does not take any number of images: batches of 4, which it takes, are run" in done.stderr
    found = json.loads(saved.read_text())
    assert found["settings"]["batch_size"] == 4
    assert all(
        entry["controls"]["rounding"] < 1e-5 for entry in found["results"] if entry["metric"] == "softmax.kl"
    )


def test_a_batch_that_fails_is_noted(geed: Geed, tmp_path: Path) -> None:
    pictures, spec = (
        smooth_pictures(tmp_path / "pictures", 2, 12),
        specimen_of(two_at_most).write_spec(tmp_path),
    )
    done = geed(
        "audit", spec, "--allow-code", "-d", pictures, "-g", "flip", "--batch-size", "3", "--json", "-"
    )
    assert "ValueError: too many pictures, in module 'guards.0'; starting over with 1" in " ".join(
        done.stderr.split()
    )
    assert json.loads(done.stdout)["settings"]["batch_size"] == 1


def test_lazy_networks_of_one_seed_are_one_network(tmp_path: Path) -> None:
    """The fingerprint is that of what a picture has made of it; another seed makes another."""
    spec = specimen_of(lazy, weights={"origin": "random"}).write_spec(tmp_path)
    first, again, other = (load_model(str(spec), allow_code=True, seed=seed) for seed in (3, 3, 4))
    assert first.weights.state_sha256 == again.weights.state_sha256 == state_sha256(first.module)
    assert other.weights.state_sha256 != first.weights.state_sha256
    assert first.parameters == 8 * 27 + 8 + 10 * 32 + 10


def test_a_lazy_network_is_filled_from_a_file(tmp_path: Path) -> None:
    """A picture gives it its shapes, and the file its weights."""
    torch.manual_seed(7)
    known = lazy()
    known(torch.zeros(1, 3, 12, 12))
    save_file(known.state_dict(), tmp_path / "weights.safetensors")
    spec = specimen_of(lazy, weights={"origin": "file", "path": "weights.safetensors"}).write_spec(tmp_path)
    assert load_model(str(spec), allow_code=True).weights.state_sha256 == state_sha256(known)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_integers_alone_do_not_tell_int8_networks_apart() -> None:
    """Twice the weights are the same integers at twice the scale, packed into a tuple as they are."""
    networks = []
    for scale in (1.0, 1.0, 2.0):
        torch.manual_seed(0)
        networks.append(int8(scale=scale))
    assert torch.equal(networks[0].fc.weight().int_repr(), networks[2].fc.weight().int_repr())
    first, again, twice = map(state_sha256, networks)
    assert first == again != twice
