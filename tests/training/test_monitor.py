"""A monitor: the same weights as without it, everything as it was, a track that is read, failures that end nothing."""

import gc
import json
import logging
import os
import random
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import geed_cli as geed
from geed_cli.errors import InputError
from geed_cli.tracking.track_file import read_track

GENERATOR = torch.Generator().manual_seed(5)
PICTURES = (torch.rand(4, 3, 12, 12, generator=GENERATOR) * 255).to(torch.uint8)
WORDS = {"samples": 4, "ready": True}
TOLD = {"size": 12, "mean": 0.5, "std": 0.25, "features": "pool", "classifier": "fc", "layers": ["conv"]}


class Net(nn.Module):
    """Dropout, batch norm with running statistics, and a hook of the training's own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.3)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(self.drop(self.norm(self.conv(x)).relu())))


class Augmented(Dataset[tuple[Tensor, int]]):
    """Noise from torch, NumPy and Python, drawn anew for each item."""

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        x = torch.full((3, 12, 12), index / 12) + 0.1 * torch.randn(3, 12, 12)
        return x * float(np.random.rand()) + random.random(), index % 3


def seeded() -> Net:
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    return Net()


def monitor_of(net: nn.Module, folder: Path, **words: object) -> geed.Monitor:
    return geed.Monitor(
        geed.wrap(net, **TOLD), PICTURES, ["flip"], folder / "run.json", **{"every": 2, **WORDS, **words}
    )


def trained(
    optimiser: Callable[..., torch.optim.Optimizer],
    watch: Callable[[nn.Module], Callable[[int], object]] | None,
    steps: int = 6,
    device: str = "cpu",
) -> tuple[Net, torch.optim.Optimizer]:
    net = seeded().to(device)
    net.norm.weight.requires_grad_(False)
    watching = watch(net) if watch else lambda _: None
    made = optimiser(p for p in net.parameters() if p.requires_grad)
    step = 0
    while step < steps:
        for x, y in DataLoader(Augmented(), batch_size=4, shuffle=True, num_workers=0):
            watching(step)
            made.zero_grad()
            nn.functional.cross_entropy(net(x.to(device)), y.to(device)).backward()
            made.step()
            step += 1
    watching(step)
    return net, made


def assert_same(one: object, other: object) -> None:
    """Tensors, numbers and structures of them, bit for bit."""
    if isinstance(one, Tensor):
        assert isinstance(other, Tensor)
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, list | tuple):
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    else:
        assert one == other


@pytest.mark.parametrize(
    "optimiser",
    [
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: torch.optim.Adam(p, lr=0.01),
    ],
)
def test_a_training_ends_in_the_same_weights(
    optimiser: Callable[..., torch.optim.Optimizer], tmp_path: Path
) -> None:
    """Weights, running statistics, the optimiser's state and the next random numbers, bit for bit."""
    plain, plain_optimiser = trained(optimiser, None)
    after = torch.rand(3), np.random.rand(), random.random()
    net, watched_optimiser = trained(optimiser, lambda net: monitor_of(net, tmp_path))
    assert_same(net.state_dict(), plain.state_dict())
    assert_same(watched_optimiser.state_dict(), plain_optimiser.state_dict())
    assert torch.equal(torch.rand(3), after[0])
    assert (np.random.rand(), random.random()) == after[1:]
    track = read_track(tmp_path / "run.json")
    assert track.steps == (0, 2, 4, 6)
    assert len({record.result.model.weights.state_sha256 for record in track.records}) == 4


@pytest.mark.gpu
def test_on_cuda_under_deterministic_algorithms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same there, where the audit runs on the module's own device."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    try:
        made = [
            trained(lambda p: torch.optim.Adam(p, lr=0.01), watch, device="cuda")
            for watch in (None, lambda net: monitor_of(net, tmp_path))
        ]
    finally:
        torch.use_deterministic_algorithms(False)
    assert_same(made[0][0].state_dict(), made[1][0].state_dict())
    assert_same(made[0][1].state_dict(), made[1][1].state_dict())
    track = read_track(tmp_path / "run.json")
    assert track.steps == (0, 2, 4, 6)
    assert track.records[0].result.settings.device.startswith("cuda")


def test_each_step_has_the_value_of_an_audit(tmp_path: Path) -> None:
    """Of the weights of that step; and ``geed track`` reads the file as it stands."""
    net = seeded()
    monitor = monitor_of(net, tmp_path)
    first = monitor(0)
    with torch.no_grad():
        net.conv.weight.mul_(1.5)
    second = monitor(2)
    expected = geed.audit(geed.wrap(net, **TOLD), PICTURES, ["flip"], samples=4, ready=True, progress=False)
    assert second["latent.l2", "flip"].value == expected["latent.l2", "flip"].value
    assert first["latent.l2", "flip"].value != second["latent.l2", "flip"].value
    track = geed.load(tmp_path / "run.json")
    assert track[2]["latent.l2", "flip"].value == second["latent.l2", "flip"].value
    assert geed.track(str(tmp_path / "run.json")).steps == (0, 2)
    assert monitor.track == track


