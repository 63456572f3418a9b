"""What it costs to show the first image again: audits with and without, by turns, in user CPU seconds.

    OMP_NUM_THREADS=1 python -m benchmarks.steadiness --size 112 --pairs 3

resnet50 with random weights under c4 on 80 pictures of noise, without a cache, in batches of the default size. One
pair is run before, and not counted. On a machine that is not quiet the ratio of pairs says little. So the part of a run
that goes into showing the first image again is taken within that run: the time in the engine, less what its measured
rows cost by the batches that hold nothing else (the first, with its passes in float64, is left out of that).
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from PIL import Image

from geed_cli.engine.batches import Batch
from geed_cli.engine.engine import Engine
from geed_cli.engine.steady.steadiness import SteadinessCheck
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline import prepare
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions

IMAGES = 80


def write_noise(folder: Path, size: int) -> None:
    """Pictures of the network's own size, so that nothing is resized."""
    rng = np.random.default_rng(0)
    for number in range(IMAGES):
        pixels = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")


@contextmanager
def shown_once() -> Iterator[None]:
    """Runs within this show nothing again: their engines have no check."""
    with patch.object(prepare, "Engine", _unchecked):
        yield


def _unchecked(*args: Any, **settings: Any) -> Engine:  # noqa: ANN401 - whatever an engine takes
    return Engine(*args, **{**settings, "on_unsteady": None})


class Stopwatch:
    """CPU seconds of the thread that runs the network, batch by batch; torch has one thread."""

    def __init__(self) -> None:
        self._batches: list[tuple[float, int, int]] = []
        self._check = 0.0

    @property
    def seconds(self) -> float:
        """What goes into showing rows again: small batches of the check, and rows in batches of the run."""
        plain = [seconds / measured for seconds, measured, again in self._batches[1:] if not again]
        mixed = [(seconds, measured) for seconds, measured, again in self._batches if again]
        each = sum(plain) / len(plain)
        return self._check + sum(seconds - measured * each for seconds, measured in mixed)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time the engine and its check within this."""
        feed = Engine.feed

        def timed(engine: Engine, batch: Batch) -> object:
            inside, before = self._check, time.thread_time()
            try:
                return feed(engine, batch)
            finally:
                spent = time.thread_time() - before - (self._check - inside)
                measured = sum(slot is not None for slot in batch.slots)
                self._batches.append((spent, measured, sum(number is not None for number in batch.again)))

        with ExitStack() as stack:
            stack.enter_context(patch.object(Engine, "feed", timed))
            for name in ("before", "after", "finish"):
                method = self._timing(getattr(SteadinessCheck, name))
                stack.enter_context(patch.object(SteadinessCheck, name, method))
            yield

    def _timing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:  # noqa: ANN401 - whatever the method takes and returns
            before = time.thread_time()
            try:
                return method(*args)
            finally:
                self._check += time.thread_time() - before

        return timed


def user_seconds(network: Network, folder: Path) -> float:
    """User CPU seconds of one audit, of all its threads."""
    before = os.times().user
    audit(network, ["c4"], AuditOptions(data=DataOptions(folder), run=RunOptions("cpu")))
    return os.times().user - before


def main() -> None:
    """Print every pair and the ratio of sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--pairs", type=int, default=3)
    asked = parser.parse_args()
    network = load_model("torchvision:resnet50", weights="random", img_size=asked.size)
    sums = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as folder:
        write_noise(Path(folder), asked.size)
        for pair in range(asked.pairs + 1):
            with shown_once():
                without = user_seconds(network, Path(folder))
            watch = Stopwatch()
            with watch.running():
                checked = user_seconds(network, Path(folder))
            part = watch.seconds / (checked - watch.seconds)
            print(
                f"pair {pair}: {without:.2f} s without, {checked:.2f} s with, ratio {checked / without:.4f}; "
                f"{watch.seconds:.3f} s for what is shown again, {100 * part:.2f}% of the rest",
                flush=True,
            )
            if pair:
                sums = [sums[0] + without, sums[1] + checked]
    print(f"ratio of sums {sums[1] / sums[0]:.4f}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
