"""One audit or bare loop in a process of its own, which measures its memory and writes what it found as JSON.

    python -m benchmarks.speed_child '{"what": "audit", "model": "timm:resnet50", "samples": 8, ...}'

Only a small process may start it (see ``machine.peak_mib``); ``measured`` does so and imports no torch.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Literal

from benchmarks.speed_case import module_command


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
    command = module_command("benchmarks.speed_child", json.dumps(asdict(request)))
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Measured(**json.loads(said))


if __name__ == "__main__":
    from benchmarks.speed_child_work import work  # with torch, which the parent must not import

    sys.stdout.write(json.dumps(asdict(work(Request(**json.loads(sys.argv[1]))))))
