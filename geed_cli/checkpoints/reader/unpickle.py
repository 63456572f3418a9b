"""Inside the reading process: unpickling of torch.save files, and its failures in plain words.

The file's pickle is data from a stranger: ``weights_only=True`` builds tensors and plain containers and nothing
else. One class is added, ``argparse.Namespace``, a bag of attributes, and stand-ins for what else training scripts
store beside weights (``stand_ins``). Only where the user said so on the command line, and only for a file that is
refused so, code that it names is run.
"""

import argparse
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from geed_cli.checkpoints.formats import shown
from geed_cli.checkpoints.reader.archive import SAVE_AGAIN
from geed_cli.checkpoints.reader.arrays import array_stand_ins
from geed_cli.checkpoints.reader.recipes import SAFETENSORS, without_objects
from geed_cli.checkpoints.reader.stand_ins import stand_ins
from geed_cli.errors import InputError

UNSUPPORTED = re.compile(
    r"Unsupported global: GLOBAL (\S+)|Unsupported class (\S+)|Tr(?:ying|ied) to .*?GLOBAL (\S+)"
)
OUT_OF_MEMORY = re.compile(r"allocate memory|MemoryError", re.IGNORECASE)
CODE_RAN = "allow_pickle: the file imported {name} and was let run its code in the process that read it"
CODE_NOT_NEEDED = "allow_pickle was given but not needed: the file holds tensors alone"


def unpickle(path: Path, *, mapped: bool, allow_pickle: bool) -> tuple[object, tuple[str, ...]]:
    """What a torch.save file holds, on the CPU: tensors in plain containers; and a note where code was allowed.

    Args:
        path: a file that passed the checks of its container.
        mapped: map the file instead of reading it; possible for zip archives, and no tensor can then reach
            beyond the file, whatever size its pickle claims.
        allow_pickle: load a file that asks for other objects as well, which runs whatever code it names.

    Raises:
        InputError: the pickle asks for anything but tensors and plain containers, or is damaged.
        MemoryError: it takes more memory than this process may have.
    """
    try:
        contents = _load(path, mapped=mapped, weights_only=True)
    except Exception as error:  # a hostile pickle can make any line of the unpickler raise anything
        name = _imported(error)
        if not allow_pickle or name is None:
            raise _explained(error, path) from error
    else:
        return contents, (CODE_NOT_NEEDED,) if allow_pickle else ()
    try:
        return _load(path, mapped=mapped, weights_only=False), (CODE_RAN.format(name=name),)
    except Exception as error:  # the file's own code may raise anything
        if isinstance(_explained(error, path), MemoryError):
            raise MemoryError from error
        raise InputError(
            f"the file's own code, which asked to import {name}, failed here "
            f"({type(error).__name__}: {shown(str(error))})",
            expected="a state dict, or objects whose classes can be imported here",
            remedy=without_objects(name, path, allowed=True),
        ) from error


_HARMLESS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    argparse.Namespace,
    *stand_ins(),
    *array_stand_ins(),
]


def _load(path: Path, *, mapped: bool, weights_only: bool) -> object:
    # torch remarks on kinds of tensors that are refused afterwards anyway.
    with warnings.catch_warnings(), torch.serialization.safe_globals(_HARMLESS), _for_torch(path) as file:
        warnings.simplefilter("ignore")
        return torch.load(file, map_location="cpu", weights_only=weights_only, mmap=mapped)


@contextmanager
def _for_torch(path: Path) -> Iterator[Path]:
    """The path, or a link to it where torch would go by its name: what ends in .safetensors it reads as that alone."""
    if path.suffix != SAFETENSORS:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="geed-") as folder:
        link = Path(folder) / "original"
        link.symlink_to(path.absolute())
        yield link


def with_modules_as_states(contents: object) -> object:
    """Whole modules, at the top or one level down, replaced by their state dicts."""
    if isinstance(contents, nn.Module):
        return contents.state_dict()
    if isinstance(contents, Mapping):
        return {
            key: value.state_dict() if isinstance(value, nn.Module) else value
            for key, value in contents.items()
        }
    return contents


def _imported(error: Exception) -> str | None:
    """The class or function that the restricted unpickler would not import."""
    match = UNSUPPORTED.search(str(error))
    name = next((group for group in match.groups() if group), None) if match else None
    return shown(name.rstrip(".,")) if name is not None else None


def _explained(error: Exception, path: Path) -> Exception:
    if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
        return MemoryError()
    name = _imported(error)
    if name is not None:
        return InputError(
            f"the file holds Python objects, not weights alone: it asks to import {name}",
            expected="a state dict, that is tensors by name; importing what a file names would run its code",
            remedy=without_objects(name, path),
        )
    return InputError(
        f"the file cannot be read as tensors ({type(error).__name__})",
        expected="a complete file with a state dict, as torch.save writes it",
        remedy=SAVE_AGAIN,
    )
