"""Choosing the devices, the floating type and the batch size, and moving the network there.

A run has the device that was named or is best, or several, which share the images: CUDA numbers, ``all`` of them, or
``cpu``. They have to be of one kind: numbers from different GPUs differ in their last digits, and a result says on
which kind it was made. A device that is named twice gets two workers.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from geed_cli.engine.batches import Placement
from geed_cli.engine.engine import full_precision
from geed_cli.engine.shapes import forward_plain, traced_images
from geed_cli.errors import InputError, RunError, is_out_of_memory, text_of
from geed_cli.images.prefetch import usable_cores
from geed_cli.input_settings import InputSettings
from geed_cli.models.network import Network
from geed_cli.pipeline.borrowed import is_at
from geed_cli.pipeline.describe import device_name
from geed_cli.pipeline.options import DeviceName, RunOptions
from geed_cli.runtime.cpu_types import lacks

CPU_BATCH, GPU_BATCH = 16, 64
"""Default rows of a batch: on small CPUs 8 to 32 are fastest, a GPU wants to be filled."""

DTYPES = {"fp32": torch.float32, "fp64": torch.float64, "bf16": torch.bfloat16, "fp16": torch.float16}


def choose_devices(run: RunOptions) -> tuple[torch.device, ...]:
    """The devices that the options name, in that order; at least one.

    Raises:
        RunError: one of them is not there, or they are not all of one kind.
    """
    return _several(run.devices) if run.devices else (_one(run.device),)


def _one(name: DeviceName) -> torch.device:
    """The named device, or the best that there is."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    available = [kind for kind, is_there in there.items() if is_there]
    if name == "auto":
        return torch.device(available[0])
    if name not in available:
        raise RunError(
            f"device {name!r} is not available here",
            expected=f"one of: {', '.join(available)}",
            remedy="--device auto",
        )
    return torch.device(name)


def _several(names: Sequence[str]) -> tuple[torch.device, ...]:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    every = [str(number) for number in range(count)] or ["0"]  # without any, the first is what is missing
    devices = tuple(_numbered(name, count) for name in (every if list(names) == ["all"] else names))
    kinds = {device_name(device): device for device in devices}
    if len(kinds) > 1:
        raise RunError(
            "different devices: " + ", ".join(f"{device} is {kind}" for kind, device in kinds.items()),
            expected="devices of one kind, which give the same digits",
            remedy=f"--devices {names[0]}",
        )
    return devices


def _numbered(name: str, count: int) -> torch.device:
    if name == "cpu":
        return torch.device("cpu")
    number = int(name.removeprefix("cuda:"))
    if number >= count:
        there = ", ".join(map(str, range(count)))
        raise RunError(
            f"CUDA device {number} is not available here",
            expected=f"one of: {there}" if count else "a CUDA device; there is none",
            remedy="--devices all" if count else "leave out --devices",
        )
    return torch.device("cuda", number)


def place_all(options: RunOptions) -> tuple[Placement, ...]:
    """Device, floating type and batch size for each device; for the size ``auto`` the default stands in.

    Raises:
        InputError: fp64 on MPS.
        RunError: a device is not there, or they are not all of one kind.
    """
    return tuple(_placement(device, options) for device in choose_devices(options))


def place(options: RunOptions) -> Placement:
    """The same for the first device of a run alone; raises what ``place_all`` does."""
    return place_all(options)[0]


def _placement(device: torch.device, options: RunOptions) -> Placement:
    default = CPU_BATCH if device.type == "cpu" else GPU_BATCH
    batch = options.batch_size if isinstance(options.batch_size, int) else default
    if device.type == "mps" and options.precision == "fp64":
        raise InputError("fp64 on MPS", expected="a device with float64", remedy="--device cpu")
    return Placement(device, DTYPES[options.precision], batch, options.channels_last)


def slow_type(run: RunOptions) -> str | None:
    """What is to be said of a reduced type that the CPU of a run has no instructions for; None where there is nothing.

    Raises:
        RunError: as for ``choose_devices``.
    """
    if not run.reduced or choose_devices(run)[0].type != "cpu" or not lacks(DTYPES[run.precision]):
        return None
    return (
        f"this CPU has no instructions for {run.precision}, which may take ten times as long as fp32; "
        "--precision fp32"
    )


