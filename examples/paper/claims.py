"""Verdicts on what the paper found, from the files that geed wrote.

A finding about two families, or two steps of one, is judged by the claim of ``geed compare``, which holds for all lines
of its table together (Holm, 5%). What no command compares, such as two layers of one network, is judged over the copies
of a network, by Student's t at 95%.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

SUPPORTED, NOT_SUPPORTED, UNDECIDED = "supported", "not supported", "undecided"
WORDS = {"nearer": "less", "smaller": "less", "further": "more", "larger": "more"}  # in geed's files


@dataclass(frozen=True)
class Claim:
    """``number`` as 4.1a, ``finding`` the paper's in a few words, ``ours`` numbers with 95% intervals, and the verdict.

    ``elsewhere`` has the verdicts of the same finding at other splits and boundaries.
    """

    number: str
    finding: str
    ours: str
    verdict: str
    elsewhere: str = ""


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95% limits."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


@cache
def read(file: Path) -> dict[str, Any]:
    """A JSON file that geed wrote."""
    return dict(json.loads(file.read_text()))


def line(file: Path, metric: str, layer: str | None = None, group: str | None = None) -> dict[str, Any]:
    """A line of ``geed compare --json``: one measure, group and layer; ``sides`` and ``deltas`` of its subjects.

    Raises:
        KeyError: the comparison has no such line.
    """
    for found in read(file)["lines"]:
        if (found["metric"], found["layer"]) == (metric, layer) and group in (None, found["group"]):
            return dict(found)
    raise KeyError(f"{file} has no line for {metric} at {layer}")


def side(of: dict[str, Any], place: int) -> Interval:
    """Value and limits of a subject of a line."""
    given = of["sides"][place]
    low, high = given["ci"] or (math.nan, math.nan)
    return Interval(math.nan if given["value"] is None else given["value"], low, high)


def shown(of: dict[str, Any]) -> str:
    """Both values of a line and the difference: ``0.13 to 0.075 (-0.06 [-0.08, -0.04])``."""
    delta = of["deltas"][0]
    low, high = delta["ci"] or (math.nan, math.nan)
    value = math.nan if delta["value"] is None else delta["value"]
    return f"{side(of, 0).value:.3g} to {side(of, 1).value:.3g} ({Interval(value, low, high)})"


def verdict(of: dict[str, Any], expected: str) -> str:
    """Whether the second subject is on the ``expected`` side of the first: nearer, further, smaller or larger."""
    found = of["deltas"][0]["verdict"]
    if found not in WORDS.values():
        return UNDECIDED
    return SUPPORTED if found == WORDS[expected] else NOT_SUPPORTED


def every(verdicts: Iterable[str]) -> str:
    """Of a finding with several parts: supported where all are, not supported where one is contradicted."""
    seen = set(verdicts)
    return NOT_SUPPORTED if NOT_SUPPORTED in seen else UNDECIDED if UNDECIDED in seen else SUPPORTED


def none_is(lines: Iterable[dict[str, Any]], side: str) -> str:
    """Of a finding that nothing changes to a side: contradicted by one line that is shown to."""
    return NOT_SUPPORTED if any(verdict(each, side) == SUPPORTED for each in lines) else SUPPORTED


def values(file: Path, label: str, step: int, metric: str, layer: str | None = None) -> np.ndarray:
    """The value of each copy of a family at a step of a track, in the order of its files."""
    found = []
    for record in sorted(read(file)["records"], key=lambda each: str(each["file"])):
        if (record["label"], record["step"]) == (label, step):
            rows = record["result"]["results"]
            found += [row["value"] for row in rows if (row["metric"], row["layer"]) == (metric, layer)]
    return np.array(found, dtype=float)


def mean_of(x: Sequence[float] | np.ndarray) -> Interval:
    """The mean over copies with Student's t limits."""
    x = np.asarray(x)
    half = stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x))
    return Interval(x.mean(), x.mean() - half, x.mean() + half)


def difference_of(x: np.ndarray, y: np.ndarray) -> Interval:
    """Mean y − mean x of two families of copies, with Welch's limits."""
    test = stats.ttest_ind(y, x, equal_var=False)
    low, high = test.confidence_interval(0.95)
    return Interval(y.mean() - x.mean(), low, high)


def above(zero: float, interval: Interval) -> str:
    """Whether an interval lies above a number."""
    return SUPPORTED if interval.low > zero else NOT_SUPPORTED if interval.high < zero else UNDECIDED


def over_settings(number: str, finding: str, found: dict[str, tuple[str, str]]) -> Claim:
    """A claim read in several settings, each with its numbers and verdict; the first is the paper's."""
    first, *others = found
    ours, verdict = found[first]
    elsewhere = "; ".join(f"{name}: {found[name][1]}, {found[name][0]}" for name in others)
    return Claim(number, finding, f"{first}: {ours}", verdict, elsewhere)
