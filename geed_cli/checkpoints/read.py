"""Reading a checkpoint file from a stranger: the magic bytes decide how, and nothing in the file can run here.

safetensors files are mapped; every other kind is first converted to safetensors in a process of its own, unless an
earlier run kept a sound one. Nothing is kept of a file that was allowed to run its code, nor of one that changed while
it was read. A file that cannot be opened is a RunError (3), since the same command may work once it is there; a file
that was read and refused is an InputError (2), since only another file helps.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from geed_cli.checkpoints.dtypes import plain_tensor
from geed_cli.checkpoints.entry import choose_entry
from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.formats import HEAD_BYTES, Container, about, container_of
from geed_cli.checkpoints.kept import KeptWeights, key_of
from geed_cli.checkpoints.reader.convert import converted
from geed_cli.checkpoints.reader.messages import Choice, Conversion
from geed_cli.checkpoints.reader.resource_limits import Limits
from geed_cli.checkpoints.safetensors_file import check_header, read_safetensors
from geed_cli.errors import InputError, RunError

AUTO = Choice()


@dataclass(frozen=True)
class WeightsFile:
    """What was taken from a checkpoint file.

    Attributes:
        state: the tensors of the chosen entry by their names in the file, each of them plain.
        ordered: whether they come in the order in which they were saved; safetensors sorts them.
        numbers: whole numbers beside them at the file's top level, such as ``epoch``.
        notes: what a reader of the result should know: the entry, missing checksums, code that was allowed.
        entries: names at the file's top level, where that is no state dict itself.
        sha256: of the file, where it was taken on the way.
    """

    state: dict[str, Tensor]
    ordered: bool
    numbers: Mapping[str, int]
    notes: tuple[str, ...]
    sha256: str | None = None
    entries: tuple[str, ...] = ()

    @property
    def contents(self) -> Mapping[str, object]:
        """Tensors and numbers by name, for what looks up single values such as the training step."""
        return {**self.state, **self.numbers}


def read_tensors(
    path: Path, choice: Choice = AUTO, limits: Limits | None = None, kept: KeptWeights | None = None
) -> WeightsFile:
    """Read a .safetensors file or a torch.save file (zip archive or the older stream): tensors mapped, on the CPU.

    Args:
        path: the checkpoint file.
        choice: which entry, and whether the file may run code.
        limits: of the reading process; by default those of the file's size.
        kept: where conversions are kept between runs; None keeps and finds none.

    Raises:
        RunError: there is no such file, it cannot be read, or there is no room to convert it.
        InputError: the file is of another kind, truncated, damaged, or holds more than tensors.
    """
    head = _first_bytes(path)
    with about(path):
        container = container_of(head, path.name)
        if container is Container.SAFETENSORS:
            entry = choose_entry(read_safetensors(path), choice.key, choice.usual)
            plain = {name: plain_tensor(name, value, None) for name, value in entry.state.items()}
            return WeightsFile(plain, ordered=False, numbers={}, notes=entry.notes)
        with _conversion_of(path, container, choice, limits, kept) as conversion:
            state = _tensors(conversion)
        taken = conversion.taken
        return WeightsFile(state, True, taken.numbers, taken.notes, conversion.sha256, taken.entries)


@contextmanager
def as_safetensors(path: Path, choice: Choice, kept: KeptWeights | None = None) -> Iterator[Path]:
    """The file itself where it is safetensors with a sound header, else a conversion, to be read in the block.

    For libraries that insist on reading files themselves: they get to see no other kind. Errors are those of
    ``read_tensors``.
    """
    head = _first_bytes(path)
    with ExitStack() as stack:
        with about(path):  # and not about what the block raises
            container = container_of(head, path.name)
            if container is Container.SAFETENSORS:
                check_header(path)
                file = path
            else:
                file = stack.enter_context(_conversion_of(path, container, choice, kept=kept)).path
        yield file


@contextmanager
def _conversion_of(
    path: Path,
    container: Container,
    choice: Choice,
    limits: Limits | None = None,
    kept: KeptWeights | None = None,
) -> Iterator[Conversion]:
    """The chosen entry of a torch.save file as a safetensors file, to be read within the block.

    Nothing is kept or found where ``limits`` are not those of the file's size. Errors are those of ``converted``.
    """
    if kept is None or limits is not None or choice.allow_pickle:
        with converted(path, container, choice, limits) as fresh:
            yield fresh
        return
    before = _stamp(path)
    sha256 = file_sha256(path)
    key = key_of(sha256, container.value, choice)
    earlier = kept.find(key)
    if earlier is not None and _sound(earlier, key, kept):
        yield replace(earlier, sha256=sha256)
        return
    with converted(path, container, choice) as fresh:
        if _stamp(path) != before:
            yield fresh
            return
        kept.keep(key, path, fresh.path, fresh.taken)
        yield replace(fresh, sha256=sha256)


def _sound(earlier: Conversion, key: str, kept: KeptWeights) -> bool:
    """Whether a kept file passes what every safetensors file has to, and holds the tensors that its entry names."""
    try:
        tensors = read_safetensors(earlier.path)
        for name, value in tensors.items():
            plain_tensor(name, value, None)
    except (InputError, OSError) as error:
        kept.refuse(key, error.found if isinstance(error, InputError) else str(error))
        return False
    if set(tensors) != set(earlier.taken.order):
        kept.refuse(key, "its tensors are not those that its entry names")
        return False
    return True


def _stamp(path: Path) -> tuple[int, int, int]:
    """What changes when a file is written to or replaced."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _tensors(conversion: Conversion) -> dict[str, Tensor]:
    """The tensors in the order of the original; they stay mapped when the file's name is gone, except on Windows."""
    tensors = read_safetensors(conversion.path)
    if set(tensors) != set(conversion.taken.order):
        raise RunError(
            "the process that reads checkpoint files gave other tensors than it names",
            expected="the tensors of the file",
            remedy="try again; if it happens again, report it with the file's sha256",
        )
    if os.name == "nt":
        return {name: tensors[name].clone() for name in conversion.taken.order}
    return {name: tensors[name] for name in conversion.taken.order}


def _first_bytes(path: Path) -> bytes:
    try:
        # A named pipe would block for ever and a device has no end, so that only regular files are opened.
        if path.exists() and not path.is_file():
            raise _unreadable(f"{path} is a folder or a device, not a file")
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise _unreadable(f"there is no checkpoint file {path}") from error
    except OSError as error:
        raise _unreadable(f"checkpoint file {path} cannot be read: {error.strerror}") from error


def _unreadable(found: str) -> RunError:
    return RunError(
        found,
        expected="a readable checkpoint file",
        remedy="check the path; a path in a spec is taken relative to the spec",
    )
