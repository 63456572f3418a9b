"""Intervals and comparisons from per-image rows; numpy and scipy alone.

``scale`` and ``sample`` say what a cell is, ``estimate`` and ``bootstrap`` what its images say about it,
``interval`` puts limits on it; ``difference``, ``multiple``, ``population``, ``enough`` and ``looks`` make claims
of several. The resampling unit is the image. docs/statistics.md has the formulas and their coverage.
"""

from geed_cli.statistics.difference import Difference, difference
from geed_cli.statistics.enough import images_for_width, images_to_decide, images_to_halve
from geed_cli.statistics.interval import interval
from geed_cli.statistics.looks import level_at, look_confidences, look_sizes
from geed_cli.statistics.methods import METHODS
from geed_cli.statistics.multiple import holm, joint_confidence, simultaneous
from geed_cli.statistics.population import Population, population, population_difference
from geed_cli.statistics.sample import Interval, MeanSample, RatioSample, Sample
from geed_cli.statistics.scale import Scale

__all__ = [
    "METHODS",
    "Difference",
    "Interval",
    "MeanSample",
    "Population",
    "RatioSample",
    "Sample",
    "Scale",
    "difference",
    "holm",
    "images_for_width",
    "images_to_decide",
    "images_to_halve",
    "interval",
    "joint_confidence",
    "level_at",
    "look_confidences",
    "look_sizes",
    "population",
    "population_difference",
    "simultaneous",
]