def test_only_multiples_and_each_once(tmp_path: Path) -> None:
    monitor = monitor_of(seeded(), tmp_path, every=3)
    assert [step for step in (0, 0, 1, 2, 3, 3, 4) if monitor(step) is not None] == [0, 3]
    assert monitor.now(4) is not None
    assert monitor(np.int64(6)) is not None
    assert monitor.track.steps == (0, 3, 4, 6)
    assert repr(monitor) == f"<Monitor Net: {tmp_path / 'run.json'}, every 3 steps>"


def settings() -> dict[str, object]:
    """What belongs to the whole process."""
    return {
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads(), threading.active_count()),
        "modes": (
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.is_autocast_enabled("cpu"),
            torch.get_autocast_dtype("cpu"),
            torch.is_autocast_cache_enabled(),
            torch.is_anomaly_enabled(),
        ),
        "torch": (
            torch.get_default_dtype(),
            torch.get_default_device(),
            torch.get_float32_matmul_precision(),
            torch.are_deterministic_algorithms_enabled(),
            torch.backends.cudnn.benchmark,
            torch.backends.cudnn.allow_tf32,
            torch.backends.cuda.matmul.allow_tf32,
            torch.backends.mkldnn.enabled,
        ),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_debug()),
        "warnings": (list(warnings.filters), warnings.showwarning, logging.getLogger().handlers[:]),
        "streams": (sys.stdout, sys.stderr, os.getcwd()),
        "signals": [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)],
        "environment": {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
        "random": (torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()),
        "numpy": np.geterr(),
    }


def held(net: nn.Module) -> list[object]:
    """Everything of a module that a training relies on, by identity where that matters."""
    return [
        [
            (id(part), part.training, len(part._forward_hooks), len(part._backward_hooks))
            for part in net.modules()
        ],
        [
            (id(p), p.data_ptr(), p.requires_grad, p.stride(), id(p.grad), p._version)
            for p in net.parameters()
        ],
        [p.grad.tolist() for p in net.parameters() if p.grad is not None],
        [(id(b), b.data_ptr(), b.tolist()) for b in net.buffers()],
    ]


def broken(net: nn.Module) -> None:
    """A module of which every forward pass in evaluation mode fails."""

    def fail(*_: object) -> None:
        if not net.training:
            raise ValueError("no evaluation today")

    net.fc.register_forward_pre_hook(fail)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(
    "mode",
    [
        "autocast",
        "inference",
        *(pytest.param(each, marks=pytest.mark.heavy) for each in ("plain", "no_grad")),
    ],
)
def test_everything_is_as_it_was(fails: bool, mode: str, tmp_path: Path) -> None:
    """Also after an audit that failed, and within autocast and modes without gradients."""
    net = seeded()
    net.norm.eval()  # a part that is frozen
    net.conv.bias.requires_grad_(False)
    seen: list[int] = []
    net.fc.register_full_backward_hook(lambda *_: seen.append(1))
    monitor = monitor_of(net, tmp_path)
    if fails:
        broken(net)
    nn.functional.cross_entropy(net(torch.rand(4, 3, 12, 12)), torch.tensor([0, 1, 2, 0])).backward()
    contexts = {
        "plain": torch.enable_grad,
        "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
        "no_grad": torch.no_grad,
        "inference": torch.inference_mode,
    }
    with contexts[mode]():
        before, process = held(net), settings()
        result = monitor(0)
        assert held(net) == before
        assert settings() == process
    assert (result is None) == fails
    assert len(monitor.failures) == fails
    if not fails and mode == "autocast":
        assert result.settings.precision == "fp32"
        assert result["latent.l2", "flip"].value == monitor.now(1)["latent.l2", "flip"].value
    assert seen == [1]


def test_between_forward_and_backward(tmp_path: Path) -> None:
    """The graph of a loss still gives the same gradients after an audit."""
    gradients = []
    for watched in (False, True):
        net = seeded()
        monitor = monitor_of(net, tmp_path)
        loss = nn.functional.cross_entropy(net(torch.ones(4, 3, 12, 12)), torch.tensor([0, 1, 2, 0]))
        if watched:
            assert monitor(0) is not None
        loss.backward()
        gradients.append([p.grad for p in net.parameters()])
    assert_same(*gradients)


