"""The devices of a run: the one that was named or is best, or several of one machine, which share the images.

Several are named by CUDA numbers, ``all`` of them, or ``cpu``. They have to be of one kind: numbers from different GPUs
differ in their last digits, and a result says on which kind it was made. A device that is named twice gets two lanes.
"""

from collections.abc import Sequence

import torch

from geed_cli.errors import RunError
from geed_cli.pipeline.describe import device_name
from geed_cli.pipeline.options import DeviceName, RunOptions


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
            remedy="--devices all" if count else "--device auto",
        )
    return torch.device("cuda", number)
