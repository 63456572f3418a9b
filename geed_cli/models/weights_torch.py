"""Unpickling of torch.save files, with ``weights_only=True`` always, and its failures in plain words.

The file's pickle is data from a stranger: the restricted unpickler of torch builds tensors and plain
containers and nothing else. One class is added, ``argparse.Namespace``, a bag of attributes that training
scripts store beside weights.
"""

import argparse
import re
import warnings
from pathlib import Path

import torch

from geed_cli.errors import InputError
from geed_cli.models.checkpoint_text import shown
from geed_cli.models.weights_zip import AGAIN, SAVE_STATE

PICKLE_REMEDY = (
    f"{SAVE_STATE}x = torch.load(FILE, weights_only=False), then torch.save(x.state_dict(), 'weights.pt') "
    "where x is a whole module, torch.save(x['state_dict'], 'weights.pt') where it is a training checkpoint"
)
UNSUPPORTED = re.compile(
    r"Unsupported global: GLOBAL (\S+)|Unsupported class (\S+)|Tr(?:ying|ied) to .*?GLOBAL (\S+)"
)


def unpickle(path: Path, *, mapped: bool) -> object:
    """What a torch.save file holds: tensors in plain containers.

    Args:
        path: a file that passed the checks of its container.
        mapped: map the file instead of reading it; possible for zip archives, and no tensor can then reach
            beyond the file, whatever size its pickle claims.

    Returns:
        The unpickled contents, tensors on the CPU.

    Raises:
        InputError: the pickle asks for anything but tensors and plain containers, or is damaged.
    """
    try:
        # torch remarks on kinds of tensors that are refused afterwards anyway.
        with warnings.catch_warnings(), torch.serialization.safe_globals([argparse.Namespace]):
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    # A hostile pickle reaches every line of the unpickler and can make any of them raise anything.
    except Exception as error:
        raise _explained(error) from error


def _explained(error: Exception) -> InputError:
    match = UNSUPPORTED.search(str(error))
    name = next((group for group in match.groups() if group), None) if match else None
    if name is not None:
        return InputError(
            f"the file holds Python objects, not weights alone: it asks to import {shown(name.rstrip('.,'))}",
            expected="a state dict, that is tensors by name; importing what a file names would run its code",
            remedy=PICKLE_REMEDY,
        )
    return InputError(
        f"the file cannot be read as tensors ({type(error).__name__})",
        expected="a complete file with a state dict, as torch.save writes it",
        remedy=AGAIN,
    )
