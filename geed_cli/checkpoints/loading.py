"""Loading a checkpoint file into a network: read, choose the entry, rename, match, convert, copy.

Each step is a module of its own and refuses what it cannot answer for. The network is changed only by the
last step, after all checks.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from geed_cli.checkpoints.dtypes import convert_types
from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.formats import about, shown
from geed_cli.checkpoints.kept import KeptWeights
from geed_cli.checkpoints.match import match_state
from geed_cli.checkpoints.read import WeightsFile, read_tensors
from geed_cli.checkpoints.reader.messages import Choice
from geed_cli.checkpoints.renaming import network_names
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.errors import InputError


@dataclass(frozen=True)
class CheckpointRecord:
    """A loaded checkpoint: the SHA-256 of the file's bytes; every choice and every gap, one sentence each."""

    sha256: str
    notes: tuple[str, ...]


def load_checkpoint(
    module: nn.Module,
    path: Path,
    rules: KeyRules,
    *,
    allow_pickle: bool = False,
    kept: KeptWeights | None = None,
) -> CheckpointRecord:
    """Fill a network with the weights of a checkpoint file.

    Args:
        module: the network, on the CPU; it is left as it was when anything is refused.
        path: a .safetensors file or a .pt/.pth file written by torch.save.
        rules: which entry holds the weights and how their names become the network's.
        allow_pickle: let a file that holds more than tensors run its code, in the process that reads it.
        kept: where conversions are kept between runs; None keeps and finds none.

    Raises:
        RunError: the file is missing or unreadable.
        InputError: the file cannot be trusted or understood, or does not fit the network under these rules.
    """
    file = read_tensors(path, Choice(rules.key, allow_pickle=allow_pickle), kept=kept)
    return load_tensors(module, path, file, rules)


def tensors_of(module: nn.Module) -> dict[str, Tensor]:
    """What a file has to fill: a network's tensors by name, in the order of ``state_dict()``."""
    return {name: value for name, value in module.state_dict().items() if isinstance(value, Tensor)}


def load_tensors(module: nn.Module, path: Path, file: WeightsFile, rules: KeyRules) -> CheckpointRecord:
    """Fill a network with what was read from the file at ``path``; see ``load_checkpoint``."""
    with about(path):
        expected = tensors_of(module)
        matched = match_state(expected, network_names(file.state, rules), rules, ordered=file.ordered)
        state, conversions = convert_types(expected, matched.pairs)
        _require_equal_sharing(expected, state)
    # The network's own state dict carries its version marks: no hook converts from an older layout.
    complete = module.state_dict()
    complete.update(state)
    module.load_state_dict(complete, strict=True)
    notes = file.notes + matched.notes + conversions
    return CheckpointRecord(sha256=file.sha256 or file_sha256(path), notes=notes)


def _require_equal_sharing(expected: dict[str, Tensor], state: dict[str, Tensor]) -> None:
    """A tensor that the network keeps under two names would silently take the later value."""
    first: dict[tuple[int, torch.Size], str] = {}
    for name, value in state.items():
        other = first.setdefault((expected[name].data_ptr(), value.shape), name)
        if not torch.equal(state[other], value):
            raise InputError(
                f"the network shares one tensor as {shown(other)} and {shown(name)}, which differ in the file",
                expected="equal values for the names of one shared tensor",
                remedy="check the architecture: it ties weights that the checkpoint's does not",
            )
