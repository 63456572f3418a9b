"""What there is of converted weights in a cache, and taking some of it away. Imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geed_cli.checkpoints.kept import ENTRY_SUFFIX, KEPT_FOLDER, PARTIAL_SUFFIX, TENSORS_SUFFIX, read_entry


@dataclass(frozen=True)
class StoredWeights:
    """One kept file.

    Attributes:
        key: its name without the ending.
        made_from: the checkpoint's path when it was read; "unknown" where its entry cannot be read.
        bytes: of both files.
        used: when a run last used it, Unix time.
    """

    key: str
    made_from: str
    bytes: int
    used: float


def stored_weights(cache: Path) -> tuple[StoredWeights, ...]:
    """The kept files of a cache, the last used first; none where there is no such folder."""
    folder = cache / KEPT_FOLDER
    keys = {path.stem for ending in (ENTRY_SUFFIX, TENSORS_SUFFIX) for path in folder.glob(f"*{ending}")}
    files = [stored for key in sorted(keys) if (stored := _stored(folder, key)) is not None]
    return tuple(sorted(files, key=lambda stored: -stored.used))


def remove_stored(cache: Path, doomed: Sequence[StoredWeights]) -> None:
    """Remove kept files; an ``OSError`` where one of them cannot be removed."""
    for stored in doomed:
        # the entry first: without it the tensors are not looked at
        for ending in (ENTRY_SUFFIX, TENSORS_SUFFIX):
            (cache / KEPT_FOLDER / f"{stored.key}{ending}").unlink(missing_ok=True)


def remove_partial(cache: Path) -> None:
    """Remove what killed runs left half written, and the folder where it is then empty; may raise an ``OSError``."""
    folder = cache / KEPT_FOLDER
    for path in folder.glob(f"*{PARTIAL_SUFFIX}"):
        path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _stored(folder: Path, key: str) -> StoredWeights | None:
    """A kept file; None where another process has just removed it."""
    sizes: list[int] = []
    used = 0.0
    for path in (folder / f"{key}{ENTRY_SUFFIX}", folder / f"{key}{TENSORS_SUFFIX}"):
        try:
            status = path.stat()
        except OSError:
            continue
        sizes.append(status.st_size)
        used = max(used, status.st_mtime)
    try:
        made_from = read_entry(folder / f"{key}{ENTRY_SUFFIX}").made_from
    except (OSError, ValueError):
        made_from = "unknown"
    return StoredWeights(key, made_from, sum(sizes), used) if sizes else None
