"""The benchmark of many images runs, and says what it measured."""

import pytest

from benchmarks.many_images import Point, measured, told


def test_lines_of_a_point() -> None:
    """The time is that of all parts, and memory what comes on top of the rows."""
    lines = list(told(Point(100_000, 512, 1000.0, 3000.0, 150.0, 2.0, 48.0, 10.0)))
    assert [line.value for line in lines] == [200.0, 2000.0, 10.0]
    assert [line.verdict for line in lines] == ["", "**missed**", ""]
    assert next(told(Point(200, 16, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0))).what.startswith("200 images, 16 features")


@pytest.mark.heavy
def test_a_point() -> None:
    """Of more images than have their distances kept, in a process of its own."""
    point = measured(2100, 8)
    assert (point.images, point.features) == (2100, 8)
    assert point.peak_mib >= point.rows_mib > 100
    assert min(point.euclidean_s, point.cosine_s, point.rest_s) > 0
    assert point.json_mb > 2100 * 3 * 10 / 1e6  # at least three measures, of rows with ten digits
