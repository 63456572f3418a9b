"""Intervals and comparisons from per-image rows; numpy and scipy alone.

``scale`` and ``sample`` say what a cell is, ``estimate`` and ``bootstrap`` what its images say about it,
``interval`` puts limits on it by one of ``methods``; ``difference``, ``multiple``, ``population`` and
``enough`` make claims of several. The resampling unit is the image. docs/statistics.md has formulas and coverage.
"""
