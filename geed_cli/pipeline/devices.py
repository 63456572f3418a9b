"""Several devices of one machine by their names: CUDA numbers, ``all`` of them, or ``cpu``.

They have to be of one kind: numbers from different GPUs differ in their last digits, and a result says on which kind
it was made. A device that is named twice gets two lanes.
"""

from collections.abc import Sequence

import torch

from geed_cli.errors import RunError
from geed_cli.pipeline.describe import device_name


def choose_devices(names: Sequence[str]) -> tuple[torch.device, ...]:
    """The named devices, in that order.

    Args:
        names: of ``RunOptions.devices``, at least one.

    Raises:
        RunError: one of them is not there, or they are not all of one kind.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    every = [str(number) for number in range(count)] or ["0"]  # without any, the first is what is missing
    devices = tuple(_device(name, count) for name in (every if list(names) == ["all"] else names))
    kinds = {device_name(device): device for device in devices}
    if len(kinds) > 1:
        raise RunError(
            "different devices: " + ", ".join(f"{device} is {kind}" for kind, device in kinds.items()),
            expected="devices of one kind, which give the same digits",
            remedy=f"--devices {names[0]}",
        )
    return devices


def _device(name: str, count: int) -> torch.device:
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
