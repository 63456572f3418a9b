"""Inside the reading process: from a torch.save file to one entry of it as safetensors.

Runs with limits, since unpickling works through whatever a stranger wrote. Only the tensors of the chosen entry are
written, each checked to be plain, and a tensor that shares its bytes with another is written as often as it is named.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from geed_cli.checkpoints.dtypes import plain_tensor
from geed_cli.checkpoints.entry import Entry, choose_entry
from geed_cli.checkpoints.formats import shown
from geed_cli.checkpoints.reader.archive import SAVE_WEIGHTS_ALONE
from geed_cli.checkpoints.reader.arrays import with_arrays_as_tensors
from geed_cli.checkpoints.reader.messages import LONGEST_TENSOR_NAME, MOST_NUMBERS, Request, Taken
from geed_cli.checkpoints.reader.resource_limits import MOST_TENSORS
from geed_cli.checkpoints.reader.unpickle import unpickle, with_modules_as_states
from geed_cli.errors import InputError
from geed_cli.phrases import counted


def extract(request: Request, record_sizes: frozenset[int] | None, notes: tuple[str, ...]) -> Taken:
    """Unpickle the file and write the chosen entry to ``request.target``; an ``OSError`` where that is impossible.

    Args:
        request: which file, which entry, whether its code may run.
        record_sizes: byte counts of the data records; None for a file without records, which is then not mapped.
        notes: what the checks of the container had to say.

    Raises:
        InputError: anything in the file that is refused.
    """
    contents, code = unpickle(
        request.source, mapped=record_sizes is not None, allow_pickle=request.choice.allow_pickle
    )
    if request.choice.allow_pickle:
        contents = with_modules_as_states(contents)
    contents, made = with_arrays_as_tensors(contents)
    entry = choose_entry(contents, request.choice.key, request.choice.usual)
    _require_reasonable(entry, request.limits.output)
    sizes = None if made else record_sizes  # the bytes of arrays lie in the pickle itself
    plain = {name: plain_tensor(name, value, sizes) for name, value in entry.state.items()}
    _write(plain, request.target)
    return Taken(
        order=tuple(plain),
        numbers=dict(islice(_numbers(contents), MOST_NUMBERS)),
        notes=code + notes + made + entry.notes,
        entries=tuple(islice(_entries(contents), MOST_NUMBERS)),
    )


def _require_reasonable(entry: Entry, most_bytes: int) -> None:
    """Only names that safetensors can hold, and no more bytes than such a file can honestly have."""
    if len(entry.state) > MOST_TENSORS:
        raise InputError(
            f"the file lists {len(entry.state)} tensors",
            expected=f"at most {MOST_TENSORS}",
            remedy=SAVE_WEIGHTS_ALONE,
        )
    for name in entry.state:
        if not _fits_an_answer(name) or name == "__metadata__":
            raise InputError(
                f"a tensor is called {shown(name)}",
                expected=f"printable names of at most {LONGEST_TENSOR_NAME} characters",
                remedy=SAVE_WEIGHTS_ALONE,
            )
    claimed = sum(value.numel() * value.element_size() for value in entry.state.values())
    if claimed > most_bytes and not _single_culprit(entry):
        raise InputError(
            f"{counted(len(entry.state), 'tensor')} that share bytes add up to {claimed} bytes",
            expected=f"at most {most_bytes} for a file of this size",
            remedy="if you trust the file, save copies of the tensors (tensor.clone()) instead",
        )


def _fits_an_answer(name: str) -> bool:
    return len(name) <= LONGEST_TENSOR_NAME and name.isprintable()


def _single_culprit(entry: Entry) -> bool:
    """Whether some tensor alone is larger than its bytes: ``plain_tensor`` then names it."""
    return any(
        value.layout is not torch.strided
        or value.numel() * value.element_size() > value.untyped_storage().nbytes()
        for value in entry.state.values()
    )


def _write(state: Mapping[str, Tensor], target: Path) -> None:
    used: set[int] = set()
    separate: dict[str, Tensor] = {}
    for name, value in state.items():
        place = value.untyped_storage().data_ptr()
        whole = (
            value.is_contiguous() and value.untyped_storage().nbytes() == value.numel() * value.element_size()
        )
        separate[name] = value if whole and place not in used else value.contiguous().clone()
        used.add(place)
    try:
        save_file(separate, target)
    except SafetensorError as error:  # the library's own word for a full disk
        raise OSError(str(error)) from error
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(
            f"a tensor of the file cannot be kept as safetensors ({type(error).__name__}: {shown(str(error))})",
            expected="tensors of ordinary types",
            remedy="if you trust the file, convert its tensors to float32 and save them again",
        ) from error


def _numbers(contents: object) -> Iterator[tuple[str, int]]:
    """Whole numbers at the top level, also as tensors of one element."""
    if not isinstance(contents, Mapping):
        return
    for name, value in contents.items():
        number = _number(value) if isinstance(name, str) and _fits_an_answer(name) else None
        if number is not None:
            yield name, number


def _entries(contents: object) -> Iterator[str]:
    """Names at the top level of what is no state dict itself."""
    if isinstance(contents, Mapping) and not any(isinstance(value, Tensor) for value in contents.values()):
        yield from (name for name in contents if isinstance(name, str) and _fits_an_answer(name))


def _number(value: object) -> int | None:
    if type(value) is Tensor and value.dtype in {torch.int32, torch.int64} and value.device.type == "cpu":
        value = value.item() if value.layout is torch.strided and value.numel() == 1 else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return int(value)
    return None
