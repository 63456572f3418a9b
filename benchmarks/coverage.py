"""How often the intervals contain the true value, on synthetic networks whose true values are known.

A synthetic network gives each image an embedding f(x) and, for a group of order 2, f(gx) = f(x) + δ(x); class
probabilities and feature maps are functions of the embedding, so that every measure is computed from one
model. Images are independent draws of one of four kinds of data.
Usage: python -m benchmarks.coverage.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from geed_cli.choices import IntervalMethod
from geed_cli.statistics.interval import interval
from geed_cli.statistics.methods import METHODS
from geed_cli.statistics.sample import MeanSample, RatioSample, Sample
from geed_cli.statistics.scale import Scale

Array = npt.NDArray[np.float64]
Cell = tuple[int, str, str, str]

FEATURES, CLASSES, CLUSTERS = 16, 6, 10
KINDS = ("gaussian", "lognormal", "scale-correlated", "clustered")
SIZES = (20, 50, 200)
LATENT = ("latent.l2", "latent.cosine")
MEASURES = (*LATENT, "softmax.kl", "channelwise.cosine", "prediction.flip_rate", "near-dead channels")
CELLS = (*MEASURES, *(f"{name}, separate M" for name in LATENT))

_LAYOUT = np.random.default_rng(20221128)  # the fixed network and clusters that all repetitions share
HEAD = 0.7 * _LAYOUT.normal(size=(FEATURES, CLASSES))
CENTRES = 1.0 + 1.5 * _LAYOUT.normal(size=(CLUSTERS, FEATURES))
LEVELS = np.exp(0.8 * _LAYOUT.normal(size=CLUSTERS))

SCALES = {
    "latent.l2": Scale.log(),
    "latent.cosine": Scale.identity(),
    "softmax.kl": Scale.bounded(0.0, float(np.log(2.0))),
    "channelwise.cosine": Scale.bounded(-1.0, 1.0),
    "near-dead channels": Scale.bounded(-1.0, 1.0),
    "prediction.flip_rate": Scale.rate(),
}


@dataclass(frozen=True, eq=False)
class Images:
    """A sample of images as the synthetic network sees them.

    Attributes:
        embeddings: f(x), shape (n, FEATURES).
        rows: the per-image value of every measure, shape (n,) each.
    """

    embeddings: Array
    rows: dict[str, Array]


def draw(kind: str, n: int, rng: np.random.Generator) -> Images:
    """N independent images of one kind of data, with e ~ N(0, 0.16 I).

    gaussian: f = 1 + z, δ = e. lognormal: f = exp(z/2), δ = 0.6 e times a lognormal factor of log-variance 1.
    scale-correlated: f = s(1 + z), δ = s e, s lognormal of log-sd 1/2. clustered: f = centre_c + z, δ =
    level_c e, c one of ten clusters at random.
    """
    z = rng.normal(size=(n, FEATURES))
    e = 0.4 * rng.normal(size=(n, FEATURES))
    if kind == "gaussian":
        return images(1.0 + z, 1.0 + z + e)
    if kind == "lognormal":
        f = np.exp(z / 2.0)
        return images(f, f + 0.6 * e * np.exp(rng.normal(size=(n, 1))))
    if kind == "scale-correlated":
        s = np.exp(rng.normal(size=(n, 1)) / 2.0)
        return images(s * (1.0 + z), s * (1.0 + z + e))
    c = rng.integers(0, CLUSTERS, size=n)
    return images(CENTRES[c] + z, CENTRES[c] + z + LEVELS[c, None] * e)


def images(f: Array, g: Array) -> Images:
    """Every measure's per-image rows from f(x) and f(gx), shape (n, FEATURES) each."""
    centre = (f + g) / 2.0
    log_p, log_q = log_softmax(f @ HEAD, axis=1), log_softmax(g @ HEAD, axis=1)
    log_mean = np.logaddexp(log_p, log_q) - np.log(2.0)
    kl = (np.exp(log_p) * (log_p - log_mean) + np.exp(log_q) * (log_q - log_mean)).sum(axis=1) / 2.0
    rows = {
        "latent.l2": (norm(f - centre) + norm(g - centre)) / 2.0,
        "latent.cosine": -(cosine(f, centre) + cosine(g, centre)) / 2.0,
        "softmax.kl": np.maximum(kl, 0.0),
        "channelwise.cosine": channelwise(f, g, channels=2),
        "prediction.flip_rate": (log_p.argmax(axis=1) != log_q.argmax(axis=1)).astype(np.float64),
        "near-dead channels": channelwise(f, g, channels=4),
    }
    return Images(f, rows)


def channelwise(f: Array, g: Array, *, channels: int) -> Array:
    """−(1 + mean cosine of rectified channels)/2, the mean over the identity and g, shape (n,).

    With 4 channels of 4 positions some channels are nearly dead: their cosine is noise, and its tail is
    heavy.
    """
    maps = [np.maximum(x.reshape(len(x), channels, -1), 0.0) for x in (f, g)]
    return np.asarray(-(1.0 + cosine(*maps).mean(axis=1)) / 2.0)


def norm(x: Array) -> Array:
    """Euclidean norm of the last axis."""
    return np.asarray(np.sqrt((x * x).sum(axis=-1)))