@contextmanager
def fitting_threads() -> Iterator[None]:
    """Torch uses no more threads than this process has cores within this; what it chose itself stays where it is less.

    Afterwards there are as many as before.
    """
    before, cores = torch.get_num_threads(), usable_cores()
    if before <= cores:
        yield
        return
    torch.set_num_threads(cores)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def move_to_all(network: Network, placements: Sequence[Placement]) -> tuple[Network, ...]:
    """The network on each device: itself on the first, unless it is borrowed and not there, copies on the others.

    Raises:
        InputError: as for ``move``, or the network cannot be copied.
    """
    # one after another, so that at most one copy lies beside the network itself
    further = tuple(move(_copy(network), placement) for placement in placements[1:])
    return (move(network, placements[0]), *further)


def _copy(network: Network) -> Network:
    """A copy, which is nobody's but the run's."""
    try:
        return replace(network, module=copy.deepcopy(network.module), borrowed=False)
    except Exception as error:  # whatever modules raise
        if is_out_of_memory(error):
            raise
        borrowed = network.borrowed
        raise InputError(
            f"{network.id} cannot be copied {'for another device or type' if borrowed else 'to a further device'}: "
            f"{text_of(error)[:200]}",
            expected="a network that copy.deepcopy takes",
            remedy="leave out --device, --devices and --precision" if borrowed else "leave out --devices",
        ) from error


def move(network: Network, placement: Placement) -> Network:
    """The network on its device in its floating type, channels last unless the placement says otherwise.

    For a type with fewer digits than float32 it is a copy, so that the network itself keeps its weights. One that is
    borrowed is used as it is, or copied where another device or type is asked for.

    Raises:
        InputError: the network does not run in such a type on this device, or is borrowed and cannot be copied.
    """
    reduced = placement.dtype.itemsize < torch.float32.itemsize
    if network.borrowed and not is_at(network, placement.device, placement.dtype):
        network = _copy(network)
    if reduced:
        return _reduced(network, placement)
    return network if network.borrowed else replace(network, module=_moved(network.module, placement))


def _reduced(network: Network, placement: Placement) -> Network:
    """A copy with rounded weights, once it has run; of a borrowed network, which has them, itself."""
    try:
        module = network.module if network.borrowed else _moved(copy.deepcopy(network.module), placement)
        with full_precision():
            forward_plain(module, network.input, traced_images(network))
    except Exception as error:  # whatever kernels, modules and copies raise
        if is_out_of_memory(error):
            raise
        name = str(placement.dtype).removeprefix("torch.")
        raise InputError(
            f"{network.id} does not run in {name} on {placement.device}: {text_of(error)[:200]}",
            expected="weights that can be rounded, and every operation of the network in that type",
            remedy="--precision fp32",
        ) from error
    return replace(network, module=module)


def _moved(module: nn.Module, placement: Placement) -> nn.Module:
    module = module.to(placement.device, placement.dtype)
    for parameter in module.parameters():  # Module.to would refuse a network with any parameter of five axes
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=placement.memory_format)
    return module


def require_equal_geometry(networks: Sequence[Network]) -> None:
    """Networks that share pixels must resize and crop alike.

    Raises:
        InputError: two of them do not.
    """
    first = networks[0]
    for other in networks[1:]:
        if geometry(other.input) != geometry(first.input):
            raise InputError(
                f"{first.id} sees {geometry(first.input)}, {other.id} sees {geometry(other.input)}",
                expected="the same input geometry, so that both see the same pixels",
                remedy="give both the same input in a spec, or --img-size",
            )


def geometry(settings: InputSettings) -> str:
    """What decides the pixels that a network is shown: size, resize, crop, filter, channels; not mean and std."""
    luminance = ":luminance" if settings.channels == 1 else ""
    return f"{settings.size}:{settings.resize}:{settings.crop_mode}:{settings.interpolation}{luminance}"
