"""Goals: peak memory at most 1.15 times the bare loop's at the same batch size, and flat in the number of images.

Every point is the largest resident memory of a process of its own, with the libraries in it, which ``measured`` starts.
This module imports no torch, since children inherit the figure of the process that starts them.
"""

import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from benchmarks.speed.pictures import write_small
from benchmarks.speed.settings import Settings
from benchmarks.speed.timing import module_command
from benchmarks.table import Line

FLAT = 1.1
"""No growth is the goal; a tenth is about what allocators keep of large and small blocks freed in turn."""


@dataclass(frozen=True)
class Request:
    """What the child does.

    Attributes:
        what: an audit, or the bare loop over as many inputs.
        model: its weights are random.
        group: of the audit.
        samples: images.
        folder: of images; empty is the bundled sample.
        inputs: of the bare loop.
        batch: rows of a batch; None leaves it to the audit.
        img_size: another input size than the network's own.
        layers: so many of the modules with maps, evenly over the depth; 0 takes the stages.
        probes: images with controls.
    """

    what: Literal["audit", "bare"]
    model: str
    group: str = "c4"
    samples: int = 1
    folder: str = ""
    inputs: int = 1
    batch: int | None = None
    img_size: int | None = None
    layers: int = 0
    probes: int = 16


@dataclass(frozen=True)
class Measured:
    """What the child found.

    Attributes:
        seconds: from the first image to the last row, or of the bare loop.
        peak: largest memory by then, MiB.
        statistics_s: seconds of making the result from rows.
        peak_after: largest memory after that, MiB.
        held: what rows and embeddings take by their numbers alone, MiB.
        layers: that were hooked.
    """

    seconds: float
    peak: float
    statistics_s: float = 0.0
    peak_after: float = 0.0
    held: float = 0.0
    layers: int = 0


def measured(request: Request) -> Measured:
    """Run the request in a child.

    Raises:
        subprocess.CalledProcessError: it failed; its message is on stderr.
    """
    command = module_command("benchmarks.speed.work", json.dumps(asdict(request)))
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Measured(**json.loads(said))


def memory(settings: Settings) -> Iterator[Line]:
    """A line for each network against its bare loop, then two for each curve."""
    for model in settings.models:
        yield beside_bare(model, settings)
    with tempfile.TemporaryDirectory() as temporary:
        folder = write_small(Path(temporary), max(settings.counts))
        for model, img_size in ((settings.light, None), (settings.small, 64)):
            yield from curve(model, img_size, folder, settings)


def beside_bare(model: str, settings: Settings) -> Line:
    """The audit's peak against the bare loop's."""

    def median(request: Request, read: Callable[[Measured], float]) -> float:
        return statistics.median(read(measured(request)) for _ in range(settings.repeats))

    audit = Request("audit", model, samples=settings.images, folder=settings.folder, batch=settings.batch)
    bare = Request("bare", model, inputs=settings.images * 4, batch=settings.batch)
    ours, theirs = median(audit, lambda m: m.peak_after), median(bare, lambda m: m.peak)
    words = f"{ours:.0f} against {theirs:.0f} MiB, batch {settings.batch}"
    return Line(
        f"{model.partition(':')[2]}, c4, peak memory against the bare loop", words, ours / theirs, 1.15
    )


def curve(model: str, img_size: int | None, folder: Path, settings: Settings) -> Iterator[Line]:
    """Peak memory against the number of images: the ratio of its ends less the rows' own bytes, and all points."""
    points = {
        count: measured(
            Request("audit", model, "flip", count, str(folder), batch=settings.batch, img_size=img_size)
        )
        for count in settings.counts
    }
    first, last = (points[count] for count in (min(points), max(points)))
    name = model.partition(":")[2]
    words = f"{first.peak:.0f} → {last.peak:.0f} MiB, of these rows {first.held:.1f} → {last.held:.1f}"
    ratio = (last.peak - last.held) / (first.peak - first.held)
    yield Line(
        f"{name}, flip, peak memory less rows, {max(points)} images against {min(points)}", words, ratio, FLAT
    )
    yield Line("… the curve, MiB", "; ".join(f"{n}: {m.peak:.0f}" for n, m in points.items()))
    after = "; ".join(f"{n}: {m.peak_after:.0f}" for n, m in points.items())
    yield Line("… with statistics, MiB", after)
