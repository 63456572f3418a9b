"""Choices that are written down twice, so that --help need not import statistics or torch."""

from typing import get_args

from geed_cli.pipeline.options import IntervalMethod, IntervalOptions
from geed_cli.statistics.interval import DEFAULT_METHOD, METHODS


def test_interval_methods_are_those_of_the_statistics() -> None:
    """The same names, and the default that the coverage study chose."""
    assert get_args(IntervalMethod) == METHODS
    assert IntervalOptions().method == DEFAULT_METHOD
