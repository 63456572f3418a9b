"""Runs fuzz cases in forked processes with limits and prints one line of JSON for each.

    python fuzz_worker.py RESULT.json FIRST_SEED CASES [KIND]

Outcomes: ``same`` or ``different…`` for accepted files, ``refused`` for the program's own refusals, ``crash`` for
anything else: another exception, a signal, a limit. ``code`` says whether the canary appeared.
"""

import json
import os
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

from fuzz_mutations import CANARY
from fuzz_targets import Target, case, targets

from geed_cli.checkpoints.reader import child
from geed_cli.errors import GeedError
from geed_cli.images.picture import ImageRefused

SECONDS = 20
BATCH = 20
MEMORY = 2 * 2**30


def outcome(target: Target, seed: int, folder: Path) -> dict[str, str]:
    """Run one case here."""
    mutated, sound, mutation = case(target, seed)
    path = folder / f"file{target.suffix}"
    path.write_bytes(mutated)
    try:
        found = "unchanged" if mutated == sound else target.accept(path, sound, mutation)
        return {"outcome": found, "mutation": mutation, "says": ""}
    except (GeedError, ImageRefused) as refusal:
        says = str(refusal)
        says.encode()
        escapes = any(ord(c) < 32 and c != "\n" for c in says)
        return {"outcome": "crash" if escapes else "refused", "mutation": mutation, "says": says[:300]}
    except BaseException:
        return {"outcome": "crash", "mutation": mutation, "says": traceback.format_exc()[-1500:]}


def in_batches(target: Target, seeds: range) -> Iterator[dict[str, object]]:
    """Run the cases in forked children; what kills a child is that case's crash, and a new one goes on behind it."""
    first = seeds.start
    while first < seeds.stop:
        batch = range(first, min(first + BATCH, seeds.stop))
        lines, ended = _forked(target, batch)
        yield from (json.loads(line) for line in lines)
        first += len(lines)
        if len(lines) < len(batch):
            yield {"seed": first, "outcome": "crash", "mutation": "", "says": ended, "code": False}
            first += 1


def _forked(target: Target, batch: range) -> tuple[list[bytes], str]:
    """The lines that a child wrote, and how it ended."""
    with tempfile.TemporaryDirectory(prefix="geed-fuzz-") as name:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _child(target, batch, Path(name), writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            lines = pipe.read().splitlines()
        _, status = os.waitpid(child, 0)
    return lines, signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"status {status}"


def _child(target: Target, batch: range, folder: Path, writing: int) -> None:
    try:
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (2 * SECONDS, 2 * SECONDS))
        warnings.simplefilter("ignore")  # of Pillow, for the oracle that opens the file as well
        for seed in batch:
            own = folder / str(seed)
            own.mkdir()
            os.chdir(own)
            signal.alarm(SECONDS)
            found = outcome(target, seed, own)
            line = {"seed": seed, **found, "code": (own / CANARY).exists()}
            os.write(writing, json.dumps(line).encode() + b"\n")
    finally:
        os._exit(0)


def main() -> None:
    """See the module's docstring."""
    result, first, count, *only = sys.argv[1:]
    child.limit_memory = lambda _extra: None  # every case has a limit of its own
    for name, target in targets(Path(result).read_bytes()).items():
        if only and name != only[0]:
            continue
        for found in in_batches(target, range(int(first), int(first) + int(count))):
            print(json.dumps({"kind": name, **found}), flush=True)


if __name__ == "__main__":
    main()
