"""The bench on which known answers are measured: pictures of noise, and audits of small networks on them.

White noise has no direction and no two alike pictures. It is written at the network's own size, so that nothing is
resized, and pixels in [0, 1] become [−1, 1], so that it has mean 0. Audits are those of ``geed audit``, on the user's
device and in the user's precision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from geed_cli.choices import Discover
from geed_cli.input_settings import InputSettings
from geed_cli.models.network import Network, Site, WeightsOrigin
from geed_cli.models.output import LOGITS, Output
from geed_cli.models.spec import ModelSpec
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, Precision, RunOptions
from geed_cli.result.schema import Entry, Result

PICTURE_COUNT = 20
ROUNDING: dict[Precision, float] = {"fp32": 1e-4, "fp64": 1e-9}
"""What rounding may leave of a zero. Sums in another order leave 1e-6 of a deviation in float32 (measured: at most
1.3e-6) and 1e-15 in float64; a hundred times that and more is allowed for other devices' kernels. Convolutions whose
inputs have the 10 bits of TF32 leave 5e-3 (measured), which is not rounding."""
WHY_ROUNDING = "the tolerance is for rounding, which leaves about 1e-6 in float32 and 1e-15 in float64"


@dataclass(frozen=True)
class Bench:
    """Where known answers are measured; the folder, where pictures are written, is the caller's to remove."""

    folder: Path
    run: RunOptions

    @property
    def rounding(self) -> float:
        """The largest deviation that is still rounding, in this precision."""
        return ROUNDING[self.run.precision]

    def audit(
        self,
        network: Network,
        group: str,
        metrics: tuple[str, ...] = (),
        *,
        discover: Discover | None = None,
        run: RunOptions | None = None,
    ) -> Result:
        """Audit on noise of the network's size, in all measures or some; ``run`` is in place of the bench's own."""
        options = AuditOptions(
            data=DataOptions(self.noise(network.input.size), samples=PICTURE_COUNT),
            run=run or self.run,
            metrics=metrics,
            controls=ControlOptions(probes=0, discover=discover),
        )
        return audit(network, [group], options)

    def noise(self, size: int) -> Path:
        """A folder of pictures of white noise, S×S; the same on every machine."""
        folder = self.folder / f"noise{size}"
        if not folder.is_dir():
            folder.mkdir(parents=True)
            generator = np.random.Generator(np.random.PCG64(size))
            for number in range(PICTURE_COUNT):
                pixels = generator.integers(0, 256, size=(size, size, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number:02d}.png")
        return folder


def _entry(result: Result, metric: str, layer: str | None = None) -> Entry:
    """The entry of one measure; the audits of the self-test have one group."""
    return next(entry for entry in result.results if (entry.metric, entry.layer) == (metric, layer))


def value_of(result: Result, metric: str, layer: str | None = None) -> float | str:
    """The value of one measure, or the status that stands for it."""
    entry = _entry(result, metric, layer)
    return entry.status if entry.value is None else entry.value


def raw_of(result: Result, metric: str) -> float | str:
    """The raw mean of a latent measure, before it is divided by M."""
    entry = _entry(result, metric)
    return entry.status if entry.raw is None else entry.raw


def wrap(
    build: Callable[[], nn.Module],
    size: int,
    features: Site,
    *,
    layers: tuple[str, ...] = (),
    output: Output = LOGITS,
    actions: Mapping[str, object] | None = None,
) -> Network:
    """A network as the program sees it, from what makes its module and the side of its input.

    Weights are drawn with seed 0, and the caller's random state is left alone. ``actions`` is the section of a spec,
    where channels move too.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = build().eval().requires_grad_(requires_grad=False)
    name, mean = type(module).__name__, (0.5, 0.5, 0.5)
    return Network(
        id=f"selftest/{name}",
        source="python",
        arch=name,
        module=module,
        features=features,
        output=output,
        classifier=None,
        layers=layers,
        input=InputSettings(size, size, "bilinear", mean, mean),
        weights=WeightsOrigin("random", "seed 0", None, "0" * 64, ()),
        parameters=sum(p.numel() for p in module.parameters()),
        spec=None if actions is None else _declaring(name, actions),
    )


def _declaring(name: str, actions: Mapping[str, object]) -> ModelSpec:
    spec = {
        "model": {"source": "python", "name": f"selftest:{name}"},
        "weights": {"origin": "random"},
        "actions": dict(actions),
    }
    return ModelSpec.model_validate(spec)
