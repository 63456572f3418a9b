"""Runs on several devices that end early, and devices that cannot be had: as clear as on one, and no thread stays."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.networks import SmallConvNet, network_of
from support.pictures import smooth_pictures
from support.results import measured
from torch import Tensor

from geed_cli.errors import InputError, RunError
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.progress import Silent

TWO = ("cpu", "cpu")
WHITE = ("0011.png", "0018.png")


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    assert [one.name for one in threading.enumerate() if one.name.startswith("worker")] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty pictures, two of them white; in one a pixel is less so, since a picture counts once."""
    folder = smooth_pictures(tmp_path_factory.mktemp("pictures"), count=30, size=16)
    for number, name in enumerate(WHITE):
        picture = Image.new("RGB", (16, 16), "white")
        picture.putpixel((0, 0), (255, 255, 255 - number))
        picture.save(folder / name)
    return folder


class Picky(SmallConvNet):
    """Does to white pictures what it is told to; black ones, which only trace shapes, are never white."""

    def __init__(self, at_white: Callable[[Tensor], Tensor], rows: int = 0) -> None:
        super().__init__()
        self.at_white, self.rows = at_white, rows

    def forward(self, x: Tensor) -> Tensor:
        white = x.flatten(1).min(dim=1).values > 1.5
        if white.any() and len(x) > self.rows:
            changed = torch.where(white[:, None, None, None], self.at_white(x), x)
            # in the memory order that others have, so that nothing else in the batch changes
            x = changed.contiguous(memory_format=torch.channels_last)
        return super().forward(x)


def picky(at_white: Callable[[Tensor], Tensor], rows: int = 0) -> Network:
    torch.manual_seed(0)
    return network_of(
        Picky(at_white, rows), features=Site("fc", "input"), layers=("block1", "block2"), size=16
    )


def unchanged(x: Tensor) -> Tensor:
    return x


def infinite(x: Tensor) -> Tensor:
    return x * torch.inf


def exhausted(x: Tensor) -> Tensor:
    """A petabyte, which torch's own allocator refuses."""
    return x + torch.empty(2**50, dtype=torch.uint8)[0]


def options_of(folder: Path, devices: tuple[str, ...] = (), batch: int = 3, **run: str) -> AuditOptions:
    return AuditOptions(
        data=DataOptions(folder),
        run=RunOptions("auto" if devices else "cpu", batch, devices=devices, **run),
        controls=ControlOptions(probes=5),
    )


def test_a_broken_image_ends_the_run_as_on_one_device(folder: Path, tmp_path: Path) -> None:
    """The same error, whichever worker met it."""
    for path in folder.iterdir():
        if path.name != WHITE[1]:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    errors = []
    for devices in ((), TWO):
        with pytest.raises(InputError, match=r"at block1 is not finite for 0011\.png") as caught:
            audit(picky(infinite), ["c4"], options_of(tmp_path, devices))
        errors.append(str(caught.value))
    assert errors[0] == errors[1]


def test_broken_images_are_counted_in_one_order(folder: Path) -> None:
    """Listed by path, although the worker with the first one is late.

    In float64, since infinities turn a whole batch's sums to it.
    """
    met: list[int] = []

    def late(x: Tensor) -> Tensor:
        met.append(len(met))
        if met == [0]:
            time.sleep(0.5)
        return infinite(x)

    one, several = (
        audit(
            picky(late if devices else infinite),
            ["c4"],
            options_of(folder, devices, on_nonfinite="skip"),
        )
        for devices in ((), TWO)
    )
    assert [item.path for item in several.data.refused] == list(WHITE)
    assert several.data == one.data
    assert several.results == one.results


def test_an_unreadable_image_ends_the_run(folder: Path, tmp_path: Path) -> None:
    """The error that decoding raised, in the caller's thread."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes()[: 60 if path.name == "0020.png" else None])
    with pytest.raises(InputError, match=r"cannot use image '0020\.png'"):
        audit(picky(unchanged), ["flip"], options_of(tmp_path, TWO))


def test_any_other_error_of_a_worker_is_quoted(folder: Path) -> None:
    """And ends all of them."""

    def fail(x: Tensor) -> Tensor:
        raise RuntimeError(f"no white pictures of {x.shape[-1]} pixels")

    with pytest.raises(InputError, match="RuntimeError: no white pictures of 16 pixels"):
        audit(picky(fail), ["flip"], options_of(folder, TWO))


@pytest.mark.parametrize("devices", [(), TWO])
def test_an_error_ends_decoding(folder: Path, devices: tuple[str, ...]) -> None:
    """No thread goes on while somebody holds the error, as an interactive session does."""

    def fail(x: Tensor) -> Tensor:
        raise RuntimeError(f"no white pictures of {x.shape[-1]} pixels")

    with pytest.raises(InputError, match="no white pictures") as held:
        audit(picky(fail), ["flip"], options_of(folder, devices))
    assert held.tb is not None
    assert [one.name for one in threading.enumerate() if one.name.startswith("geed-decode")] == []


class Listener(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.heavy
def test_memory_that_runs_out_in_a_worker_halves_the_batch(folder: Path) -> None:
    """8, 4, then 2 rows: the run starts over as a whole and has the digits of one that was asked for 2."""
    heard = Listener()
    found = audit(picky(exhausted, rows=2), ["c4"], options_of(folder, TWO, 8), heard)
    expected = audit(picky(unchanged), ["c4"], options_of(folder, (), 2))
    assert found.results == expected.results
    assert found.settings.batch_size == 2
    assert heard.notes == [
        f"memory ran out on cpu at batch size {rows}; starting over with {rows // 2}" for rows in (8, 4)
    ]


class StopAfter(Silent):
    """Asks the run to end once so many images are done, and counts how many it let begin."""

    def __init__(self, images: int) -> None:
        self.limit, self.done, self.begun = images, 0, 0

    def images(self, done: int, total: int) -> None:
        del total
        self.done = done

    def stopping(self) -> bool:
        self.begun += self.done < self.limit
        return self.done >= self.limit


def test_an_interrupted_run_finishes_what_was_begun(folder: Path) -> None:
    """Every image handed to a worker is in the result, with the rows of the whole run."""
    whole = audit(picky(unchanged), ["c4"], options_of(folder))
    user = StopAfter(4)
    part = audit(picky(unchanged), ["c4"], options_of(folder, TWO), user)
    assert part.status == "partial"
    assert 4 <= part.data.count == user.begun < 30
    places = [whole.data.images.index(image) for image in part.data.images]
    for one, of_all in zip(measured(part), measured(whole), strict=True):
        assert one.per_image is not None
        assert of_all.per_image is not None
        assert one.per_image.value == tuple(of_all.per_image.value[place] for place in places)


class Slow(StopAfter):
    """Keeps the caller's thread busy at the first images that are done, and notes how many were begun by then."""

    def images(self, done: int, total: int) -> None:
        del total
        if done and not self.done:
            time.sleep(0.5)
            self.done = self.begun