def test_threads_that_an_audit_limits_are_as_before(tmp_path: Path) -> None:
    """An audit takes no more threads than there are cores; the training has its own again."""
    before = torch.get_num_threads()
    monitor = monitor_of(seeded(), tmp_path)
    try:
        torch.set_num_threads(2 * (os.cpu_count() or 1) + 1)
        assert monitor(0).settings.threads <= (os.cpu_count() or 1)
        assert torch.get_num_threads() == 2 * (os.cpu_count() or 1) + 1
    finally:
        torch.set_num_threads(before)


def test_failures_are_kept_and_the_training_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the monitor, by logging, and in the file, as soon as it has a result; a step that is made up for leaves it."""
    net = seeded()
    monitor = monitor_of(net, tmp_path)
    with torch.no_grad():
        net.fc.weight[0, 0] = torch.nan
    assert monitor(0) is None
    assert not (tmp_path / "run.json").exists()
    assert monitor.failures[0].step == 0
    assert "finite" in monitor.failures[0].error
    assert "step 0, audit" in capsys.readouterr().err  # where Python writes what no handler takes
    with torch.no_grad():
        net.fc.weight[0, 0] = 1
    assert monitor(2) is not None
    assert [failure.step for failure in read_track(tmp_path / "run.json").failures] == [0]
    with torch.no_grad():
        net.fc.weight[0, 0] = torch.inf
    assert monitor(4) is None
    assert [failure.step for failure in read_track(tmp_path / "run.json").failures] == [0, 4]
    with torch.no_grad():
        net.fc.weight[0, 0] = 1
    assert monitor.now(4) is not None
    track = read_track(tmp_path / "run.json")
    assert [failure.step for failure in track.failures] == [0]
    assert track.steps == (2, 4)
    assert "2 failed" in repr(monitor)
    again = geed.track(str(tmp_path / "run.json"))
    assert again.failures == track.failures
    assert geed.track({"other": again}).failures[0].label == "other"
    assert "at step 0 no audit could be made" in " ".join(str(again).split())


def test_raise_and_ctrl_c_end_the_training(tmp_path: Path) -> None:
    net = seeded()
    monitor = monitor_of(net, tmp_path, on_error="raise")
    with torch.no_grad():
        net.fc.weight[0, 0] = torch.nan
    with pytest.raises(geed.GeedError, match="finite"):
        monitor(0)
    monitor = monitor_of(net, tmp_path)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = held(net)
    handle = net.conv.register_forward_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        monitor(0)
    handle.remove()
    assert held(net) == before
    assert monitor.failures == ()


def test_a_file_that_cannot_be_written_and_a_writer_that_fails(tmp_path: Path) -> None:
    """Values still go to the writer, and the file gets what the writer has lost."""
    logged: list[tuple[str, float, int]] = []

    def log(name: str, value: float, step: int) -> None:
        if step == 2:
            raise OSError("the server is away")
        logged.append((name, value, step))

    monitor = monitor_of(seeded(), tmp_path, log=log)
    (tmp_path / "run.json").mkdir()
    result = monitor(0)
    assert monitor.failures[0].what == "save"
    assert ("geed/latent.l2/flip", result["latent.l2", "flip"].value, 0) in logged
    (tmp_path / "run.json").rmdir()
    assert monitor(2) is not None
    assert monitor.failures[1].error == "OSError: the server is away"
    assert monitor(4) is not None
    track = read_track(tmp_path / "run.json")
    assert [(failure.step, failure.what) for failure in track.failures] == [(0, "save"), (2, "log")]


def test_a_file_is_gone_on_from_by_the_same_recipe_alone(tmp_path: Path) -> None:
    net = seeded()
    monitor_of(net, tmp_path)(0)
    again = monitor_of(net, tmp_path)
    with torch.no_grad():
        net.conv.weight.mul_(2)
    again.now(0)
    again(2)
    assert again.track.steps == (0, 2)
    assert len(again.track.records) == 2  # step 0 was audited anew
    written = (tmp_path / "run.json").read_bytes()
    for words in ({"samples": 3}, {"metrics": "latent.l2"}, {"layers": ["norm"]}):
        with pytest.raises(InputError, match="other settings") as refused:
            monitor_of(net, tmp_path, **words)
        assert "--fresh is Path(out).unlink()" in refused.value.__notes__[0]
    with pytest.raises(InputError, match="other settings"):
        geed.Monitor(
            geed.wrap(net, **{**TOLD, "std": 0.5}),
            PICTURES,
            ["flip"],
            tmp_path / "run.json",
            samples=4,
            ready=True,
        )
    assert (tmp_path / "run.json").read_bytes() == written
    other = geed.Monitor(
        geed.wrap(net, **TOLD),
        255 - PICTURES,
        ["flip"],
        tmp_path / "run.json",
        every=2,
        samples=4,
        ready=True,
    )
    assert other(4) is not None
    assert "images" in other.failures[0].error
    assert json.loads((tmp_path / "run.json").read_text())["failures"] == []
    out = tmp_path / "run.json"
    Path(out).unlink()
    assert monitor_of(net, tmp_path, samples=3)(0) is not None


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"every": 0}, "every=0"),
        ({"every": 1.5}, "every=1.5"),
        ({"on_error": "ignore"}, "on_error 'ignore'"),
        ({"groups": ["c5x"]}, "no group 'c5x'"),
        ({"metrics": "latent.l3"}, "no metric 'latent.l3'"),
        ({"layers": ["block9"]}, "block9"),
        ({"images": "no-such-folder"}, "no-such-folder"),
        ({"images": "no-such-folder", "ready": None}, "no-such-folder"),
        ({"sampels": 3}, "Monitor() has no argument 'sampels'\n  expected: did you mean samples or"),
        ({"precision": "fp64"}, "Monitor() has no argument 'precision'"),
        ({"options": {"samples": 3}}, "options={'samples': 3}"),
        ({"log": 3}, "log=int"),
        ({"out": "no-such-folder/run.json"}, "cannot write"),
        ({"options": geed.AuditOptions(until=geed.UntilOptions(0.1, 100))}, "options.until"),
        ({"net": geed.load_model}, "function"),
    ],
)
def test_mistakes_are_refused_at_once(
    change: dict[str, object], found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the monitor is made, and not at step 200."""
    monkeypatch.chdir(tmp_path)
    words = {"net": geed.wrap(seeded(), **TOLD), "images": PICTURES, "groups": ["flip"], **WORDS, **change}
    with pytest.raises(InputError) as refused:
        geed.Monitor(**words)
    assert found in str(refused.value)


