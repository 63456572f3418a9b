"""Loading a checkpoint file into a network: read, choose the entry, rename, match, convert, copy.

Each step is a module of its own and refuses what it cannot answer for. The network is changed only by the
last step, after all checks.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from geed_cli.errors import InputError
from geed_cli.models.checkpoint_entry import choose_entry
from geed_cli.models.checkpoint_rules import KeyRules
from geed_cli.models.checkpoint_text import about, shown
from geed_cli.models.fingerprint import file_sha256
from geed_cli.models.state_dtypes import convert_types
from geed_cli.models.state_match import match_state
from geed_cli.models.state_names import network_names
from geed_cli.models.weights_file import read_tensors
from geed_cli.models.weights_tensors import plain_tensor

__all__ = ["CheckpointRecord", "KeyRules", "load_checkpoint"]


@dataclass(frozen=True)
class CheckpointRecord:
    """What is recorded of a checkpoint that was loaded.

    Attributes:
        sha256: of the file's bytes.
        notes: every choice and every gap, one sentence each, to be printed and recorded.
    """

    sha256: str
    notes: tuple[str, ...]


def load_checkpoint(module: nn.Module, path: Path, rules: KeyRules) -> CheckpointRecord:
    """Fill a network with the weights of a checkpoint file.

    Args:
        module: the network, on the CPU; it is left as it was when anything is refused.
        path: a .safetensors file or a .pt/.pth file written by torch.save.
        rules: which entry holds the weights and how their names become the network's.

    Returns:
        The file's sha256 and what is to be said about the loading.

    Raises:
        RunError: the file is missing or unreadable.
        InputError: the file cannot be trusted or understood, or does not fit the network under these rules.
    """
    file = read_tensors(path)
    with about(path):
        entry = choose_entry(file.contents, rules.key)
        plain = {name: plain_tensor(name, value, file.record_sizes) for name, value in entry.state.items()}
        expected = {name: value for name, value in module.state_dict().items() if isinstance(value, Tensor)}
        matched = match_state(expected, network_names(plain, rules), rules, ordered=file.ordered)
        converted = convert_types(expected, matched.pairs)
        _require_equal_sharing(expected, converted.state)
    _fill(module, converted.state)
    notes = file.notes + entry.notes + matched.notes + converted.notes
    return CheckpointRecord(sha256=file_sha256(path), notes=notes)


def _fill(module: nn.Module, state: dict[str, Tensor]) -> None:
    # The network's own state dict carries its version marks: no hook converts from an older layout.
    complete = module.state_dict()
    complete.update(state)
    module.load_state_dict(complete, strict=True)


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
