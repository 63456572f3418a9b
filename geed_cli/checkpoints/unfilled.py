"""Which tensors of a network a file filled, and which it left alone.

Before loading, every weight is set to NaN. What is still NaN afterwards was not in the file: such a part cannot
take part in an audit unnoticed, since everything computed with it is NaN too. Buffers that are computed, such as
position indices, are no weights and keep their values.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from geed_cli.errors import InputError
from geed_cli.globs import listed

RUNNING_STATISTICS = ("running_mean", "running_var")


def blank(module: nn.Module) -> None:
    """Set every parameter and running statistic to NaN, in place."""
    with torch.no_grad():
        for _, value in weights_of(module):
            value.fill_(torch.nan)


def require_filled(module: nn.Module, path: Path, missing: Iterable[str]) -> tuple[str, ...]:
    """Check that a network, blanked and then loaded, was filled from its file.

    Args:
        module: the network.
        path: the file, for messages.
        missing: globs of names that the file may lack.

    Returns:
        the names that are still blank, in network order, all of them declared in ``missing``.

    Raises:
        InputError: another tensor is blank, or the file itself holds NaN for it.
    """
    globs = tuple(missing)
    blanks = tuple(name for name, value in weights_of(module) if bool(torch.isnan(value).any()))
    undeclared = [name for name in blanks if not listed(name, globs)]
    if undeclared:
        more = f" and {len(undeclared) - 3} more" if len(undeclared) > 3 else ""
        raise InputError(
            f"{path}: no usable values for {', '.join(undeclared[:3])}{more} (absent, or not numbers)",
            expected="numbers for every weight of the network",
            remedy="use weights made for the whole network; a headless file needs weights.missing in a spec",
        )
    return blanks


def weights_of(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Name and tensor of everything that training determines: parameters and running statistics."""
    yield from module.named_parameters()
    for name, value in module.named_buffers():
        if name.rpartition(".")[2] in RUNNING_STATISTICS:
            yield name, value
