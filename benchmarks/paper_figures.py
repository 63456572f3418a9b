"""The example figures of docs/figures.md, with invented values in the shape of the paper's figures 3, 4, 5 and 7.

Run as ``python -m benchmarks.paper_figures docs/figures``.
"""

import math
import sys
from pathlib import Path

from geed_cli.report.figures.panel import Point, Series, axis_of
from geed_cli.report.figures.sheet import Sheet
from geed_cli.report.figures.sweep_figure import sweep_sheet
from geed_cli.report.figures.trajectory_panel import TrajectoryPanel
from geed_cli.sweeps.manifest import Member, Sweep, SweptData, SweptModel, Value

FAMILIES = ("CNN, random weights", "CNN", "C8-CNN")
DATA = ("rotated MNIST", "MNIST", "Fashion", "KMNIST", "CIFAR-10")
LATENT = ((0.61, 0.63, 0.58, 0.6, 0.66), (0.21, 0.24, 0.33, 0.31, 0.42), (0.16, 0.19, 0.27, 0.26, 0.35))
SOFTMAX = ((0.01, 0.01, 0.02, 0.01, 0.03), (0.09, 0.16, 0.52, 0.61, 0.73), (0.05, 0.12, 0.41, 0.5, 0.58))
SUPERVISED = {"BiT": (0.19, 0.21), "ResNet50": (0.2, 0.17), "DINO": (0.17, 0.2), "SimCLR": (0.1, 0.08)}
BLOCKS = {
    "CNN": (-0.62, -0.55, -0.52, -0.5, -0.49, -0.48),
    "C8-CNN": (-0.98, -0.95, -0.92, -0.89, -0.86, -0.83),
}
ENDS = {"from scratch": (0.31, 0.34), "pretrained": (0.45, 0.4)}
"""Of a training: the value at its beginning and at its end."""


def main(folder: Path) -> None:
    """Write the four files."""
    sheets = {"by_data": by_data(), "by_model": by_model(), "depth": depth(), "trajectory": trajectory()}
    for name, sheet in sheets.items():
        (folder / f"paper_{name}.svg").write_bytes(sheet.draw(".svg"))


def by_data() -> Sheet:
    """Families of ten models on five data sets."""
    values = [
        _value(data, metric, family, table[row][at], 0.04 * table[row][at] + 0.006, models=10)
        for metric, table in (("latent.l2", LATENT), ("softmax.kl", SOFTMAX))
        for at, data in enumerate(DATA)
        for row, family in enumerate(FAMILIES)
    ]
    return sweep_sheet(_sweep(FAMILIES, DATA, values))


def by_model() -> Sheet:
    """Four models on one data set."""
    values = [
        _value("ImageNet", metric, model, SUPERVISED[model][at], 0.015, group="flip")
        for at, metric in enumerate(("latent.l2", "latent.cosine"))
        for model in SUPERVISED
    ]
    return sweep_sheet(_sweep(tuple(SUPERVISED), ("ImageNet",), values))


def depth() -> Sheet:
    """Six blocks of two families."""
    values = [
        _value("MNIST", "channelwise.cosine", family, at, 0.02, models=10, layer=f"block{number + 1}")
        for family, ways in BLOCKS.items()
        for number, at in enumerate(ways)
    ]
    return sweep_sheet(_sweep(tuple(BLOCKS), ("MNIST",), values))


def trajectory() -> Sheet:
    """Two recipes along 10,000 steps, five models each."""
    series = []
    for number, (first, last) in enumerate(ENDS.values()):
        steps = range(0, 10001, 1000)
        ways = [last + (first - last) * math.exp(-step / 2500) for step in steps]
        points = (Point(step, way, (way - 0.02, way + 0.02)) for step, way in zip(steps, ways, strict=True))
        series.append(Series(number, tuple(points)))
    panel = TrajectoryPanel(axis=axis_of("latent.l2"), about="under c8", series=tuple(series), unit="step")
    labels = tuple(f"{label} (5 models)" for label in ENDS)
    return Sheet((panel,), 1, labels, "latent.l2 under c8 by training step", "Invented values.")


def _value(
    data: str,
    metric: str,
    model: str,
    at: float,
    half: float,
    *,
    models: int = 1,
    group: str = "c8",
    layer: str | None = None,
) -> Value:
    return Value(
        data=data, group=group, metric=metric, layer=layer, model=model, models=models, value=at,
        ci=(at - half, at + half),
    )  # fmt: skip


def _sweep(models: tuple[str, ...], data: tuple[str, ...], values: list[Value]) -> Sweep:
    return Sweep(
        status="complete",
        settings={},
        models=tuple(SweptModel(label=each, members=(Member(name=each, text=each),)) for each in models),
        data=tuple(SweptData(label=each, source=each) for each in data),
        cells=(),
        confidence=0.95,
        values=tuple(values),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
