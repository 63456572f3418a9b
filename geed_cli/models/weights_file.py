"""Reading a checkpoint file from a stranger: the magic bytes decide how, and nothing in the file can run.

One rule for exit codes: a path that cannot be opened or read as a file is a RunError (3), since the same
command may work once the file is there; a file that was read and refused is an InputError (2), since only
another file helps.
"""

from dataclasses import dataclass
from pathlib import Path

from geed_cli.errors import RunError
from geed_cli.models.checkpoint_formats import HEAD_BYTES, Container, container_of
from geed_cli.models.checkpoint_text import about
from geed_cli.models.weights_safetensors import read_safetensors
from geed_cli.models.weights_torch import unpickle
from geed_cli.models.weights_zip import check_archive


@dataclass(frozen=True)
class WeightsFile:
    """What a checkpoint file holds.

    Attributes:
        contents: tensors in plain containers: a mapping of tensors, or one with wrapper entries around it.
        ordered: whether the tensors come in the order in which they were saved; safetensors sorts them.
        record_sizes: byte counts of the data records, against which tensors are checked; None without
            records.
        notes: what a reader of the result should know, such as missing checksums.
    """

    contents: object
    ordered: bool
    record_sizes: frozenset[int] | None
    notes: tuple[str, ...]


def read_tensors(path: Path) -> WeightsFile:
    """Read a .safetensors file or a torch.save file (zip archive or the older stream).

    Args:
        path: the checkpoint file.

    Returns:
        Its contents; the tensors in them have not been checked one by one.

    Raises:
        RunError: there is no such file, or it cannot be read.
        InputError: the file is of another kind, truncated, damaged, or holds more than tensors.
    """
    head = _first_bytes(path)
    with about(path):
        container = container_of(head, path.name)
        if container is Container.SAFETENSORS:
            return WeightsFile(read_safetensors(path), ordered=False, record_sizes=None, notes=())
        if container is Container.ZIP:
            facts = check_archive(path)
            return WeightsFile(unpickle(path, mapped=True), True, facts.record_sizes, facts.notes)
        note = (
            "the file is in torch's format of before 1.6, which has no checksums: damage cannot be detected"
        )
        return WeightsFile(unpickle(path, mapped=False), ordered=True, record_sizes=None, notes=(note,))


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