def test_workers_run_ahead_by_a_few_batches_alone(folder: Path) -> None:
    """A tile each, of 9 images, and the next one's first, which ends a tile: what waits does not grow with D."""
    user = Slow(1000)
    audit(picky(unchanged), ["c4"], options_of(folder, TWO), user)
    assert 9 <= user.done <= 9 + 9 + 1
    assert user.begun > 30


class Interrupted(Silent):
    """A second Ctrl-C while images come in."""

    def images(self, done: int, total: int) -> None:
        del total
        if done > 3:
            raise KeyboardInterrupt


def test_an_interrupt_at_once_ends_all_workers(folder: Path) -> None:
    """Also while one of them waits for pictures that the first tile has all of."""
    options = replace(options_of(folder, TWO), controls=ControlOptions(probes=30))
    with pytest.raises(KeyboardInterrupt):
        audit(picky(unchanged), ["c4"], options, Interrupted())


@pytest.mark.heavy
def test_settings_of_torch_hold_in_all_workers_and_are_put_back(folder: Path) -> None:
    """TF32 is off in every forward pass and inference mode on, however the workers take turns."""
    seen: list[tuple[bool, bool, bool]] = []

    def note(_module: torch.nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if not set(inputs[0].unique().tolist()) <= {0, 1}:  # no plain pictures, with which layers are traced
            cudnn = torch.backends.cudnn
            seen.append((cudnn.allow_tf32, cudnn.benchmark, torch.is_inference_mode_enabled()))

    network = picky(unchanged)
    network.module.register_forward_pre_hook(note)
    cudnn = torch.backends.cudnn
    before = cudnn.allow_tf32, cudnn.benchmark
    try:
        cudnn.allow_tf32, cudnn.benchmark = True, True
        audit(network, ["d4"], options_of(folder, ("cpu",) * 3, 2))
        assert (cudnn.allow_tf32, cudnn.benchmark) == (True, True)
    finally:
        cudnn.allow_tf32, cudnn.benchmark = before
    assert set(seen) == {(False, False, True)}


class Uncopied(SmallConvNet):
    def __deepcopy__(self, memo: object) -> "Uncopied":
        raise RuntimeError("it holds a lock")


def test_a_network_that_cannot_be_copied_is_refused(folder: Path) -> None:
    """One device needs no copy."""
    network = network_of(Uncopied(), features=Site("fc", "input"))
    audit(network, ["flip"], options_of(folder, ("cpu",)))
    with pytest.raises(InputError, match="cannot be copied to a further device: it holds a lock"):
        audit(network, ["flip"], options_of(folder, TWO))


@pytest.mark.parametrize(
    "names", [("gpu",), ("0", "all"), ("",), ("cuda",), ("-1",), ("0", "0x1"), ("mps", "mps")]
)
def test_names_that_are_none(names: tuple[str, ...]) -> None:
    """Numbers, cpu, or all alone."""
    with pytest.raises(InputError, match="among several"):
        RunOptions(devices=names)


@pytest.mark.parametrize(
    ("device", "names"), [("cpu", ("0", "1")), ("cuda", TWO), ("cpu", ("all",)), ("mps", ("0",))]
)
def test_devices_that_contradict_the_device(device: str, names: tuple[str, ...]) -> None:
    """The same kind beside them is no contradiction."""
    with pytest.raises(InputError, match=f"--device {device} together with --devices"):
        RunOptions(device, devices=names)
    assert RunOptions("cuda", devices=("0", "cuda:1")).shared


@pytest.mark.parametrize("names", [TWO, ("all",), ("0", "1")])
def test_what_one_device_has_to_do(names: tuple[str, ...]) -> None:
    """Sums in the images' order, and compiling, are refused for several."""
    several = RunOptions(devices=names)
    with pytest.raises(InputError, match="--discover together with --devices"):
        AuditOptions(run=several, controls=ControlOptions(discover="linear"))
    with pytest.raises(InputError, match="--compile together with --devices"):
        replace(several, compile=True)
    AuditOptions(run=RunOptions(devices=("0",), compile=True), controls=ControlOptions(discover="linear"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("names", [("0",), ("cuda:1", "0"), ("all",)])
def test_a_gpu_that_is_not_there(folder: Path, names: tuple[str, ...]) -> None:
    """Named with what there is."""
    with pytest.raises(RunError, match=r"CUDA device \d is not available here") as caught:
        audit(picky(unchanged), ["flip"], options_of(folder, names))
    assert caught.value.exit_code == 3
    assert "there is none" in str(caught.value)
