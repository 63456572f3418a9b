"""The figures of docs/controls.md, drawn by matplotlib from audits of the bundled pictures.

Usage: OMP_NUM_THREADS=1 python -m benchmarks.control_figures [NAME ...] --out docs/figures. The numbers behind each
figure are printed. Colours are Okabe and Ito's, told apart with any colour vision; markers tell them apart without.
"""

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.control_runs import FILTERS, MODEL, at_sizes, resampled, trained_and_twin, turned
from geed_cli.result.schema import Entry, Result

BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
WIDTH, DPI = 7.2, 150
"""Inches, and pixels an inch."""


def null_and_correlation() -> Figure:
    """Per block under the mirror itself: cosine and correlation, each with its null; trained and random."""
    results = trained_and_twin(("flip",), ("channelwise.*",))
    figure, axes = _panels(2, 3.3)
    for axis, result, title in zip(axes, results, ("trained weights", "random weights (twin)"), strict=True):
        for measure, colour, marker in (("cosine", BLUE, "o"), ("correlation", VERMILION, "s")):
            entries = _layers(result, f"channelwise.{measure}")
            names = [_short(entry) for entry in entries]
            lines = {
                measure: ("-", colour, [_defined(entry.per_element["m"]) for entry in entries]),
                f"null of the {measure}": (":", "white", [entry.controls["null"] for entry in entries]),
            }
            for label, (style, face, values) in lines.items():
                axis.plot(names, values, style, marker=marker, color=colour, mfc=face, label=label)
                _say(f"{title}, {label}", names, values)
        axis.set_title(title, loc="left")
        axis.set_xlabel(f"block of {MODEL}")
        axis.set_ylim(-1.03, 0.05)
    axes[0].set_ylabel("deviation under m\n(−1: equivariant, 0: unrelated)")
    _legend(figure, axes[0])
    return figure


def grid_phase() -> Figure:
    """Per layer under flip: 224 pixels, the same phase-corrected, and 225 pixels."""
    figure, axes = _panels(2, 3.2)
    for axis, title, symmetric in (
        (axes[0], "ResNet-18 of mirrored filters", True),
        (axes[1], f"{MODEL}, trained", False),
    ):
        small, odd = (_layers(result, "channelwise.cosine") for result in at_sizes(symmetric=symmetric))
        names = [_short(entry) for entry in small]
        corrected = [entry.controls["phase_corrected"] for entry in small]
        lines = {
            "224 pixels": ("o-", VERMILION, [_defined(entry.value) for entry in small]),
            "224, phase-corrected": ("s--", GREEN, corrected),
            "225 pixels": ("^-", BLUE, [_defined(entry.value) for entry in odd]),
        }
        for label, (style, colour, values) in lines.items():
            axis.plot(names, values, style, color=colour, label=label)
            _say(f"{title}, {label}", names, values)
        axis.set_title(title, loc="left")
        axis.set_xlabel("layer" if symmetric else "block")
        axis.set_ylim(-1.02, -0.58)
    axes[0].set_ylabel("channelwise.cosine, flip\n(−1: equivariant)")
    _legend(figure, axes[0])
    return figure


def floors() -> Figure:
    """Under c8: value with its interval, and floor, for each boundary and interpolation."""
    figure, axes = _panels(3, 3.4, share=False)
    runs = {f"{boundary}\n{filter_}": result for boundary, filter_, result in resampled("c8")}
    sites = (("latent.l2", None), ("channelwise.cosine", "blocks.0"), ("channelwise.cosine", "blocks.6"))
    for axis, (metric, layer) in zip(axes, sites, strict=True):
        title = f"{metric}, {layer}" if layer else metric
        for row, (conditions, result) in enumerate(runs.items()):
            entry = next(e for e in result.results if (e.metric, e.layer) == (metric, layer))
            value, floor = _defined(entry.value), entry.controls["floor"]
            axis.plot(entry.ci or (), [row, row], color=BLUE)
            axis.plot([value], [row], "o", color=BLUE, label="value, 95% interval" if not row else None)
            axis.plot([floor], [row], "D", mfc="white", color=VERMILION, label=None if row else "floor")
            print(f"{title}, {conditions!r}: {value:.4f}, floor {floor:.4f}")
        axis.set_title(title, loc="left", fontsize=8.5)
        axis.set_yticks(range(len(runs)), list(runs) if axis is axes[0] else [""] * len(runs))
        axis.set_xlim(*((-1.02, -0.35) if layer else (0, 0.48)))
        axis.grid(axis="x", alpha=0.3)
        axis.invert_yaxis()
    _legend(figure, axes[0])
    return figure


