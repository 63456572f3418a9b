"""A track's file that several runs may add to at once: none of them loses what another has written.

A lock beside the file is held while it is read, merged and replaced, never while anything is audited. Where nobody else
has written since, the file is not read again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from filelock import FileLock, Timeout

from geed_cli.errors import RunError
from geed_cli.tracking.record import Failure, Recipe, Record, Track
from geed_cli.tracking.resume import merged
from geed_cli.tracking.track import track_of
from geed_cli.tracking.track_file import read_track, write_track

PATIENCE_S = 60.0
"""How long to wait for another run; it holds the lock for as long as reading and writing the file takes."""
Stamp = tuple[int, int, int]


class SharedTrack:
    """The file, as one run sees it.

    Args:
        path: need not exist.
        check: is called with every track that is found there, and raises where this run cannot go on from it.
        fresh: whether what is there is to go when this run first writes; what others add after that stays.
        pair_runs: of the tracks that it writes.
        parts: names of measures, of which raw and M get rows of their own.
    """

    def __init__(
        self,
        path: Path,
        check: Callable[[Track], None],
        *,
        fresh: bool,
        pair_runs: str | None = None,
        parts: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.pair_runs = pair_runs
        self.parts = tuple(parts)
        self._check = check
        self._known: Track | None = None
        self._seen: Stamp | None = None
        self._goes = fresh

    def read(self) -> Track | None:
        """What the file holds; None where there is none, or where it is to go.

        Raises:
            InputError: it is no track, or not one that this run can go on from.
        """
        if self._goes:
            return None
        now = self._stamp()
        if now != self._seen:
            self._known = read_track(self.path) if now is not None else None
            if self._known is not None:
                self._check(self._known)
            self._seen = now
        return self._known

    def add(
        self,
        records: Sequence[Record],
        recipe: Recipe | None,
        *,
        complete: bool,
        failures: Sequence[Failure] = (),
        recipes: Mapping[str, Recipe] = MappingProxyType({}),
    ) -> Track:
        """Write the file's records with these in place of those that they replace; the track that it then holds.

        Failures and recipes of runs are added to the file's; there has to be a record, here or there.

        Raises:
            InputError: another run has written what this one cannot go on from.
            RunError: it could not be written, or another run does not let go of it.
        """
        with self._lock():
            before = self.read()
            old = before.records if before is not None else ()
            recipe = recipe or (before.recipe if before is not None else None)
            track = track_of(
                merged(old, records),
                recipe,
                complete=complete,
                pair_runs=self.pair_runs,
                parts=self.parts,
                failures=[*(before.failures if before is not None else ()), *failures],
                recipes={**(before.recipes if before is not None else {}), **recipes},
            )
            write_track(track, self.path)
            self._known, self._seen, self._goes = track, self._stamp(), False
        return track

    @contextmanager
    def _lock(self) -> Iterator[None]:
        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=PATIENCE_S)
        try:
            lock.acquire()
        except (Timeout, OSError) as error:
            why = (
                f"another run has had it for {PATIENCE_S:g} s"
                if isinstance(error, Timeout)
                else error.strerror
            )
            raise RunError(
                f"{self.path} could not be locked: {why}",
                expected=f"permission to write {lock.lock_file}, which runs hold while they write the track",
                remedy="the same command again, which goes on from what is there",
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _stamp(self) -> Stamp | None:
        """Which file lies there, in which state; every writer puts a new one in its place."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size
