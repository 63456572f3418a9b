"""How often the release gate is wrong, and how often it sees what it should, over 24 correlated entries.

Results are synthetic: three groups times latent.l2, softmax.kl, prediction.flip_rate and five layers of
channelwise.cosine, all of which share each image's own difficulty. The verdicts are those of ``gate`` itself.
Usage: python -m benchmarks.gate.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtr, ndtri

from geed_cli.gate.gate import gate
from geed_cli.gate.outcome import GateReport
from geed_cli.gate.policy import Policy, policy_of
from geed_cli.gate.policy_file import PolicyFile
from geed_cli.result.schema import Result

Array = npt.NDArray[np.float64]
Cell = tuple[str, str, str | None]

GROUPS = {"flip": 2, "vflip": 2, "c4": 4}
LAYERS = tuple(f"layer{k}" for k in range(1, 6))
CELLS: tuple[Cell, ...] = tuple(
    cell
    for group in GROUPS
    for cell in (
        ("latent.l2", group, None),
        ("softmax.kl", group, None),
        ("prediction.flip_rate", group, None),
        *(("channelwise.cosine", group, layer) for layer in LAYERS),
    )
)
SHARED = 0.5  # correlation of two entries' latent scores
RELEASES = 0.9  # correlation of two releases' scores for one entry: neighbours, not copies
RATES, RATE_SIZES = (0.0005, 0.003, 0.01, 0.05), (30, 50, 200, 1000)
EVENT = 1.0  # an image's prediction flips where its score is above this: 16% of images


@dataclass(frozen=True, eq=False)
class Drawn:
    """Images as one release sees them.

    Attributes:
        scores: standard normal, shape (cells, n).
        gaps: d_ij between embeddings, shape (n, n), 0 on the diagonal.
    """

    scores: Array
    gaps: Array

    @property
    def row_means(self) -> Array:
        """r_i of the latent normaliser, shape (n,)."""
        return np.asarray(self.gaps.sum(axis=1) / (len(self.gaps) - 1))

    def first(self, n: int) -> "Drawn":
        """What is seen of the first n images alone."""
        return Drawn(self.scores[:, :n], self.gaps[:n, :n])


def draw(n: int, rng: np.random.Generator) -> tuple[Drawn, Drawn]:
    """The same n images as the last release and the next one see them; equal in distribution."""
    image = rng.normal(size=n)
    own = [rng.normal(size=(len(CELLS), n)) for _ in range(2)]
    before = np.sqrt(SHARED) * image + np.sqrt(1.0 - SHARED) * own[0]
    after = RELEASES * before + np.sqrt(1.0 - RELEASES**2) * (
        np.sqrt(SHARED) * rng.normal(size=n) + np.sqrt(1.0 - SHARED) * own[1]
    )
    embeddings = np.exp(0.3 * image)[:, None] * rng.normal(size=(n, 8))
    gaps = np.sqrt(((embeddings[:, None] - embeddings[None]) ** 2).sum(axis=2))
    return Drawn(before, gaps), Drawn(after, gaps)


def rows(cell: Cell, scores: Array, worse: float = 0.0) -> Array:
    """Per-image rows of one entry whose true value is ``worse`` times its |value| above the plain one."""
    metric, group, _ = cell
    if metric == "latent.l2":
        return np.asarray((1.0 + worse) * np.exp(scores / 2.0))
    if metric == "softmax.kl":
        return np.asarray((1.0 + worse) * np.log(GROUPS[group]) * expit(scores - 3.0))
    if metric == "prediction.flip_rate":
        return np.asarray(scores > _threshold(worse), dtype=np.float64)
    best = -1.0  # worse by moving away from it, so that noise and change grow together
    plain = 2.0 * expit(scores / 2.0 - 2.0) + best
    share = 0.0 if worse == 0.0 else worse * abs(true_mean(cell)) / (true_mean(cell) - best)
    return np.asarray(best + (1.0 + share) * (plain - best))


@cache
def true_mean(cell: Cell) -> float:
    """Mean of the plain rows, by Gauss-Hermite quadrature; the rate is the normal tail."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()
    if cell[0] == "prediction.flip_rate":
        return float(ndtr(-EVENT))
    return float(weights @ rows(cell, nodes))


@cache
def true_normaliser() -> float:
    """M of ``draw``: the mean distance of a million pairs, error 0.03%."""
    rng = np.random.default_rng(31415926)
    one, other = (
        np.exp(0.3 * rng.normal(size=1_000_000))[:, None] * rng.normal(size=(1_000_000, 8)) for _ in range(2)
    )
    return float(np.sqrt(((one - other) ** 2).sum(axis=1)).mean())


def true_value(cell: Cell) -> float:
    """θ of one entry where nothing is worse."""
    return true_mean(cell) / (true_normaliser() if cell[0] == "latent.l2" else 1.0)