def profile() -> Figure:
    """Per element of c16: the profile with the sum of its first Fourier components, and all amplitudes."""
    figure, (left, right) = _panels(2, 3.2, share=False)
    for filter_, shift, colour, marker in zip(FILTERS, (-0.2, 0.2), (BLUE, ORANGE), "os", strict=True):
        entry = next(e for e in turned("c16", filter_).results if e.metric == "latent.l2")
        unit = entry.normaliser or math.nan
        means = [_defined(value) / unit for value in entry.per_element.values()]
        components = [(a / unit, b / unit) for a, b in entry.fourier or ()]
        amplitudes = [math.hypot(*pair) for pair in components]
        if filter_ == "bilinear":  # the other filter's line lies nearly on it
            fine = [k / 2 for k in range(721)]
            left.plot(fine, [_sum(components[:5], angle) for angle in fine], "-", color=colour, lw=1)
        left.plot([360 * k / len(means) for k in range(len(means))], means, marker, color=colour)
        places = [j + shift for j in range(1, len(amplitudes))]
        right.bar(places, amplitudes[1:], 0.4, color=colour, label=filter_)
        _say(f"{filter_}, latent.l2", list(entry.per_element), means)
        _say(f"{filter_}, amplitudes", [str(j) for j in range(len(amplitudes))], amplitudes)
    left.set_xticks(range(0, 361, 90))
    left.set_xlabel("rotation, degrees (line: frequencies 0 to 4)")
    left.set_ylabel("distance from the orbit's mean,\nlatent.l2 (1: another image)")
    right.set_xticks(range(1, 9))
    right.set_xlabel("frequency j (times in a full turn)")
    right.set_ylabel("amplitude √(a² + b²)")
    right.legend(frameon=False)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "null": null_and_correlation,
    "grid_phase": grid_phase,
    "floor": floors,
    "profile": profile,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the named figures, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FIGURES)}; default: all")
    parser.add_argument("--out", type=Path, default=Path("docs/figures"))
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)  # sums in another order end in other last digits
    for name in asked.names or FIGURES:
        with mpl.rc_context(
            {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9.5}
        ):
            path = asked.out / f"controls_{name}.png"
            FIGURES[name]().savefig(path, dpi=DPI, metadata={"Software": None})
            print(f"wrote {path}")


def _panels(count: int, height: float, *, share: bool = True) -> tuple[Figure, list[Axes]]:
    figure = Figure((WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(1, count, sharey=share, squeeze=False).flat)
    for axis in axes if share else ():
        axis.grid(axis="y", alpha=0.3)
    return figure, axes


def _legend(figure: Figure, axis: Axes) -> None:
    """The lines of one panel, which are those of all, below them."""
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)


def _layers(result: Result, metric: str) -> list[Entry]:
    return [entry for entry in result.results if entry.metric == metric]


def _short(entry: Entry) -> str:
    return (entry.layer or "").removeprefix("blocks.")


def _defined(value: float | None) -> float:
    return math.nan if value is None else value


def _sum(components: Sequence[tuple[float, float]], degrees: float) -> float:
    """Σ a_j cos jθ + b_j sin jθ."""
    angle = math.radians(degrees)
    return sum(a * math.cos(j * angle) + b * math.sin(j * angle) for j, (a, b) in enumerate(components))


def _say(what: str, names: Sequence[str], values: Sequence[float]) -> None:
    print(f"{what}: " + ", ".join(f"{name} {value:.3f}" for name, value in zip(names, values, strict=True)))


if __name__ == "__main__":
    main()