def test_steps_that_are_none(tmp_path: Path) -> None:
    monitor = monitor_of(seeded(), tmp_path)
    for step in (-1, 2.0, "2", True):
        with pytest.raises(InputError, match="in the place of a step"):
            monitor(step)


def test_a_module_that_says_all_by_itself(tmp_path: Path) -> None:
    """A network of timm needs no wrap; a network that was loaded for audits is refused with a way out that works."""
    import timm

    loaded = geed.load_model("timm:test_resnet", weights="random")
    with pytest.raises(InputError, match=r"geed.wrap\(net.module\)"):
        geed.Monitor(loaded, out=tmp_path / "run.json")
    monitor = geed.Monitor(
        timm.create_model("test_resnet"),
        groups="flip",
        out=tmp_path / "run.json",
        samples=3,
        metrics="latent.l2",
    )
    assert monitor(0) is not None
    assert geed.Monitor(geed.wrap(loaded.module), out=tmp_path / "b.json", samples=3).label == "test_resnet"


def test_the_example_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a network of the page's size, whose values are printed by ``log=print`` and as a table at its end."""
    monkeypatch.chdir(tmp_path)
    page = Path(__file__).resolve().parents[2] / "docs" / "python.md"
    section = page.read_text(encoding="utf-8").partition("\n## While training")[2].partition("\n## ")[0]
    block, _ = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    model = seeded()
    pictures = torch.randn(4, 3, 32, 32)
    names: dict[str, object] = {
        "model": model,
        "images": (torch.rand(3, 3, 40, 40) * 255).to(torch.uint8),
        "batches": [(pictures, torch.tensor([0, 1, 2, 0]))] * 2,
        "optimiser": torch.optim.SGD(model.parameters(), lr=0.1),
        "loss": nn.CrossEntropyLoss(),
    }
    exec(compile(block, page.name, "exec"), names)
    assert geed.load("run.json").steps == (0, 2)
    printed = capsys.readouterr().out
    assert "geed/latent.l2/flip 0." in printed
    assert "geed track · Net" in printed


class Drawing(Dataset[Tensor]):
    """Pictures of a data set that draws from every generator whenever it is asked, and uses nothing of it."""

    def __len__(self) -> int:
        return len(PICTURES)

    def __getitem__(self, index: int) -> Tensor:
        torch.rand(1), np.random.rand(), random.random()
        return PICTURES[index]


@pytest.mark.parametrize(
    "images", [Drawing(), DataLoader([(each, 0) for each in PICTURES], batch_size=2, shuffle=True)]
)
def test_data_sets_loaders_and_writers_that_draw(images: object, tmp_path: Path) -> None:
    """The generators stand where they stood, when the monitor is made and when it audits."""
    net = seeded()

    def state() -> tuple[object, ...]:
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()

    def log(*_: object) -> None:
        torch.rand(1), np.random.rand(), random.random()

    before, told = state(), geed.wrap(net, **TOLD)
    monitor = geed.Monitor(told, images, "flip", tmp_path / "run.json", every=1, log=log, **WORDS)
    assert state() == before
    assert monitor(0)["latent.l2"].value == monitor(1)["latent.l2"].value
    assert state() == before
    assert monitor.failures == ()
