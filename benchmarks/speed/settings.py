"""How much the speed benchmarks run, passed as JSON from the process that collects to those that measure."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from geed_cli.pipeline.options import BatchSize, DeviceName, Precision


@dataclass(frozen=True)
class Settings:
    """Amounts and networks.

    Attributes:
        images: of an audit that is set against a bare loop.
        folder: of photographs, at least as many; empty is the bundled sample.
        repeats: of everything that is timed; medians are reported.
        pictures: large JPEGs to decode.
        counts: images of the curve of peak memory.
        batches: batch sizes that the bare loop is tried with.
        models: networks of the loops and of the memory.
        deep: the network with many layers, whose audit statistics are set against as well.
        light: a network that is quick, for which decoding is harder to hide.
        small: a network for what does not depend on it.
        saved: images of the saved results.
        batch: rows of a batch, where memory is compared at equal batch size.
        batch_size: of audits that are timed; None is the default, ``auto`` is measured before the time starts.
        device: of audits and bare loops alike.
        precision: of both.
        timm_script: path of timm's ``benchmark.py``; empty leaves that case out.
        steady: seconds that an audit beside that script should last, at the script's rate.
        iterations: batches that the script times.
    """

    images: int = 100
    folder: str = ""
    repeats: int = 3
    pictures: int = 500
    counts: tuple[int, ...] = (100, 200, 500, 1000, 2000)
    batches: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    models: tuple[str, ...] = ("timm:resnet50", "timm:tf_efficientnet_lite0", "timm:vit_small_patch16_224")
    deep: str = "timm:resnet50"
    light: str = "timm:tf_efficientnet_lite0"
    small: str = "timm:test_resnet"
    saved: int = 200
    batch: int = 8
    batch_size: BatchSize | None = None
    device: DeviceName = "auto"
    precision: Precision = "fp32"
    timm_script: str = ""
    steady: float = 5.0
    iterations: int = 40

    @property
    def photographs(self) -> Path | None:
        """The folder; None is the bundled sample."""
        return Path(self.folder) if self.folder else None

    def quick(self) -> "Settings":
        """The same in tiny: to see that everything runs, not how fast."""
        tiny = "timm:test_resnet"
        return replace(
            self,
            images=4,
            repeats=1,
            pictures=3,
            counts=(4, 8),
            batches=(1, 4),
            models=(tiny,),
            deep=tiny,
            light=tiny,
            saved=20,
            steady=0.0,
            iterations=5,
        )

    def to_json(self) -> str:
        """All fields."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        """What ``to_json`` wrote."""
        return cls(**with_tuples(json.loads(text)))


def with_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """The same with tuples for lists, which JSON and the command line give."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
