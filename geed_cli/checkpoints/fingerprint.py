"""SHA-256 of weights themselves: the same whether they came from .pt or .safetensors, in any order."""

import hashlib
import sys
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from geed_cli.checkpoints.renaming import is_batch_counter

SPARSE = {torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc}
"""Layouts of which the indices and values are hashed."""


def state_sha256(module: nn.Module) -> str:
    """SHA-256 over the sorted names, each with dtype, shape and little-endian bytes: 64 hexadecimal digits.

    Parameters and persistent buffers count, but for the counters ``num_batches_tracked``: files of before torch 1.0
    lack them, many exporters drop them, and no network reads them in evaluation, so that they would tell apart networks
    that are the same.
    """
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        if not is_batch_counter(name):
            for key, tensor in _tensors(name, value):
                # repr of the name quotes it, so that no name can imitate the separators.
                digest.update(f"{key!r} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
                digest.update(_little_endian(tensor))
    return digest.hexdigest()


def _tensors(name: str, value: object) -> Iterator[tuple[str, Tensor]]:
    """The tensors of an entry: itself, what int8 modules pack, integers with their scales, what sparse ones hold."""
    if isinstance(value, tuple | list):
        for number, each in enumerate(value):
            yield from _tensors(f"{name}.{number}", each)
    elif isinstance(value, Tensor) and value.is_quantized:
        yield name, value.int_repr()
        per_channel = value.qscheme() in {torch.per_channel_affine, torch.per_channel_affine_float_qparams}
        scales = value.q_per_channel_scales() if per_channel else torch.tensor(value.q_scale())
        zeros = value.q_per_channel_zero_points() if per_channel else torch.tensor(value.q_zero_point())
        yield from ((f"{name}.scales", scales), (f"{name}.zeros", zeros))
    elif isinstance(value, Tensor) and value.layout in SPARSE:
        held = (value if value.layout == torch.sparse_coo else value.to_sparse()).coalesce()
        yield f"{name}.shape", torch.tensor(held.shape)
        yield from ((f"{name}.indices", held.indices()), (f"{name}.values", held.values()))
    elif isinstance(value, Tensor):
        yield name, value


def _little_endian(tensor: Tensor) -> bytes:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    raw = flat.view(torch.uint8).reshape(-1, flat.element_size())
    in_order = raw if sys.byteorder == "little" else raw.flip(1)
    return in_order.contiguous().numpy().tobytes()
