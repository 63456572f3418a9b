"""SHA-256 of weights themselves: the same whether they came from .pt or .safetensors, in any order."""

import hashlib
import sys

import torch
from torch import Tensor, nn

from geed_cli.checkpoints.renaming import is_batch_counter


def state_sha256(module: nn.Module) -> str:
    """SHA-256 over the sorted names, each with dtype, shape and little-endian bytes: 64 hexadecimal digits.

    Parameters and persistent buffers count, but for the counters ``num_batches_tracked``: files of before torch 1.0
    lack them, many exporters drop them, and no network reads them in evaluation, so that they would tell apart networks
    that are the same.
    """
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        if isinstance(value, Tensor) and not is_batch_counter(name):
            # repr of the name quotes it, so that no name can imitate the separators.
            digest.update(f"{name!r} {value.dtype} {tuple(value.shape)}\n".encode())
            digest.update(_little_endian(value))
    return digest.hexdigest()


def _little_endian(tensor: Tensor) -> bytes:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    raw = flat.view(torch.uint8).reshape(-1, flat.element_size())
    in_order = raw if sys.byteorder == "little" else raw.flip(1)
    return in_order.contiguous().numpy().tobytes()