def result(drawn: Drawn, worse: dict[Cell, float]) -> Result:
    """A saved result with these rows."""
    n = drawn.scores.shape[1]
    entries = [
        _entry(cell, rows(cell, scores, worse.get(cell, 0.0)), drawn.row_means)
        for cell, scores in zip(CELLS, drawn.scores, strict=True)
    ]
    return Result.model_validate({**_FRAME, "data": _data(n), "results": entries})


@dataclass(frozen=True)
class Scenario:
    """What is true and what the policy asks.

    Attributes:
        name: printed in the table.
        policy: the policy.
        worse: of the new release, entry by entry, as a fraction of its |value|.
        paired: whether the baseline's rows stay with their images.
    """

    name: str
    policy: Policy
    worse: dict[Cell, float]
    paired: bool = True


@dataclass
class Tally:
    """Counts over runs: verdicts of the gate, and what ordinary intervals would have called a fail."""

    runs: int = 0
    passed: int = 0
    failed: int = 0
    uncorrected: int = 0

    def add(self, report: GateReport) -> None:
        """Count one run."""
        examined = [one for outcome in report.outcomes for one in outcome.examined]
        self.runs += 1
        self.passed += report.verdict == "pass"
        self.failed += report.verdict == "fail"
        self.uncorrected += any(one.ci is not None and one.ci[0] > (one.limit or 0.0) for one in examined)

    def percent(self, count: int) -> float:
        """A count as percent of the runs."""
        return 100.0 * count / max(self.runs, 1)


def value_policy(slack: dict[Cell, float]) -> Policy:
    """Limits at the true values, moved up by a fraction of |value| where ``slack`` says so."""
    limits = [
        {
            "metric": m,
            "group": g,
            "max": true_value((m, g, la)) + slack.get((m, g, la), 0.0) * abs(true_value((m, g, la))),
        }
        | ({} if la is None else {"layer": la})
        for m, g, la in CELLS
    ]
    return _policy({"version": 1, "rules": limits})


def increase_policy(share: float, metric: str = "*") -> Policy:
    """One rule: no such value may be more than ``share`` of its size above the baseline."""
    rule = {"metric": metric, "group": "*", "max_increase": f"{100 * share:g}%"}
    return _policy({"version": 1, "baseline": {"rules": [rule]}})


def scenarios() -> Iterator[Scenario]:
    """Two nulls at the limit itself, where alarms are likeliest; a pass that would be wrong; a worse release."""
    one: Cell = ("latent.l2", "flip", None)
    everywhere = dict.fromkeys(CELLS, 1.0)
    yield Scenario("null: every value at its limit", value_policy({}), {})
    yield Scenario("null: every increase at its limit, 5%", increase_policy(0.05), _times(everywhere, 0.05))
    for cell in (one, ("softmax.kl", "flip", None), ("prediction.flip_rate", "flip", None)):
        slack = {other: 1.0 for other in CELLS if other != cell}
        yield Scenario(f"{cell[0]} at its limit, the others far within", value_policy(slack), {})
    yield Scenario("nothing worse, latent.l2 limit 10%", increase_policy(0.1, "latent.l2"), {})
    yield Scenario("latent.l2 of one group 10% worse, limit 5%", increase_policy(0.05), {one: 0.1})
    yield Scenario("everything 10% worse, limit 5%", increase_policy(0.05), _times(everywhere, 0.1))
    yield Scenario("latent.l2 of one group 10% worse, limit 2%", increase_policy(0.02), {one: 0.1})
    yield Scenario("the same, not paired", increase_policy(0.02), {one: 0.1}, paired=False)
    yield Scenario("everything 10% worse, limit 2%", increase_policy(0.02), _times(everywhere, 0.1))
    yield Scenario("the same, not paired", increase_policy(0.02), _times(everywhere, 0.1), paired=False)


def simulate(scenario: Scenario, n: int, runs: Iterable[int], seed: int = 0) -> Tally:
    """Verdicts of the gate over independent runs; every scenario sees the same images."""
    tally = Tally()
    for run in runs:
        rng = np.random.default_rng([seed, run, n])
        before, after = draw(n, rng)
        if not scenario.paired:
            before, _ = draw(n, rng)  # other images under the same names
        baseline = result(before, {}) if scenario.policy.needs_baseline else None
        tally.add(gate({"new": result(after, scenario.worse)}, scenario.policy, baseline))
    return tally


RATE_RULES = tuple(f"set{k}" for k in range(24))
"""Groups of two elements, each with a flip rate that has nothing to do with the others'."""