def cosine(x: Array, y: Array) -> Array:
    """Cosine of the last axis; 0 where one side vanishes."""
    lengths = norm(x) * norm(y)
    cosines = np.divide((x * y).sum(axis=-1), lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return np.asarray(cosines)


def row_means(name: str, f: Array) -> Array:
    """r_i of the latent measure's normaliser: mean distance, or mean cosine, to the other images."""
    if name == "latent.cosine":
        unit = f / norm(f)[:, None]
        pairs = unit @ unit.T
    else:
        squares = (f * f).sum(axis=1)
        pairs = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2.0 * f @ f.T, 0.0))
    np.fill_diagonal(pairs, 0.0)
    return np.asarray(pairs.sum(axis=1) / (len(f) - 1))


def samples(kind: str, n: int, rng: np.random.Generator) -> dict[str, Sample]:
    """One repetition's cells, as a saved result holds them: rows and row means."""
    audited, others = draw(kind, n, rng), draw(kind, n, rng)
    cells: dict[str, Sample] = {
        m: MeanSample(audited.rows[m], SCALES[m]) for m in MEASURES if m not in LATENT
    }
    for m in LATENT:
        v, scale = audited.rows[m], SCALES[m]
        cells[m] = RatioSample(v, row_means(m, audited.embeddings), True, scale)
        cells[f"{m}, separate M"] = RatioSample(v, row_means(m, others.embeddings), False, scale)
    return cells


@cache
def true_values(kind: str, batches: int = 25, size: int = 40_000) -> dict[str, float]:
    """The cells' true values from a million images: their error is 1.4% of a standard error at n = 200."""
    rng = np.random.default_rng([271828, KINDS.index(kind)])
    sums = dict.fromkeys(MEASURES, 0.0)
    pairs = dict.fromkeys(LATENT, 0.0)
    for _ in range(batches):
        drawn = draw(kind, size, rng)
        for m in MEASURES:
            sums[m] += float(drawn.rows[m].mean()) / batches
        for shift in (1, 7, 77):  # pairs of different images
            other = np.roll(drawn.embeddings, shift, axis=0)
            pairs["latent.l2"] += float(norm(drawn.embeddings - other).mean()) / (3 * batches)
            pairs["latent.cosine"] += float(cosine(drawn.embeddings, other).mean()) / (3 * batches)
    truth = {m: sums[m] / pairs.get(m, 1.0) for m in MEASURES}
    return truth | {f"{m}, separate M": truth[m] for m in LATENT}


@dataclass
class Tally:
    """Counts of one cell under one method: intervals made, true values inside, and the widths."""

    made: int = 0
    inside: int = 0
    width: float = 0.0

    def add(self, low: float, high: float, truth: float) -> None:
        """Count one interval."""
        self.made += 1
        self.inside += low <= truth <= high
        self.width += high - low

    @property
    def coverage(self) -> float:
        """Percent of intervals that contain the true value."""
        return 100.0 * self.inside / max(self.made, 1)


def measure(
    repetitions: Iterable[int],
    *,
    sizes: Sequence[int] = SIZES,
    methods: Sequence[IntervalMethod] = METHODS,
    seed: int = 0,
    resamples: int = 1000,
    truth_batches: int = 25,
) -> dict[Cell, Tally]:
    """Coverage of every cell, keyed (n, measure, kind, method).

    Every repetition draws its own images and its own resamples, which its cells share as in a run of the
    program.
    """
    truths = {kind: true_values(kind, truth_batches) for kind in KINDS}
    tallies: dict[Cell, Tally] = {
        (n, c, k, m): Tally() for n in sizes for c in CELLS for k in KINDS for m in methods
    }
    for repetition in repetitions:
        for n in sizes:
            for kind in KINDS:
                rng = np.random.default_rng([seed, repetition, n, KINDS.index(kind)])
                for cell, sample in samples(kind, n, rng).items():
                    for m in methods:
                        made = interval(sample, method=m, resamples=resamples, seed=repetition)
                        if made.low is not None and made.high is not None:
                            tallies[n, cell, kind, m].add(made.low, made.high, truths[kind][cell])
    return tallies


def table(tallies: dict[Cell, Tally]) -> str:
    """A markdown table for each n, worst and best cell last."""
    methods = list(dict.fromkeys(key[3] for key in tallies))
    lines: list[str] = []
    for n in dict.fromkeys(key[0] for key in tallies):
        lines += [
            f"\n### n = {n}\n",
            f"| measure | data | {' | '.join(methods)} |",
            "|---" * (2 + len(methods)) + "|",
        ]
        for cell in CELLS:
            for kind in KINDS:
                numbers = [f"{tallies[n, cell, kind, m].coverage:.1f}" for m in methods]
                lines.append(f"| {cell} | {kind} | {' | '.join(numbers)} |")
        columns = [[t.coverage for key, t in tallies.items() if (key[0], key[3]) == (n, m)] for m in methods]
        spans = [f"{min(c):.1f} to {max(c):.1f}" for c in columns]
        near = [f"{sum(94.0 <= x <= 96.0 for x in c)} of {len(c)}" for c in columns]
        lines.append(f"| **lowest to highest** | | {' | '.join(spans)} |")
        lines.append(f"| **cells within 94 to 96** | | {' | '.join(near)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    options = parser.parse_args(arguments)
    tallies = measure(
        range(options.repetitions),
        sizes=options.sizes,
        methods=options.methods,
        seed=options.seed,
        resamples=options.resamples,
    )
    sys.stdout.write(table(tallies) + "\n")


if __name__ == "__main__":
    main()
