"""What is said of an exception that a network raised: its kind and first line, and the module that it came from."""

from collections.abc import Iterator
from types import FrameType

from torch import nn

from geed_cli.errors import described


def failure_of(module: nn.Module, error: BaseException) -> str:
    """``ValueError: too bright, in module 'blocks.0.attn'``; without a module where it is the network's own code."""
    name = module_at_fault(module, error)
    return described(error) + (f", in module '{name}'" if name else "")


def module_at_fault(module: nn.Module, error: BaseException) -> str | None:
    """The innermost module of the network whose code was running, "" for its own; None where that does not show."""
    names = {id(part): name for name, part in module.named_modules()}
    inside = [names[id(owner)] for frame in frames(error) if id(owner := frame.f_locals.get("self")) in names]
    return inside[-1] if inside else None


def frames(error: BaseException) -> Iterator[FrameType]:
    """The frames that the error went through, innermost last."""
    step = error.__traceback__
    while step is not None:
        yield step.tb_frame
        step = step.tb_next
