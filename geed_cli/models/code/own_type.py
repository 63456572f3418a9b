"""Pictures on a network's own device and in its own type."""

from itertools import chain

import torch
from torch import Tensor, nn


def number_of(module: nn.Module) -> Tensor:
    """One number on the module's device, in the type that it computes in: that of its first floating-point tensor."""
    tensors = tuple(chain(module.parameters(), module.buffers()))
    # masks and counters say where a network is, not in what type it computes
    anywhere = torch.zeros((), device=tensors[0].device if tensors else None)
    like = next((tensor for tensor in tensors if tensor.is_floating_point()), anywhere)
    return torch.zeros((), dtype=like.dtype, device=like.device)


def black(module: nn.Module, images: int, channels: int, size: int) -> Tensor:
    """Black pictures for a module, shape (images, channels, size, size)."""
    own = number_of(module)
    return torch.zeros(images, channels, size, size, dtype=own.dtype, device=own.device)
