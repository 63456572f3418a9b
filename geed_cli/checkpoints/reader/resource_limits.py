"""What the process that reads a stranger's file may use: memory, time, bytes written.

All limits grow with the file, so that an honest file of any size is read and a small one cannot ask for much. They
are enforced by the operating system: memory on Linux, processor time and bytes written on every POSIX system, and
the time on the clock everywhere, by the parent. This module is loaded before torch and must not import it.
"""

from dataclasses import dataclass
from pathlib import Path

MOST_TENSORS = 100_000
"""In one file, of either kind; the largest public image models have a few thousand."""
GIB = 2**30
MIB = 2**20
BASE_SECONDS = 120
"""Starting Python, importing torch from a slow disk (usually 2 s) and reading a small file."""
BYTES_PER_SECOND = 5_000_000
"""Slower than any disk or network share that one would work from."""


@dataclass(frozen=True)
class Limits:
    """The limits of one process that reads one file.

    Attributes:
        memory: bytes of address space beyond what Python and torch themselves take.
        seconds: on the clock, and again of processor time.
        output: bytes written, and bytes of the tensors taken together.
    """

    memory: int
    seconds: int
    output: int


def limits_for(size: int) -> Limits:
    """2 GiB + 4 × size of memory; 120 s + 1 s for each 5 MB; 64 MiB + 4 × size of output.

    An honest file takes its own size mapped, up to twice that in copies of tensors that are not contiguous, and
    some tens of MB of Python objects. Tensors that share bytes, such as tied weights, are written out separately.
    """
    return Limits(
        memory=2 * GIB + 4 * size,
        seconds=BASE_SECONDS + size // BYTES_PER_SECOND,
        output=64 * MIB + 4 * size,
    )


def limit_time_and_output(limits: Limits) -> None:
    """Set the limits of this process that nothing it does later has to exceed; without effect on Windows."""
    try:
        import resource  # noqa: PLC0415 - POSIX only
    except ImportError:
        return
    # SIGXCPU comes at the soft limit; at the hard one comes SIGKILL, which lack of memory is told by, too
    _set(resource.RLIMIT_CPU, limits.seconds, spare=1)
    _set(resource.RLIMIT_FSIZE, limits.output)
    _set(resource.RLIMIT_CORE, 0)


def limit_memory(extra: int | None) -> None:
    """Let the address space of this process grow by ``extra`` bytes from now; None lifts the limit again.

    Linux only: other systems do not enforce it.
    """
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return
    import resource  # noqa: PLC0415 - POSIX only

    now = int(statm.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    _set(resource.RLIMIT_AS, resource.RLIM_INFINITY if extra is None else now + extra, keep_hard=True)


def _set(kind: int, wanted: int, *, spare: int = 0, keep_hard: bool = False) -> None:
    """Set a limit, and how far above it another may be set; never above one that this process was started with."""
    import resource  # noqa: PLC0415 - POSIX only

    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        wanted = hard if wanted == resource.RLIM_INFINITY else min(wanted, hard)
        spare = min(spare, hard - wanted)
    resource.setrlimit(kind, (wanted, hard if keep_hard else wanted + spare))