def rates_at_their_limit(
    rate: float, n: int, runs: Iterable[int], *, exact: bool = False, one: bool = False, seed: int = 0
) -> Tally:
    """Verdicts on 24 independent flip rates, every true rate at its limit.

    Args:
        rate: of each, and the limit.
        n: images.
        runs: whose numbers are part of the seed.
        exact: whether the policy has ``guarantee: exact``.
        one: whether all but one never flip, so that a pass is the error of one rule.
        seed: the other part.
    """
    guarantee = "exact" if exact else "nominal"
    rule = {"metric": "prediction.flip_rate", "max": rate}
    policy, tally = _policy({"version": 1, "guarantee": guarantee, "rules": [rule]}), Tally()
    for run in runs:
        flips = np.random.default_rng([seed, run, n]).random((len(RATE_RULES), n)) < rate
        flips[1:] &= not one
        drawn = flips.astype(np.float64)
        none = np.zeros(n)
        entries = [
            _entry(("prediction.flip_rate", group, None), rows, none)
            for group, rows in zip(RATE_RULES, drawn, strict=True)
        ]
        frame = {**_FRAME, "groups": _groups(dict.fromkeys(RATE_RULES, 2)), "data": _data(n)}
        tally.add(gate({"new": Result.model_validate(frame | {"results": entries})}, policy))
    return tally


def _times(worse: dict[Cell, float], factor: float) -> dict[Cell, float]:
    return {cell: factor * value for cell, value in worse.items()}


@cache
def _threshold(worse: float) -> float:
    return float(-ndtri(ndtr(-EVENT) * (1.0 + worse)))


def _policy(content: dict[str, object]) -> Policy:
    return policy_of(PolicyFile.model_validate_json(json.dumps(content)))


def _entry(cell: Cell, values: Array, row_means: Array) -> dict[str, object]:
    metric, group, layer = cell
    latent = metric == "latent.l2"
    normaliser = float(row_means.mean()) if latent else None
    return {
        "metric": metric,
        "group": group,
        "layer": layer,
        "status": "ok",
        "value": float(values.mean()) / (normaliser or 1.0),
        "ci": None,
        "raw": float(values.mean()),
        "normaliser": normaliser,
        "per_image": {"value": values.tolist(), "normaliser": row_means.tolist() if latent else None},
    }


def _data(n: int) -> dict[str, object]:
    images = [{"path": f"{i}.png", "sha256": f"{i:064x}"} for i in range(n)]
    return {
        "root": "synthetic",
        "bundled_sample": False,
        "found": n,
        "count": n,
        "not_drawn": 0,
        "sha256": f"{n:064x}",
        "seed": 0,
        "images": images,
    }


def _groups(orders: Mapping[str, int]) -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "order": order,
            "elements": [str(k) for k in range(order)],
            "exact": True,
            "boundary": None,
            "interpolation": None,
        }
        for name, order in orders.items()
    ]


_INPUT = {
    "size": 32,
    "resize": 32,
    "crop_pct": 1.0,
    "crop_mode": "center",
    "interpolation": "bilinear",
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
}
_FRAME: dict[str, object] = {
    "schema": "geed.result/1",
    "status": "complete",
    "signature": "measure=1 synthetic",
    "model": {
        "id": "synthetic",
        "source": "synthetic",
        "arch": "synthetic",
        "weights": {"origin": "random", "detail": "", "sha256": None, "state_sha256": "0"},
        "input": _INPUT,
        "parameters": 0,
        "features": "",
        "classifier": None,
    },
    "groups": _groups(GROUPS),
    "settings": {
        "samples": 0,
        "norm_samples": None,
        "confidence": 0.95,
        "resamples": 2000,
        "ci": "corrected-t",
        "seed": 0,
        "precision": "fp32",
        "batch_size": 1,
        "device": "cpu",
        "threads": 1,
        "measures": (),
        "layers": (),
    },
    "environment": dict.fromkeys(
        ("geed", "python", "torch", "timm", "torchvision", "platform", "device"), "synthetic"
    ),
    "timing": dict.fromkeys(
        ("decode_s", "forward_s", "measure_s", "statistics_s", "total_s", "images_per_s"), 0.0
    ),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 200])
    options = parser.parse_args(arguments)
    sys.stdout.write(
        "| scenario | images | gate fails | gate passes | fails if uncorrected |\n|---|---|---|---|---|\n"
    )
    for scenario in scenarios():
        for n in options.sizes:
            tally = simulate(scenario, n, range(options.runs), options.seed)
            shares = [tally.percent(k) for k in (tally.failed, tally.passed, tally.uncorrected)]
            numbers = " | ".join(f"{share:.1f}%" for share in shares)
            sys.stdout.write(f"| {scenario.name} | {n} | {numbers} |\n")
            sys.stdout.flush()
    sys.stdout.write(
        "\n| 24 independent flip rates at their limit | images | gate fails | with guarantee: exact |\n"
        "|---|---|---|---|\n"
    )
    for rate in RATES:
        for n in RATE_SIZES:
            made = [
                rates_at_their_limit(rate, n, range(options.runs), exact=exact, seed=options.seed)
                for exact in (False, True)
            ]
            failed = " | ".join(f"{tally.percent(tally.failed):.1f}%" for tally in made)
            sys.stdout.write(f"| {100 * rate:g}% | {n} | {failed} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
