"""A checkpoint file as safetensors: the conversion that an earlier run kept, where it is sound, else a new one.

Nothing is kept of a file that was allowed to run its code, nor of one that changed while it was read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.checkpoints.formats import Container
from geed_cli.checkpoints.kept import Found, KeptWeights, key_of
from geed_cli.checkpoints.plain_tensor import plain_tensor
from geed_cli.checkpoints.reader.convert import Choice, Conversion, converted
from geed_cli.checkpoints.reader.resource_limits import Limits
from geed_cli.checkpoints.safetensors_file import read_safetensors
from geed_cli.errors import InputError


@contextmanager
def conversion_of(
    path: Path,
    container: Container,
    choice: Choice,
    limits: Limits | None = None,
    kept: KeptWeights | None = None,
) -> Iterator[Conversion]:
    """The chosen entry of a torch.save file as a safetensors file, to be read within the block.

    Args:
        path: a zip archive or an older stream of torch.save, as ``container`` says.
        container: what its first bytes announce.
        choice: which entry.
        limits: of the reading process, where they are not those of the file's size; then nothing is kept or found.
        kept: where conversions are kept; None keeps and finds none.

    Raises:
        InputError: as ``converted``.
        RunError: as ``converted``.
    """
    if kept is None or limits is not None or choice.allow_pickle:
        with converted(path, container, choice, limits) as fresh:
            yield fresh
        return
    state = _state_on_disk(path)
    sha256 = file_sha256(path)
    key = key_of(sha256, container.value, choice.key, choice.usual)
    found = kept.find(key)
    if found is not None and _sound(found, key, kept):
        yield Conversion(found.path, found.taken, sha256)
        return
    with converted(path, container, choice) as fresh:
        if _state_on_disk(path) != state:
            yield fresh
            return
        kept.keep(key, path, fresh.path, fresh.taken)
        yield replace(fresh, sha256=sha256)


def _sound(found: Found, key: str, kept: KeptWeights) -> bool:
    """Whether a kept file passes what every safetensors file has to, and holds the tensors that its entry names."""
    try:
        tensors = read_safetensors(found.path)
        for name, value in tensors.items():
            plain_tensor(name, value, None)
    except (InputError, OSError) as error:
        kept.refuse(key, error.found if isinstance(error, InputError) else str(error))
        return False
    if set(tensors) != set(found.taken.order):
        kept.refuse(key, "its tensors are not those that its entry names")
        return False
    return True


def _state_on_disk(path: Path) -> tuple[int, int, int]:
    """What changes when a file is written to or replaced."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns
