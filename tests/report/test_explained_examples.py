"""The numbers of every example that ``geed explain`` prints are computed here by what computes them in the program."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch

from geed_cli.choices import INTERVAL_METHODS, IntervalMethod
from geed_cli.grids.step import Step, Window
from geed_cli.measures import channelwise
from geed_cli.measures.consistency import CONSISTENCY, agreement, among_copies
from geed_cli.measures.control import CONTROLS, Evidence
from geed_cli.measures.fourier import fourier_components
from geed_cli.measures.latent import COSINE, L2, cosine_deviation, l2_deviation, l2_pairs
from geed_cli.measures.lie import squared_slope
from geed_cli.measures.map_distance import layer_deviation
from geed_cli.measures.maps.compared import channelwise_deviation
from geed_cli.measures.measure import LayerMeasure, Measure
from geed_cli.measures.prediction import FLIP_RATE, flips
from geed_cli.measures.relative import OF_MAPS, RELATIVE, length
from geed_cli.measures.retrieval import MUTUAL_KNN, RANK, reciprocal_ranks
from geed_cli.measures.softmax import KL, divergence, probabilities, sensitivity
from geed_cli.report.explain.topics import everything, topic_of
from geed_cli.report.numbers import furthest
from geed_cli.result.schema import Entry
from geed_cli.sets.set_families import STEP
from geed_cli.statistics.exact import most_missed
from geed_cli.statistics.interval import interval
from geed_cli.statistics.multiple import holm
from geed_cli.statistics.sample import MeanSample
from geed_cli.statistics.scale import Scale
from geed_cli.statistics.weighting import balanced
from geed_cli.verdict.classes import words_of

FROM_OBJECTS = {"groups", "sets", "files"}
"""Headings whose examples are made of the objects when they are printed, or are files that are validated."""
NUMBER = re.compile(r"(?<![\w.])[-+±]?\d+(?:\.\d+)?(?:e-?\d+)?%?")


def tensor(*rows: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def numbers_in(text: str) -> set[str]:
    """Every number of a text, as it is written, with a plain minus sign; digits within names are none."""
    return {found.removeprefix("±") for found in NUMBER.findall(text.replace("−", "-").replace("/7", ""))}


def percent(value: float) -> str:
    return f"{100 * value:.3g}%"


def orbit_of_features() -> list[float]:
    orbit = tensor((3, 0), (0, 4))
    mean = orbit.mean(dim=0)
    one, other = l2_deviation(orbit, mean).tolist()
    apart = float((orbit[0] - orbit[1]).norm())
    assert one == other
    score = L2.per_image(np.array([[one, other]]))[0] / 10
    return [*mean.tolist(), one, score, apart, apart / 10]


def latent_relative() -> list[str]:
    """The distance of (0, 4) from (3, 0), the length of (3, 0), and their quotient."""
    plain, moved = tensor((3, 0)), tensor((0, 4))
    apart, own = float(RELATIVE.deviation(moved, plain)), float(length(plain))
    return [f"{apart:g}", f"{own:g}", f"{apart / own:.2f}"]


def layer_relative() -> list[str]:
    """How far (3, 4) is from (5, 0), the length of (5, 0), and their quotient as the measure makes it."""
    moved, expected = (torch.tensor(each).view(1, 1, 1, 2) for each in ((3.0, 4.0), (5.0, 0.0)))
    apart, own = math.dist((3, 4), (5, 0)), math.hypot(5, 0)
    value = layer_deviation(OF_MAPS, moved, expected, expected).value.item()
    return [f"{apart:.2f}", f"{own:g}", f"{value:.3f}"]


def latent_l2() -> list[str]:
    x, y, one, score, apart, part = orbit_of_features()
    assert part == pytest.approx(score / math.sqrt((1 - 1 / 2) / 2)), "the same percentage by U(2)"
    return [f"{x:g}", f"{y:g}", f"{one:g}", f"{score:g}", f"{apart:g}", percent(part)]


def slope_over(t: float, ahead: torch.Tensor, behind: torch.Tensor) -> str:
    """The squared slope, had the step been t."""
    return f"{float(squared_slope(ahead, behind)) * (STEP / t) ** 2:.2g}"


def lie_output() -> list[str]:
    return [slope_over(0.1, tensor((0.6, 0.4))[0], tensor((0.5, 0.5))[0])]


def lie_derivative() -> list[str]:
    return [slope_over(0.1, torch.full((6,), 1.02).double(), torch.ones(6).double())]


def directions(*degrees: float) -> torch.Tensor:
    return tensor(*((math.cos(math.radians(a)), math.sin(math.radians(a))) for a in degrees))


def retrieval_rank() -> list[str]:
    rows = reciprocal_ranks(directions(10, 90, 45), directions(0, 60, 100))
    assert rows.tolist() == pytest.approx([1, 1 / 2, 1 / 3])
    return [f"{float(rows.mean()):.3f}"]


def chances() -> list[str]:
    of_neighbours = MUTUAL_KNN.chance(40)
    return [f"{RANK.chance(40):.3f}", f"{10 / of_neighbours:g}", f"{of_neighbours:.3f}"]


def latent_cosine() -> list[str]:
    orbit = tensor((3, 0), (0, 4))
    cosines = (-cosine_deviation(orbit, orbit.mean(dim=0))).tolist()
    raw = COSINE.per_image(-np.array([cosines]))[0]
    return [
        *(f"{cosine:.2g}" for cosine in cosines),
        f"{raw:g}",
        f"{raw / 0.2:g}",
        f"{raw / 0.5:g}",
        "1.5",
        "2",
    ]


def swapped() -> torch.Tensor:
    return tensor((0.9, 0.1), (0.1, 0.9))


def softmax_kl() -> list[str]:
    each = divergence(swapped(), swapped().mean(dim=0)).tolist()
    assert KL.bound is not None
    assert each[0] == pytest.approx(each[1])
    return [f"{each[0]:.3f}", f"{KL.bound(2):.3f}", "0.5"]


def flip_rate() -> list[str]:
    def one_hot(*classes: int) -> torch.Tensor:
        return torch.eye(10, dtype=torch.float64)[list(classes)]

    changed = torch.stack(
        [flips(one_hot(7, 7, 7, 3), one_hot(7)), flips(one_hot(5, 5, 5, 5), one_hot(5))]
    ).numpy()
    rate = FLIP_RATE.per_image(changed).mean()
    assert changed[:, FLIP_RATE.first :].sum() == 1
    return [f"{changed[:, FLIP_RATE.first :].size}", percent(rate), *no_change_in(40)]


def consistency() -> list[str]:
    """The pairs of four copies, how many agree, and their part."""
    copies = torch.eye(10, dtype=torch.float64)[[7, 7, 7, 3]]
    pairs = [agreement(copies[i], copies[j]).item() for i in range(4) for j in range(i)]
    part = CONSISTENCY.per_image(among_copies(copies[:, None], False)[None].numpy())[0]
    assert part == sum(pairs) / len(pairs)
    return [f"{sum(pairs):g}", f"{len(pairs)}", percent(part)]


def no_change_in(count: int) -> list[str]:
    made = interval(MeanSample(np.zeros(count), Scale.rate()))
    assert made.high == pytest.approx(most_missed(count, 0.95))
    return [f"{made.low:g}", percent(made.high or 0).replace("8.81%", "8.8%")]


def of_maps(measure: LayerMeasure, one: tuple[float, ...], other: tuple[float, ...]) -> float:
    maps = [tensor(each)[None, None] for each in (one, other)]
    return float(channelwise_deviation(*maps, measure, None).value)


def channelwise_cosine() -> list[str]:
    moved = of_maps(channelwise.COSINE, (3, 4), (5, 0))
    value = channelwise.COSINE.per_image(np.array([[-1.0, moved]]))[0]
    return [f"{-moved:g}", f"{value:g}"]


def channelwise_correlation() -> list[str]:
    maps = (1.0, 2.0, 3.0), (3.0, 2.0, 1.0)
    cosine, correlation = (-of_maps(each, *maps) for each in (channelwise.COSINE, channelwise.CORRELATION))
    return [f"{cosine:.3f}", f"{correlation:g}"]


def unrelated(n: int) -> str:
    """Of a regular simplex, whose corners are as far apart as those of unrelated images: the distance from its mean."""
    corners = torch.eye(n, dtype=torch.float64)
    side = float(l2_pairs(corners)[0, 1])
    return f"{float(l2_deviation(corners, corners.mean(dim=0)).mean()) / side:.2f}"


def scale() -> list[str]:
    return [percent(round(0.096 / float(unrelated(2)), 2)), unrelated(2)]


def layer_off() -> list[str]:
    return [percent(round((1 - 0.40) / (1 - 0.17), 2))]


def evidence(measure: Measure, deviations: list[list[float]], **seen: list[list[float]]) -> Evidence:
    arrays = {name: np.array(each) for name, each in seen.items()}
    return Evidence(measure, np.array(deviations), arrays, lambda: None, 1.0, None)


def dead_fraction() -> list[str]:
    of = CONTROLS["dead_fraction"].of
    assert of is not None
    silent = torch.tensor([1.0] * 6 + [0.0] * 2, dtype=torch.float64)[None, :, None, None].expand(1, 8, 2, 2)
    found = channelwise_deviation(silent, silent, channelwise.COSINE, None)
    part = of(evidence(channelwise.COSINE, [[-1.0]], dead=[found.dead.tolist()])) or 0.0
    assert found.value.item() == pytest.approx(-1)
    return [percent(part), f"{8 - 8 * part:g}"]


def delta(size: int) -> str:
    window = Window((3, 3), (2, 2), (1, 1))
    step = Step(0, "", window, (size, size), ((size - 1) // 2 + 1,) * 2)
    return f"{float(step.delta(0)):g}"


def interval_of(method: IntervalMethod) -> list[str]:
    values = np.array([0.01] * 10 + [0.02] * 6 + [0.03] * 3 + [0.10])
    scale = Scale.bounded(0.0, math.log(2)) if method == "bounded" else Scale.log()
    made = interval(MeanSample(values, scale), method=method)
    high = f"{made.high:.3f}" if (made.high or 0) < 0.1 else f"{made.high:.2g}"
    return [f"{len(values)}", f"{made.value:g}", f"{made.low:.3f}", high]


def normaliser() -> list[str]:
    pairs = l2_pairs(tensor((0,), (3,), (6,)))
    above = pairs[torch.triu(torch.ones(3, 3), 1) > 0]
    return [*(f"{each:g}" for each in above.tolist()), f"{float(above.mean()):g}"]


def furthest_element() -> list[str]:
    entry = Entry.model_construct(
        metric="latent.l2", per_element={"e": 0.2, "r90": 0.1, "r180": 0.2, "r270": 0.4}
    )
    name, mean = furthest(entry).split()
    assert name == "r270"
    return [f"{float(mean):g}"]


def profile() -> list[str]:
    (mean, _), (first, _), (second, _) = fourier_components((1, 3, 1, 3))
    assert first == 0
    return [f"{mean:g}", f"{second:g}"]


def corrected() -> list[str]:
    return [f"{p:g}" for p in holm([0.01, 0.04, 0.03]) if p is not None]


def reaction() -> list[str]:
    p = swapped()
    of_two = float(sensitivity(p, p.mean(dim=0)).mean())
    return [f"{of_two:.3f}", f"{math.log(2):.3f}", f"{0.02 * math.log(40):.3f}"]


def shift() -> list[str]:
    moved = np.abs(np.array([0.10, 0.12]) - 0.11).mean()
    return [f"{moved:.2f}"]


def weights_of_two_classes() -> list[str]:
    weighting = balanced(["cat"] * 90 + ["dog"] * 10)
    cat, dog = weighting.weights[0], weighting.weights[-1]
    return [f"{cat:.2f}", f"{dog:g}", f"{weighting.effective_count:g}"]


def classes() -> list[str]:
    assert words_of(0.18, 0.21)[0] == "mostly"
    assert words_of(0.08, 0.13)[0] == "nearly or mostly"
    return []


CASES: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "latent.l2": ("3 0 4 10", latent_l2),
    "latent.relative": ("3 0 4", latent_relative),
    "layer.relative": ("3 4 5 0", layer_relative),
    "latent.cosine": ("3 0 4 0.2 0.5", latent_cosine),
    "lie.output": ("0.6 0.4 0.5 -0.5 0.1 2", lie_output),
    "lie.derivative": ("0.02 +0.1 -0.1 0.2", lie_derivative),
    "retrieval.rank": ("0 60 100 10 90 45 1 2 3", retrieval_rank),
    "retrieval.mutual_knn": ("10 7", lambda: [f"{7 / 10:g}"]),
    "softmax.kl": ("0.9 0.1 2", softmax_kl),
    "prediction.consistency": ("7 3 1", consistency),
    "prediction.consistency5": ("7 3 1 4 8 2 5 9", list),
    "prediction.flip_rate": ("7 3 5 40", flip_rate),
    "channelwise.cosine": ("3 4 5 0 -1 2", channelwise_cosine),
    "channelwise.correlation": ("1 2 3", channelwise_correlation),
    "scale": ("0.096 2", scale),
    "classes": ("18 21% 8 13%", classes),
    "insensitive": ("40 0.011", lambda: [f"{0.02 * math.log(40):.3f}"]),
    "U": ("", lambda: [unrelated(2), f"{float(unrelated(4)):.2f}", unrelated(8)]),
    "layers": ("-0.40 -0.17", layer_off),
    "value": ("1.84 19.2", lambda: [f"{1.84 / 19.2:.4f}"]),
    "raw": ("1 3", lambda: [f"{L2.per_image(np.array([[1.0, 2.0, 3.0]]))[0]:g}"]),
    "M": ("0 3 6", normaliser),
    "interval": ("40 95%", lambda: no_change_in(40)),
    "rare kinds": ("200", lambda: [f"{300 / 200:.2g}%"]),
    "images to decide": ("50 0.04 0.02", lambda: [f"{50 * (0.04 / 0.02) ** 2:g}"]),
    "plan": ("60 0.2 0.1", lambda: [f"{60 * (0.2 / 0.1) ** 2:g}"]),
    "furthest": ("0.2 0.1", furthest_element),
    "profile": ("1 3", profile),
    "grid": ("3 2 1 224", lambda: [delta(224)]),
    "elements": ("", lambda: [f"{2 * 4}"]),
    "within the margin": ("5% 0.100 0.101 -0.001 +0.003", lambda: [f"{0.05 * 0.1:.3f}"]),
    "non-inferiority": ("+10% -3% +2%", list),
    "pass": ("0.15 0.089 0.104", list),
    "limit": ("0.100 0.104", lambda: [percent(round(0.104 / 0.100 - 1, 6))]),
    "difference": ("0.30 0.25", lambda: [f"+{0.30 - 0.25:.2f}"]),
    "effect": ("0.02 0.04", lambda: [f"{0.02 / 0.04:g}"]),
    "p_holm": ("0.01 0.04 0.03", corrected),
    "within": ("0.03 0.04", lambda: [f"{math.sqrt((0.03**2 + 0.04**2) / 2):.3f}"]),
    "explained": ("-0.85 -0.25 -1", lambda: [percent(round((-0.25 + 0.85) / (-0.25 + 1), 6))]),
    "unit": ("2", lambda: [f"{math.log(2):.3f}"]),
    "sensitivity": ("0.9 0.1 2 40 2%", reaction),
    "repeat": ("0.02 0.05", list),
    "dead_fraction": ("8 2", dead_fraction),
    "null": ("-0.40 -0.17 1 0.40 0.17", layer_off),
    "floor": ("0.20 0.12 2", lambda: [f"{2 * 0.12:.2f}"]),
    "twin": ("0.10 0.29", lambda: [percent(round(1 - 0.10 / 0.29, 2))]),
    "phase_corrected": ("3 2 1 224 225", lambda: [delta(224), delta(225)]),
    "rounding": ("4e-06 1e-06 10", lambda: [f"{10 * 1e-06:.0e}"]),
    "twin_sensitivity": ("0.011 40 2%", lambda: [f"{0.02 * math.log(40):.3f}"]),
    "chance": ("40 10", chances),
    "image weights": ("90 10", weights_of_two_classes),
    "precision_shift": ("0.10 0.12 0.11", shift),
    "logits": ("2 0", lambda: [f"{p:.3f}" for p in probabilities(tensor((2, 0)))[0].tolist()]),
    "probabilities": (
        "0.9 0.1",
        lambda: [f"{p:.3f}" for p in probabilities(tensor((0.9, 0.1)))[0].tolist()],
    ),
    "sigmoid": ("2 0 1", lambda: [f"{p:.3f}" for p in tensor((2, 0))[0].sigmoid().tolist()]),
    "dense": ("4 2", lambda: [f"{100 * 2 / 16:g}%"]),
} | {
    method: (
        "0.01 0.02 0.03 0.10 95%" + " 2" * (method == "bounded"),
        lambda method=method: interval_of(method),
    )
    for method in INTERVAL_METHODS
}
"""By name: the numbers that an example is given, and those that it finds."""


def test_every_example_with_numbers_is_computed_again() -> None:
    """None is left out, and none is here that is gone."""
    said = {
        topic.name
        for topic in everything()
        if topic.heading not in FROM_OBJECTS and numbers_in(topic.explained.example)
    }
    assert said == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_an_example_is_right(name: str) -> None:
    """What it finds is what the program computes of what it is given, and it says no other number."""
    given, found = CASES[name]
    said = numbers_in(topic_of(name).explained.example)
    computed = set(found())
    assert computed <= said, computed - said
    assert said <= computed | set(given.split()), said - computed - set(given.split())
